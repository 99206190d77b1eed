//! Random operations over four services, three of them over HTTP, answer as over one: the composed graph against a single schema over
//! the same data, by the executor of a library that follows the specification; errors and nulls included, and again while services fail.

mod asked;
mod operation;
mod schemas;
mod server;
mod services;
mod world;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use apollo_compiler::{ExecutableDocument, Schema, resolvers::Execution as Reference, validation::Valid};
use async_graphql_parser::types::OperationType;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Map, Value, json};

use crate::{
    federation::{
        canonical::Canonical,
        execute::{Execution, State},
        plan::Plan,
        planner::{self, HivePlanner},
        projection::{PathSegment, Projection, ToldToClient, Writer, compile},
    },
    prepare::{Limits, Preparer},
};

use asked::{Asked, Subgraphs};
use world::{Root, World};

/// How many operations of each kind.
const OPERATIONS: u64 = 2_000;

struct Graphs {
    whole: Valid<Schema>,
    planner: HivePlanner,
    names_of_keys: Arc<BTreeSet<String>>,
    preparer: Preparer,
}

fn graphs() -> Graphs {
    let composed = schemas::composed();
    Graphs {
        whole: Schema::parse_and_validate(&composed.public_sdl, "whole.graphql").unwrap(),
        names_of_keys: Arc::clone(composed.keys.names()),
        planner: HivePlanner::new(&composed.supergraph_sdl, composed.keys).unwrap(),
        preparer: Preparer::new(&composed.whole_sdl, &composed.public_sdl, Limits::unlimited()).unwrap(),
    }
}

/// What a client would get: data, and the places of errors.
#[derive(Debug, PartialEq)]
struct Answer {
    data: Value,
    errors: BTreeSet<String>,
}

impl Answer {
    /// The nulls that errors made. Within what one error takes along, an executor need not look for others, and which it finds first
    /// is its own affair.
    fn nulls(&self) -> BTreeSet<String> {
        let null = |path: &String| {
            let (mut at, mut way) = (&self.data, Vec::new());
            for segment in serde_json::from_str::<Vec<Value>>(path).unwrap() {
                let next = match &segment {
                    Value::String(name) => at.get(name),
                    segment => at.get(usize::try_from(segment.as_u64().unwrap()).unwrap()),
                };
                let Some(next) = next else { break };
                (at, way) = (next, [way, vec![segment]].concat());
            }
            assert!(at.is_null(), "an error at {path}, which is {at}");
            Value::from(way).to_string()
        };
        self.errors.iter().map(null).collect()
    }
}

fn of_one_schema(graphs: &Graphs, text: &str, world: &World) -> Answer {
    let document = ExecutableDocument::parse_and_validate(&graphs.whole, text, "operation.graphql").unwrap();
    let root = Root { world, kind: "Query" };
    let response = Reference::new(&graphs.whole, &document).execute_sync(&root).unwrap();
    let response = serde_json::to_value(response).unwrap();
    let errors = response["errors"].as_array().into_iter().flatten();
    Answer { data: response["data"].clone(), errors: errors.map(|error| error["path"].to_string()).collect() }
}

/// The plan of an operation; none where the text is no valid operation.
fn planned(graphs: &Graphs, text: &str) -> Option<(Plan, Projection)> {
    let document = graphs.preparer.document(text.to_owned(), true).ok()?;
    let prepared = graphs.preparer.prepare(document.choose(None).unwrap(), Map::new(), true).unwrap();
    let types = graphs.preparer.types();
    let mut canonical = Canonical::new(&graphs.names_of_keys);
    let asked = prepared.with_document(Clone::clone);
    let limit = std::time::Duration::from_secs(60);
    let planned = planner::plan(&graphs.planner, &asked, (OperationType::Query, types), &mut canonical, limit);
    let mut plan = planned.unwrap_or_else(|error| panic!("{error}: {text}"));
    let projection = compile(prepared.whole_document(), (OperationType::Query, types), &mut plan.keys, &mut canonical);
    Some((plan, projection))
}

async fn of_services(plan: &Plan, projection: &Projection, services: &Asked<'_>) -> (Answer, Vec<Value>) {
    of_services_within(plan, projection, services, usize::MAX).await
}

async fn of_services_within(
    plan: &Plan,
    projection: &Projection,
    services: &Asked<'_>,
    bytes_max: usize,
) -> (Answer, Vec<Value>) {
    let variables = Map::new();
    // What entities take that occur several times is another matter: only what is written is held to the limit.
    let State { root, bodies, failures, told, .. } = Execution::new(plan, &variables, services, usize::MAX).run().await;
    let about_schema = HashMap::new();
    let mut writer = Writer::new(&plan.keys, plan.typename, &bodies, &failures, &about_schema, &told, bytes_max);
    writer.data(&root, &projection.root);
    let written = [writer.out.as_slice(), b"}"].concat();
    let mut answer: Value = serde_json::from_slice(&written).unwrap_or_else(|error| panic!("{error}: {written:?}"));
    let data = answer["data"].take();
    let path = |path: &[PathSegment]| {
        let segment = |segment: &PathSegment| match segment {
            PathSegment::Name(name) => json!(name),
            PathSegment::Item(item) => json!(item),
        };
        path.iter().map(segment).collect::<Value>()
    };
    let error = |told: &ToldToClient| json!({ "path": path(&told.path), "code": told.extensions.get("code"), "message": told.message });
    let errors: Vec<Value> = writer.errors.iter().map(error).collect();
    let paths = errors.iter().map(|error| error["path"].to_string()).collect();
    (Answer { data, errors: paths }, errors)
}

