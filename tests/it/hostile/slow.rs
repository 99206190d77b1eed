//! Requests that come slowly, or only half.

use std::time::{Duration, Instant};

use it::{Answer, TestPlatform};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What a raw connection gets, until it is closed.
async fn raw(address: &str, parts: &[&[u8]], pause: Duration) -> (Duration, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    for part in parts {
        if stream.write_all(part).await.is_err() {
            break;
        }
        // The slowness itself, not a wait for anything.
        tokio::time::sleep(pause).await;
    }
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    (started.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_half_requests_end_at_their_deadline_and_disturb_nobody() {
    let deadlines = [("WEFT_SERVER__HEADER_TIMEOUT", "1s"), ("WEFT_SERVER__BODY_TIMEOUT", "1s")];
    let platform = TestPlatform::start_with(&deadlines).await;
    // A kept connection may be closed for idleness just when it is used.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let url = platform.url();
    let address = url.trim_start_matches("http://");
    let token = platform.simulator().issuer().token(&demo::platform::claims(&TestPlatform::role("engineer")));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
    );
    let body = format!("{head}content-length: 1000\r\n\r\n{{\"query\":");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n5\r\n{{\"que\r\n");
    let none = Duration::ZERO;
    let cases: [(&str, Vec<&[u8]>, Duration); 9] = [
        ("nothing at all", vec![], none),
        ("half a line", vec![b"POST /gra"], none),
        ("half of the headers", vec![b"POST /graphql HTTP/1.1\r\nhost: x\r\n"], none),
        (
            "a header a second",
            vec![b"POST /graphql HTTP/1.1\r\n", b"a: b\r\n", b"c: d\r\n", b"e: f\r\n"],
            Duration::from_millis(700),
        ),
        ("half of a body", vec![body.as_bytes()], none),
        ("a chunk and no more", vec![chunked.as_bytes()], none),
        ("what is no HTTP", vec![b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"], none),
        (
            "two lengths",
            vec![b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx"],
            none,
        ),
        ("a header of 100 KB", vec![b"GET /graphql HTTP/1.1\r\nhost: x\r\na: ", &[b'a'; 100_000], b"\r\n\r\n"], none),
    ];
    for (what, parts, pause) in cases {
        let (took, answer) = raw(address, &parts, pause).await;
        assert!(took < Duration::from_secs(10), "{what} held its connection for {took:?}: {answer}");
        assert!(!answer.starts_with("HTTP/1.1 2"), "{what}: {answer}");
        println!("{what}: closed after {took:?}, {:.40}", answer.lines().next().unwrap_or_default());
        let query = json!({ "query": "{ viewer { subject } }" });
        let answer = Answer::of(http.post(format!("{url}/graphql")).bearer_auth(&token).json(&query)).await;
        assert_eq!(answer.status, 200, "after {what}: {}", answer.text);
    }
    platform.stop().await;
}
