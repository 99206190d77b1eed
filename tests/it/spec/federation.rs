//! The subgraph: what a supergraph asks for by key comes in order, with holes, and one bad key spoils nothing.

use it::TestPlatform;
use serde_json::json;

const ENTITIES: &str = "query ($r: [_Any!]!) { _entities(representations: $r) {
    __typename ... on Component { ref lifecycle } ... on Team { ref } } }";

#[tokio::test(flavor = "multi_thread")]
async fn entities_keep_their_places_and_hidden_is_absent() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let ids =
        client.data("{ component(ref: \"payments-api\") { id } team(ref: \"payments\") { id } }", json!({})).await;
    let admin = platform.client("admin");
    let hidden = admin.data(
        "{ components(first: 100, filter: { annotations: [{ key: \"weft.dev/visibility\", value: \"team\" }] }) { nodes { ref } } }",
        json!({}),
    );
    let hidden = hidden.await["components"]["nodes"].as_array().unwrap().clone();
    let mut secret = None;
    for node in hidden {
        let seen =
            client.data("query ($r: EntityRef!) { component(ref: $r) { ref } }", json!({ "r": node["ref"] })).await;
        if seen["component"].is_null() {
            secret = Some(node["ref"].clone());
        }
    }
    let secret = secret.expect("something that the engineer cannot see");
    let representations = json!([
        { "__typename": "Component", "id": ids["component"]["id"] },
        { "__typename": "Component", "ref": "component:default/no-such" },
        { "__typename": "Component", "ref": secret },
        { "__typename": "Team", "ref": "group:default/payments" },
        { "__typename": "Team", "id": ids["component"]["id"] },
        { "__typename": "Component", "ref": "Payments-API" },
        { "__typename": "Component", "id": "nonsense" },
    ]);
    let data = client.data(ENTITIES, json!({ "r": representations })).await;
    let refs: Vec<_> = data["_entities"].as_array().unwrap().iter().map(|entity| entity["ref"].clone()).collect();
    let payments = "component:default/payments-api";
    assert_eq!(json!(refs), json!([payments, null, null, "group:default/payments", null, payments, null]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_type_is_an_error_in_its_place() {
    let platform = TestPlatform::start().await;
    let representations = json!([
        { "__typename": "Component", "ref": "payments-api" },
        { "__typename": "Nope", "id": "x" },
        { "__typename": "Component" },
        { "id": "x" },
    ]);
    let answer = platform.client("engineer").query(ENTITIES, json!({ "r": representations })).await;
    let entities = answer["data"]["_entities"].as_array().unwrap();
    assert_eq!(entities.len(), 4);
    assert!(entities[0].is_object() && entities[1..].iter().all(serde_json::Value::is_null), "{answer}");
    let mut paths: Vec<String> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["path"].to_string()).collect();
    paths.sort();
    assert_eq!(paths, ["[\"_entities\",1]", "[\"_entities\",2]", "[\"_entities\",3]"]);
    assert!(answer["errors"].as_array().unwrap().iter().all(|error| error["extensions"]["code"] == "BAD_USER_INPUT"));
    let sdl = platform.client("engineer").data("{ _service { sdl } }", json!({})).await;
    assert!(sdl["_service"]["sdl"].as_str().unwrap().contains("@key(fields: \"ref\")"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_keys_are_a_few_statements() {
    let statements = it::Statements::count();
    let platform = TestPlatform::start_with(&[("WEFT_LIMITS__COST_MAX", "10000")]).await;
    let client = platform.client("engineer");
    let representations: Vec<_> =
        (0..1_000).map(|at| json!({ "__typename": "Component", "ref": format!("none-{at}") })).collect();
    statements.take();
    let data = client.data(ENTITIES, json!({ "r": representations })).await;
    assert_eq!(data["_entities"].as_array().unwrap().len(), 1_000);
    assert_eq!(statements.take().len(), 1);
    let one_more = vec![json!({ "__typename": "Component", "ref": "x" }); 1_001];
    let refused = client.query(ENTITIES, json!({ "r": one_more })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{:.300}", refused.to_string());
    platform.stop().await;
}
