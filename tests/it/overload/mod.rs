//! More is asked than can be done: who is next, who is refused, and what becomes of work that nobody waits for.

mod leaving;

use std::time::{Duration, Instant};

use futures::future::join_all;
use gateway::admission::Class;
use it::{Answer, Client, TestPlatform, until};
use serde_json::json;
use simulator::{Fault, Upstream};

/// Waits for GitLab, which is slow here. Each is another project, so that nobody waits for the answer of another.
const SLOW: &str = "query($ref: EntityRef!) { component(ref: $ref) { repository { path } } }";
const QUICK: &str = "{ viewer { subject } }";

/// A platform with one place, whose GitLab takes its time.
async fn platform_with_one_place(settings: &[(&str, &str)]) -> TestPlatform {
    let settings: Vec<_> = [
        ("WEFT_OVERLOAD__RUNNING_MIN", "1"),
        ("WEFT_OVERLOAD__RUNNING_MAX", "1"),
        ("WEFT_OVERLOAD__WAIT_MAX", "20s"),
        ("WEFT_SOURCES__GITLAB__TIMEOUT", "20s"),
    ]
    .into_iter()
    .chain(settings.iter().copied())
    .collect();
    let platform = TestPlatform::start_with(&settings).await;
    // The token is verified and connections are made before anything is slow.
    for role in ["engineer", "admin", "other_tenant_engineer"] {
        platform.client(role).data(QUICK, json!({})).await;
    }
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 2_500 });
    platform
}

fn count(platform: &TestPlatform, class: Class) -> (usize, usize) {
    platform.app().admission.counts(class)
}

async fn waiting(platform: &TestPlatform, class: Class, expected: (usize, usize)) {
    until("the place is taken and others wait", async || (count(platform, class) == expected).then_some(())).await;
}

fn assert_overloaded(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "OVERLOADED"), "{}", answer.text);
    assert_eq!(answer.headers["retry-after"], "1");
    assert!(answer.json().get("data").is_none(), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_asks_much_waits_for_itself_and_others_go_first() {
    let platform = platform_with_one_place(&[("WEFT_OVERLOAD__WAITING_MAX", "3")]).await;
    let noisy = platform.client("engineer");
    let quiet = platform.client("other_tenant_engineer");
    let slow = |client: Client| async move {
        let answer = client.send(SLOW, json!({ "ref": "payments-api" })).await;
        (answer, Instant::now())
    };
    let first = tokio::spawn(slow(noisy.clone()));
    waiting(&platform, Class::Interactive, (1, 0)).await;
    let mut others = Vec::new();
    for number in 1..=3 {
        others.push(tokio::spawn(slow(noisy.clone())));
        waiting(&platform, Class::Interactive, (1, number)).await;
    }
    // There is no room, and nobody pushes itself out.
    let begun = Instant::now();
    assert_overloaded(&noisy.send(QUICK, json!({})).await);
    println!("refused after {:?}", begun.elapsed());
    // Another tenant takes the room of the last, and goes before the others.
    let quiet = tokio::spawn(async move { (quiet.send(QUICK, json!({})).await, Instant::now()) });
    let (quiet, quiet_at) = quiet.await.unwrap();
    assert_eq!(quiet.status, 200, "{}", quiet.text);
    let (first, _) = first.await.unwrap();
    assert_eq!(first.status, 200, "{}", first.text);
    let others: Vec<_> = join_all(others).await.into_iter().map(Result::unwrap).collect();
    let served: Vec<_> = others.iter().filter(|(answer, _)| answer.status == 200).collect();
    assert_eq!(served.len(), 2, "one of the noisy tenant's had to make room");
    assert!(served.iter().any(|(_, at)| *at > quiet_at), "the quiet tenant was last");
    assert_overloaded(&others.iter().find(|(answer, _)| answer.status != 200).unwrap().0);
    assert_eq!(count(&platform, Class::Interactive), (0, 0));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_go_before_machines_and_one_machine_always_gets_on() {
    let platform = platform_with_one_place(&[("WEFT_OVERLOAD__BATCH", "[\"exporter\"]")]).await;
    let client = platform.client("engineer");
    let as_batch = async |query: &'static str| {
        let body = json!({ "query": query, "variables": { "ref": "payments-api" } });
        Answer::of(client.post().header("graphql-client-name", "exporter").json(&body)).await
    };
    let person = tokio::spawn({
        let client = client.clone();
        async move { client.send(SLOW, json!({ "ref": "payments-api" })).await }
    });
    waiting(&platform, Class::Interactive, (1, 0)).await;
    // The only place is taken, and yet a machine gets on.
    assert_eq!(as_batch(QUICK).await.status, 200);
    let slow = as_batch(SLOW);
    let second = async {
        waiting(&platform, Class::Batch, (1, 0)).await;
        as_batch(QUICK).await
    };
    let (slow, second) = futures::future::join(slow, second).await;
    assert_eq!((slow.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(person.await.unwrap().status, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_memory_nobody_is_admitted_and_the_process_lives() {
    let platform = TestPlatform::start_with(&[("WEFT_OVERLOAD__MEMORY_MAX", "1 MiB")]).await;
    let client = platform.client("engineer");
    until("memory is out", async || (client.send(QUICK, json!({})).await.status == 503).then_some(())).await;
    let refused = client.send(QUICK, json!({})).await;
    assert_overloaded(&refused);
    assert!(refused.text.contains("memory"), "{}", refused.text);
    assert_eq!(Answer::of(client.get("/livez")).await.status, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_who_would_wait_too_long() {
    let platform = platform_with_one_place(&[("WEFT_OVERLOAD__WAIT_MAX", "100ms")]).await;
    let client = platform.client("engineer");
    let running = tokio::spawn({
        let client = client.clone();
        async move { client.send(SLOW, json!({ "ref": "payments-api" })).await }
    });
    waiting(&platform, Class::Interactive, (1, 0)).await;
    let begun = Instant::now();
    assert_overloaded(&client.send(QUICK, json!({})).await);
    assert!(begun.elapsed() < Duration::from_secs(2), "it waited {:?}", begun.elapsed());
    assert_eq!(running.await.unwrap().status, 200);
    platform.stop().await;
}
