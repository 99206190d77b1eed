//! An upstream that is waited for longer than an operation may take costs its own fields and not the answer.

use it::TestPlatform;
use serde_json::{Value, json};
use simulator::{Fault, Upstream};

const PAGE: &str = "{ components(first: 10) { nodes { ref repository { path } automationTemplates { name } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_answered_before_its_time_is_over_with_what_is_there() {
    let settings = [("WEFT_SERVER__REQUEST_TIMEOUT", "10s"), ("WEFT_SOURCES__AWX__TIMEOUT", "20s")];
    let platform = TestPlatform::start_with(&settings).await;
    platform.simulator().faults(Upstream::Awx).always(Fault::Hang);
    let answer = platform.client("admin").query(PAGE, json!({})).await;
    let nodes = answer["data"]["components"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(nodes.len(), 10);
    assert!(nodes.iter().any(|node| node["repository"]["path"].is_string()), "{answer}");
    assert!(nodes.iter().any(|node| node["automationTemplates"].is_null()), "{answer}");
    let errors: Vec<&Value> = answer["errors"].as_array().unwrap().iter().map(|error| &error["extensions"]).collect();
    assert!(!errors.is_empty());
    for error in errors {
        assert_eq!((&error["code"], &error["source"]), (&json!("UPSTREAM_TIMEOUT"), &json!("awx")), "{error}");
    }
    platform.stop().await;
}
