//! Plans carried out over services that are made up: what is merged, and what becomes of what fails.

use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::*;
use crate::federation::plan::{Keys, Required, Requires, Segment, ShapeField};

/// Answers in turn, and keeps what it was asked.
struct Told {
    answers: Mutex<Vec<Result<Value, Trouble>>>,
    asked: Mutex<Vec<Value>>,
    entities_max: usize,
}

impl Told {
    fn new(answers: Vec<Result<Value, Trouble>>) -> Self {
        Self { answers: Mutex::new(answers), asked: Mutex::default(), entities_max: usize::MAX }
    }
}

#[async_trait]
impl Services for Told {
    async fn ask(&self, _: &Fetch, variables: Vec<u8>) -> Result<Bytes, Trouble> {
        self.asked.lock().unwrap().push(serde_json::from_slice(&variables).unwrap());
        self.answers.lock().unwrap().remove(0).map(|answer| answer.to_string().into())
    }

    fn entities_max(&self, _: &str) -> usize {
        self.entities_max
    }
}

/// The prices of all things, in their order.
fn prices(state: &State<'_>, plan: &Plan) -> Vec<Option<String>> {
    let Some(Node::List(items)) = state.root.field(plan.keys.find("things").unwrap()) else { panic!() };
    let price = |item: &Node| match item.field(plan.keys.find("price").unwrap())? {
        Node::Leaf(span) => Some(String::from_utf8(state.bodies.bytes(*span).to_vec()).unwrap()),
        other => panic!("{other:?}"),
    };
    items.iter().map(price).collect()
}

fn leaf(keys: &mut Keys, name: &str) -> ShapeField {
    ShapeField { name: name.to_owned(), key: keys.of(name), below: None }
}

fn object(keys: &mut Keys, name: &str, fields: Vec<ShapeField>) -> ShapeField {
    ShapeField { name: name.to_owned(), key: keys.of(name), below: Some(Shape { fields }) }
}

fn fetch(service: &str, entities: Vec<Entities>, shape: Vec<ShapeField>) -> Step {
    Step::Fetch(Box::new(Fetch {
        service: service.to_owned(),
        operation: String::new(),
        operation_json: Vec::new(),
        is_mutation: false,
        is_event: false,
        variables: vec!["given".to_owned()],
        entities,
        shape: Shape { fields: shape },
    }))
}

/// A list of things of one service, and the price of each from another.
fn plan() -> Plan {
    let mut keys = Keys::default();
    let (typename, id) = (leaf(&mut keys, "__typename"), leaf(&mut keys, "id"));
    let things = object(&mut keys, "things", vec![typename, id.clone()]);
    let price = Shape { fields: vec![leaf(&mut keys, "price"), id] };
    let all = object(&mut keys, "_entities", price.fields.clone());
    let required = Required { key: keys.of("id"), name: "id".to_owned(), fields: Vec::new(), is_repeated: true };
    let entities = Entities {
        alias: "_entities".to_owned(),
        variable: "representations".to_owned(),
        paths: vec![vec![Segment::Field(keys.of("things")), Segment::Items]],
        requires: vec![Requires { type_name: "Thing".to_owned(), typename_told: None, fields: vec![required] }],
        shape: price,
    };
    let root =
        Step::Sequence(vec![fetch("shop", Vec::new(), vec![things]), fetch("prices", vec![entities], vec![all])]);
    let typename = keys.of("__typename");
    Plan { root: Some(root), keys, typename }
}

fn things(ids: &[&str]) -> Value {
    let things = ids.iter().map(|id| json!({ "__typename": "Thing", "id": id }));
    json!({ "data": { "things": things.collect::<Value>() } })
}

#[tokio::test]
async fn equal_entities_are_asked_for_once_and_merged_everywhere() {
    let answer = json!({ "data": { "_entities": [{ "price": 1, "id": "a" }, { "price": 2, "id": "b" }] } });
    let services = Told::new(vec![Ok(things(&["a", "b", "a"])), Ok(answer)]);
    let (plan, variables) = (plan(), Map::from_iter([("given".to_owned(), json!([1]))]));
    let state = Execution::new(&plan, &variables, &services, usize::MAX).run().await;
    let asked = services.asked.lock().unwrap().clone();
    assert_eq!(asked[0], json!({ "given": [1] }));
    let representations = json!([{ "__typename": "Thing", "id": "a" }, { "__typename": "Thing", "id": "b" }]);
    assert_eq!(asked[1], json!({ "representations": representations, "given": [1] }));
    assert_eq!(prices(&state, &plan), ["1", "2", "1"].map(|price| Some(price.to_owned())));
}

