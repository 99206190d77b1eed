//! What is published is composed first, followed by every replica, and audited.

use gateway::{config::Environment, federation::Published};
use it::{TestPlatform, until};
use serde_json::json;

use super::{publish_sdl, removed, served, service::Service, with_incidents};

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_follows_publications_and_removals() {
    let (platform, service) = with_incidents(&[]).await;
    let replica = platform.replica().await;
    let query = "{ incidents { title } }";
    for client in [platform.client("engineer"), replica.engineer()] {
        assert!(client.data(query, json!({})).await["incidents"].is_array());
    }
    let set = platform.database().subgraphs().await.unwrap();
    assert_eq!(set.subgraphs[0].version, set.version, "the version that its publication made");
    let again = publish_sdl(&platform, "incidents", &service.url(), super::service::SDL).await;
    assert!(matches!(again, Published::Same(_)), "{again:?}");
    let Published::Changed(version) = removed(&platform, "incidents").await else { panic!("it is not removed") };
    for app in [platform.app(), replica.app()] {
        until("the graph is our own again", async || app.federation.current().is_none().then_some(())).await;
    }
    let refused = replica.engineer().send(query, json!({})).await;
    assert_eq!(refused.code(), "GRAPHQL_VALIDATION_FAILED", "{}", refused.text);
    let none = removed(&platform, "incidents").await;
    assert_eq!(none, Published::Same(version));
    let records = "{ auditLog(first: 5) { nodes { action target } } }";
    let log = platform.client("admin").data(records, json!({})).await.to_string();
    assert!(log.contains("subgraph.publish") && log.contains("subgraph.remove"), "{log}");
    replica.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_composed_or_executed_is_refused_with_its_place_and_changes_nothing() {
    let (platform, service) = with_incidents(&[]).await;
    let version = platform.app().federation.current().unwrap().version;
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@requires\", \"@external\", \"@provides\", \"@override\", \"@inaccessible\", \"@interfaceObject\"])\nscalar EntityRef\n";
    for (sdl, says) in [
        ("type Query {", "cannot be read"),
        ("type Query { component(ref: Int): String }", "component"),
        ("type Component { name: Int } type Query { a: Int }", "name"),
        ("type Component @key(fields: \"ref\") { ref: EntityRef! name: String } type Query { a: Int }", "name"),
        ("type Component @key(fields: \"nothing\") { ref: EntityRef! } type Query { a: Int }", "nothing"),
        (
            "type Component @key(fields: \"ref\") @interfaceObject { ref: EntityRef! } type Query { a: Int }",
            "interfaceObject",
        ),
        (
            "type Component @key(fields: \"ref\") { ref: EntityRef! name: String! @external b: Int @requires(fields: \"name(a: 1)\") } type Query { a: Int }",
            "arguments",
        ),
        (
            "type Component @key(fields: \"ref\") { ref: EntityRef! name: String! @override(from: \"weft\") } type Query { a: Int }",
            "taken over",
        ),
        (
            "type Component @key(fields: \"ref\") { ref: EntityRef! @inaccessible } type Query { a: Int }",
            "inaccessible",
        ),
        ("type Query { a: Int @magic }", "@magic is not known"),
        ("schema { query: Root } type Root { a: Int }", "must be named Query"),
        ("enum Severity { LOW } type Query { severity: Severity!, other(s: Severity): Int }", "Severity"),
    ] {
        let outcome = publish_sdl(&platform, "other", "http://127.0.0.1:9/graphql", &format!("{link}{sdl}")).await;
        let Published::Refused(reasons) = &outcome else { panic!("{sdl}: {outcome:?}") };
        let told: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|reason| reason.contains(says)), "{sdl}: {told:?}");
    }
    let good = "type Query { a: Int }";
    for (name, url, says) in [
        ("weft", "http://127.0.0.1:9", "a name is"),
        ("Bad Name", "http://127.0.0.1:9", "a name is"),
        ("other", "no address", "the address"),
        ("other", "http://example.com/graphql", "https"),
        ("other", "https://user:secret@example.com", "password"),
    ] {
        let outcome = publish_sdl(&platform, name, url, good).await;
        let Published::Refused(reasons) = &outcome else { panic!("{name} {url}: {outcome:?}") };
        assert!(reasons.iter().any(|reason| reason.to_string().contains(says)), "{reasons:?}");
    }
    let current = platform.app().federation.current().unwrap();
    assert_eq!(current.version, version, "the graph changed");
    assert_eq!(platform.database().subgraphs().await.unwrap().version, version);
    drop(service);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publishing_again_and_again_fails_no_request_on_any_replica() {
    // Each is a publication, one that is refused, and a removal; `WEFT_IT_PUBLICATIONS=50` for a hundred changes.
    let rounds = Environment::of_process().get("WEFT_IT_PUBLICATIONS");
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let (platform, service) = with_incidents(&[]).await;
    let replica = platform.replica().await;
    let clients = [platform.client("engineer"), replica.engineer()];
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let load = async |client: &it::Client| {
        let mut asked = 0;
        while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
            let data = client.data("{ components(first: 3) { nodes { name health } } }", json!({})).await;
            assert!(data["components"]["nodes"][0]["health"].is_string(), "{data}");
            asked += 1;
        }
        asked
    };
    let changes = async {
        let other = Service::start().await;
        let mut last = 0;
        for number in 0..rounds {
            let sdl = format!("type Query {{ extra{number}: Int }}");
            let Published::Changed(_) = publish_sdl(&platform, "extra", &other.url(), &sdl).await else { panic!() };
            let bad = publish_sdl(&platform, "bad", &other.url(), "type Query { viewer: Int }").await;
            assert!(matches!(bad, Published::Refused(_)), "{bad:?}");
            let Published::Changed(version) = removed(&platform, "extra").await else { panic!() };
            last = version;
        }
        let published = std::time::Instant::now();
        for app in [platform.app(), replica.app()] {
            served(app, last).await;
        }
        println!("the last version is served everywhere after {:?}", published.elapsed());
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let (one, other, ()) = futures::join!(load(&clients[0]), load(&clients[1]), changes);
    assert!(one > 10 && other > 10, "{one} and {other} requests");
    drop(service);
    replica.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_starts_while_a_subgraph_is_down_knows_it_all_the_same() {
    let (platform, service) = with_incidents(&[]).await;
    drop(service);
    let replica = platform.replica().await;
    let answer =
        replica.engineer().query("{ components(first: 2) { nodes { name incidents { title } } } }", json!({})).await;
    assert!(answer["data"]["components"]["nodes"][0]["name"].is_string(), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{answer}");
    let sources = "{ sources { name kind status apiVersion } }";
    let listed = replica.engineer().data(sources, json!({})).await;
    let listed = listed["sources"].as_array().unwrap().iter().find(|source| source["name"] == "incidents").cloned();
    assert_eq!(listed.unwrap()["kind"], "SUBGRAPH");
    replica.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_the_graph_is_our_own() {
    let platform = TestPlatform::start_with(&[("WEFT_FEDERATION__ENABLED", "false")]).await;
    let service = Service::start().await;
    assert!(matches!(
        publish_sdl(&platform, "incidents", &service.url(), super::service::SDL).await,
        Published::Changed(_)
    ));
    let refused = platform.client("engineer").send("{ incidents { title } }", json!({})).await;
    assert_eq!(refused.code(), "GRAPHQL_VALIDATION_FAILED", "{}", refused.text);
    platform.stop().await;
}
