//! What is refused before it costs anything: too much, too deep, too often, in the wrong form.

use it::{Answer, Client, TestPlatform};
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALIVE: &str = "{ viewer { subject } }";

async fn post(client: &Client, body: String) -> Answer {
    Answer::of(client.post().header("content-type", "application/json").body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nesting_of_every_kind_is_refused_by_the_same_process() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    for depth in [100, 1_000, 5_000, 20_000, 100_000] {
        let (list, object, selection) = ("[".repeat(depth), "{a:".repeat(depth), "{a".repeat(depth));
        let documents = [
            selection.clone(),
            format!("{{ entities(filter: {{ name: {list} }}) {{ totalCount }} }}"),
            format!("{{ entities(filter: {object} }}) {{ totalCount }} }}"),
            format!("{{ entities(filter: {}", "{not:[".repeat(depth / 2)),
            format!("query($a: {list}String) {{ viewer {{ subject }} }}"),
            format!("{{ a{} }}", "(b:".repeat(depth)),
            format!("{list}{}", "]".repeat(depth)),
        ];
        for document in documents {
            let answer = client.send(&document, json!({})).await;
            assert!(
                ["QUERY_TOO_DEEP", "PAYLOAD_TOO_LARGE"].contains(&answer.code().as_str()),
                "{depth} deep, {:.40}: {}",
                document,
                answer.text
            );
            assert!(answer.json().get("data").is_none());
        }
        for nested in
            [format!("{list}{}", "]".repeat(depth)), format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth))]
        {
            for body in [
                format!("{{\"query\": \"{{ viewer {{ subject }} }}\", \"variables\": {{\"a\": {nested}}}}}"),
                format!("{{\"query\": \"{{ viewer {{ subject }} }}\", \"extensions\": {{\"a\": {nested}}}}}"),
                nested.clone(),
            ] {
                let answer = post(&client, body).await;
                assert_eq!(answer.code(), "QUERY_TOO_DEEP", "{depth} deep: {}", answer.text);
            }
        }
        assert_eq!(client.send(ALIVE, json!({})).await.status, StatusCode::OK, "the process did not survive {depth}");
    }
    let answer = Answer::of(client.get(&format!("/graphql?query={}", "%7Ba".repeat(100)))).await;
    assert_eq!(answer.code(), "QUERY_TOO_DEEP");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_grow_when_they_are_spread_out_are_refused() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let levels: String =
        (0..30).map(|n| format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1)).collect();
    let doubling = format!("{{ ...f0 }} {levels} fragment f30 on Query {{ __typename }}");
    assert_eq!(client.send(&doubling, json!({})).await.code(), "QUERY_TOO_COMPLEX");
    let endless = "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }";
    assert_eq!(client.send(endless, json!({})).await.code(), "GRAPHQL_VALIDATION_FAILED");
    let many = format!("{{ {} }}", "__typename ".repeat(5_001));
    assert_eq!(client.send(&many, json!({})).await.code(), "QUERY_TOO_COMPLEX");
    let long = format!("{{ __typename }} # {}", "x".repeat(65 * 1024));
    assert_eq!(client.send(&long, json!({})).await.code(), "PAYLOAD_TOO_LARGE");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_a_request_decides_its_status() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let sound = json!({ "query": ALIVE }).to_string();
    let typed = |content_type: &'static str, body: &str| {
        client.post().header("content-type", content_type).body(body.to_owned())
    };
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]
    {
        let answer = Answer::of(typed(content_type, &sound)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{content_type}");
    }
    assert_eq!(Answer::of(typed("application/json; charset=utf-8", &sound)).await.status, StatusCode::OK);
    for body in [
        "",
        "{",
        "[]",
        "7",
        "null",
        "{}",
        "{\"query\": 7}",
        "{\"query\": \"{a}\", \"variables\": []}",
        "{\"query\": \"{a}\", \"operationName\": 1}",
    ] {
        let answer = Answer::of(typed("application/json", body)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BAD_REQUEST"), "{body}");
    }
    let large = json!({ "query": ALIVE, "variables": { "a": "x".repeat(1024 * 1024) } }).to_string();
    let answer = post(&client, large).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(Answer::of(client.get("/graphql?query=%7Bviewer%7Bsubject%7D%7D")).await.status, StatusCode::OK);
    let mutation =
        "mutation%7BremoveEntity(input:%7Bref:%22component:default/payments-api%22%7D)%7BuserErrors%7Bcode%7D%7D%7D";
    let answer = Answer::of(client.get(&format!("/graphql?query={mutation}"))).await;
    assert_eq!((answer.status.as_u16(), answer.headers["allow"].to_str().unwrap()), (405, "POST"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_media_type_decides_the_status_of_a_refused_document() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    for (document, code) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer", "GRAPHQL_PARSE_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
    ] {
        for (accept, status) in [("application/graphql-response+json", 400), ("application/json", 200), ("*/*", 200)] {
            let request = client.post().header("accept", accept).json(&json!({ "query": document }));
            let answer = Answer::of(request).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{accept}: {}", answer.text);
            assert!(answer.json().get("data").is_none());
        }
    }
    let answer = Answer::of(client.post().header("accept", "text/csv").json(&json!({ "query": ALIVE }))).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (406, "NOT_ACCEPTABLE"));
    let request = client.post().header("x-request-id", "my-own-id").json(&json!({ "query": "{ nothing }" }));
    let answer = Answer::of(request).await;
    assert_eq!(answer.headers["x-request-id"], "my-own-id");
    assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], "my-own-id");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_too_often_waits_and_others_do_not() {
    let platform =
        TestPlatform::start_with(&[("WEFT_LIMITS__RATE__POINTS", "5"), ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "12")])
            .await;
    let (own, other) = (platform.client("engineer"), platform.client("finops"));
    for left in (0..5).rev() {
        let answer = own.send(ALIVE, json!({})).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["ratelimit-policy"], "\"default\";q=5;w=60");
        assert!(answer.headers["ratelimit"].to_str().unwrap().starts_with(&format!("\"default\";r={left};t=")));
    }
    let answer = own.send(ALIVE, json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "RATE_LIMITED"));
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(other.send(ALIVE, json!({})).await.status, StatusCode::OK);
    let anonymous = platform.client_with(Some("not-a-token".to_owned()));
    let statuses: Vec<u16> = futures::future::join_all((0..8).map(|_| anonymous.send(ALIVE, json!({}))))
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    assert!(
        statuses.contains(&401) && statuses.contains(&429),
        "before authentication the address counts: {statuses:?}"
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_origins_and_other_paths_get_nothing() {
    let platform =
        TestPlatform::start_with(&[("WEFT_SERVER__CORS__ALLOWED_ORIGINS", "[\"https://portal.example.com\"]")]).await;
    let client = platform.client("engineer");
    for (origin, is_allowed) in [
        ("https://portal.example.com", true),
        ("https://portal.example.com.evil.test", false),
        ("https://evil-portal.example.com", false),
        ("http://portal.example.com", false),
        ("https://portal.example.com:8443", false),
        ("null", false),
    ] {
        let answer = Answer::of(client.post().header("origin", origin).json(&json!({ "query": ALIVE }))).await;
        let allowed = answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
        assert_eq!(allowed, is_allowed.then_some(origin), "{origin}");
        assert!(answer.headers.get("access-control-allow-credentials").is_none());
    }
    for path in ["/metrics", "/readyz?verbose", "/livez", "/nothing"] {
        let answer = Answer::of(client.get(path)).await;
        let is_health = path.starts_with("/readyz") || path == "/livez";
        assert_eq!(answer.status.as_u16(), if is_health { 200 } else { 404 }, "{path}");
        assert!(!is_health || answer.text.is_empty(), "{path} tells {}", answer.text);
    }
    let admin = reqwest::Client::builder().build().unwrap();
    let told: Value =
        serde_json::from_str(&Answer::of(admin.get(format!("{}/readyz?verbose", platform.admin_url()))).await.text)
            .unwrap();
    assert_eq!(told["database"], "ok");
    assert_eq!(Answer::of(admin.get(format!("{}/metrics", platform.admin_url()))).await.status, StatusCode::OK);
    platform.stop().await;
}
