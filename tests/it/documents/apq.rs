//! Automatic persisted queries, as Apollo's client speaks them.

use it::{Answer, TestPlatform, TestRedis};
use redis::cmd;
use serde_json::{Value, json};

use super::{MUTATION, QUERY, assert_data, assert_refused, body, get, post, sha256};

#[track_caller]
fn assert_not_found(answer: &Answer) {
    assert_refused(answer, 200, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_is_enough_once_its_text_was_sent() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    assert_not_found(&post(&client, &hash, None).await);
    assert_not_found(&get(&client, &hash, None).await);
    assert_data(&post(&client, &hash, Some(QUERY)).await);
    assert_data(&post(&client, &hash, None).await);
    assert_data(&get(&client, &hash, None).await);
    assert_data(&get(&client, &hash.to_uppercase(), None).await);
    // The other way round: taught by GET, asked by POST.
    let other = format!("{QUERY}\n");
    assert_data(&get(&client, &sha256(&other), Some(&other)).await);
    assert_data(&post(&client, &sha256(&other), None).await);
    // In plain JSON the statuses are the same.
    let plain = Answer::of(client.post().json(&body(&sha256("nothing"), None))).await;
    assert_not_found(&plain);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_valid_or_not_of_its_hash_is_not_kept() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    for (text, code) in [
        ("query Who { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query Who {", "GRAPHQL_PARSE_FAILED"),
        ("query Who { a: viewer { subject } b: viewer { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        assert_refused(&post(&client, &sha256(text), Some(text)).await, 400, code);
        assert_not_found(&post(&client, &sha256(text), None).await);
    }
    for hash in [sha256("another"), "abc".to_owned(), String::new()] {
        let answer = post(&client, &hash, Some(QUERY)).await;
        assert_refused(&answer, 400, "PERSISTED_QUERY_HASH_MISMATCH");
        let plain = Answer::of(client.post().json(&body(&hash, Some(QUERY)))).await;
        assert_refused(&plain, 400, "PERSISTED_QUERY_HASH_MISMATCH");
        assert_refused(&get(&client, &hash, Some(QUERY)).await, 400, "PERSISTED_QUERY_HASH_MISMATCH");
        assert_not_found(&post(&client, &hash, None).await);
    }
    assert_not_found(&post(&client, &sha256(QUERY), None).await);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_of_another_shape_is_a_bad_request() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    for persisted in [
        json!({ "version": 2, "sha256Hash": hash }),
        json!({ "version": "1", "sha256Hash": hash }),
        json!({ "sha256Hash": hash }),
        json!({ "version": 1 }),
        json!({ "version": 1, "sha256Hash": 7 }),
        json!({ "version": 1, "sha256Hash": null }),
        json!(hash),
        json!([]),
        json!(true),
    ] {
        for query in [Value::Null, json!(QUERY)] {
            let body = json!({ "query": query, "extensions": { "persistedQuery": persisted } });
            let answer = Answer::of(client.post().json(&body)).await;
            assert_refused(&answer, 400, "BAD_REQUEST");
        }
    }
    let both = json!({ "query": QUERY, "documentId": hash });
    assert_refused(&Answer::of(client.post().json(&both)).await, 400, "BAD_REQUEST");
    let wrong = json!({ "documentId": 7 });
    assert_refused(&Answer::of(client.post().json(&wrong)).await, 400, "BAD_REQUEST");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_by_get_stays_refused() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let hash = sha256(MUTATION);
    assert_refused(&get(&client, &hash, Some(MUTATION)).await, 405, "METHOD_NOT_ALLOWED");
    assert_eq!(post(&client, &hash, Some(MUTATION)).await.status, 200);
    assert_refused(&get(&client, &hash, None).await, 405, "METHOD_NOT_ALLOWED");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_clients_are_told_to_send_texts() {
    let platform = TestPlatform::start_with(&[("WEFT_DOCUMENTS__APQ__ENABLED", "false")]).await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    for answer in [post(&client, &hash, None).await, get(&client, &hash, None).await] {
        assert_eq!(answer.code(), "PERSISTED_QUERY_NOT_SUPPORTED");
        assert_eq!(answer.json()["errors"][0]["message"], "PersistedQueryNotSupported");
    }
    assert_data(&post(&client, &hash, Some(QUERY)).await);
    assert_eq!(post(&client, &hash, None).await.code(), "PERSISTED_QUERY_NOT_SUPPORTED");
    platform.stop().await;
}

async fn with(redis: &TestRedis) -> TestPlatform {
    let settings = redis.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    TestPlatform::start_with(&settings).await
}

async fn share(redis: TestRedis) {
    let platform = with(&redis).await;
    let other = platform.replica().await;
    let hash = sha256(QUERY);
    assert_not_found(&post(&other.engineer(), &hash, None).await);
    assert_data(&post(&platform.client("engineer"), &hash, Some(QUERY)).await);
    assert_data(&post(&other.engineer(), &hash, None).await);
    let keys = redis.keys(":document:").await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    let life: i64 = redis.run(cmd("TTL").arg(&keys[0])).await;
    assert!((86_000..=86_400).contains(&life), "{life} s");
    // Whoever can write to Redis cannot put another document under a hash.
    let second = format!("{QUERY} ");
    assert_data(&post(&platform.client("engineer"), &sha256(&second), Some(&second)).await);
    redis.run::<()>(cmd("SET").arg(keys[0].replace(&hash, &sha256(&second))).arg("{ __typename }")).await;
    assert_not_found(&post(&other.engineer(), &sha256(&second), None).await);
    other.stop().await;
    platform.stop().await;
    redis.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_them_through_redis() {
    let Some(redis) = TestRedis::shared().await else { return };
    share(redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_shares_them_as_well() {
    let Some(redis) = TestRedis::cluster().await else { return };
    share(redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_miss_is_all_it_costs() {
    let Some(mut redis) = TestRedis::own().await else { return };
    let platform = with(&redis).await;
    let client = platform.client("engineer");
    let hash = sha256(QUERY);
    redis.kill().await;
    assert_not_found(&post(&client, &hash, None).await);
    assert_data(&post(&client, &hash, Some(QUERY)).await);
    assert_data(&post(&client, &hash, None).await);
    platform.stop().await;
    redis.revive().await;
    redis.stop().await;
}
