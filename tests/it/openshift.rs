//! OpenShift, well and ill: clusters are asked for whole lists, whatever is asked of Weft, and what is not known is never shown
//! as empty.

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use it::{Client, TestPlatform, faults};
use serde_json::{Value, json};
use simulator::{
    Fault, Upstream,
    openshift::{Ailment, App, Kind},
};

/// Lists are old at once, and nothing is left alone: every state is reached within a test.
const FORGETFUL: [(&str, &str); 5] = [
    ("WEFT_SOURCES__OPENSHIFT[0]__BREAKER__FAILURES_MAX", "1000"),
    ("WEFT_SOURCES__OPENSHIFT[0]__BREAKER__OPEN_FOR", "10s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__FRESH", "0s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__STALE", "1h"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__NEGATIVE", "0s"),
];

/// The same with short waits.
fn impatient() -> Vec<(&'static str, &'static str)> {
    [FORGETFUL.as_slice(), &[("WEFT_SOURCES__OPENSHIFT[0]__TIMEOUT", "8s")]].concat()
}

/// A second cluster that nobody reaches.
const WITH_EAST: [(&str, &str); 3] = [
    ("WEFT_SOURCES__OPENSHIFT[1]__NAME", "east"),
    ("WEFT_SOURCES__OPENSHIFT[1]__BASE_URL", "http://127.0.0.1:9"),
    ("WEFT_SOURCES__OPENSHIFT[1]__TOKEN__ENV", "OPENSHIFT_TOKEN"),
];

const LEAN: &str =
    "query($first: Int) { components(first: $first) { nodes { ref workloads { nodes { name rollout } } } } }";
const WHOLE: &str = "query($first: Int) { components(first: $first) { nodes { ref workloads(first: 2) { totalCount nodes {
    id cluster namespace kind name environment image containers { name image } replicas { desired updated ready available }
    rollout revision notReadyReason notReadyMessage pods { total running restarts } createdAt
    routes { name url host tlsTermination isAdmitted } latestBuild { name phase commitSha durationSeconds }
    events { isWarning reason message count lastSeenAt } } } } } }";
const ONE: &str =
    "query($ref: EntityRef!) { component(ref: $ref) { ref workloads { totalCount nodes { id kind name rollout } } } }";

/// The lists that the cluster was asked for since the last time, by path, with how often. Probes are not among them.
fn lists(platform: &TestPlatform) -> BTreeMap<String, usize> {
    let calls = platform.simulator().calls(Upstream::Openshift);
    let mut lists = BTreeMap::new();
    for call in calls.recent().iter().filter(|call| call.path != "/version") {
        *lists.entry(call.path.clone()).or_default() += 1;
    }
    calls.reset();
    lists
}

async fn one(client: &Client, name: &str) -> Value {
    client.query(ONE, json!({ "ref": format!("component:default/{name}") })).await
}

