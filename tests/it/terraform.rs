//! Terraform, well and ill: workspaces of components in the fewest calls, and nothing else spoiled by them.

use std::time::Duration;

use it::{TestPlatform, faults};
use schema::NodeId;
use serde_json::{Value, json};
use simulator::{
    Fault, Upstream,
    terraform::{Output, Workspace},
};

/// What a list of components shows of their workspaces.
const LIST: &str = "query($first: Int!) { components(first: $first) { nodes { ref title annotations
    workspaces { organization name currentRun { status plan { additions } commitSha } outputs { name } } } } }";

const ONE: &str = "{ component(ref: \"payments-api\") { title workspaces {
    id organization name project terraformVersion executionMode isLocked isAutoApply resourceCount latestChangeAt webUrl
    currentRun { id status upstreamStatus message trigger createdBy isDestroy isPlanOnly commitSha
        plan { additions changes destructions imports } createdAt startedAt finishedAt durationSeconds webUrl }
    costEstimate { currency priorMonthly proposedMonthly deltaMonthly matchedResourceCount unmatchedResourceCount }
    drift { status driftedResourceCount checkedAt unknownSince }
    checks { status passed failed errored unknown checkedAt unknownSince }
    outputs { name isSensitive value } } } }";

/// Calls below this path, and how many there were.
fn calls(platform: &TestPlatform, part: &str) -> usize {
    let calls = platform.simulator().calls(Upstream::Terraform).recent();
    calls.iter().filter(|call| call.path.contains(part)).count()
}

/// A workspace that says everything, in place of one that `payments-api` names.
fn telling() -> Workspace {
    Workspace {
        project: "Payments".to_owned(),
        vcs_repo: Some("infrastructure/payments".to_owned()),
        monthly_cost_milli: Some(1_234_567),
        assessments: simulator::terraform::Assessments::On,
        checks: 4,
        failure_percent: 0,
        outputs: vec![
            Output::new("endpoint", "https://pay.example.com"),
            Output::sensitive("password", "hunter2"),
            Output::new("ports", json!([80, 443])),
        ],
        ..Workspace::new("money", "payments")
    }
}