#[tokio::test]
async fn more_entities_than_a_service_is_asked_about_are_several_questions() {
    let answer = |ids: &[&str]| {
        let entities: Value = ids.iter().map(|id| json!({ "price": format!("{id}!"), "id": id })).collect();
        Ok(json!({ "data": { "_entities": entities } }))
    };
    let answers =
        vec![Ok(things(&["a", "b", "c", "a", "d", "e"])), answer(&["a", "b"]), answer(&["c", "d"]), answer(&["e"])];
    let services = Told { entities_max: 2, ..Told::new(answers) };
    let (plan, variables) = (plan(), Map::new());
    let state = Execution::new(&plan, &variables, &services, usize::MAX).run().await;
    let expected = ["a", "b", "c", "a", "d", "e"].map(|id| Some(format!("\"{id}!\"")));
    assert_eq!(prices(&state, &plan), expected);
    let asked = services.asked.lock().unwrap().clone();
    let counts: Vec<usize> =
        asked.iter().skip(1).map(|asked| asked["representations"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [2, 2, 1]);
}

#[tokio::test]
async fn what_occurs_more_often_than_there_is_room_for_is_left_out_and_told() {
    let ids = ["a"; 10];
    let (plan, variables) = (plan(), Map::new());
    let of_limit = async |bytes_max| {
        let answer = json!({ "data": { "_entities": [{ "price": 1, "id": "a" }] } });
        let services = Told::new(vec![Ok(things(&ids)), Ok(answer)]);
        let state = Execution::new(&plan, &variables, &services, bytes_max).run().await;
        let price = plan.keys.find("price").unwrap();
        let place = |at| [At::Field(plan.keys.find("things").unwrap()), At::Item(at)];
        let failures: Vec<_> =
            (0..10).map(|at| state.failures.of(&place(at), price).map(|failure| failure.code)).collect();
        (prices(&state, &plan), failures)
    };
    let (whole, failures) = of_limit(1 << 20).await;
    assert!(whole.iter().all(Option::is_some) && failures.iter().all(Option::is_none));
    // Of ten places the last costs nothing: what came is put there.
    let entity =
        Node::Object(vec![(plan.keys.find("price").unwrap(), Node::Null), (plan.keys.find("id").unwrap(), Node::Null)]);
    let (exact, _) = of_limit(9 * entity.bytes()).await;
    assert_eq!(exact, whole);
    let (cut, failures) = of_limit(9 * entity.bytes() - 1).await;
    assert_eq!(cut.iter().filter(|price| price.is_none()).count(), 1);
    assert_eq!(failures[8], Some(ErrorCode::QueryTooComplex));
    assert_eq!(cut[8], None);
}

#[tokio::test]
async fn an_entity_in_the_place_of_another_is_not_taken() {
    let prices = json!({ "data": { "_entities": [{ "price": 2, "id": "b" }, { "price": 1, "id": "a" }] } });
    let services = Told::new(vec![Ok(things(&["a", "b"])), Ok(prices)]);
    let (plan, variables) = (plan(), Map::new());
    let state = Execution::new(&plan, &variables, &services, usize::MAX).run().await;
    let Some(Node::List(items)) = state.root.field(plan.keys.find("things").unwrap()) else { panic!() };
    assert!(items.iter().all(|item| item.field(plan.keys.find("price").unwrap()).is_none()));
}

#[tokio::test]
async fn nothing_is_asked_about_entities_that_did_not_come() {
    let trouble = Trouble::new(ErrorCode::UpstreamUnavailable, "shop is unreachable".to_owned());
    let services = Told::new(vec![Err(trouble)]);
    let (plan, variables) = (plan(), Map::new());
    let state = Execution::new(&plan, &variables, &services, usize::MAX).run().await;
    assert_eq!(state.root, Node::empty());
    assert_eq!(services.asked.lock().unwrap().clone().len(), 1);
}
