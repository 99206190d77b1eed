//! What connections may do: so many for each address, no longer than an answer is taken, and an end when the gateway ends.

use std::time::{Duration, Instant};

use it::{Answer, Socket, TestPlatform};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longest wait for anything here.
const PATIENCE: Duration = Duration::from_secs(120);
/// Answered without a body, so that the blank line is the end of the answer.
const LIVEZ: &[u8] = b"HEAD /livez HTTP/1.1\r\nhost: x\r\n\r\n";

async fn connect(platform: &TestPlatform) -> TcpStream {
    TcpStream::connect(platform.url().trim_start_matches("http://")).await.unwrap()
}

/// Whether a connection answers. It stays open.
async fn answers(stream: &mut TcpStream) -> bool {
    let mut answer = Vec::new();
    let asked = async {
        stream.write_all(LIVEZ).await?;
        while !answer.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut answer).await? == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap().is_ok() && answer.starts_with(b"HTTP/1.1 200 OK")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_no_more() {
    let settings = [("WEFT_SERVER__CONNECTIONS_PER_ADDRESS_MAX", "3"), ("WEFT_SERVER__HEADER_TIMEOUT", "60s")];
    let platform = TestPlatform::start_empty(&settings).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&platform).await;
        assert!(answers(&mut stream).await);
        open.push(stream);
    }
    assert!(!answers(&mut connect(&platform).await).await, "a fourth connection is served");
    assert!(answers(&mut open[0]).await, "a connection suffers from one too many");
    open.pop();
    let started = Instant::now();
    while !answers(&mut connect(&platform).await).await {
        assert!(started.elapsed() < PATIENCE, "the place of a closed connection is not given back");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_counts_as_long_as_it_is_open() {
    let settings = [("WEFT_SERVER__CONNECTIONS_PER_ADDRESS_MAX", "1")];
    let platform = TestPlatform::start_empty(&settings).await;
    let socket = Socket::of(&platform.url(), &platform.token("engineer")).await;
    assert!(!answers(&mut connect(&platform).await).await, "a second connection is served");
    drop(socket);
    let started = Instant::now();
    while !answers(&mut connect(&platform).await).await {
        assert!(started.elapsed() < PATIENCE, "the place of a closed socket is not given back");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_are_not_counted() {
    let settings =
        [("WEFT_SERVER__CONNECTIONS_PER_ADDRESS_MAX", "1"), ("WEFT_SERVER__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#)];
    let platform = TestPlatform::start_empty(&settings).await;
    let mut open = [connect(&platform).await, connect(&platform).await, connect(&platform).await];
    for stream in &mut open {
        assert!(answers(stream).await);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_cut_off() {
    let platform = TestPlatform::start_empty(&[("WEFT_SERVER__WRITE_TIMEOUT", "200ms")]).await;
    let mut stream = connect(&platform).await;
    let token = platform.simulator().issuer().token(&demo::platform::claims(&TestPlatform::role("admin")));
    let request = format!("GET /schema.graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    // Answers fill every buffer on the way, then the gateway waits for us, and we for it.
    let ask_on = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, ask_on).await.expect("the connection is cut");
    assert_eq!(Answer::of(platform.client("admin").get("/schema.graphql")).await.status, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_whose_places_are_all_taken_ends_at_once_all_the_same() {
    let platform = TestPlatform::start_empty(&[
        ("WEFT_SERVER__CONNECTIONS_MAX", "1"),
        ("WEFT_SERVER__HEADER_TIMEOUT", "60s"),
        ("WEFT_SERVER__SHUTDOWN_GRACE", "20s"),
    ])
    .await;
    let mut stream = connect(&platform).await;
    assert!(answers(&mut stream).await);
    let started = Instant::now();
    platform.stop().await;
    assert!(started.elapsed() < Duration::from_secs(10), "it took {:?}", started.elapsed());
    drop(stream);
}
