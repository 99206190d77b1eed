//! Keys come in the order in which they were asked for.

use it::TestPlatform;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_in_the_order_asked() {
    let platform = TestPlatform::start().await;
    // Slow fields between quick ones, aliases, fragments, and an order that no sorting would give.
    let query =
        "query { zebra: viewer { tenant subject } components(first: 2) { totalCount pageInfo { hasNextPage } nodes {
        title repository { path } ...more name alpha: ref } } apple: __typename ... on Query { sources { name kind } } }
        fragment more on Component { owner { __typename } description kind }";
    let answer = platform.client("engineer").send(query, json!({})).await;
    let places = |keys: &[&str]| -> Vec<usize> {
        keys.iter()
            .map(|key| {
                answer.text.find(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is missing: {}", answer.text))
            })
            .collect()
    };
    for keys in [
        &["zebra", "components", "apple", "sources"][..],
        &["tenant", "subject"],
        &["totalCount", "pageInfo", "nodes"],
        &["title", "repository", "owner", "description", "alpha"],
    ] {
        let found = places(keys);
        assert!(found.is_sorted(), "{keys:?} came as {}", answer.text);
    }
    platform.stop().await;
}
