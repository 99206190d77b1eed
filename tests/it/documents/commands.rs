//! `weft documents` and `weft schema check`, as a pipeline runs them.

use std::path::Path;

use it::TestPlatform;
use serde_json::{Value, json};

use super::{Manifest, QUERY, sha256, weft};

fn operation(name: &str, text: &str) -> Value {
    json!({ "id": sha256(text), "name": name, "type": "query", "body": text })
}

fn apollo(operations: &[Value]) -> Value {
    json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": operations })
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_checked_and_published_all_or_none() {
    let platform = TestPlatform::start().await;
    let list = "query List { components(first: 50) { nodes { owner { __typename } } } }";
    let wrong = "query Wrong {\n  viewer {\n    nothing\n  }\n}";
    let good = Manifest::of(&apollo(&[operation("Who", QUERY), operation("List", list)]));
    let bad = Manifest::of(&apollo(&[operation("Who", QUERY), operation("Wrong", wrong)]));
    let (text, code) = weft(&platform, &["documents", "check", &good.0]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("{}: Who: 1 points", good.0)), "{text}");
    assert!(text.contains(&format!("{}: List: 101 points", good.0)), "{text}");
    for command in ["check", "publish"] {
        let (text, code) = weft(&platform, &["documents", command, &good.0, &bad.0]).await;
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(&format!("refused {}: Wrong:3:5: ", bad.0)) && text.contains("nothing"), "{text}");
    }
    let published = async || platform.database().trusted_documents(100, u64::MAX).await.unwrap().documents;
    assert_eq!(published().await, [], "one that is refused keeps all from being published");
    for (manifests, says) in [
        (vec![good.0.as_str()], "2 documents: 2 are new."),
        (vec![good.0.as_str(), good.0.as_str()], "2 documents: 0 are new."),
    ] {
        let arguments: Vec<&str> = ["documents", "publish"].into_iter().chain(manifests).collect();
        let (text, code) = weft(&platform, &arguments).await;
        assert!(code == 0 && text.contains(says), "{text}");
    }
    let mut costs: Vec<i64> = published().await.iter().map(|document| document.cost).collect();
    costs.sort_unstable();
    assert_eq!(costs, [1, 101]);
    let log =
        "{ auditLog(filter: { action: [\"documents.publish\"] }, first: 5) { nodes { subject target decision } } }";
    let log = platform.client("admin").data(log, json!({})).await;
    let expected =
        json!([{ "subject": "weft documents", "target": "2 documents for any client", "decision": "ALLOWED" }]);
    assert_eq!(log["auditLog"]["nodes"], expected, "one record, and none where nothing was new");
    let (text, code) = weft(&platform, &["documents", "list"]).await;
    assert!(code == 0 && text.lines().count() == 2 && text.contains(&format!("{}\t101\t*\t-", sha256(list))), "{text}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_stands_for_one_document() {
    let platform = TestPlatform::start().await;
    let other = "{ viewer { subject } }";
    let publish = async |documents: Value| {
        let manifest = Manifest::of(&documents);
        weft(&platform, &["documents", "publish", &manifest.0]).await
    };
    assert_eq!(publish(json!({ "mine": QUERY })).await.1, 0);
    let (text, code) = publish(json!({ "mine": other })).await;
    assert!(code == 1 && text.contains("mine"), "{text}");
    let operations = [QUERY, other].map(|text| json!({ "id": "same", "name": "A", "type": "query", "body": text }));
    let (text, code) = publish(apollo(&operations)).await;
    assert!(code == 1 && text.contains("another document"), "{text}");
    let (text, code) = publish(json!({ sha256(other): QUERY })).await;
    assert!(code == 1 && text.contains("not the SHA-256"), "{text}");
    let published = platform.database().trusted_documents(100, u64::MAX).await.unwrap();
    assert_eq!(published.documents.len(), 1);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_gateways_keep_is_not_published() {
    let platform = TestPlatform::start_with(&[("WEFT_DOCUMENTS__TRUSTED_MAX", "1")]).await;
    let other = "{ viewer { subject } }";
    let manifest = Manifest::of(&json!({ sha256(QUERY): QUERY, sha256(other): other }));
    let (text, code) = weft(&platform, &["documents", "publish", &manifest.0]).await;
    assert!(code == 1 && text.contains("documents.trusted_max"), "{text}");
    assert!(platform.database().trusted_documents(100, u64::MAX).await.unwrap().documents.is_empty());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_schema_names_what_it_breaks() {
    let platform = TestPlatform::start().await;
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/schema.graphql");
    let sdl = std::fs::read_to_string(&old).unwrap();
    let old = old.to_str().unwrap();
    let (before, viewer) = sdl.split_once("type Viewer ").expect("the type");
    let new = std::env::temp_dir().join(format!("weft-it-new-{:016x}.graphql", rand::random::<u64>()));
    std::fs::write(
        &new,
        format!("{before}type Viewer {}", viewer.replacen("  subject: String!", "  name: String!", 1)),
    )
    .unwrap();
    let new_path = new.to_str().unwrap();
    let manifest = Manifest::of(&apollo(&[operation("Who", QUERY), operation("Type", "query Type { __typename }")]));
    let (text, code) = weft(&platform, &["schema", "check", old, old, "--documents", &manifest.0]).await;
    assert_eq!((text.as_str(), code), ("0 breaking changes, 0 dangerous ones, 0 broken documents.\n", 0));
    let (text, code) = weft(&platform, &["schema", "check", old, new_path, "--documents", &manifest.0]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("breaking Viewer.subject: field removed\n"), "{text}");
    assert!(text.contains(&format!("broken {}: Who:3:5: ", manifest.0)) && !text.contains("Type:"), "{text}");
    assert!(text.contains("1 breaking changes, 0 dangerous ones, 1 broken documents."), "{text}");
    // The published ones too.
    assert_eq!(weft(&platform, &["documents", "publish", &manifest.0, "--client", "portal"]).await.1, 0);
    let (text, code) = weft(&platform, &["schema", "check", old, new_path]).await;
    assert_eq!(code, 1, "{text}");
    assert!(text.contains(&format!("broken published of portal: {}:3:5: ", sha256(QUERY))), "{text}");
    std::fs::remove_file(new).unwrap();
    platform.stop().await;
}
