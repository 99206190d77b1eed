use serde_json::{Value, json};

use super::{Setup, message, paths};

const BATCH: &str = "query($paths: [String!]) { projects(fullPaths: $paths) { nodes { fullPath } } }";

#[tokio::test]
async fn fifty_paths_pass_and_fifty_one_do_not() {
    let setup = Setup::with(60).await;
    let answer = setup.ask(BATCH, json!({ "paths": paths(50) })).await;
    assert_eq!(answer["data"]["projects"]["nodes"].as_array().unwrap().len(), 50);
    let answer = setup.ask(BATCH, json!({ "paths": paths(51) })).await;
    assert_eq!(message(&answer), "fullPaths is too long (maximum is 50)");
    assert_eq!(answer["data"], json!({ "projects": null }));
    assert_eq!(answer["errors"][0]["path"], json!(["projects"]));
    let asked: Vec<_> = setup.calls().recent().iter().map(|call| call.full_paths).collect();
    assert_eq!(asked, [Some(50), Some(51)], "the log knows how many were asked for");
}

#[tokio::test]
async fn the_complexity_limit_is_250_and_pages_multiply() {
    let setup = Setup::with(1).await;
    let fields = "id fullPath pipelines(first: 1) { nodes { id status } }";
    // pipelines: (1 + nodes 1 + 2) * 1.01 = 4; nodes: 1 + 2 + 4 = 7; projects of 50: (1 + 7) * 1.5 = 12; queryComplexity: 3.
    let query = format!("{{ queryComplexity {{ score limit }} projects(first: 50) {{ nodes {{ {fields} }} }} }}");
    let answer = setup.ask(&query, json!({})).await;
    assert_eq!(answer["data"]["queryComplexity"], json!({ "score": 15, "limit": 250 }));

    // Without `first` a page counts as 100 rows, and aliases pay in full: 16 each.
    let alias = |number: usize| format!("p{number}: projects {{ nodes {{ {fields} }} }}");
    let aliases = |count: usize| format!("{{ {} }}", (0..count).map(alias).collect::<Vec<_>>().join(" "));
    assert!(setup.ask(&aliases(15), json!({})).await.get("errors").is_none(), "15 × 16 is within 250");
    let answer = setup.ask(&aliases(16), json!({})).await;
    assert_eq!(message(&answer), "Query has complexity of 256, which exceeds max complexity of 250");
    assert!(answer.get("data").is_none());
}

#[tokio::test]
async fn a_document_over_ten_thousand_characters_is_refused() {
    let setup = Setup::with(1).await;
    let padded = |size: usize| format!("{:size$}", "{ metadata { version } }");
    assert!(setup.ask(&padded(10_000), json!({})).await["data"].is_object());
    let response = setup.post(&padded(10_001), json!({})).send().await.unwrap();
    assert_eq!(response.status(), 422);
    assert_eq!(message(&response.json::<Value>().await.unwrap()), "Query too large");
}

#[tokio::test]
async fn only_the_configured_token_is_accepted() {
    let setup = Setup::with(1).await;
    let url = |path: &str| format!("{}{path}", setup.simulator.gitlab_url());
    let body = json!({ "query": "{ metadata { version } }" });
    let graphql = || setup.http.post(url("/api/graphql")).json(&body);
    for wrong in [graphql(), graphql().bearer_auth("wrong"), graphql().header("private-token", "wrong")] {
        let response = wrong.send().await.unwrap();
        assert_eq!(response.status(), 401);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer, json!({ "errors": [{ "message": "Invalid token" }] }));
    }
    let private = graphql().header("private-token", setup.simulator.gitlab_token()).send().await.unwrap();
    assert_eq!(private.status(), 200);
    let rest = setup.http.get(url("/api/v4/metadata")).send().await.unwrap();
    assert_eq!(rest.status(), 401);
    assert_eq!(rest.json::<Value>().await.unwrap(), json!({ "message": "401 Unauthorized" }));
}
