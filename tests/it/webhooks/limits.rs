//! Everything that a sender could have too much of, at its limit.

use it::{Answer, TestPlatform};
use reqwest::Method;

use super::{NEW, connect, counts, eager, hooks, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_taken_up_to_its_limit_and_is_json() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__BODY_MAX", "10000 B")])).await;
    let client = platform.client_with(None);
    let post = async |bytes: usize, kind: &str| {
        let filler = "x".repeat(bytes - r#"{"object_kind":"wiki_page","x":""}"#.len());
        let body = format!(r#"{{"object_kind":"wiki_page","x":"{filler}"}}"#);
        assert_eq!(body.len(), bytes);
        let request = client.request(Method::POST, "/webhooks/gitlab").header("x-gitlab-token", NEW);
        Answer::of(request.header("content-type", kind).body(body)).await.status.as_u16()
    };
    assert_eq!(post(10_000, "application/json").await, 200);
    assert_eq!(post(10_001, "application/json").await, 413);
    assert_eq!(post(100, "text/plain").await, 415);
    assert_eq!(post(100, "application/json; charset=utf-8").await, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__BODY_TIMEOUT", "200ms")])).await;
    let address = platform.url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /webhooks/gitlab HTTP/1.1\r\nhost: {address}\r\nx-gitlab-token: {NEW}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 408");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_asks_senders_to_come_again_and_has_room_later() {
    // GitLab hangs, so that nothing is worked off.
    let settings = with(&[("WEFT_WEBHOOKS__PENDING_MAX", "3"), ("WEFT_SOURCES__GITLAB__TIMEOUT", "60s")]);
    let platform = TestPlatform::start_with(&settings).await;
    platform.simulator().faults(simulator::Upstream::Gitlab).always(simulator::Fault::Hang);
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let (_, told) = eager(&platform);
    let send = async |number: usize| {
        let hook = told[0].clone().header("idempotency-key", format!("number {number}"));
        network.send(hook.gitlab_token(NEW)).await[0]
    };
    for number in 0..3 {
        assert_eq!(send(number).await, 200);
    }
    let request = platform.client_with(None).request(Method::POST, "/webhooks/gitlab").body(told[0].body.clone());
    let request = request.header("content-type", "application/json").header("x-gitlab-token", NEW);
    let full = Answer::of(request.header("idempotency-key", "number 3")).await;
    assert_eq!(full.status, 503);
    assert!(full.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert_eq!(counts(&mut connection).await.0, 3);
    sqlx::query("update webhook_delivery set state = 'done', settled_at = now()")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(send(3).await, 200);
    platform.simulator().faults(simulator::Upstream::Gitlab).clear();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_limited_before_anything_is_read() {
    let settings = with(&[("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "5")]);
    let platform = TestPlatform::start_with(&settings).await;
    let network = hooks(&platform);
    let (_, told) = eager(&platform);
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.extend(network.send(told[0].clone().gitlab_token(NEW)).await);
    }
    assert_eq!(statuses[0], 200);
    assert!(statuses.ends_with(&[429, 429]), "{statuses:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_its_time_or_too_much_is_removed_and_what_waits_is_not() {
    let settings = [("WEFT_WEBHOOKS__KEPT_MAX", "5"), ("WEFT_WEBHOOKS__QUARANTINE_MAX", "2")];
    let platform = TestPlatform::start_with(&settings).await;
    let mut connection = connect(&platform).await;
    sqlx::raw_sql(
        "insert into webhook_delivery (id, source, dedup_key, object_key, kind, hint, received_at, next_attempt_at, state, settled_at)
         select gen_random_uuid(), 'gitlab', kind || n, 'project 1', 'push', '{}', now(), now(), kind, now() - n * interval '4 hours'
         from generate_series(1, 10) as n, unnest(array['done', 'quarantined', 'pending']) as kind",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let config = platform.app().config.webhooks.clone();
    let gone = platform.database().forget_deliveries(&config).await.unwrap();
    // Of those that are done five are past 24 hours, and of the others the fifth is too many only where there are more.
    assert_eq!(gone, 5 + 8);
    let left: Vec<(String, i64)> =
        sqlx::query_as("select state, count(*) from webhook_delivery group by state order by state")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let left: Vec<(&str, i64)> = left.iter().map(|(state, count)| (state.as_str(), *count)).collect();
    assert_eq!(left, [("done", 5), ("pending", 10), ("quarantined", 2)]);
    platform.stop().await;
}
