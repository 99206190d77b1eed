//! AWX: templates of components, their runs and hosts; asked no more than needed, and never in the way of the rest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use it::{TestPlatform, faults};
use serde_json::{Value, json};
use simulator::{Fault, Upstream};
use sources::Clock;

const PAGE: &str = "query($first: Int) { components(first: $first) { nodes { ref
    automationTemplates { name kind latestJob { number status durationSeconds launchedBy } }
    automationJobs(first: 5) { nodes { number template { name } } } } } }";
const JOBS: &str = "query($ref: EntityRef!, $first: Int, $after: String) { component(ref: $ref) {
    automationJobs(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { number } } } }";
/// A component with a job template and a workflow.
const EXPORTER: &str = "component:default/payments-exporter";

/// Short waits, so that every state is reached within a test.
const IMPATIENT: [(&str, &str); 3] = [
    ("WEFT_SOURCES__AWX__TIMEOUT", "5s"),
    ("WEFT_SOURCES__AWX__BREAKER__FAILURES_MAX", "1000"),
    ("WEFT_SOURCES__AWX__CACHE__FRESH", "0s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_component_tells_its_templates_their_runs_and_hosts() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) { automationTemplates {
        id name description kind project playbook nextRunAt webUrl inventory { name hostCount failedHostCount }
        latestJob { number status }
        jobs(first: 10) { edges { cursor node { id number name kind status upstreamStatus explanation launchType launchedBy
            createdAt startedAt finishedAt durationSeconds webUrl template { id }
            hosts { ok changed failed unreachable skipped failedNames } } } } } } }";
    let data = client.data(query, json!({ "ref": EXPORTER })).await;
    let templates = data["component"]["automationTemplates"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kinds: Vec<String> = templates.iter().map(|template| text(&template["kind"])).collect();
    assert_eq!(kinds, ["JOB_TEMPLATE", "WORKFLOW_JOB_TEMPLATE"]);
    assert_eq!(templates[0]["name"], "Roll out payments-exporter");
    assert!(text(&templates[0]["playbook"]).ends_with(".yml"), "{}", templates[0]);
    assert_eq!(templates[1]["playbook"], Value::Null);
    assert!(templates[0]["inventory"]["hostCount"].as_i64().unwrap() > 0);
    for template in templates {
        let jobs: Vec<&Value> =
            template["jobs"]["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]).collect();
        assert_eq!(jobs.len(), 10);
        assert_eq!(jobs[0]["number"], template["latestJob"]["number"]);
        for pair in jobs.windows(2) {
            assert!(pair[0]["number"].as_i64() > pair[1]["number"].as_i64(), "not newest first");
        }
        for job in jobs {
            assert_eq!(text(&job["upstreamStatus"]).to_uppercase(), text(&job["status"]));
            assert_eq!(job["template"]["id"], template["id"]);
            assert!(job["startedAt"].is_null() == job["durationSeconds"].is_null(), "{job}");
            let is_playbook = job["kind"] == "JOB";
            assert!(text(&job["webUrl"]).contains(if is_playbook { "/#/jobs/playbook/" } else { "/#/jobs/workflow/" }));
            if job["status"] == "SUCCESSFUL" {
                assert_eq!(job["hosts"].is_object(), is_playbook, "{job}");
                assert!(!is_playbook || job["hosts"]["ok"].as_i64().unwrap() > 0, "{job}");
            }
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_components_is_one_call_for_a_hundred_templates_and_few_for_their_runs() {
    for first in [5, 50, 100] {
        let platform = TestPlatform::start().await;
        let client = platform.client("engineer");
        let data = client.data(PAGE, json!({ "first": first })).await;
        let nodes = data["components"]["nodes"].as_array().unwrap();
        let templates: Vec<&Value> =
            nodes.iter().flat_map(|node| node["automationTemplates"].as_array().unwrap()).collect();
        assert!(templates.iter().all(|template| template["latestJob"].is_object()), "every template has run");
        let (asked_templates, asked_jobs) = (calls(&platform, TEMPLATES), calls(&platform, RUNS));
        println!("{first} components, {} templates: {asked_templates} + {asked_jobs} calls", templates.len());
        assert_eq!(asked_templates, templates.len().div_ceil(100));
        // Two hundred runs are a call; six of each template are needed, and cadences differ from minutes to a day.
        assert!(asked_jobs <= 1 + (6 * templates.len()).div_ceil(200) * 3, "{asked_jobs} calls for runs");
        assert_eq!(
            platform.simulator().calls(Upstream::Awx).recent().iter().filter(is_data).count(),
            asked_templates + asked_jobs
        );
        client.data(PAGE, json!({ "first": first })).await;
        assert_eq!(calls(&platform, RUNS) + calls(&platform, TEMPLATES), asked_templates + asked_jobs, "warm");
        platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_paged_to_their_end_without_gap_or_repetition() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let numbers = |data: &Value| -> Vec<i64> {
        let nodes = data["component"]["automationJobs"]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["number"].as_i64().unwrap()).collect()
    };
    let mut whole = numbers(&client.data(JOBS, json!({ "ref": EXPORTER, "first": 100 })).await);
    let (mut paged, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.data(JOBS, json!({ "ref": EXPORTER, "first": 17, "after": after })).await;
        paged.extend(numbers(&data));
        let info = &data["component"]["automationJobs"]["pageInfo"];
        after = info["endCursor"].clone();
        if info["hasNextPage"] == false {
            break;
        }
    }
    whole.retain(|number| paged.contains(number));
    assert!(paged.windows(2).all(|pair| pair[0] > pair[1]), "{paged:?}");
    assert!(whole.len() >= 99 && paged.starts_with(&whole), "{} of {}", whole.len(), paged.len());
    for after in ["", "x", "eyJ2IjoxLCJvIjoibnVtYmVyLmRlc2MiLCJrIjpbIi0xIl19"] {
        let answer = client.send(JOBS, json!({ "ref": EXPORTER, "first": 17, "after": after })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{after:?}: {}", answer.text);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_of_a_run_that_is_over_are_read_once() {
    let ahead = Arc::new(AtomicI64::new(0));
    let (told, system) = (Arc::clone(&ahead), Clock::system());
    let clock = Clock::of(move || system.now() + TimeDelta::seconds(told.load(Ordering::SeqCst)));
    let platform = TestPlatform::start_at(&[], clock).await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) {
        automationTemplates { jobs(first: 20) { nodes { number status finishedAt hosts { ok } } } } } }";
    let data = client.data(query, json!({ "ref": EXPORTER })).await;
    let asked = platform.simulator().calls(Upstream::Awx).recent();
    let of_run = |call: &&simulator::Call| call.path.starts_with("/api/v2/jobs/");
    let runs = data["component"]["automationTemplates"][0]["jobs"]["nodes"].as_array().unwrap();
    let begun = runs.iter().filter(|run| run["hosts"].is_object()).count();
    println!("{begun} runs with hosts: {} calls", asked.iter().filter(of_run).count());
    assert!(asked.iter().filter(of_run).count() <= 2 * runs.len());
    // Long after everything else is stale.
    ahead.fetch_add(3_600, Ordering::SeqCst);
    platform.simulator().calls(Upstream::Awx).reset();
    client.data(query, json!({ "ref": EXPORTER })).await;
    let again = platform.simulator().calls(Upstream::Awx).recent();
    // Only of runs that had not ended before.
    let unsettled = runs.iter().filter(|run| run["finishedAt"].is_null()).count() + 1;
    assert!(again.iter().filter(of_run).count() <= 2 * (unsettled + 1), "{again:#?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_evicted_is_asked_for_again_and_nothing_else() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query =
        "query($ref: EntityRef!) { component(ref: $ref) { automationTemplates { webUrl latestJob { number } } } }";
    let data = client.data(query, json!({ "ref": EXPORTER })).await;
    let url = data["component"]["automationTemplates"][0]["webUrl"].as_str().unwrap();
    let id: i32 = url.rsplit('/').next().unwrap().parse().unwrap();
    let awx = platform.app().sources.awx().unwrap();
    awx.evict_templates(&[id + 1]).await;
    client.data(query, json!({ "ref": EXPORTER })).await;
    assert_eq!((calls(&platform, TEMPLATES), calls(&platform, RUNS)), (1, 1));
    awx.evict_templates(&[id]).await;
    client.data(query, json!({ "ref": EXPORTER })).await;
    assert_eq!((calls(&platform, TEMPLATES), calls(&platform, RUNS)), (2, 2));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_awx_does_nulls_only_its_fields() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) { ref repository { path }
        automationTemplates { name } automationJobs { nodes { number } } } }";
    for (fault, code) in faults(
        [(Fault::Status { code: 504 }, "UPSTREAM_UNAVAILABLE"), (Fault::Status { code: 401 }, "UPSTREAM_ERROR")],
        Duration::from_secs(60),
    ) {
        platform.simulator().faults(Upstream::Awx).always(fault.clone());
        let started = Instant::now();
        let answer = client.query(query, json!({ "ref": EXPORTER })).await;
        assert!(started.elapsed() < Duration::from_secs(20), "{fault:?} kept a request waiting");
        let component = &answer["data"]["component"];
        assert_eq!(component["repository"]["path"], "money/payments-exporter", "{fault:?} spoiled a sibling");
        for field in ["automationTemplates", "automationJobs"] {
            assert_eq!(component[field], Value::Null, "{fault:?}");
            let errors = answer["errors"].as_array().unwrap();
            let own: Vec<&Value> = errors.iter().filter(|error| error["path"] == json!(["component", field])).collect();
            assert_eq!(own.len(), 1, "{fault:?}: {errors:?}");
            assert_eq!(own[0]["extensions"]["code"], code, "{fault:?}");
            assert_eq!(own[0]["extensions"]["source"], "awx", "{fault:?}");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_data_is_served_while_awx_fails_and_says_so() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) {
        automationTemplates { name latestJob { number } } automationJobs(first: 3) { nodes { number } } } }";
    let good = client.data(query, json!({ "ref": EXPORTER })).await;
    platform.simulator().faults(Upstream::Awx).always(Fault::Status { code: 502 });
    let answer = client.query(query, json!({ "ref": EXPORTER })).await;
    assert_eq!(answer["data"], good);
    assert!(answer.get("errors").is_none(), "{answer}");
    let marks = answer["extensions"]["stale"].as_array().unwrap();
    for path in [json!(["component", "automationTemplates"]), json!(["component", "automationJobs"])] {
        assert!(marks.iter().any(|mark| mark["path"] == path && mark["source"] == "awx"), "{path}: {marks:?}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_lead_back_for_those_who_see_the_component_and_for_nobody_else() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) { automationTemplates { id latestJob { id } } } }";
    let data = client.data(query, json!({ "ref": EXPORTER })).await;
    let template = &data["component"]["automationTemplates"][1];
    let ids = json!({ "ids": [template["id"], template["latestJob"]["id"]] });
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let again = client.data(nodes, ids.clone()).await;
    assert_eq!(again["nodes"][0], json!({ "__typename": "AutomationTemplate", "id": template["id"] }));
    assert_eq!(again["nodes"][1], json!({ "__typename": "AutomationJob", "id": template["latestJob"]["id"] }));
    let stranger = platform.client("other_tenant_engineer").data(nodes, ids).await;
    assert_eq!(stranger["nodes"], json!([null, null]), "ids of another tenant led somewhere");
    // Templates that exist and that no entity of the tenant names: the other tenant's.
    let theirs = platform.client("other_tenant_engineer");
    let list = "{ components(first: 5) { nodes { automationTemplates { id name latestJob { id } } } } }";
    let data = theirs.data(list, json!({})).await;
    let found: Vec<&Value> = data["components"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|node| node["automationTemplates"].as_array().unwrap())
        .collect();
    assert!(!found.is_empty(), "the other tenant has templates");
    let foreign = json!({ "ids": [found[0]["id"], found[0]["latestJob"]["id"], "QXV0b21hdGlvbkpvYjouLi8x"] });
    assert_eq!(client.data(nodes, foreign).await["nodes"], json!([null, null, null]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_an_organization_that_is_not_the_tenants_does_not_exist() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__AWX__TENANTS__DEFAULT", "[\"Harbor\"]")]).await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) {
        automationTemplates { id } automationJobs { totalCount nodes { id } } } }";
    let answer = client.query(query, json!({ "ref": EXPORTER })).await;
    let component = json!({ "automationTemplates": [], "automationJobs": { "totalCount": 0, "nodes": [] } });
    assert_eq!(answer, json!({ "data": { "component": component } }));
    assert_eq!(calls(&platform, RUNS), 0, "runs were asked for that nobody may see");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_awx_its_fields_are_null_and_without_the_annotation_empty() {
    let query = "query($ref: EntityRef!) { component(ref: $ref) {
        automationTemplates { id } automationJobs { totalCount pageInfo { hasNextPage } nodes { id } } } }";
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let bare = json!({ "ref": "component:default/payments-client" });
    let data = client.data(query, bare.clone()).await;
    let empty = json!({ "totalCount": 0, "pageInfo": { "hasNextPage": false }, "nodes": [] });
    assert_eq!(data["component"], json!({ "automationTemplates": [], "automationJobs": empty }));
    assert_eq!(calls(&platform, TEMPLATES), 0);
    platform.stop().await;
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__AWX__ENABLED", "false")]).await;
    let client = platform.client("engineer");
    for component in [json!({ "ref": EXPORTER }), bare] {
        let data = client.data(query, component).await;
        assert_eq!(data["component"], json!({ "automationTemplates": null, "automationJobs": null }));
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_tells_its_version_which_it_is_asked_for_with_the_token() {
    let platform = TestPlatform::start().await;
    platform.app().sources.probe().await;
    let query = "{ sources { name kind status apiVersion compatible } }";
    let data = platform.client("engineer").data(query, json!({})).await;
    let awx = data["sources"].as_array().unwrap().iter().find(|source| source["name"] == "awx").unwrap();
    let expected =
        json!({ "name": "awx", "kind": "AWX", "status": "HEALTHY", "apiVersion": "24.6.1", "compatible": true });
    assert_eq!(*awx, expected);
    platform.stop().await;
}

const TEMPLATES: &str = "/api/v2/unified_job_templates/";
const RUNS: &str = "/api/v2/unified_jobs/";

/// Calls with this path.
fn calls(platform: &TestPlatform, path: &str) -> usize {
    platform.simulator().calls(Upstream::Awx).recent().iter().filter(|call| call.path == path).count()
}

/// Probes of health are no reads.
fn is_data(call: &&simulator::Call) -> bool {
    call.path != "/api/v2/me/"
}
