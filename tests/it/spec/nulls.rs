//! A field that fails nulls only itself.

use it::TestPlatform;
use serde_json::{Value, json};
use simulator::{Fault, Upstream};

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_fails_nulls_only_itself() {
    let platform = TestPlatform::start().await;
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let query = "{ a: component(ref: \"payments-api\") { ref repository { path } title }
                   list: components(first: 3) { nodes { name repository { path } } totalCount }
                   bad: components(first: 0) { totalCount }
                   viewer { subject } }";
    let answer = platform.client("engineer").query(query, json!({})).await;
    let data = &answer["data"];
    assert_eq!(
        data["a"],
        json!({ "ref": "component:default/payments-api", "repository": null, "title": "Payments API" })
    );
    assert_eq!(data["bad"], Value::Null);
    assert!(data["viewer"]["subject"].is_string() && data["list"]["totalCount"].is_number());
    let mut paths: Vec<String> =
        answer["errors"].as_array().unwrap().iter().map(|error| error["path"].to_string()).collect();
    paths.sort();
    assert!(paths.contains(&"[\"a\",\"repository\"]".to_owned()), "{paths:?}");
    assert!(paths.contains(&"[\"bad\"]".to_owned()), "{paths:?}");
    assert!(paths.contains(&"[\"list\",\"nodes\",0,\"repository\"]".to_owned()), "{paths:?}");
    assert!(answer["errors"].as_array().unwrap().iter().all(|error| error["extensions"]["code"].is_string()));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_cursor_does_not_spoil_its_neighbours() {
    let platform = TestPlatform::start().await;
    let query = "{ component(ref: \"payments-api\") { good: dependents(first: 1) { nodes { ref } } bad: dependents(after: \"x\") { nodes { ref } } } }";
    let answer = platform.client("engineer").query(query, json!({})).await;
    assert_eq!(answer["data"]["component"]["good"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(answer["data"]["component"]["bad"], Value::Null);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_lead_nowhere_leave_holes_in_their_places() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let known =
        client.data("{ component(ref: \"payments-api\") { id } team(ref: \"payments\") { id } }", json!({})).await;
    let ids = json!({ "ids": ["nonsense", known["team"]["id"], "", known["component"]["id"], known["team"]["id"]] });
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Entity { ref } } }";
    let data = client.data(query, ids).await;
    let types: Vec<&Value> = data["nodes"].as_array().unwrap().iter().map(|node| &node["__typename"]).collect();
    assert_eq!(json!(types), json!([null, "Team", null, "Component", "Team"]));
    let many = json!({ "ids": vec!["x"; 101] });
    let answer = client.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } viewer { subject } }", many).await;
    assert_eq!(answer["data"]["nodes"].as_array().unwrap().len(), 101);
    assert!(answer["data"]["viewer"]["subject"].is_string(), "one failure emptied the response");
    platform.stop().await;
}
