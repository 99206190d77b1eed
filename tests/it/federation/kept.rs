//! Answers that hold what a subgraph gave are kept as long as it says, for whoever it was told of.

use gateway::federation::Published;
use it::{Answer, Client, until};
use serde_json::json;

use super::{
    publish_sdl, served,
    service::{self, Mode, Service},
    with_incidents,
};

const QUERY: &str = "{ components(first: 5) { nodes { ref name incidents { title } health } } }";

/// Keeps answers, and tells subgraphs who asks.
const SETTINGS: [(&str, &str); 2] =
    [("WEFT_SERVER__RESPONSE_CACHE", "16 MiB"), ("WEFT_FEDERATION__IDENTITY__KIND", "original")];

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Asks three times: whether what subgraphs say of their answers lets them be kept is known after the first. How often the subgraph was
/// asked, and the last answer.
async fn thrice(client: &Client, service: &Service) -> (usize, Answer) {
    service.calls();
    client.data(QUERY, json!({})).await;
    client.data(QUERY, json!({})).await;
    let last = client.send(QUERY, json!({})).await;
    (service.calls().len(), last)
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_kept_as_long_as_the_subgraph_says_and_ended_by_whatever_changes() {
    let (platform, service) = with_incidents(&SETTINGS).await;
    let cache = platform.app().response_cache.as_ref().unwrap();
    until("changes are heard of", async || cache.versions().stamp("default", tokio::time::Instant::now()).map(drop))
        .await;
    let engineer = platform.client("engineer");

    // One that says nothing, or that they may not be: each is asked for.
    for says in [None, Some("no-store"), Some("max-age=0")] {
        service.keep(says);
        let (calls, answer) = thrice(&engineer, &service).await;
        assert_eq!((calls, header(&answer, "cache-control")), (3, "no-store"), "{says:?}");
    }
    service.keep(Some("private, max-age=40"));
    let (calls, answer) = thrice(&engineer, &service).await;
    assert_eq!((calls, header(&answer, "cache-control")), (2, "private, max-age=40"));
    // Never longer than our own types say.
    service.keep(Some("max-age=600"));
    publish_again(&platform, &service, "title: String!\n  one: String").await;
    let (calls, answer) = thrice(&engineer, &service).await;
    assert_eq!(
        (calls, header(&answer, "cache-control")),
        (2, "private, max-age=60"),
        "another graph is another answer"
    );
    let (calls, _) = thrice(&engineer, &service).await;
    assert_eq!(calls, 0);

    // Nobody gets another's.
    service.calls();
    platform.client("admin").data(QUERY, json!({})).await;
    assert_eq!(service.calls().len(), 1);
    // A change of the team's own, by way of us, is seen at once.
    engineer.data("mutation { resolveIncident(id: \"component:default/ledger-api#0\") { id } }", json!({})).await;
    service.calls();
    engineer.data(QUERY, json!({})).await;
    assert_eq!(service.calls().len(), 1);
    // What lacks something is not kept.
    service.behave(Mode::Broken);
    publish_again(&platform, &service, "title: String!\n  two: String").await;
    for _ in 0..2 {
        let answer = engineer.send(QUERY, json!({})).await;
        assert_eq!(header(&answer, "cache-control"), "no-store");
        assert!(answer.text.contains("UPSTREAM_UNAVAILABLE"), "{}", answer.text);
    }
    platform.stop().await;
}

/// Publishes it with another SDL.
async fn publish_again(platform: &it::TestPlatform, service: &Service, title: &str) {
    let sdl = service::SDL.replace("title: String!", title);
    let published = publish_sdl(platform, "incidents", &service.url(), &sdl).await;
    let Published::Changed(version) = published else { panic!("{published:?}") };
    served(platform.app(), version).await;
}