/// Random operations that are valid, and their plans.
fn operations(graphs: &Graphs, seed: u64) -> impl Iterator<Item = (u64, String, Plan, Projection)> + '_ {
    (seed..).filter_map(|seed| {
        let text = operation::random(&graphs.whole, &mut StdRng::seed_from_u64(seed));
        let (plan, projection) = planned(graphs, &text)?;
        Some((seed, text, plan, projection))
    })
}

#[tokio::test]
async fn two_thousand_operations_answer_as_one_schema_does() {
    let (graphs, subgraphs) = (graphs(), Subgraphs::start().await);
    let (mut several, mut with_errors) = (0, 0);
    for (seed, text, plan, projection) in operations(&graphs, 0).take(OPERATIONS as usize) {
        let world = World { seed, has_faults: seed % 3 == 0 };
        let services = Asked::new(&subgraphs, &world);
        let (answer, _) = of_services(&plan, &projection, &services).await;
        let expected = of_one_schema(&graphs, &text, &world);
        several += u64::from(services.asked() > 1);
        with_errors += u64::from(!expected.errors.is_empty());
        let mut lacks = Vec::new();
        compare(&answer.data, &expected.data, &mut Vec::new(), &mut lacks);
        let asked = services.questions();
        assert_eq!(lacks, Vec::<Vec<Value>>::new(), "seed {seed}: {text}\nasked: {asked:#?}\n{answer:?}");
        assert_eq!(answer.nulls(), expected.nulls(), "seed {seed}: {text}\nasked: {asked:#?}");
    }
    // Else it has shown nothing.
    assert!(several > OPERATIONS / 3, "{several} operations asked more than one service");
    assert!(with_errors > OPERATIONS / 20, "{with_errors} operations had errors");
}

#[tokio::test]
async fn services_that_fail_cost_only_what_they_give() {
    let (graphs, subgraphs) = (graphs(), Subgraphs::start().await);
    let mut failed: HashMap<_, u64> = HashMap::new();
    for (seed, text, plan, projection) in operations(&graphs, 1 << 32).take(OPERATIONS as usize) {
        let world = World { seed, has_faults: false };
        let services = Asked::new(&subgraphs, &world).without(seed);
        let (answer, errors) = of_services(&plan, &projection, &services).await;
        let expected = of_one_schema(&graphs, &text, &world);
        let Some(failing) = services.failed() else {
            assert_eq!(answer, expected, "seed {seed}: {text}");
            continue;
        };
        *failed.entry(failing).or_default() += 1;
        let mut lacks = Vec::new();
        compare(&answer.data, &expected.data, &mut Vec::new(), &mut lacks);
        for path in &lacks {
            let is_told = errors.iter().any(|error| is_near(error["path"].as_array().unwrap(), path));
            assert!(is_told, "seed {seed}: nobody tells why {path:?} is null: {errors:?}\n{text}");
        }
        for error in &errors {
            let code = error["code"].as_str().unwrap();
            // Of the service in this process nothing of HTTP can be told; nor of one that could not be asked, because of what failed.
            let is_consequence = error["message"].as_str().unwrap().contains("cannot be asked");
            let is_right = is_consequence || [failing.code(), "UPSTREAM_UNAVAILABLE"].contains(&code);
            assert!(is_right, "seed {seed}: {failing:?}: {error}");
        }
    }
    // Else it has shown nothing.
    for failing in server::FAILINGS {
        let count = failed.get(&failing).copied().unwrap_or_default();
        assert!(count > OPERATIONS / 50, "{count} operations asked a service that failed by {failing:?}");
    }
}

#[tokio::test]
async fn an_answer_that_has_no_room_lacks_the_rest_and_says_so() {
    let (graphs, subgraphs) = (graphs(), Subgraphs::start().await);
    let mut cut = 0;
    for (seed, text, plan, projection) in operations(&graphs, 1 << 33).take(100) {
        let world = World { seed, has_faults: false };
        let services = Asked::new(&subgraphs, &world);
        let (whole, errors) = of_services(&plan, &projection, &services).await;
        let bytes = whole.data.to_string().len();
        assert_eq!(errors, Vec::<Value>::new(), "seed {seed}: {text}");
        let (exact, _) = of_services_within(&plan, &projection, &services, bytes).await;
        assert_eq!(exact, whole, "seed {seed}: {text}");
        if bytes < 500 {
            continue;
        }
        cut += 1;
        let (answer, errors) = of_services_within(&plan, &projection, &services, bytes / 2).await;
        let mut lacks = Vec::new();
        if !answer.data.is_null() {
            compare(&answer.data, &whole.data, &mut Vec::new(), &mut lacks);
            assert!(!lacks.is_empty(), "seed {seed}: {text}");
        }
        assert!(errors.iter().any(|error| error["code"] == "QUERY_TOO_COMPLEX"), "seed {seed}: {errors:?}\n{text}");
    }
    assert!(cut > 20, "{cut} answers were long enough");
}

/// Finds where one is null and the other is not; any other difference is a failure.
fn compare(answer: &Value, expected: &Value, path: &mut Vec<Value>, lacks: &mut Vec<Vec<Value>>) {
    match (answer, expected) {
        (Value::Object(one), Value::Object(other)) => {
            assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>(), "at {path:?}");
            for (key, value) in one {
                path.push(key.as_str().into());
                compare(value, &other[key], path, lacks);
                path.pop();
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "at {path:?}");
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                path.push(at.into());
                compare(one, other, path, lacks);
                path.pop();
            }
        }
        (Value::Null, other) if !other.is_null() => lacks.push(path.clone()),
        (one, other) => assert_eq!(one, other, "at {path:?}"),
    }
}

/// Whether one of two places is on the way to the other.
fn is_near(one: &[Value], other: &[Value]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}
