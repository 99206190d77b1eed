//! Who is let in: only the bearer of a sound token, whatever else the request says, while keys come and go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use demo::platform::claims;
use futures::{StreamExt, future::join_all, stream};
use it::{Answer, Client, TestPlatform};
use serde_json::{Value, json};
use simulator::{
    Fault, Upstream,
    issuer::{Algorithm, Claims, Flaw},
};

const QUERY: &str = "{ viewer { subject } }";

fn engineer() -> Claims {
    claims(&TestPlatform::role("engineer"))
}

async fn ask(client: &Client) -> Answer {
    client.send(QUERY, json!({})).await
}

/// What every refusal looks like, whatever the reason: GraphQL-shaped, with a challenge, and nothing of `data`.
fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text);
    let challenge = answer.headers.get("www-authenticate").and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert!(challenge.starts_with("Bearer"), "{what}: the challenge is `{challenge}`");
    assert!(matches!(answer.code().as_str(), "UNAUTHENTICATED" | "TOKEN_EXPIRED"), "{what}: {}", answer.text);
    let body = answer.json();
    assert!(body.get("data").is_none() && body["errors"].as_array().is_some_and(|errors| errors.len() == 1), "{body}");
    assert!(body["errors"][0]["message"].is_string(), "{body}");
}

