//! Two hundred kinds of hostile or malformed requests: each is refused cleanly, with a code, and the same process answers
//! the next. How long the slowest took is printed; time is asserted only of a release build, by `make hostile`.

mod kinds;
mod slow;
mod timing;

use std::time::{Duration, Instant};

use it::{Answer, Client, TestPlatform};
use serde_json::{Value, json};

use kinds::{Kind, kinds};

/// The one origin that is allowed.
const ALLOWED_ORIGINS: (&str, &str) = ("WEFT_SERVER__CORS__ALLOWED_ORIGINS", "[\"https://portal.example.com\"]");

async fn refused(kind: &Kind, somebody: &Client, nobody: &Client) -> Duration {
    let started = Instant::now();
    let answer = Answer::of(kind.request(somebody, nobody)).await;
    let (took, what) = (started.elapsed(), &kind.what);
    if kind.statuses.is_empty() {
        let allowed = answer.headers.get("access-control-allow-origin");
        assert!(allowed.is_none(), "{what} is allowed: {:?}", answer.headers);
        return took;
    }
    assert!(kind.statuses.contains(&answer.status.as_u16()), "{what}: {} {:.300}", answer.status, answer.text);
    if !answer.text.is_empty() {
        assert!(!answer.code().is_empty(), "{what}: {:.300}", answer.text);
        let is_null = |data: &Value| data.as_object().is_some_and(|all| all.values().all(Value::is_null));
        assert!(answer.json().get("data").is_none_or(is_null), "{what}: {}", answer.text);
        assert!(answer.text.len() < 8_000, "{what}: the refusal is {} bytes long", answer.text.len());
    }
    took
}

async fn alive(client: &Client, after: &str) {
    let answer = client.send("{ viewer { subject } }", json!({})).await;
    assert!(answer.status == 200 && answer.json().get("errors").is_none(), "after {after}: {}", answer.text);
}

/// Resident memory of this process, gateway included, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_refused_cleanly_and_the_process_lives() {
    let platform = TestPlatform::start_with(&[ALLOWED_ORIGINS]).await;
    let (somebody, nobody) = (platform.client("engineer"), platform.client_with(None));
    let kinds = kinds();
    assert!(kinds.len() >= 190, "{} kinds", kinds.len());
    let mut slowest = (Duration::ZERO, "");
    for group in kinds.chunk_by(|one, next| one.group == next.group) {
        let before = resident();
        for kind in group {
            slowest = slowest.max((refused(kind, &somebody, &nobody).await, &kind.what));
        }
        alive(&somebody, group[0].group).await;
        let grown = resident().saturating_sub(before);
        assert!(grown < 96 << 20, "{}: memory grew by {grown} bytes", group[0].group);
    }
    println!("{} kinds, the slowest took {:?}: {:.80}", kinds.len(), slowest.0, slowest.1);
    far_too_large(&somebody).await;
    platform.stop().await;
}

/// Far beyond what is read.
async fn far_too_large(client: &Client) {
    let before = resident();
    let answer = client.post().header("content-type", "application/json").body(vec![b' '; 33 << 20]).send().await;
    // Whoever sends on after the refusal may find the connection closed.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), 413, "33 MB");
    }
    alive(client, "33 MB").await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 96 << 20, "memory grew by {grown} bytes");
}
