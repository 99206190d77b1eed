//! `open`, `prefer` and `only`, for everybody and for single clients.

use it::{Answer, Client, Program, TestPlatform, until};
use serde_json::json;

use super::{QUERY, SOON, assert_data, assert_refused, by_id, post, publish, sha256, until_known};

const OTHER: &str = "{ viewer { subject } }";

async fn text(client: &Client, text: &str, name: Option<&str>) -> Answer {
    let request = client.post().json(&json!({ "query": text }));
    Answer::of(match name {
        Some(name) => request.header("graphql-client-name", name),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_published_documents_are_executed_where_the_mode_is_only() {
    let platform = TestPlatform::start_with(&[SOON, ("WEFT_DOCUMENTS__MODE", "only")]).await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    publish(&platform, &json!({ hash.clone(): QUERY }), &[]).await;
    until_known(&client, &hash, None).await;
    assert_data(&post(&client, &hash, None).await);
    assert_data(&post(&client, &hash, Some(QUERY)).await);
    for refused in [
        text(&client, OTHER, None).await,
        text(&client, OTHER, Some("portal")).await,
        text(&client, "{", None).await,
        by_id(&client, &sha256(OTHER), None).await,
        // Told that it is not found, a client would send the text in vain.
        post(&client, &sha256(OTHER), None).await,
        post(&client, &sha256(OTHER), Some(OTHER)).await,
        Answer::of(
            client.post().header("accept", "application/graphql-response+json").json(&json!({ "query": OTHER })),
        )
        .await,
    ] {
        assert_refused(&refused, 400, "DOCUMENT_NOT_TRUSTED");
        assert!(refused.text.contains("weft documents publish"), "{}", refused.text);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_the_mode_that_is_configured_for_its_name() {
    let clients = ("WEFT_DOCUMENTS__CLIENTS", r#"{ "portal": "only", "Mobile App": "prefer" }"#);
    let platform = TestPlatform::start_with(&[SOON, clients]).await;
    let client = platform.client("engineer");
    assert_refused(&text(&client, OTHER, Some("portal")).await, 400, "DOCUMENT_NOT_TRUSTED");
    for name in [None, Some("other"), Some("Mobile App")] {
        assert_data(&text(&client, OTHER, name).await);
    }
    // Where others than published ones are executed, clients may teach them.
    let named = |text: Option<&str>| {
        Answer::of(client.post().header("graphql-client-name", "Mobile App").json(&super::body(&sha256(QUERY), text)))
    };
    assert_eq!(named(None).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    assert_data(&named(Some(QUERY)).await);
    assert_data(&named(None).await);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_known_is_unavailable_and_not_untrusted() {
    let away = ["alter table trusted_version rename to away"];
    let platform = TestPlatform::start_after(&away, &[SOON, ("WEFT_DOCUMENTS__MODE", "only")]).await;
    let client = platform.client("engineer");
    let answer = text(&client, OTHER, None).await;
    assert_refused(&answer, 503, "DATABASE_UNAVAILABLE");
    assert!(answer.headers.contains_key("retry-after"));
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&platform.database_url()).await.unwrap();
    sqlx::query("alter table away rename to trusted_version").execute(&mut connection).await.unwrap();
    drop(connection);
    until("published documents are known", async || (text(&client, OTHER, None).await.status == 400).then_some(()))
        .await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_published_ones_are_preferred_others_are_executed_and_counted() {
    let platform = TestPlatform::start().await;
    let hash = sha256(QUERY);
    publish(&platform, &json!({ hash.clone(): QUERY }), &[]).await;
    let program = platform.program_with(&Program::of_this_build(), &[("WEFT_DOCUMENTS__MODE", "prefer")]).await;
    let client = program.client(&platform, Some("engineer"));
    assert_data(&by_id(&client, &hash, None).await);
    assert_data(&text(&client, OTHER, None).await);
    assert_data(&text(&client, QUERY, Some("portal")).await);
    for line in [
        "weft_document_requests_total{by=\"id\",outcome=\"trusted\"} 1",
        "weft_document_requests_total{by=\"text\",outcome=\"untrusted\"} 2",
        "weft_trusted_documents 1",
    ] {
        assert!(program.measures(line).await, "{line}");
    }
    program.stop().await;
    platform.stop().await;
}
