//! Azure: resources of components and their alerts; asked no more than needed, and never in the way of the rest.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use futures::future::join_all;
use gateway::commands::import_catalog;
use it::{TestPlatform, faults, until};
use serde_json::{Value, json};
use simulator::{
    Fault, Upstream,
    azure::{AlertRule, Group, Resource},
};
use sources::Clock;

const PAGE: &str = "query($first: Int) { components(first: $first) { nodes { ref
    cloudResources(first: 10) { nodes { resourceId subscriptionId resourceGroup } } } } }";
const ONE: &str = "query($ref: EntityRef!, $type: [String!], $first: Int, $after: String) { component(ref: $ref) { ref
    repository { path } cloudResources(type: $type, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
        nodes { id resourceId type name location subscriptionId resourceGroup tags sku provisioningState createdAt portalUrl } } } }";
const ALERTS: &str = "query($ref: EntityRef!) { component(ref: $ref) { cloudResources(first: 100) {
    nodes { name alerts { rule severity condition description firedAt resolvedAt } } } } }";
const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
/// A component with a group.
const API: &str = "component:default/payments-api";
/// One without: a library.
const LIBRARY: &str = "component:default/payments-client";

/// Short waits, so that every state is reached within a test.
const IMPATIENT: [(&str, &str); 3] = [
    ("WEFT_SOURCES__AZURE__TIMEOUT", "5s"),
    ("WEFT_SOURCES__AZURE__BREAKER__FAILURES_MAX", "1000"),
    ("WEFT_SOURCES__AZURE__CACHE__FRESH", "0s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_component_and_its_database_tell_what_they_have_in_azure() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let data = client.data(ONE, json!({ "ref": API, "first": 100 })).await;
    let connection = &data["component"]["cloudResources"];
    let nodes = connection["nodes"].as_array().unwrap();
    assert!(nodes.len() > 1);
    assert_eq!(connection["totalCount"], nodes.len());
    let keys: Vec<String> = nodes.iter().map(|node| text(&node["resourceId"]).to_lowercase()).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    for node in nodes {
        let id = text(&node["resourceId"]);
        assert_eq!(text(&node["portalUrl"]), format!("https://portal.azure.com/#@/resource{id}"));
        assert_eq!(text(&node["type"]), text(&node["type"]).to_lowercase());
        assert!(id.ends_with(&text(&node["name"])) && id.contains(&text(&node["subscriptionId"])), "{node}");
        assert!(["Succeeded", "Updating", "Failed"].contains(&node["provisioningState"].as_str().unwrap()), "{node}");
        assert!(node["createdAt"].is_string() && node["location"].is_string(), "{node}");
    }
    assert!(nodes.iter().any(|node| node["sku"].is_string()), "{nodes:?}");
    let query = "{ entity(ref: \"resource:default/payments-db\") {
        ... on Resource { cloudResources(first: 100) { nodes { resourceId } } } } }";
    let data = client.data(query, json!({})).await;
    let of_database = data["entity"]["cloudResources"]["nodes"].as_array().unwrap();
    let ids = |nodes: &[Value]| nodes.iter().map(|node| text(&node["resourceId"])).collect::<Vec<_>>();
    assert_eq!(ids(of_database), ids(nodes), "both name the same group");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_components_is_one_query_and_none_once_it_is_known() {
    for first in [5, 50, 100] {
        let platform = TestPlatform::start().await;
        let client = platform.client("engineer");
        let data = client.data(PAGE, json!({ "first": first })).await;
        let groups: BTreeSet<(String, String)> = resources(&data)
            .map(|node| (text(&node["subscriptionId"]), text(&node["resourceGroup"]).to_lowercase()))
            .collect();
        println!("{first} components, {} groups: {} queries", groups.len(), calls(&platform, GRAPH));
        assert!(!groups.is_empty() && groups.len() <= 100, "one query for a hundred groups");
        assert_eq!(calls(&platform, GRAPH), 1);
        assert_eq!(calls(&platform, TOKEN), 1);
        assert_eq!(calls(&platform, ALERTS_PATH), 0, "alerts were read that nobody asked for");
        assert_eq!(client.data(PAGE, json!({ "first": first })).await, data);
        assert_eq!(calls(&platform, GRAPH), 1, "warm");
        platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_a_call_for_each_subscription_and_the_gravest_come_first() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let query = "query($first: Int) { components(first: $first) { nodes { ref
        cloudResources(first: 5) { nodes { resourceId subscriptionId alerts { rule } } } } } }";
    let data = client.data(query, json!({ "first": 50 })).await;
    let subscriptions: BTreeSet<String> = resources(&data).map(|node| text(&node["subscriptionId"])).collect();
    println!("{} subscriptions: {} calls for alerts", subscriptions.len(), calls(&platform, ALERTS_PATH));
    assert_eq!(calls(&platform, ALERTS_PATH), subscriptions.len());
    client.data(query, json!({ "first": 50 })).await;
    assert_eq!(calls(&platform, ALERTS_PATH), subscriptions.len(), "warm");
    platform.stop().await;

    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let (subscription, name) = group_of(&platform, API).await;
    let rule = |name: &str, resource: &str, severity| AlertRule {
        severity,
        description: format!("{name} is bad"),
        every: TimeDelta::days(5),
        // More of them hold at once than a page of Azure's has.
        fired_for: Some(TimeDelta::days(4_000)),
        ..AlertRule::new(name, resource)
    };
    let often = |number: u32| AlertRule { every: TimeDelta::hours(1), ..rule(&format!("r{number}"), "busy", 4) };
    let over = AlertRule { fired_for: Some(TimeDelta::seconds(1)), ..rule("over", "calm", 0) };
    platform.simulator().azure().put_group(Group {
        resources: ["busy", "calm", "quiet"].map(|name| Resource::new("Microsoft.KeyVault/vaults", name)).into(),
        alerts: vec![often(1), rule("grave", "busy", 0), rule("mild", "calm", 3), over, rule("warning", "busy", 2)],
        ..Group::new(&subscription, &name)
    });
    forget(&platform, &subscription, &name).await;
    let data = client.data(ALERTS, json!({ "ref": API })).await;
    let nodes = data["component"]["cloudResources"]["nodes"].as_array().unwrap();
    let [busy, calm, quiet] = [&nodes[0], &nodes[1], &nodes[2]].map(|node| node["alerts"].as_array().unwrap());
    assert_eq!((busy.len(), quiet.len()), (100, 0), "at most 100, and none is not unknown");
    assert!(calm.iter().all(|alert| alert["rule"] == "mild"), "an alert that is over is told: {calm:?}");
    let severities: Vec<String> = busy.iter().map(|alert| text(&alert["severity"])).collect();
    assert!(severities.is_sorted() && severities[0] == "SEV0" && severities.contains(&"SEV4".to_owned()));
    assert_eq!((&busy[0]["rule"], &busy[0]["condition"]), (&json!("grave"), &json!("FIRED")));
    assert_eq!(busy[0]["description"], "grave is bad");
    assert!(busy[0]["firedAt"].is_string() && busy[0]["resolvedAt"].is_null());
    let pages = calls(&platform, ALERTS_PATH);
    assert!(pages > 1, "{pages} calls: the alerts of the subscription fill more than one page");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_a_call_for_each_thousand_and_is_paged_to_its_end() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let (subscription, name) = group_of(&platform, API).await;
    let resource = |number: usize| {
        let kind =
            if number.is_multiple_of(2) { "Microsoft.Compute/disks" } else { "Microsoft.Storage/storageAccounts" };
        Resource::new(kind, format!("r{number:04}"))
    };
    let resources = (0..2_300).map(resource).collect();
    platform.simulator().azure().put_group(Group { resources, ..Group::new(&subscription, &name) });
    forget(&platform, &subscription, &name).await;
    platform.simulator().calls(Upstream::Azure).reset();
    let disks = json!(["Microsoft.Compute/Disks"]);
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.data(ONE, json!({ "ref": API, "type": disks, "first": 100, "after": after })).await;
        let connection = &data["component"]["cloudResources"];
        assert_eq!(connection["totalCount"], 1_150);
        assert_eq!(connection["pageInfo"]["hasPreviousPage"], !names.is_empty());
        names.extend(connection["nodes"].as_array().unwrap().iter().map(|node| text(&node["name"])));
        after = connection["pageInfo"]["endCursor"].clone();
        if connection["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let expected: Vec<String> = (0..2_300).step_by(2).map(|number| format!("r{number:04}")).collect();
    assert_eq!(names, expected);
    assert_eq!(calls(&platform, GRAPH), 3);
    for after in ["", "x", "eyJ2IjoxLCJvIjoibmFtZSIsImsiOlsiYSJdfQ"] {
        let answer = client.send(ONE, json!({ "ref": API, "after": after })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{after:?}: {}", answer.text);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_equal_cold_questions_are_one_query_and_one_token() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_DATABASE__ACQUIRE_TIMEOUT", "9m"),
        ("WEFT_SERVER__REQUEST_TIMEOUT", "9m"),
        ("WEFT_SOURCES__AZURE__CACHE__FRESH", "10m"),
        ("WEFT_SERVER__REQUESTS_IN_FLIGHT_MAX", "2000"),
        ("WEFT_SOURCES__AZURE__TIMEOUT", "120s"),
    ])
    .await;
    platform.simulator().faults(Upstream::Azure).always(Fault::Latency { delay_ms: 1_000 });
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) { cloudResources { nodes { resourceId } } } }";
    let answers = join_all((0..1_000).map(|_| client.data(query, json!({ "ref": API })))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!((calls(&platform, GRAPH), calls(&platform, TOKEN)), (1, 1));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends_and_when_it_is_not_taken_any_more() {
    let ahead = Arc::new(AtomicI64::new(0));
    let (told, system) = (Arc::clone(&ahead), Clock::system());
    let clock = Clock::of(move || system.now() + TimeDelta::seconds(told.load(Ordering::SeqCst)));
    let platform = TestPlatform::start_at(&[("WEFT_SOURCES__AZURE__PROBE_INTERVAL", "1h")], clock).await;
    let azure = platform.app().sources.azure().unwrap();
    let probe = async || sources::Connector::probe(azure).await;
    probe().await.unwrap();
    probe().await.unwrap();
    assert_eq!(calls(&platform, TOKEN), 1, "a token that is good is asked for again");
    // 3,599 seconds are its life: it is still good, and due.
    ahead.store(3_400, Ordering::SeqCst);
    probe().await.unwrap();
    until("a new token", async || (calls(&platform, TOKEN) >= 2).then_some(())).await;
    probe().await.unwrap();
    // The one before may still be in use when the new one is asked for: then that is what is not taken.
    until("a token in place of one that is not taken", async || {
        platform.simulator().faults(Upstream::Azure).next_calls(1, Fault::ExpiredToken);
        probe().await.unwrap();
        (calls(&platform, TOKEN) >= 3).then_some(())
    })
    .await;
    assert_eq!(calls(&platform, TOKEN), 3);
    platform.simulator().faults(Upstream::Azure).always(Fault::ExpiredToken);
    assert!(probe().await.is_err());
    let asked = platform.simulator().calls(Upstream::Azure).count();
    assert!(probe().await.is_err());
    assert_eq!(platform.simulator().calls(Upstream::Azure).count(), asked, "a refusal is asked for again at once");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_entra_does_not_know_nulls_the_fields_and_asks_once() {
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__AZURE__CLIENT_ID", "somebody-else")]).await;
    let client = platform.client("engineer");
    for _ in 0..3 {
        let answer = client.query(ONE, json!({ "ref": API })).await;
        assert_eq!(answer["data"]["component"]["cloudResources"], Value::Null);
        assert_eq!(answer["data"]["component"]["repository"]["path"], "money/payments-api");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_ERROR", "{answer}");
    }
    assert_eq!(calls(&platform, TOKEN), 1);
    let sources = client.data("{ sources { name lastError } }", json!({})).await;
    let azure = sources["sources"].as_array().unwrap().iter().find(|source| source["name"] == "azure").unwrap();
    assert!(text(&azure["lastError"]).contains("token"), "{azure}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_azure_does_nulls_only_its_fields() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    // Its token is there before anything fails: a spoilt answer to the question for one is not asked for again for a while.
    sources::Connector::probe(platform.app().sources.azure().unwrap()).await.unwrap();
    let client = platform.client("engineer");
    for (fault, code) in faults([(Fault::Status { code: 403 }, "UPSTREAM_ERROR")], Duration::from_secs(60)) {
        platform.simulator().faults(Upstream::Azure).always(fault.clone());
        let started = Instant::now();
        let answer = client.query(ONE, json!({ "ref": API })).await;
        assert!(started.elapsed() < Duration::from_secs(20), "{fault:?} kept a request waiting");
        let component = &answer["data"]["component"];
        assert_eq!(component["repository"]["path"], "money/payments-api", "{fault:?} spoiled a sibling");
        assert_eq!(component["cloudResources"], Value::Null, "{fault:?}");
        let errors = answer["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{fault:?}: {errors:?}");
        assert_eq!(errors[0]["path"], json!(["component", "cloudResources"]), "{fault:?}");
        assert_eq!(errors[0]["extensions"]["code"], code, "{fault:?}: {errors:?}");
        assert_eq!(errors[0]["extensions"]["source"], "azure", "{fault:?}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_alerts_leaves_the_resources() {
    let platform = TestPlatform::start_with(&IMPATIENT[..2]).await;
    let client = platform.client("engineer");
    let good = client.data(ONE, json!({ "ref": API, "first": 100 })).await;
    let count = good["component"]["cloudResources"]["nodes"].as_array().unwrap().len();
    platform.simulator().faults(Upstream::Azure).always(Fault::Status { code: 502 });
    let answer = client.query(ALERTS, json!({ "ref": API })).await;
    let nodes = answer["data"]["component"]["cloudResources"]["nodes"].as_array().unwrap();
    assert!(nodes.len() == count && nodes.iter().all(|node| node["name"].is_string() && node["alerts"].is_null()));
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), count, "{errors:?}");
    for error in errors {
        assert_eq!(error["path"][4], "alerts");
        assert_eq!(error["extensions"]["code"], "UPSTREAM_UNAVAILABLE");
    }
    // A subscription that may not be read: what is not known is null, and nobody's fault.
    platform.simulator().faults(Upstream::Azure).always(Fault::Status { code: 403 });
    let answer = client.query(ALERTS, json!({ "ref": API })).await;
    let nodes = answer["data"]["component"]["cloudResources"]["nodes"].as_array().unwrap();
    assert!(nodes.len() == count && nodes.iter().all(|node| node["alerts"].is_null()));
    assert!(answer.get("errors").is_none(), "{answer}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_data_is_served_while_azure_fails_and_says_so() {
    let platform = TestPlatform::start_with(&IMPATIENT).await;
    let client = platform.client("engineer");
    let query = "query($ref: EntityRef!) { component(ref: $ref) { cloudResources(first: 2) { nodes { name alerts { rule } } } } }";
    let good = client.data(query, json!({ "ref": API })).await;
    platform.simulator().faults(Upstream::Azure).always(Fault::Status { code: 502 });
    let answer = client.query(query, json!({ "ref": API })).await;
    assert_eq!(answer["data"], good);
    assert!(answer.get("errors").is_none(), "{answer}");
    let marks = answer["extensions"]["stale"].as_array().unwrap();
    let list = json!(["component", "cloudResources"]);
    for path in [list, json!(["component", "cloudResources", "nodes", 0, "alerts"])] {
        assert!(marks.iter().any(|mark| mark["path"] == path && mark["source"] == "azure"), "{path}: {marks:?}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_lead_back_for_those_who_see_an_entity_that_names_the_group_and_for_nobody_else() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let data = client.data(ONE, json!({ "ref": API })).await;
    let first = &data["component"]["cloudResources"]["nodes"][0];
    let id = first["id"].clone();
    let again = client.data(NODES, json!({ "ids": [id] })).await;
    assert_eq!(again["nodes"], json!([{ "__typename": "CloudResource", "id": id }]));
    let stranger = platform.client("other_tenant_engineer").data(NODES, json!({ "ids": [id] })).await;
    assert_eq!(stranger["nodes"], json!([null]), "an id of another tenant led somewhere");
    // A group that exists, in a subscription of the tenant, and that nothing in the catalog names.
    let subscription = text(&first["subscriptionId"]);
    let resources = vec![Resource::new("Microsoft.KeyVault/vaults", "secret")];
    platform.simulator().azure().put_group(Group { resources, ..Group::new(&subscription, "unnamed") });
    let key = |group: &str, name: &str| {
        let id =
            format!("/subscriptions/{subscription}/resourcegroups/{group}/providers/microsoft.keyvault/vaults/{name}");
        schema_id(&id.to_lowercase())
    };
    let odd = ["/subscriptions/x/resourcegroups/y/providers/z", "x", "/", &text(&first["resourceId"]).to_uppercase()];
    let mut ids = vec![key("unnamed", "secret"), key(&text(&first["resourceGroup"]), "nothing")];
    ids.extend(odd.map(schema_id));
    let nulls: Vec<Value> = ids.iter().map(|_| Value::Null).collect();
    assert_eq!(client.data(NODES, json!({ "ids": ids })).await["nodes"], json!(nulls));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_groups_and_tags_are_one_query_in_any_case() {
    let platform = TestPlatform::start().await;
    let (subscription, _) = group_of(&platform, API).await;
    let tagged = |name: &str, value: &str| Resource {
        tags: [("team's".to_owned(), value.to_owned())].into(),
        ..Resource::new("Microsoft.KeyVault/vaults", name)
    };
    for (name, resources) in [
        ("it-One", vec![tagged("a", "x"), tagged("b", "it's \\ me")]),
        ("it-two", vec![tagged("c", "it's \\ me")]),
        ("it-three", vec![tagged("d", "it's \\ me"), tagged("e", "It's \\ me")]),
    ] {
        platform.simulator().azure().put_group(Group { resources, ..Group::new(&subscription, name) });
    }
    // The tag is on a resource of the other tenant too.
    let (theirs, _) = other_tenants_group(&platform).await;
    let resources = vec![tagged("f", "it's \\ me")];
    platform.simulator().azure().put_group(Group { resources, ..Group::new(&theirs, "it-theirs") });
    let file = std::env::temp_dir().join(format!("weft-it-azure-{}.yaml", std::process::id()));
    let upper = subscription.to_uppercase();
    let catalog = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: it-tagged\n  annotations:\n    \
         azure.com/resource-group: '{upper}/IT-one, {subscription}/it-two, {theirs}/it-theirs, nonsense'\n    \
         azure.com/tag: \"team's=it's \\\\ me\"\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n"
    );
    fs::write(&file, catalog).unwrap();
    let report =
        import_catalog(platform.database(), &platform.app().config.catalog, "default", std::slice::from_ref(&file))
            .await;
    let _ = fs::remove_file(&file);
    assert_eq!(report.unwrap().created, 1);
    let client = platform.client("engineer");
    platform.simulator().calls(Upstream::Azure).reset();
    let data = client.data(ONE, json!({ "ref": "component:default/it-tagged" })).await;
    let nodes = data["component"]["cloudResources"]["nodes"].as_array().unwrap();
    let names: Vec<String> = nodes.iter().map(|node| text(&node["name"])).collect();
    assert_eq!(names, ["a", "b", "d", "c"], "by resource id, each once");
    assert_eq!(calls(&platform, GRAPH), 1);
    let ids: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let again = client.data(NODES, json!({ "ids": ids })).await;
    let found: Vec<&Value> = again["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
    assert_eq!(found, ids, "named by a group in another case, or by a tag");
    let not_named =
        format!("/subscriptions/{subscription}/resourcegroups/it-three/providers/microsoft.keyvault/vaults/e");
    assert_eq!(client.data(NODES, json!({ "ids": [schema_id(&not_named)] })).await["nodes"], json!([null]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_gone_or_not_the_tenants_is_as_one_without_anything() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let (subscription, name) = group_of(&platform, API).await;
    platform.simulator().azure().remove_group(&subscription, &name);
    forget(&platform, &subscription, &name).await;
    let empty = json!({ "totalCount": 0, "nodes": [],
        "pageInfo": { "hasNextPage": false, "hasPreviousPage": false, "endCursor": null } });
    let answer = client.query(ONE, json!({ "ref": API })).await;
    assert_eq!(answer["data"]["component"]["cloudResources"], empty);
    assert!(answer.get("errors").is_none(), "{answer}");
    platform.stop().await;

    let other = "[\"00000000-0000-0000-0000-000000000000\"]";
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__AZURE__TENANTS__DEFAULT", other)]).await;
    let data = platform.client("engineer").data(ONE, json!({ "ref": API })).await;
    assert_eq!(data["component"]["cloudResources"], empty);
    assert_eq!(calls(&platform, GRAPH), 0, "a group was asked for that nobody may see");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_azure_its_fields_are_null_and_without_the_annotation_empty() {
    let query = "query($ref: EntityRef!) { component(ref: $ref) { cloudResources { totalCount nodes { id } } } }";
    let platform = TestPlatform::start().await;
    let data = platform.client("engineer").data(query, json!({ "ref": LIBRARY })).await;
    assert_eq!(data["component"]["cloudResources"], json!({ "totalCount": 0, "nodes": [] }));
    assert_eq!(calls(&platform, GRAPH), 0);
    platform.stop().await;
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__AZURE__ENABLED", "false")]).await;
    for component in [API, LIBRARY] {
        let data = platform.client("engineer").data(query, json!({ "ref": component })).await;
        assert_eq!(data["component"]["cloudResources"], Value::Null);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_source_tells_the_version_that_it_is_asked_for() {
    let platform = TestPlatform::start().await;
    platform.app().sources.probe().await;
    let query = "{ sources { name kind status apiVersion compatible } }";
    let data = platform.client("engineer").data(query, json!({})).await;
    let azure = data["sources"].as_array().unwrap().iter().find(|source| source["name"] == "azure").unwrap();
    let expected = json!({ "name": "azure", "kind": "AZURE", "status": "HEALTHY", "apiVersion": "2022-10-01",
        "compatible": true });
    assert_eq!(*azure, expected);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_is_told_which_subscriptions_cannot_be_read() {
    let missing = async |platform: &TestPlatform| {
        sources::Connector::missing_rights(platform.app().sources.azure().unwrap()).await.unwrap()
    };
    let platform = TestPlatform::start().await;
    assert_eq!(missing(&platform).await, Vec::<String>::new());
    platform.stop().await;
    let hidden = "00000000-0000-0000-0000-00000000000a";
    let tenants = format!("[\"{}\"]", hidden.to_uppercase());
    let platform = TestPlatform::start_with(&[("WEFT_SOURCES__AZURE__TENANTS__HARBOR", &tenants)]).await;
    let missing = missing(&platform).await;
    assert!(missing.len() == 1 && missing[0].ends_with(hidden), "{missing:?}");
    platform.stop().await;
}

const GRAPH: &str = "/providers/microsoft.resourcegraph/resources";
const TOKEN: &str = "/oauth2/v2.0/token";
const ALERTS_PATH: &str = "/providers/microsoft.alertsmanagement/alerts";

/// Calls whose path ends so.
fn calls(platform: &TestPlatform, path: &str) -> usize {
    let calls = platform.simulator().calls(Upstream::Azure).recent();
    calls.iter().filter(|call| call.path.to_lowercase().ends_with(path)).count()
}

/// The resources of a page of components.
fn resources(data: &Value) -> impl Iterator<Item = &Value> {
    let nodes = data["components"]["nodes"].as_array().unwrap();
    nodes.iter().flat_map(|node| node["cloudResources"]["nodes"].as_array().unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn schema_id(key: &str) -> String {
    schema::NodeId::of("CloudResource", key).encode()
}

/// Subscription and name of the group that an entity names.
async fn annotated(client: &it::Client, entity: &str) -> (String, String) {
    let query = "query($ref: EntityRef!) { component(ref: $ref) { annotations } }";
    let data = client.data(query, json!({ "ref": entity })).await;
    let group = text(&data["component"]["annotations"]["azure.com/resource-group"]);
    let (subscription, name) = group.split_once('/').unwrap();
    (subscription.to_owned(), name.to_owned())
}

async fn group_of(platform: &TestPlatform, entity: &str) -> (String, String) {
    annotated(&platform.client("engineer"), entity).await
}

async fn other_tenants_group(platform: &TestPlatform) -> (String, String) {
    annotated(&platform.client("other_tenant_engineer"), API).await
}

/// Whatever was read before a test changed the group.
async fn forget(platform: &TestPlatform, subscription: &str, name: &str) {
    let azure = platform.app().sources.azure().unwrap();
    azure.evict_groups(&[format!("{subscription}/{name}")]).await;
    azure.evict_alerts(&[subscription.to_owned()]).await;
}
