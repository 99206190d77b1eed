//! What a repository has besides itself: pipelines, merge requests, releases, jobs, CODEOWNERS; in few calls, and page by page.

use it::TestPlatform;
use serde_json::{Value, json};
use simulator::{Fault, Upstream};
use sqlx::{Connection, PgConnection};

const LISTS: &str = "query($first: Int!) { components(first: $first) { nodes { repository {
    path
    pipelines(first: 2) { nodes { id status } }
    mergeRequests(first: 2) { nodes { id number state } }
    releases(first: 2) { nodes { id tag } }
    codeOwners { path rules { pattern owners section } }
} } } }";

fn calls(platform: &TestPlatform) -> usize {
    let log = platform.simulator().calls(Upstream::Gitlab).recent();
    log.iter().filter(|call| call.full_paths.unwrap_or(0) > 0).count()
}

/// Projects of a page: several components may name the same.
fn projects(answer: &Value) -> usize {
    let nodes = answer["components"]["nodes"].as_array().unwrap();
    let mut paths: Vec<&str> = nodes.iter().filter_map(|node| node["repository"]["path"].as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_lists_of_fifty_projects_are_one_call_each_and_none_once_they_are_known() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h")]).await;
    for first in [5, 50, 100] {
        let paths: Vec<String> = platform.simulator().gitlab().paths();
        platform.app().sources.gitlab().unwrap().evict_projects(&paths).await;
        let client = platform.client("admin");
        let gitlab = platform.simulator().calls(Upstream::Gitlab);
        gitlab.reset();
        let answer = client.data(LISTS, json!({ "first": first })).await;
        let batches = projects(&answer).div_ceil(50);
        // Repositories, and four lists.
        assert_eq!(calls(&platform), 5 * batches, "{first} components, {} projects", projects(&answer));
        gitlab.reset();
        assert_eq!(client.data(LISTS, json!({ "first": first })).await["components"], answer["components"]);
        assert_eq!(calls(&platform), 0);
    }
    platform.stop().await;
}

/// A component whose project has more than five releases: some projects make none.
fn having_releases(answer: &Value) -> &str {
    let nodes = answer["components"]["nodes"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["repository"]["releases"]["pageInfo"]["hasNextPage"] == true);
    node.unwrap()["ref"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_list_join_to_the_whole_list_without_a_gap() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let with_release =
        "{ components(first: 100) { nodes { ref repository { releases(first: 5) { pageInfo { hasNextPage } } } } } }";
    let all = client.data(with_release, json!({})).await;
    let component = having_releases(&all);
    for (list, arguments, key) in [
        ("mergeRequests", "", "number"),
        ("mergeRequests", ", state: [MERGED, OPENED]", "number"),
        ("mergeRequests", ", state: MERGED", "number"),
        ("releases", "", "tag"),
    ] {
        let query = format!(
            "query($first: Int, $after: String) {{ component(ref: \"{component}\") {{ repository {{
                list: {list}(first: $first, after: $after{arguments}) {{
                    totalCount edges {{ cursor node {{ id {key} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}"
        );
        let page = async |first: i32, after: Option<String>| {
            let answer = client.data(&query, json!({ "first": first, "after": after })).await;
            answer["component"]["repository"]["list"].clone()
        };
        let whole = page(100, None).await;
        let all: Vec<&Value> = whole["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]).collect();
        assert_eq!(whole["totalCount"].as_u64().unwrap(), all.len() as u64, "{list}{arguments}");
        assert!(all.len() > 4, "{list}{arguments} has {} items", all.len());
        let (mut joined, mut after) = (Vec::new(), None);
        loop {
            let part = page(3, after).await;
            joined.extend(part["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()));
            if part["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = Some(part["pageInfo"]["endCursor"].as_str().unwrap().to_owned());
        }
        assert_eq!(joined.iter().collect::<Vec<_>>(), all, "{list}{arguments}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_found_again_and_only_by_who_sees_an_entity_that_names_the_project() {
    let platform = TestPlatform::start().await;
    let with_release = "{ components(first: 100) { nodes { ref repository { releases(first: 5) { nodes { id } pageInfo { hasNextPage } } } } } }";
    let all = platform.client("engineer").data(with_release, json!({})).await;
    let component = having_releases(&all);
    let query = "{ component(ref: \"COMPONENT\") { repository {
        pipelines(first: 1) { nodes { id jobs { total success failed waiting running canceled skipped } } }
        mergeRequests(first: 1) { nodes { id } }
        releases(first: 1) { nodes { id } } } } }"
        .replace("COMPONENT", component);
    let answer = platform.client("engineer").data(&query, json!({})).await;
    let repository = &answer["component"]["repository"];
    let jobs = &repository["pipelines"]["nodes"][0]["jobs"];
    let parts: i64 = ["success", "failed", "waiting", "running", "canceled", "skipped"]
        .iter()
        .map(|part| jobs[part].as_i64().unwrap())
        .sum();
    assert!(parts > 0 && jobs["total"] == parts, "{jobs}");
    // GitLab finds a project whatever the case in which an annotation names it.
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let in_capitals = "update entity_facet set value = 'gitlab.com/project-slug=' || upper(substr(value, 25)) \
         where facet = 'annotation' and starts_with(value, 'gitlab.com/project-slug=')";
    assert!(sqlx::query(in_capitals).execute(&mut connection).await.unwrap().rows_affected() > 0);
    for list in ["pipelines", "mergeRequests", "releases"] {
        let id = &repository[list]["nodes"][0]["id"];
        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        let found = platform.client("engineer").data(node, json!({ "id": id })).await;
        assert_eq!(found["node"]["id"], *id, "{list}");
        let hidden = platform.client("other_tenant_engineer").data(node, json!({ "id": id })).await;
        assert_eq!(hidden["node"], Value::Null, "{list}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_have_a_code_and_a_failing_gitlab_nulls_only_its_lists() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "1000")]).await;
    let client = platform.client("engineer");
    let of = |list: &str| {
        format!("{{ component(ref: \"payments-api\") {{ name repository {{ path {list} {{ nodes {{ id }} }} }} }} }}")
    };
    for list in [
        "pipelines(first: 0)",
        "pipelines(after: \"nonsense\")",
        "mergeRequests(state: [])",
        "mergeRequests(state: UNKNOWN)",
        "releases(first: 101)",
    ] {
        let answer = client.send(&of(list), json!({})).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{list}: {}", answer.text);
    }
    let pipelines =
        client.data(&of("pipelines(first: 1)").replace("nodes { id }", "pageInfo { endCursor }"), json!({})).await;
    let cursor = &pipelines["component"]["repository"]["pipelines"]["pageInfo"]["endCursor"];
    let other = of(&format!("releases(after: {cursor})"));
    assert_eq!(client.send(&other, json!({})).await.code(), "BAD_USER_INPUT", "a cursor of another list");
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 502 });
    let answer = client.query(&of("releases(first: 7)"), json!({})).await;
    let repository = &answer["data"]["component"]["repository"];
    assert!(repository["path"].is_string(), "the repository is known: {answer}");
    assert_eq!(repository["releases"], Value::Null, "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["component", "repository", "releases"]), "{answer}");
    platform.stop().await;
}
