//! Documents that were published: who may use them, under which names, and what they are held to all the same.

use it::{Answer, Program, TestPlatform, until};
use serde_json::json;

use super::{MUTATION, QUERY, SOON, assert_data, assert_refused, by_id, get, post, publish, sha256, until_known, weft};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_learns_of_a_publication() {
    let platform = TestPlatform::start_with(&[SOON]).await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    assert_refused(&by_id(&client, &hash, None).await, 400, "DOCUMENT_NOT_TRUSTED");
    // Relay's ids are MD5: they stand beside the hash.
    let md5 = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    publish(&platform, &json!({ md5: QUERY }), &[]).await;
    until_known(&client, &hash, None).await;
    for id in [hash.clone(), format!("sha256:{hash}"), hash.to_uppercase(), md5.to_owned()] {
        assert_data(&by_id(&client, &id, None).await);
        assert_data(&Answer::of(client.get(&format!("/graphql?documentId={id}"))).await);
        // As the hash of an automatic persisted query too, which nobody taught.
        assert_data(&post(&client, &id, None).await);
        assert_data(&get(&client, &id, None).await);
    }
    assert_data(&post(&client, &hash, Some(QUERY)).await);
    let with_operation = json!({ "documentId": hash, "operationName": "Another" });
    let answer = Answer::of(client.post().json(&with_operation)).await;
    assert_eq!(answer.code(), "OPERATION_RESOLUTION_FAILURE");
    // A gateway that starts knows it before it answers anybody.
    let replica = platform.replica().await;
    assert_data(&by_id(&replica.engineer(), &hash, None).await);
    replica.stop().await;
    // Withdrawn, it is gone everywhere, and the audit log tells of both.
    let (text, code) = weft(&platform, &["documents", "withdraw", &hash]).await;
    assert_eq!((text.as_str(), code), ("1 documents are withdrawn.\n", 0));
    until("the document is gone", async || (by_id(&client, &hash, None).await.status == 400).then_some(())).await;
    let log = platform.client("admin").data("{ auditLog(first: 2) { nodes { action } } }", json!({})).await;
    let actions: Vec<_> = log["auditLog"]["nodes"].as_array().unwrap().iter().map(|node| &node["action"]).collect();
    assert!(actions.contains(&&json!("documents.withdraw")), "{log}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_for_a_client_is_unknown_to_others() {
    let platform = TestPlatform::start_with(&[SOON]).await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    publish(&platform, &json!({ hash.clone(): QUERY }), &["--client", "portal"]).await;
    until_known(&client, &hash, Some("portal")).await;
    for name in [None, Some("other"), Some("Portal"), Some("")] {
        assert_refused(&by_id(&client, &hash, name).await, 400, "DOCUMENT_NOT_TRUSTED");
    }
    let named = client.post().header("graphql-client-name", "portal").json(&json!({ "documentId": hash }));
    assert_data(&Answer::of(named).await);
    // For everybody else it is a hash like any other.
    assert_eq!(post(&client, &hash, None).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    publish(&platform, &json!({ hash.clone(): QUERY }), &[]).await;
    until_known(&client, &hash, Some("other")).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_document_is_held_to_method_and_limits() {
    let platform = TestPlatform::start_with(&[SOON, ("WEFT_LIMITS__COST_MAX", "100")]).await;
    let client = platform.client("engineer");
    let list = "query List($first: Int = 5) { components(first: $first) { nodes { owner { __typename } } } }";
    publish(&platform, &json!({ sha256(list): list, sha256(MUTATION): MUTATION }), &[]).await;
    until_known(&client, &sha256(list), None).await;
    let with = |first: u32| json!({ "documentId": sha256(list), "variables": { "first": first } });
    let answer = Answer::of(client.post().json(&with(90))).await;
    assert_eq!(answer.code(), "QUERY_TOO_COMPLEX", "{}", answer.text);
    assert_eq!(Answer::of(client.post().json(&with(10))).await.status, 200);
    let by_get = Answer::of(client.get(&format!("/graphql?documentId={}", sha256(MUTATION)))).await;
    assert_refused(&by_get, 405, "METHOD_NOT_ALLOWED");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_document_is_refused_though_its_answer_is_kept_and_known_by_the_bytes_of_the_request() {
    let settings = [SOON, ("WEFT_SERVER__RESPONSE_CACHE", "16 MiB"), ("WEFT_DOCUMENTS__MODE", "only")];
    let platform = TestPlatform::start().await;
    let program = platform.program_with(&Program::of_this_build(), &settings).await;
    let client = program.client(&platform, Some("engineer"));
    let list = "{ components(first: 2) { nodes { ref } } }";
    let hash = sha256(list);
    publish(&platform, &json!({ hash.clone(): list }), &[]).await;
    until_known(&client, &hash, None).await;
    let is_kept = |answer: &Answer| answer.headers.contains_key("age");
    until("the answer is kept", async || is_kept(&by_id(&client, &hash, None).await).then_some(())).await;
    for _ in 0..3 {
        // While the gateway does not hear from the database, it answers anew.
        until("the kept answer", async || {
            let answer = by_id(&client, &hash, None).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            is_kept(&answer).then_some(())
        })
        .await;
    }
    // The first of them may have been the second altogether, which was read and found by what it means.
    let by_bytes = async |count: u32| {
        let line = format!("weft_document_requests_total{{by=\"bytes\",outcome=\"kept\"}} {count}");
        program.measures(&line).await
    };
    assert!(by_bytes(3).await || by_bytes(2).await, "the same bytes were read each time");
    let (text, code) = weft(&platform, &["documents", "withdraw", &hash]).await;
    assert_eq!(code, 0, "{text}");
    until("the document is gone", async || (by_id(&client, &hash, None).await.status == 400).then_some(())).await;
    program.stop().await;
    platform.stop().await;
}