/// Asks until the answer has this status; fails when it takes too long.
async fn until(client: &Client, status: u16) {
    let started = Instant::now();
    while ask(client).await.status != status {
        assert!(started.elapsed() < Duration::from_secs(120), "the answer never had the status {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_broken_token_gets_in_while_a_sound_one_does() {
    let platform = TestPlatform::start().await;
    let sound = platform.client("engineer");
    for flaw in Flaw::ALL {
        assert_eq!(ask(&sound).await.status, 200, "before {flaw:?}");
        let token = platform.simulator().issuer().broken_token(&engineer(), flaw);
        let client = platform.client_with(Some(token));
        // Twice: a refused token must not be remembered as a verified one.
        for _ in 0..2 {
            let answer = ask(&client).await;
            assert_refused(&answer, &format!("{flaw:?}"));
            let expected = if flaw == Flaw::Expired { "TOKEN_EXPIRED" } else { "UNAUTHENTICATED" };
            assert_eq!(answer.code(), expected, "{flaw:?}");
        }
        assert_eq!(ask(&sound).await.status, 200, "after {flaw:?}");
    }
    // Both of the issuer's algorithms are accepted, so none of the above was refused for its algorithm alone.
    for algorithm in Algorithm::ALL {
        let token = platform.simulator().issuer().token_with(algorithm, &engineer());
        assert_eq!(ask(&platform.client_with(Some(token))).await.status, 200, "{algorithm:?}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_are_missing_or_of_the_wrong_type_are_refused() {
    let platform = TestPlatform::start().await;
    let far = json!(4_102_444_800_u64);
    for (claim, value) in [
        ("sub", json!(7)),
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("sub", json!("s".repeat(256))),
        ("tenant", json!(1)),
        ("tenant", json!("../default")),
        ("tenant", json!(["default"])),
        ("exp", json!("4102444800")),
        ("exp", json!(null)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("nbf", json!("0")),
        ("nbf", far),
        ("aud", json!(["another"])),
        ("aud", json!({ "weft": true })),
        ("iss", json!(7)),
        ("groups", json!([1])),
        ("groups", json!({ "a": "b" })),
        ("scope", json!(true)),
    ] {
        let mut claims = engineer();
        claims.extra.insert(claim.to_owned(), value.clone());
        let token = platform.simulator().issuer().token(&claims);
        assert_refused(&ask(&platform.client_with(Some(token))).await, &format!("{claim}: {value}"));
    }
    let mut claims = engineer();
    claims.extra.insert("aud".to_owned(), json!(["another", "weft"]));
    let token = platform.simulator().issuer().token(&claims);
    assert_eq!(ask(&platform.client_with(Some(token))).await.status, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_carries_no_bearer_token_is_refused() {
    let platform = TestPlatform::start().await;
    let nobody = platform.client_with(None);
    let answer = ask(&nobody).await;
    assert_refused(&answer, "no header");
    let token = platform.simulator().issuer().token(&engineer());
    let body = json!({ "query": QUERY });
    for header in [
        "".to_owned(),
        " ".to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer    ".to_owned(),
        "Bearer .".to_owned(),
        "Bearer ..".to_owned(),
        "Bearer a.b.c".to_owned(),
        "Bearer e30.e30.e30".to_owned(),
        "Bearer \u{1f511}".to_owned(),
        "Basic YWxpY2U6c2VjcmV0".to_owned(),
        "Negotiate abc".to_owned(),
        token.clone(),
        format!("Basic {token}"),
        format!("Bearer Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer {token},"),
        format!("Bearer {token}.{token}"),
        format!("Bearer {}", token.replace('.', "..")),
        format!("Bearer {token}="),
    ] {
        let bytes = header.as_bytes().to_vec();
        let answer = Answer::of(nobody.post().header("authorization", bytes).json(&body)).await;
        assert_refused(&answer, &header);
    }
    let invalid = Answer::of(nobody.post().header("authorization", vec![b'B', 0xff, b' ', 0xfe]).json(&body)).await;
    assert_refused(&invalid, "bytes that are no text");
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = Answer::of(nobody.post().header("authorization", format!("{scheme} {token}")).json(&body)).await;
        assert_eq!(answer.status, 200, "{scheme}: {}", answer.text);
    }
    // A token elsewhere is no token.
    let query = format!("/graphql?query=%7B__typename%7D&access_token={token}");
    assert_refused(&Answer::of(nobody.get(&query)).await, "a token in the URL");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_longer_than_8_kib_is_refused_however_sound() {
    let platform = TestPlatform::start().await;
    let token = |padding: usize| {
        let mut claims = engineer();
        claims.extra.insert("padding".to_owned(), "x".repeat(padding).into());
        platform.simulator().issuer().token(&claims)
    };
    // Base64 makes four characters of three bytes.
    let (below, above) = (token(5_500), token(6_000));
    assert!(below.len() <= 8_192 && above.len() > 8_192, "{} and {}", below.len(), above.len());
    assert_eq!(ask(&platform.client_with(Some(below))).await.status, 200);
    assert_refused(&ask(&platform.client_with(Some(above))).await, "long");
    assert_refused(&ask(&platform.client_with(Some("x".repeat(20_000)))).await, "longer");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_name_somebody_else_change_nothing() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let body = json!({ "query": "{ viewer { subject tenant } entities { totalCount } }" });
    let own = Answer::of(client.post().json(&body)).await.json();
    let role = TestPlatform::role("engineer");
    assert_eq!(own["data"]["viewer"], json!({ "subject": role.subject, "tenant": role.tenant }));
    let other = TestPlatform::role("other_tenant_engineer");
    for (name, value) in [
        ("X-Tenant", other.tenant),
        ("X-Tenant-Id", other.tenant),
        ("Tenant", other.tenant),
        ("X-Weft-Tenant", other.tenant),
        ("X-Scope-OrgID", other.tenant),
        ("X-User", other.subject.as_str()),
        ("X-User-Id", other.subject.as_str()),
        ("X-Remote-User", "admin"),
        ("Remote-User", "admin"),
        ("X-Forwarded-User", "admin"),
        ("X-Forwarded-Email", "admin@example.com"),
        ("X-Forwarded-Groups", "admin"),
        ("X-Auth-Request-User", "admin"),
        ("X-Scopes", "admin"),
        ("Forwarded", "for=127.0.0.1;by=admin"),
        ("Cookie", "session=admin"),
    ] {
        let answer = Answer::of(client.post().header(name, value).json(&body)).await;
        assert_eq!(answer.json(), own, "{name}: {value}");
        let nobody = platform.client_with(None);
        assert_refused(&Answer::of(nobody.post().header(name, value).json(&body)).await, name);
    }
    let smuggled = json!({ "query": QUERY, "extensions": { "tenant": other.tenant, "subject": other.subject } });
    let answer = Answer::of(client.post().json(&smuggled)).await.json();
    assert_eq!(answer["data"]["viewer"]["subject"], role.subject);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_unknown_keys_cost_the_issuer_one_fetch() {
    let settings = [("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000"), ("WEFT_AUTH__UNKNOWN_KEY_COOLDOWN", "1h")];
    let platform = TestPlatform::start_with(&settings).await;
    let sound = platform.client("engineer");
    until(&sound, 200).await;
    let issuer = platform.simulator().issuer();
    let before = issuer.jwks_fetches();
    let flawed = engineer();
    let mut requests = stream::iter(0..10_000)
        .map(|number| {
            let client = platform.client_with(Some(issuer.token_with_kid(&format!("unknown-{number}"), &flawed)));
            async move { ask(&client).await }
        })
        .buffer_unordered(50);
    let mut count = 0;
    while let Some(answer) = requests.next().await {
        assert_refused(&answer, "an unknown key");
        count += 1;
        if count % 1_000 == 0 {
            assert_eq!(ask(&sound).await.status, 200, "a sound token is refused during the flood");
        }
    }
    drop(requests);
    assert_eq!(count, 10_000);
    let fetches = issuer.jwks_fetches() - before;
    assert!(fetches <= 1, "{fetches} fetches");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_rotation_under_load_refuses_nobody() {
    let platform = TestPlatform::start().await;
    let issuer = platform.simulator().issuer().clone();
    let old = platform.client("engineer");
    until(&old, 200).await;
    let (ended, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load: Vec<_> = (0..16)
        .map(|_| {
            let (client, ended, asked) = (old.clone(), Arc::clone(&ended), Arc::clone(&asked));
            tokio::spawn(async move {
                while !ended.load(Ordering::Relaxed) {
                    let answer = ask(&client).await;
                    assert_eq!(answer.status, 200, "an old token is refused: {}", answer.text);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    reach(&asked, 50).await;
    let fetches = issuer.jwks_fetches();
    issuer.rotate(Algorithm::Es256).unwrap();
    // Many at once, each with a token of its own, of a key that the gateway has not seen yet.
    let newcomers = (0..16).map(|_| platform.client_with(Some(issuer.token(&engineer()))));
    let newcomers: Vec<Client> = newcomers.collect();
    for answer in join_all(newcomers.iter().map(ask)).await {
        assert_eq!(answer.status, 200, "a token of the new key is refused: {}", answer.text);
    }
    assert_eq!(issuer.jwks_fetches() - fetches, 1, "one fetch serves all that wait for it");
    let seen = asked.load(Ordering::Relaxed);
    reach(&asked, seen + 50).await;
    ended.store(true, Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    platform.stop().await;
}

async fn reach(counter: &AtomicU64, count: u64) {
    let started = Instant::now();
    while counter.load(Ordering::Relaxed) < count {
        assert!(started.elapsed() < Duration::from_secs(120), "the load makes no progress");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_does_not_burn_the_fetch_of_a_new_key() {
    let platform = TestPlatform::start().await;
    let issuer = platform.simulator().issuer();
    until(&platform.client("engineer"), 200).await;
    issuer.rotate(Algorithm::Es256).unwrap();
    platform.simulator().faults(Upstream::Issuer).always(Fault::Latency { delay_ms: 1_500 });
    let calls = platform.simulator().calls(Upstream::Issuer);
    let seen = calls.count();
    let newcomer = platform.client_with(Some(issuer.token(&engineer())));
    let leaves = tokio::spawn({
        let newcomer = newcomer.clone();
        async move { ask(&newcomer).await }
    });
    let started = Instant::now();
    while calls.count() == seen {
        assert!(started.elapsed() < Duration::from_secs(120), "nobody asks the issuer");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    leaves.abort();
    // Well within the cooldown: only the fetch that the other began can help.
    let answer = ask(&newcomer).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_key_takes_its_remembered_tokens_with_it() {
    let platform = TestPlatform::start_with(&[("WEFT_AUTH__REFRESH_INTERVAL", "1s")]).await;
    let issuer = platform.simulator().issuer();
    let old_key = issuer.token(&engineer());
    let old = platform.client_with(Some(old_key));
    until(&old, 200).await;
    let published = issuer.kids();
    issuer.rotate(Algorithm::Es256).unwrap();
    let new = platform.client_with(Some(issuer.token(&engineer())));
    until(&new, 200).await;
    assert_eq!(ask(&old).await.status, 200, "the old key is still published");
    // The older ES256 key: retiring leaves the other algorithm alone.
    let rs256 = platform.client_with(Some(issuer.token_with(Algorithm::Rs256, &engineer())));
    assert_eq!(ask(&rs256).await.status, 200);
    issuer.retire(&published[0]).unwrap();
    until(&old, 401).await;
    assert_refused(&ask(&old).await, "a token of a retired key");
    assert_eq!(ask(&new).await.status, 200);
    assert_eq!(ask(&rs256).await.status, 200);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn known_keys_outlast_the_issuer_whatever_it_does() {
    let platform = TestPlatform::start_with(&[("WEFT_AUTH__REFRESH_INTERVAL", "100ms")]).await;
    let issuer = platform.simulator().issuer();
    until(&platform.client("engineer"), 200).await;
    let calls = platform.simulator().calls(Upstream::Issuer);
    for fault in [
        Fault::Status { code: 503 },
        Fault::Html,
        Fault::TruncatedJson,
        Fault::DeepJson { depth: 100_000 },
        Fault::HugeBody { body_bytes: 4 << 20 },
        Fault::Redirect { location: "http://127.0.0.1:9/".to_owned() },
        Fault::GraphqlErrors { message: "no".to_owned() },
        Fault::Drop,
        Fault::Hang,
    ] {
        platform.simulator().faults(Upstream::Issuer).always(fault.clone());
        // The gateway has met the fault: a call came after it was switched on.
        let (seen, started) = (calls.count(), Instant::now());
        while calls.count() == seen && !matches!(fault, Fault::Hang) {
            assert!(started.elapsed() < Duration::from_secs(120), "the gateway fetches no keys any more: {fault:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // A token that is not remembered, so that a key is needed.
        let client = platform.client_with(Some(issuer.token(&engineer())));
        let started = Instant::now();
        assert_eq!(ask(&client).await.status, 200, "{fault:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{fault:?} made a known key slow");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_refused_once_it_has_expired_although_it_is_remembered() {
    let platform = TestPlatform::start_with(&[("WEFT_AUTH__LEEWAY", "0s")]).await;
    let short = Claims { lifetime: Duration::from_secs(3), ..engineer() };
    let client = platform.client_with(Some(platform.simulator().issuer().token(&short)));
    assert_eq!(ask(&client).await.status, 200);
    until(&client, 401).await;
    let answer = ask(&client).await;
    assert_refused(&answer, "expired");
    assert_eq!(answer.code(), "TOKEN_EXPIRED");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_another_role_never_share_what_is_remembered() {
    let platform = TestPlatform::start().await;
    let names = ["engineer", "finops", "admin", "other_tenant_engineer"];
    let clients: Vec<(String, Client)> =
        names.map(|name| (TestPlatform::role(name).subject.clone(), platform.client(name))).into();
    let rounds = (0..25).flat_map(|_| &clients);
    let answers: Vec<(String, Value)> =
        join_all(rounds.map(|(subject, client)| async move { (subject.clone(), client.data(QUERY, json!({})).await) }))
            .await;
    for (subject, data) in answers {
        assert_eq!(data["viewer"]["subject"], subject);
    }
    platform.stop().await;
}