fn code_at<'a>(answer: &'a Value, field: &str) -> Vec<&'a Value> {
    let errors = answer["errors"].as_array().into_iter().flatten();
    let own = errors.filter(|error| error["path"].as_array().unwrap().last().unwrap() == field);
    own.map(|error| &error["extensions"]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_shows_its_workspaces_in_full() {
    let platform = TestPlatform::start().await;
    platform.simulator().terraform().put_workspace(telling());
    let answer = platform.client("engineer").data(ONE, json!({})).await;
    let workspaces = answer["component"]["workspaces"].as_array().unwrap();
    let names: Vec<_> = workspaces.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["payments", "payments-staging"], "{answer:#}");
    let workspace = &workspaces[0];
    assert_eq!((&workspace["organization"], &workspace["project"]), (&json!("money"), &json!("Payments")));
    assert_eq!(workspace["resourceCount"], 10);
    let url = platform.simulator().url(Upstream::Terraform).to_owned();
    assert_eq!(workspace["webUrl"], format!("{url}/app/money/workspaces/payments"));
    let run = &workspace["currentRun"];
    assert_ne!(run["status"], "UNKNOWN", "{run}");
    assert!(run["createdBy"].is_string() && run["createdAt"].is_string(), "{run}");
    assert!(run["webUrl"].as_str().unwrap().starts_with(&format!("{url}/app/money/workspaces/payments/runs/run-")));
    let estimate = &workspace["costEstimate"];
    assert_eq!(estimate["currency"], "USD");
    assert!(estimate["proposedMonthly"].is_null() || estimate["proposedMonthly"].is_string(), "{estimate}");
    let outputs = &workspace["outputs"];
    assert_eq!(outputs[0], json!({ "name": "endpoint", "isSensitive": false, "value": "https://pay.example.com" }));
    assert_eq!(outputs[1], json!({ "name": "password", "isSensitive": true, "value": null }));
    assert_eq!(outputs[2]["value"], json!([80, 443]));
    assert!(["IN_SYNC", "DRIFTED", "UNKNOWN"].contains(&workspace["drift"]["status"].as_str().unwrap()));
    assert!(workspace["drift"]["checkedAt"].is_string(), "{workspace:#}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_costs_one_read_of_each_organization_and_nothing_when_known() {
    for count in [5, 50, 100] {
        let platform = TestPlatform::start().await;
        let client = platform.client("admin");
        platform.simulator().calls(Upstream::Terraform).reset();
        let answer = client.data(LIST, json!({ "first": count })).await;
        let nodes = answer["components"]["nodes"].as_array().unwrap();
        let workspaces = nodes.iter().flat_map(|node| node["workspaces"].as_array().unwrap());
        let mut organizations: Vec<_> = workspaces.map(|it| it["organization"].as_str().unwrap()).collect();
        let found = organizations.len();
        organizations.sort_unstable();
        organizations.dedup();
        let cold = calls(&platform, "/workspaces");
        println!("{count} components: {found} workspaces of {} organizations in {cold} calls", organizations.len());
        assert_eq!(cold, organizations.len());
        assert!(!organizations.is_empty() && nodes.len() == count);
        let again = client.data(LIST, json!({ "first": count })).await;
        assert_eq!(again, answer);
        assert_eq!(calls(&platform, "/workspaces"), cold, "what was known was asked again");
        platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_of_many_workspaces_is_read_page_by_page() {
    let platform = TestPlatform::start().await;
    for number in 0..240 {
        platform.simulator().terraform().put_workspace(Workspace::new("money", format!("aside-{number}")));
    }
    platform.simulator().calls(Upstream::Terraform).reset();
    let query = "{ component(ref: \"payments-api\") { workspaces { name } } }";
    let answer = platform.client("engineer").data(query, json!({})).await;
    assert_eq!(answer["component"]["workspaces"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(calls(&platform, "/workspaces"), 3);
    platform.stop().await;

    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__TERRAFORM__WORKSPACES_MAX", "100")]).await;
    for number in 0..240 {
        platform.simulator().terraform().put_workspace(Workspace::new("money", format!("aside-{number}")));
    }
    let answer = platform.client("engineer").query(query, json!({})).await;
    assert_eq!(code_at(&answer, "workspaces")[0]["code"], "UPSTREAM_ERROR", "{answer}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn estimates_and_drift_are_asked_for_only_where_selected() {
    let platform = TestPlatform::start().await;
    platform.simulator().terraform().put_workspace(telling());
    let staging = Workspace {
        assessments: simulator::terraform::Assessments::Off,
        ..Workspace::new("money", "payments-staging")
    };
    platform.simulator().terraform().put_workspace(staging);
    platform.simulator().calls(Upstream::Terraform).reset();
    let client = platform.client("engineer");
    client.data("{ component(ref: \"payments-api\") { workspaces { name currentRun { status } } } }", json!({})).await;
    assert_eq!((calls(&platform, "/runs/"), calls(&platform, "current-assessment-result")), (0, 0));
    for _ in 0..2 {
        let answer = client.data(ONE, json!({})).await;
        let staging = &answer["component"]["workspaces"][1];
        assert_eq!(
            staging["drift"],
            json!({ "status": "UNKNOWN", "driftedResourceCount": null, "checkedAt": null, "unknownSince": null })
        );
        assert_eq!(staging["costEstimate"], Value::Null, "estimation is off");
        // One look at each current run, which its `createdBy` and its estimate share; one at the assessment of the only
        // workspace that has them switched on.
        assert_eq!((calls(&platform, "/runs/"), calls(&platform, "current-assessment-result")), (2, 1));
        assert_eq!(calls(&platform, "/organizations/money/workspaces"), 1);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_paged_newest_first_without_plan_only_ones() {
    let platform = TestPlatform::start().await;
    platform.simulator().terraform().put_workspace(telling());
    let client = platform.client("engineer");
    platform.simulator().calls(Upstream::Terraform).reset();
    let query =
        "query($after: String) { component(ref: \"payments-api\") { workspaces { name runs(first: 20, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
        nodes { id status isPlanOnly createdAt createdBy costEstimate { currency } } } } } }";
    let (mut ids, mut moments, mut after) = (Vec::new(), Vec::new(), Value::Null);
    for page in 0..3 {
        let answer = client.data(query, json!({ "after": after })).await;
        let runs = &answer["component"]["workspaces"][0]["runs"];
        assert!(runs["totalCount"].as_i64().unwrap() > 100, "{runs}");
        assert_eq!(
            (&runs["pageInfo"]["hasNextPage"], &runs["pageInfo"]["hasPreviousPage"]),
            (&json!(true), &json!(page > 0))
        );
        for run in runs["nodes"].as_array().unwrap() {
            assert_eq!(run["isPlanOnly"], false);
            assert!(run["createdBy"].is_string());
            ids.push(run["id"].as_str().unwrap().to_owned());
            moments.push(run["createdAt"].as_str().unwrap().to_owned());
        }
        after = runs["pageInfo"]["endCursor"].clone();
        // Each page is one list for each of the two workspaces, and their cursors are not exchanged.
        if page == 0 {
            assert_eq!(
                (calls(&platform, "/runs"), calls(&platform, "/runs/")),
                (2, 0),
                "a list tells everything of its runs"
            );
        }
    }
    assert_eq!(ids.len(), 60);
    assert!(moments.is_sorted_by(|newer, older| newer > older), "{moments:?}");
    let answer = client
        .query("{ component(ref: \"payments-api\") { workspaces { runs(after: \"e30\") { totalCount } } } }", json!({}))
        .await;
    assert_eq!(code_at(&answer, "runs")[0]["code"], "BAD_USER_INPUT", "{answer}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_terraform_does_nulls_only_workspaces() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_SOURCES__TERRAFORM__TIMEOUT", "10s"),
        ("WEFT_SOURCES__TERRAFORM__BREAKER__FAILURES_MAX", "1000"),
    ])
    .await;
    let client = platform.client("engineer");
    let query = "{ component(ref: \"payments-api\") { title repository { path } workspaces { name } } }";
    for (fault, code) in faults([], Duration::from_secs(60)) {
        platform.simulator().faults(Upstream::Terraform).always(fault.clone());
        let answer = client.query(query, json!({})).await;
        assert_eq!(answer["data"]["component"]["workspaces"], Value::Null, "{fault:?}: {answer}");
        assert_eq!(
            answer["data"]["component"]["repository"]["path"], "money/payments-api",
            "{fault:?} spoiled a sibling"
        );
        let own = code_at(&answer, "workspaces");
        assert_eq!((own.len(), answer["errors"].as_array().unwrap().len()), (1, 1), "{fault:?}: {answer}");
        assert_eq!((&own[0]["code"], &own[0]["source"]), (&json!(code), &json!("terraform")), "{fault:?}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_workspaces_are_served_while_terraform_fails_and_say_so() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__TERRAFORM__CACHE__FRESH", "0s")]).await;
    let client = platform.client("engineer");
    let query = "{ component(ref: \"payments-api\") { workspaces { name } } }";
    let good = client.data(query, json!({})).await;
    platform.simulator().faults(Upstream::Terraform).always(Fault::Status { code: 500 });
    let answer = client.query(query, json!({})).await;
    assert_eq!((&answer["data"], answer.get("errors")), (&good, None), "{answer}");
    let marks = answer["extensions"]["stale"].as_array().unwrap();
    assert!(!marks.is_empty() && marks.iter().all(|mark| mark["source"] == "terraform"), "{marks:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_lead_back_to_workspaces_and_runs_that_a_visible_entity_names_and_to_no_others() {
    let platform = TestPlatform::start().await;
    platform.simulator().terraform().put_workspace(Workspace::new("money", "unnamed"));
    let client = platform.client("engineer");
    let answer = client.data(ONE, json!({})).await;
    let workspace = &answer["component"]["workspaces"][0];
    let (id, run) = (&workspace["id"], &workspace["currentRun"]["id"]);
    let query = "query($id: ID!) { node(id: $id) { id __typename } }";
    let node = |id: Value| client.data(query, json!({ "id": id }));
    assert_eq!(node(id.clone()).await["node"], json!({ "id": id, "__typename": "TerraformWorkspace" }));
    assert_eq!(node(run.clone()).await["node"], json!({ "id": run, "__typename": "TerraformRun" }));
    let foreign = platform.client("other_tenant_engineer");
    for id in [id, run] {
        assert_eq!(foreign.data(query, json!({ "id": id })).await["node"], Value::Null, "another tenant saw it");
    }
    let unnamed = NodeId::of("TerraformWorkspace", "money/unnamed").encode();
    assert_eq!(node(json!(unnamed)).await["node"], Value::Null, "nobody names it");
    // A run of another workspace is not to be had under a name that the caller may see.
    let other = &answer["component"]["workspaces"][1]["currentRun"]["id"];
    let other = NodeId::decode(other.as_str().unwrap()).unwrap().key;
    let other_run = other.split_once(':').unwrap().1;
    for key in
        [format!("money/payments:{other_run}"), "money/payments:run-../../ping".to_owned(), "money/payments".to_owned()]
    {
        let forged = NodeId::of("TerraformRun", &key).encode();
        assert_eq!(node(json!(forged)).await["node"], Value::Null, "{key}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_is_null_and_named_nowhere_is_empty() {
    let query = "{ named: component(ref: \"payments-api\") { workspaces { name } }
        other: component(ref: \"payments-worker\") { workspaces { name } } }";
    let platform = TestPlatform::start().await;
    platform.simulator().terraform().remove_workspace("money", "payments-staging");
    let answer = platform.client("engineer").data(query, json!({})).await;
    assert_eq!(answer["named"]["workspaces"], json!([{ "name": "payments" }]), "one that is gone is left out");
    assert_eq!(answer["other"]["workspaces"], json!([]));
    let sources =
        platform.client("engineer").data("{ sources { name status apiVersion compatible } }", json!({})).await;
    let terraform = sources["sources"].as_array().unwrap().iter().find(|source| source["name"] == "terraform").unwrap();
    assert_eq!((&terraform["status"], &terraform["apiVersion"]), (&json!("HEALTHY"), &json!("2.6")), "{terraform}");
    assert_eq!(terraform["compatible"], true);
    platform.stop().await;

    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__TERRAFORM__ENABLED", "false")]).await;
    let answer = platform.client("engineer").data(query, json!({})).await;
    assert_eq!((&answer["named"]["workspaces"], &answer["other"]["workspaces"]), (&Value::Null, &Value::Null));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_runs_are_asked_for_within_their_own_quota() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_SOURCES__TERRAFORM__RUNS_QUOTA__CALLS", "1"),
        ("WEFT_SOURCES__TERRAFORM__TIMEOUT", "10s"),
    ])
    .await;
    platform.simulator().calls(Upstream::Terraform).reset();
    let query =
        "{ component(ref: \"payments-api\") { workspaces { name drift { status } runs(first: 1) { nodes { id } } } } }";
    let answer = platform.client("engineer").query(query, json!({})).await;
    assert_eq!(answer["data"]["component"]["workspaces"].as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(calls(&platform, "/runs"), 1, "one list a minute, and no more");
    let refused = code_at(&answer, "runs");
    assert_eq!((refused.len(), &refused[0]["code"]), (1, &json!("UPSTREAM_THROTTLED")), "{answer}");
    let wait = Duration::from_secs(refused[0]["retryAfter"].as_u64().unwrap());
    // Weft asks for a little less than it may.
    assert!(wait <= Duration::from_secs(70), "{wait:?}");
    platform.stop().await;
}
