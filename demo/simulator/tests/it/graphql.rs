use serde_json::{Value, json};
use simulator::gitlab::{Project, World};

use super::{Setup, message, paths};

const BATCH: &str = "query Batch($paths: [String!]!) { projects(fullPaths: $paths) { nodes { fullPath } } }";

fn full_paths(answer: &Value) -> Vec<&str> {
    let nodes = answer["data"]["projects"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["fullPath"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_project_answers_every_field_in_gitlabs_shape() {
    let setup = Setup::with(1).await;
    let query = "{ project(fullPath: \"group/project-0\") { __typename id fullPath path name description webUrl \
                 visibility archived topics lastActivityAt languages { name share } repository { rootRef empty } \
                 openMergeRequestsCount mergeRequests(state: opened) { count } \
                 pipelines(ref: \"main\", first: 1) { nodes { id iid status ref sha source createdAt startedAt \
                 finishedAt duration path detailedStatus { group } } pageInfo { hasNextPage endCursor } } } }";
    let answer = setup.ask(query, json!({})).await;
    let project = &answer["data"]["project"];
    assert_eq!(project["__typename"], "Project", "{answer}");
    assert!(project["id"].as_str().unwrap().starts_with("gid://gitlab/Project/"));
    assert_eq!((&project["path"], &project["name"]), (&json!("project-0"), &json!("Project 0")));
    assert_eq!(project["webUrl"], format!("{}/group/project-0", setup.simulator.gitlab_url()));
    assert!(["internal", "private"].contains(&project["visibility"].as_str().unwrap()));
    assert_eq!(project["repository"], json!({ "rootRef": "main", "empty": false }));
    assert_eq!(project["mergeRequests"]["count"], project["openMergeRequestsCount"]);
    let shares: f64 = project["languages"].as_array().unwrap().iter().map(|one| one["share"].as_f64().unwrap()).sum();
    assert!((shares - 100.0).abs() < 0.001, "shares are percentages: {shares}");
    let pipeline = &project["pipelines"]["nodes"][0];
    assert!(pipeline["id"].as_str().unwrap().starts_with("gid://gitlab/Ci::Pipeline/"));
    assert!(pipeline["iid"].is_string(), "iids are strings");
    assert_eq!(pipeline["sha"].as_str().unwrap().len(), 40);
    assert_eq!(pipeline["ref"], "main");
    assert_eq!(project["pipelines"]["pageInfo"]["hasNextPage"], true);
}

#[tokio::test]
async fn unknown_and_hidden_paths_are_dropped_in_silence() {
    let hidden = Project { is_hidden: true, ..Project::new("group/hidden") };
    let setup = Setup::of(World::builder().paths(paths(2)).project(hidden).build()).await;
    let asked = ["group/project-1", "group/hidden", "group/absent", "group/project-1"];
    let answer = setup.ask(BATCH, json!({ "paths": asked })).await;
    assert_eq!(full_paths(&answer), ["group/project-1"]);
    assert!(answer.get("errors").is_none());
    let answer = setup.ask("{ project(fullPath: \"group/hidden\") { id } }", json!({})).await;
    assert_eq!(answer, json!({ "data": { "project": null } }));
}

#[tokio::test]
async fn the_order_is_not_the_one_asked_for_but_stays_the_same() {
    let setup = Setup::with(40).await;
    let answer = setup.ask(BATCH, json!({ "paths": paths(40) })).await;
    assert_ne!(full_paths(&answer), paths(40));
    let mut sorted = full_paths(&answer);
    sorted.sort_unstable();
    let mut expected = paths(40);
    expected.sort_unstable();
    assert_eq!(sorted, expected, "shuffled, yet complete");
    assert_eq!(setup.ask(BATCH, json!({ "paths": paths(40) })).await, answer, "the seed decides");
}

#[tokio::test]
async fn a_path_is_found_in_any_case_and_answered_as_it_is_written() {
    let setup = Setup::of(World::builder().project(Project::new("Group/Project")).build()).await;
    let answer = setup.ask(BATCH, json!({ "paths": ["group/project"] })).await;
    assert_eq!(full_paths(&answer), ["Group/Project"]);
}

#[tokio::test]
async fn pages_joined_are_the_whole() {
    let setup = Setup::with(7).await;
    let query = "query($after: String) { projects(first: 3, after: $after) { count nodes { fullPath } edges { cursor } \
                 pageInfo { hasNextPage endCursor } } }";
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let answer = setup.ask(query, json!({ "after": after })).await;
        let page = &answer["data"]["projects"];
        assert_eq!(page["count"], 7);
        seen.extend(full_paths(&answer).into_iter().map(str::to_owned));
        after = page["pageInfo"]["endCursor"].clone();
        assert_eq!(page["edges"].as_array().unwrap().last().unwrap()["cursor"], after);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, paths(7));
}

#[tokio::test]
async fn aliases_fragments_and_directives_work() {
    let setup = Setup::with(2).await;
    let query = "query($full: Boolean!, $path: ID!) { one: project(fullPath: $path) { ...Name visibility @include(if: $full) } \
                 two: project(fullPath: \"group/project-1\") { ... on Project { name } languages { name } languages { share } } } \
                 fragment Name on Project { title: name archived @skip(if: true) }";
    let answer = setup.ask(query, json!({ "full": false, "path": "group/project-0" })).await;
    assert_eq!(answer["data"]["one"], json!({ "title": "Project 0" }), "{answer}");
    let language = &answer["data"]["two"]["languages"][0];
    assert!(language["name"].is_string() && language["share"].is_number(), "equal keys are merged: {language}");
}

#[tokio::test]
async fn a_batch_answers_in_a_list() {
    let setup = Setup::with(1).await;
    let one = json!({ "query": "{ metadata { version } }" });
    let two = json!({ "query": "query A { currentUser { username } } query B { metadata { revision } }", "operationName": "A" });
    let answer: Value = setup.post("", json!({})).json(&json!([one, two])).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer[0]["data"]["metadata"]["version"], "18.5.0-ee");
    assert_eq!(answer[1]["data"]["currentUser"]["username"], "simulated");
}

#[tokio::test]
async fn what_gitlab_refuses_is_refused_in_its_words() {
    let setup = Setup::with(1).await;
    let cases = [
        ("{ projects { nodes { fullname } } }", "Field 'fullname' doesn't exist on type 'Project'"),
        ("{ projects(paths: [\"a\"]) { count } }", "Field 'projects' doesn't accept argument 'paths'"),
        ("{ project { id } }", "Field 'project' is missing required arguments: fullPath"),
        (
            "query($p: String!) { project(fullPath: $p) { id } }",
            "Type mismatch on variable $p and argument fullPath (String! / ID!)",
        ),
        ("query($p: [String!]) { metadata { version } }", "Variable $p is declared by anonymous query but not used"),
        ("{ project(fullPath: $p) { id } }", "Variable $p is used but not declared"),
        ("{ metadata { ...F } } fragment F on Metadata { ...F }", "Fragment F contains an infinite loop"),
        ("{ metadata { version { x } } }", "Selections can't be made on scalars (field 'version' returns String)"),
        ("{ metadata { ... on Project { id } } }", "Fragment on Project can't be spread inside Metadata"),
        ("query($p: ID!) { project(fullPath: $p) { id } }", "Variable $p of type ID! was provided invalid value"),
        ("mutation { projects { count } }", "Schema is not configured for mutations"),
    ];
    for (query, expected) in cases {
        let answer = setup.ask(query, json!({})).await;
        assert_eq!(message(&answer), expected, "{query}");
        assert!(answer.get("data").is_none(), "nothing ran: {answer}");
    }
    assert!(message(&setup.ask("{ projects {", json!({})).await).starts_with("Parse error"));
}
