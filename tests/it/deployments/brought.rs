//! What a deployment brought: its commit, the commits over the one before, its merge requests; read live, in few calls.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use it::TestPlatform;
use serde_json::{Value, json};
use simulator::{
    Fault, Upstream,
    gitlab::{Pace, Project},
};

use super::{apply, event, lease, sync::pass};

const COMPONENT: &str = "component:default/payments-api";

fn calls(platform: &TestPlatform, part: &str) -> usize {
    let calls = platform.simulator().calls(Upstream::Gitlab).recent();
    calls.iter().filter(|call| call.path.contains(part)).count()
}

/// The project of the component, which now has deployed a change every ten minutes, 200 of which are kept.
async fn busy(platform: &TestPlatform) -> String {
    let query = "query($ref: EntityRef!) { component(ref: $ref) { repository { path } } }";
    let data = platform.client("engineer").data(query, json!({ "ref": COMPONENT })).await;
    let path = data["component"]["repository"]["path"].as_str().unwrap().to_owned();
    let deploys = Some(Pace { every: TimeDelta::minutes(10), kept: 200 });
    platform.simulator().gitlab().put_project(Project { deploys, ..Project::believable(path.as_str()) });
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_changes_and_merge_requests_are_gitlabs_own() {
    let platform = TestPlatform::start().await;
    busy(&platform).await;
    pass(&platform, platform.app().clock.now() - TimeDelta::days(2), None).await;
    platform.simulator().calls(Upstream::Gitlab).reset();
    let query = "query($ref: EntityRef!) { component(ref: $ref) { deployments(first: 20, filter: { source: [GITLAB], status: [SUCCEEDED] }) { nodes {
        id createdAt commitSha isRollback commit { id sha title authorName authoredAt webUrl } } } } }";
    let client = platform.client("engineer");
    let data = client.data(query, json!({ "ref": COMPONENT })).await;
    let nodes = data["component"]["deployments"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 20);
    for node in nodes {
        assert_eq!(node["commit"]["sha"], node["commitSha"]);
        let text = |field: &str| node["commit"][field].as_str().unwrap_or_default();
        assert!(!text("title").is_empty() && !text("authorName").is_empty(), "{node:#}");
        assert!(text("webUrl").ends_with(text("sha")), "{node:#}");
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert!(moment(text("authoredAt")) < moment(node["createdAt"].as_str().unwrap()), "{node:#}");
    }
    assert_eq!(calls(&platform, "/api/graphql"), 1, "twenty commits are one call");
    // They never change.
    client.data(query, json!({ "ref": COMPONENT })).await;
    assert_eq!(calls(&platform, "/api/graphql"), 1);
    let commit = &nodes[0]["commit"];
    let again = client
        .data("query($id: ID!) { node(id: $id) { id ... on Commit { sha title } } }", json!({ "id": commit["id"] }));
    let again = again.await;
    assert_eq!(again["node"]["sha"], commit["sha"]);
    assert_eq!(again["node"]["title"], commit["title"]);

    let query = "query($id: ID!) { deployment(id: $id) { commitSha previous { commitSha }
        changes { totalCount nodes { sha } pageInfo { hasNextPage } }
        mergeRequests { totalCount nodes { number state mergedAt } } } }";
    let mut brought = 0;
    for node in nodes {
        let data = client.data(query, json!({ "id": node["id"] })).await;
        let deployment = &data["deployment"];
        let changes = deployment["changes"]["nodes"].as_array().unwrap();
        assert_eq!(deployment["changes"]["totalCount"], changes.len());
        assert!(changes.iter().all(|change| change["sha"] != deployment["previous"]["commitSha"]), "{data:#}");
        if node["isRollback"] == true {
            assert!(changes.is_empty(), "what comes back brings nothing new: {data:#}");
        } else if let Some(newest) = changes.first() {
            assert_eq!(newest["sha"], deployment["commitSha"]);
            brought += 1;
        }
        let merged = deployment["mergeRequests"]["nodes"].as_array().unwrap();
        assert_eq!(deployment["mergeRequests"]["totalCount"], merged.len());
        assert!(merged.iter().all(|request| request["state"] == "MERGED"), "{data:#}");
    }
    assert!(brought > 10, "{brought}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_changes_are_turned_in_pages_that_meet_anywhere() {
    let platform = TestPlatform::start().await;
    let path = busy(&platform).await.replace('/', "%2F");
    let simulator = platform.simulator();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    let page = async |page: usize| -> Vec<Value> {
        let url =
            format!("{}/api/v4/projects/{path}/repository/commits?per_page=100&page={page}", simulator.gitlab_url());
        let answer = http.get(url).bearer_auth(simulator.gitlab_token()).send().await.unwrap();
        answer.json().await.unwrap()
    };
    let mut all: Vec<String> = Vec::new();
    for number in 1.. {
        let page = page(number).await;
        if page.is_empty() {
            break;
        }
        all.extend(page.iter().map(|commit| commit["id"].as_str().unwrap().to_owned()));
    }
    assert!(all.len() > 400, "{}", all.len());
    // The very oldest may go meanwhile: they would be known no more.
    all.truncate(all.len() - 5);
    let oldest = all.pop().unwrap();
    let lease = lease(platform.database()).await;
    apply(&platform, &lease, &[event(COMPONENT, 1, 0, &oldest), event(COMPONENT, 2, 60, &all[0])]).await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!, $first: Int!, $after: String) { component(ref: $ref) { deployments(first: 1) { nodes {
        changes(first: $first, after: $after) { totalCount edges { cursor node { sha } } pageInfo { hasNextPage endCursor } } } } } }";
    for first in [100, 70] {
        simulator.calls(Upstream::Gitlab).reset();
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let data = client.data(query, json!({ "ref": COMPONENT, "first": first, "after": after })).await;
            let changes = &data["component"]["deployments"]["nodes"][0]["changes"];
            let edges = changes["edges"].as_array().unwrap();
            found.extend(edges.iter().map(|edge| edge["node"]["sha"].as_str().unwrap().to_owned()));
            if changes["pageInfo"]["hasNextPage"] == false {
                assert_eq!(changes["totalCount"], all.len(), "known on the last page");
                break;
            }
            assert_eq!(edges.len(), first);
            after = changes["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(found, all);
        // Pages of GitLab's are fetched once, whatever ours are.
        let fetched = if first == 100 { all.len().div_ceil(100) } else { 0 };
        assert_eq!(calls(&platform, "/repository/commits"), fetched);
    }
    // A cursor of another list, or of nobody.
    for after in ["", "x", "eyJvIjoiYSJ9"] {
        let answer = client.query(query, json!({ "ref": COMPONENT, "first": 1, "after": after })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_that_fails_leaves_the_rest() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let sha = "a1".repeat(20);
    apply(&platform, &lease, &[event(COMPONENT, 1, 0, &"b2".repeat(20)), event(COMPONENT, 2, 60, &sha)]).await;
    let query = "query($ref: EntityRef!) { component(ref: $ref) { deployments(first: 2) { nodes {
        commitSha commit { sha } changes { nodes { sha } } mergeRequests { nodes { number } } } } } }";
    let client = platform.client("engineer");
    // Hashes and numbers that GitLab does not know are null, without an error.
    let data = client.data(query, json!({ "ref": COMPONENT })).await;
    let node = &data["component"]["deployments"]["nodes"][0];
    assert_eq!(node, &json!({ "commitSha": sha, "commit": null, "changes": null, "mergeRequests": null }));
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let other = "c3".repeat(20);
    apply(&platform, &lease, &[event(COMPONENT, 3, 120, &other)]).await;
    let answer = client.query(query, json!({ "ref": COMPONENT })).await;
    let node = &answer["data"]["component"]["deployments"]["nodes"][0];
    assert_eq!((&node["commitSha"], &node["commit"]), (&json!(other), &Value::Null));
    let errors = answer["errors"].as_array().unwrap();
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!(error["extensions"]["source"], "gitlab", "{error:#}");
        assert!(
            ["UPSTREAM_ERROR", "UPSTREAM_UNAVAILABLE"].contains(&error["extensions"]["code"].as_str().unwrap()),
            "{error:#}"
        );
    }
    platform.stop().await;
}