fn names(answer: &Value) -> Vec<String> {
    let nodes = answer.pointer("/data/component/workloads/nodes").and_then(Value::as_array).cloned();
    nodes.unwrap_or_default().iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_asked_for_one_list_of_a_kind_whatever_the_page_and_for_none_when_warm() {
    for (query, expected) in [(LEAN, 6), (WHOLE, 11)] {
        for first in [5, 50, 100] {
            let settings = [("WEFT_LIMITS__COST_MAX", "1000000")];
            let platform = TestPlatform::start_with(&settings).await;
            let client = platform.client("engineer");
            lists(&platform);
            let data = client.data(query, json!({ "first": first })).await;
            let cold = lists(&platform);
            assert_eq!(cold.len(), expected, "{first} components: {cold:?}");
            // There are more than 500 events, which are two pages.
            let pages = |path: &str| if path == "/api/v1/events" { 2 } else { 1 };
            assert!(cold.iter().all(|(path, times)| *times == pages(path)), "{first} components: {cold:?}");
            assert!(cold.keys().all(|path| !path.contains("/namespaces/")), "{cold:?}");
            let nodes = data["components"]["nodes"].as_array().unwrap();
            let running = nodes.iter().filter(|node| node["workloads"]["nodes"].as_array().unwrap().len() == 1).count();
            assert!(running * 2 > nodes.len(), "{running} of {} run", nodes.len());
            client.data(query, json!({ "first": first })).await;
            assert_eq!(lists(&platform), BTreeMap::new(), "a warm cache asked the cluster");
            println!("{first} components: {} lists cold ({} calls), 0 warm", cold.len(), cold.values().sum::<usize>());
            platform.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_shows_what_runs_of_it() {
    let platform = TestPlatform::start().await;
    let mut app = App::new("money-payments", "payments-api");
    app.has_route = true;
    app.replicas = 3;
    app.build_from = Some("https://gitlab.example.com/money/payments-api.git".to_owned());
    app.rollout_every = None;
    platform.simulator().openshift().put_app(app);
    let client = platform.client("engineer");
    let query = "{ component(ref: \"payments-api\") { workloads(first: 100) { totalCount pageInfo { hasNextPage } edges { cursor node {
        id cluster namespace kind name environment image containers { name image } replicas { desired updated ready available }
        rollout revision notReadyReason notReadyMessage pods { total pending running failed restarts } createdAt
        routes { name url host tlsTermination isAdmitted } latestBuild { name phase commitSha startedAt finishedAt durationSeconds }
        events { isWarning reason message count lastSeenAt } } } } } }";
    let data = client.data(query, json!({})).await;
    let workloads = &data["component"]["workloads"];
    assert_eq!(workloads["totalCount"], 1, "{workloads:#}");
    let node = &workloads["edges"][0]["node"];
    for (field, value) in [
        ("cluster", json!("west")),
        ("namespace", json!("money-payments")),
        ("kind", json!("DEPLOYMENT")),
        ("name", json!("payments-api")),
        ("environment", json!("production")),
        ("replicas", json!({ "desired": 3, "updated": 3, "ready": 3, "available": 3 })),
        ("rollout", json!("COMPLETE")),
        ("revision", json!("1")),
        ("notReadyReason", Value::Null),
        ("notReadyMessage", Value::Null),
        ("pods", json!({ "total": 3, "pending": 0, "running": 3, "failed": 0, "restarts": 0 })),
    ] {
        assert_eq!(node[field], value, "{field}: {node:#}");
    }
    assert_eq!(node["image"], node["containers"][0]["image"]);
    let host = "payments-api-money-payments.apps.cluster.example.com";
    let route = json!({ "name": "payments-api", "url": format!("https://{host}"), "host": host, "tlsTermination": "edge",
        "isAdmitted": true });
    assert_eq!(node["routes"], json!([route]));
    assert_eq!(node["latestBuild"]["phase"], "COMPLETE");
    assert_eq!(node["latestBuild"]["commitSha"].as_str().unwrap().len(), 40);
    assert!(node["latestBuild"]["durationSeconds"].as_f64().unwrap() > 1.0, "{node:#}");
    let none = client
        .data("{ component(ref: \"payments-client\") { workloads { totalCount nodes { id } } } }", json!({}))
        .await;
    assert_eq!(
        none["component"]["workloads"],
        json!({ "totalCount": 0, "nodes": [] }),
        "it names nothing and has none"
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_workload_from_being_ready_is_told() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let ailments = [
        (Ailment::ImagePullBackOff, Kind::Deployment, "IMAGE_PULL", "cannot be pulled"),
        (Ailment::CrashLoop, Kind::StatefulSet, "CRASH_LOOP", "keeps crashing"),
        (Ailment::QuotaExceeded, Kind::Deployment, "QUOTA_EXCEEDED", "A quota forbids more pods: exceeded quota"),
        (Ailment::Unschedulable, Kind::DeploymentConfig, "UNSCHEDULABLE", "No node can take a pod"),
        (Ailment::MissingConfigMap, Kind::Deployment, "CONFIGURATION", "configmap"),
        (Ailment::MissingSecret, Kind::DaemonSet, "CONFIGURATION", "secret"),
        (Ailment::FailingReadiness, Kind::Deployment, "READINESS_CHECK", "fails its readiness checks"),
    ];
    let components =
        ["payments-api", "payouts-api", "cards-api", "wallets-api", "disputes-api", "refunds-api", "payments-worker"];
    for (name, (ailment, kind, ..)) in components.iter().zip(&ailments) {
        let system = name.split('-').next().unwrap();
        let mut app = App::new(&format!("money-{system}"), name);
        (app.ailment, app.kind, app.rollout_every) = (Some(*ailment), *kind, None);
        platform.simulator().openshift().put_app(app);
    }
    let query = "query($ref: EntityRef!) { component(ref: $ref) { workloads { nodes { kind rollout notReadyReason notReadyMessage } } } }";
    for (name, (ailment, _, reason, words)) in components.iter().zip(&ailments) {
        let data = client.data(query, json!({ "ref": format!("component:default/{name}") })).await;
        let node = &data["component"]["workloads"]["nodes"][0];
        assert_eq!(node["notReadyReason"], *reason, "{ailment:?}: {node}");
        let message = node["notReadyMessage"].as_str().unwrap();
        assert!(message.contains(words) && message.ends_with('.') && !message.contains('\n'), "{ailment:?}: {message}");
        println!("{ailment:?}: {message}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_cluster_does_nulls_only_workloads() {
    let platform = TestPlatform::start_with(&impatient()).await;
    let client = platform.client("engineer");
    for (fault, code) in faults(
        [
            (Fault::Status { code: 401 }, "UPSTREAM_ERROR"),
            (Fault::Status { code: 403 }, "UPSTREAM_ERROR"),
            (Fault::Status { code: 404 }, "UPSTREAM_ERROR"),
            (Fault::Status { code: 410 }, "UPSTREAM_ERROR"),
            (Fault::GraphqlErrors { message: "no".to_owned() }, "UPSTREAM_ERROR"),
        ],
        Duration::from_secs(60),
    ) {
        platform.simulator().faults(Upstream::Openshift).always(fault.clone());
        let answer = one(&client, "payments-api").await;
        assert_eq!(answer["data"]["component"]["ref"], "component:default/payments-api", "{fault:?}: {answer}");
        assert_eq!(answer["data"]["component"]["workloads"], Value::Null, "{fault:?}: {answer}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{fault:?}: {errors:?}");
        assert_eq!(errors[0]["path"], json!(["component", "workloads"]));
        assert_eq!(errors[0]["extensions"]["code"], code, "{fault:?}: {errors:?}");
        assert_eq!(errors[0]["extensions"]["source"], "openshift");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_lists_are_served_while_the_cluster_fails_and_say_so() {
    let platform = TestPlatform::start_with(&FORGETFUL).await;
    let client = platform.client("engineer");
    let good = one(&client, "payments-api").await;
    assert!(good.get("errors").is_none(), "{good}");
    platform.simulator().faults(Upstream::Openshift).always(Fault::Status { code: 500 });
    let answer = one(&client, "payments-api").await;
    assert_eq!(answer["data"], good["data"]);
    assert!(answer.get("errors").is_none(), "{answer}");
    let marks = answer["extensions"]["stale"].as_array().unwrap();
    assert_eq!((&marks[0]["path"], &marks[0]["source"]), (&json!(["component", "workloads"]), &json!("openshift")));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_fails_hides_no_other_and_is_not_taken_for_empty() {
    let platform = TestPlatform::start_with(&FORGETFUL).await;
    platform.simulator().openshift().put_app(App::new("money-payments", "payments-api"));
    let mut old = App::new("money-payouts", "payouts-api");
    old.kind = Kind::DeploymentConfig;
    platform.simulator().openshift().put_app(old);
    platform.simulator().openshift().change(|world| world.aggregated_down(true));
    let client = platform.client("engineer");
    let answer = one(&client, "payments-api").await;
    assert_eq!(names(&answer), ["payments-api"], "{answer}");
    assert_eq!(answer["data"]["component"]["workloads"]["totalCount"], Value::Null);
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["component", "workloads", "totalCount"]));
    let unknown = one(&client, "payouts-api").await;
    assert_eq!(unknown["data"]["component"]["workloads"], Value::Null, "it may have a DeploymentConfig: {unknown}");
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE");
    let routes = "{ component(ref: \"payments-api\") { workloads { nodes { name pods { total } routes { name } } } } }";
    let answer = client.query(routes, json!({})).await;
    assert!(answer["data"]["component"]["workloads"]["nodes"][0]["pods"]["total"].as_i64() > Some(0), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["component", "workloads", "nodes", 0, "routes"]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_grows_too_old_between_two_pages_is_begun_again_once() {
    let platform = TestPlatform::start_with(&FORGETFUL).await;
    let client = platform.client("engineer");
    lists(&platform);
    // A probe that comes just now is not what is to fail.
    let faults = platform.simulator().faults(Upstream::Openshift);
    faults.next_calls_below("/api", 1, Fault::Status { code: 410 });
    let answer = one(&client, "payments-api").await;
    assert!(answer.get("errors").is_none(), "{answer}");
    let asked = lists(&platform);
    assert_eq!((asked.len(), asked.values().sum::<usize>()), (6, 7), "{asked:?}");
    // More than one page, and each second page comes too late.
    platform.simulator().openshift().change(|world| world.continue_expired_after(TimeDelta::zero()));
    let query =
        "{ component(ref: \"payments-api\") { workloads { nodes { name pods { total } events { reason } } } } }";
    let answer = client.query(query, json!({})).await;
    let node = &answer["data"]["component"]["workloads"]["nodes"][0];
    assert!(node["name"].is_string() && node["events"].is_null(), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_ERROR", "{answer}");
    assert_eq!(lists(&platform)["/api/v1/events"], 4, "begun again more than once");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_openshifts_groups_is_no_error() {
    let platform = TestPlatform::start_with(&FORGETFUL).await;
    platform.simulator().openshift().put_app(App::new("money-payments", "payments-api"));
    platform.simulator().openshift().change(|world| {
        ["apps.openshift.io", "build.openshift.io", "route.openshift.io"]
            .iter()
            .fold(world, |world, group| world.without_group(group))
    });
    let query = "{ component(ref: \"payments-api\") { workloads { totalCount nodes { name routes { name } latestBuild { name } } } } }";
    let data = platform.client("engineer").data(query, json!({})).await;
    let expected = json!({ "totalCount": 1, "nodes": [{ "name": "payments-api", "routes": [], "latestBuild": null }] });
    assert_eq!(data["component"]["workloads"], expected);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_cluster_may_not_be_listed_as_a_whole_mapped_namespaces_are() {
    let platform = TestPlatform::start().await;
    let world = platform.simulator().openshift();
    world.put_app(App::new("money-payments", "payments-api"));
    world.change(|world| world.forbid_cluster_lists(true).hide_namespace("money-payouts"));
    let client = platform.client("engineer");
    lists(&platform);
    let answer = one(&client, "payments-api").await;
    assert_eq!(names(&answer), ["payments-api"], "{answer}");
    let asked = lists(&platform);
    let within = asked.iter().filter(|(path, _)| path.contains("/namespaces/money-payments/"));
    assert_eq!((asked.len(), within.count()), (12, 6), "{asked:?}");
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
    // Another component of the namespace costs nothing, one of another six, and that the whole may not be listed is known.
    one(&client, "payments-worker").await;
    assert_eq!(lists(&platform), BTreeMap::new());
    let hidden = one(&client, "payouts-api").await;
    assert_eq!(lists(&platform).len(), 6);
    assert!(hidden.get("errors").is_none(), "a namespace that may not be read is as one that is not there: {hidden}");
    assert_eq!(names(&hidden), Vec::<String>::new());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_clusters_one_that_is_away_takes_nothing_from_the_other() {
    let platform = TestPlatform::start_with(&WITH_EAST).await;
    platform.simulator().openshift().put_app(App::new("money-payments", "payments-api"));
    platform.simulator().openshift().remove_app("money-payouts", "payouts-api");
    let client = platform.client("engineer");
    let answer = one(&client, "payments-api").await;
    assert_eq!(names(&answer), ["payments-api"], "{answer}");
    assert_eq!(answer["data"]["component"]["workloads"]["totalCount"], Value::Null, "east may have more: {answer}");
    let unknown = one(&client, "payouts-api").await;
    assert_eq!(unknown["data"]["component"]["workloads"], Value::Null, "east may have it: {unknown}");
    assert_eq!(unknown["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE");
    let sources = client.data("{ sources { name kind status compatible } }", json!({})).await;
    let clusters: Vec<&Value> =
        sources["sources"].as_array().unwrap().iter().filter(|source| source["kind"] == "OPENSHIFT").collect();
    assert_eq!((clusters[0]["name"].as_str(), clusters[1]["name"].as_str()), (Some("east"), Some("west")));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_lead_to_workloads_that_a_visible_component_selects_and_to_no_other() {
    let platform = TestPlatform::start().await;
    let world = platform.simulator().openshift();
    world.put_app(App::new("money-payments", "payments-api"));
    world.put_app(App::new("money-payments", "nobodys"));
    world.put_app(App::new("elsewhere", "payments-worker"));
    let client = platform.client("engineer");
    let by_id = one(&client, "payments-api").await;
    let by_selector = one(&client, "fax-gateway").await;
    assert_eq!(names(&by_selector), ["fax-gateway"], "{by_selector}");
    let id = |answer: &Value| answer["data"]["component"]["workloads"]["nodes"][0]["id"].as_str().unwrap().to_owned();
    let ids = [id(&by_id), id(&by_selector)];
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Workload { name } } }";
    let data = client.data(nodes, json!({ "ids": ids })).await;
    let expected = |id: &str, name: &str| json!({ "__typename": "Workload", "id": id, "name": name });
    assert_eq!(data["nodes"], json!([expected(&ids[0], "payments-api"), expected(&ids[1], "fax-gateway")]));
    let made_up: Vec<String> = [
        "west/money-payments/Deployment/nobodys",
        "west/elsewhere/Deployment/payments-worker",
        "west/money-payments/StatefulSet/payments-api",
        "east/money-payments/Deployment/payments-api",
        "west/../Deployment/payments-api",
        "west/money-payments/Deployment/payments-api/x",
        "west",
    ]
    .iter()
    .map(|key| schema::NodeId::of("Workload", key).encode())
    .collect();
    let data = client.data(nodes, json!({ "ids": made_up })).await;
    assert!(data["nodes"].as_array().unwrap().iter().all(Value::is_null), "{data}");
    let stranger = platform.client("other_tenant_engineer");
    let data = stranger.data(nodes, json!({ "ids": ids })).await;
    assert_eq!(data["nodes"], json!([null, null]), "ids of another tenant led somewhere");
    // The same name, in a namespace of its own.
    let own = one(&stranger, "payments-api").await;
    assert_ne!(own["data"]["component"]["workloads"]["nodes"][0]["id"], ids[0].as_str());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_the_namespace_of_another_tenant_shows_nothing() {
    let platform = TestPlatform::start().await;
    platform.simulator().openshift().put_app(App::new("harbor-payments", "payments-api"));
    let folder = std::env::temp_dir().join(format!("weft-it-namespaces-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let component = |name: &str, annotations: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations: {{ {annotations} }}\n\
             spec:\n  type: service\n  lifecycle: production\n  owner: payments\n---\n"
        )
    };
    let text = [
        component(
            "borrowed",
            "\"backstage.io/kubernetes-id\": payments-api, \"backstage.io/kubernetes-namespace\": harbor-payments",
        ),
        component(
            "sly",
            "\"backstage.io/kubernetes-label-selector\": \"app=payments-api\", \"backstage.io/kubernetes-namespace\": \"x/../harbor-payments\"",
        ),
        component("wide", "\"backstage.io/kubernetes-label-selector\": \"app=payments-api\""),
    ];
    std::fs::write(folder.join("a.yaml"), text.concat()).unwrap();
    let config = &platform.app().config.catalog;
    let paths = std::slice::from_ref(&folder);
    let report = gateway::commands::import_catalog(platform.database(), config, "default", paths).await.unwrap();
    assert_eq!(report.created, 3, "{:?}", report.refused);
    let client = platform.client("engineer");
    for name in ["borrowed", "sly"] {
        let answer = one(&client, name).await;
        assert_eq!(
            answer["data"]["component"]["workloads"],
            json!({ "totalCount": 0, "nodes": [] }),
            "{name}: {answer}"
        );
    }
    let wide = "{ component(ref: \"wide\") { workloads { nodes { namespace } } } }";
    let data = client.data(wide, json!({})).await;
    assert_eq!(data["component"]["workloads"]["nodes"], json!([{ "namespace": "money-payments" }]));
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_continue_where_they_ended_and_an_environment_narrows_them() {
    let settings =
        [("WEFT_SOURCES__OPENSHIFT[0]__NAMESPACES", r#"["money-payments"]"#), ("WEFT_LIMITS__COST_MAX", "1000000")];
    let platform = TestPlatform::start_with(&settings).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let mut app = App::new("money-payments", &format!("shard-{number}"));
        app.labels.insert("backstage.io/kubernetes-id".to_owned(), "payments-api".to_owned());
        app.kind = [Kind::Deployment, Kind::StatefulSet][number % 2];
        expected.push(app.name.clone());
        platform.simulator().openshift().put_app(app);
    }
    platform.simulator().openshift().remove_app("money-payments", "payments-api");
    let client = platform.client("engineer");
    let query = "query($after: String) { component(ref: \"payments-api\") { workloads(first: 3, after: $after) {
        totalCount nodes { name } pageInfo { hasNextPage endCursor } } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.data(query, json!({ "after": after })).await;
        let workloads = &data["component"]["workloads"];
        assert_eq!(workloads["totalCount"], 7);
        found.extend(
            workloads["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()),
        );
        if workloads["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = workloads["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(found, expected);
    for (environment, count) in [("production", 7), ("staging", 0)] {
        let query = "query($environment: String) { component(ref: \"payments-api\") { workloads(environment: $environment) { totalCount } } }";
        let data = client.data(query, json!({ "environment": environment })).await;
        assert_eq!(data["component"]["workloads"]["totalCount"], count, "{environment}");
    }
    let wrong = client.query(query, json!({ "after": "bm9uc2Vuc2U" })).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    platform.stop().await;
}
