//! A hundred and fifty kinds of hostile or malformed requests: each is refused cleanly, with a code, and the same process
//! answers the next. How long the slowest took is printed; time is not asserted.

use std::time::{Duration, Instant};

use it::{Answer, Client, TestPlatform};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Documents that are not GraphQL.
const BROKEN: [&str; 44] = [
    "",
    " ",
    "#",
    "{",
    "}",
    "{}",
    "{ }",
    "{{}}",
    "()",
    "[]",
    "query",
    "query {",
    "query {}",
    "query q",
    "mutation {}",
    "{ a",
    "{ a { }",
    "{ a( }",
    "{ a() }",
    "{ a(b) }",
    "{ a(b:) }",
    "{ a(: 1) }",
    "{ a(b: $) }",
    "{ a(b: {) }",
    "{ a(b: [) }",
    "{ a(b: 01) }",
    "{ a(b: 1.) }",
    "{ a(b: -) }",
    "{ a(b: 1e) }",
    "{ a(b: \") }",
    "{ a(b: \"\\q\") }",
    "{ a(b: \"\\u12\") }",
    "{ a(b: \"\"\") }",
    "{ a @ }",
    "{ ... }",
    "{ ...on }",
    "{ a: }",
    "{ \u{1f980} }",
    "{ a \u{0} }",
    "\u{feff}{",
    "fragment on on X { a }",
    "fragment f X { a }",
    "query ($a) { a }",
    "query ($a: [Int) { a }",
];

/// Documents that are GraphQL and cannot be executed here.
const UNFIT: [&str; 34] = [
    "{ nope }",
    "{ viewer }",
    "{ __schema }",
    "{ __typename { a } }",
    "{ __typename(a: 1) }",
    "{ __typename @a }",
    "{ viewer { subject(a: 1) } }",
    "{ viewer { subject @skip } }",
    "{ viewer { subject @skip(if: 1) } }",
    "{ viewer { subject @skip(if: null) } }",
    "{ viewer { ...f } }",
    "fragment f on Viewer { subject }",
    "type X { a: Int }",
    "schema { query: Query }",
    "extend type Query { a: Int }",
    "directive @a on FIELD",
    "scalar A",
    "{ viewer { subject } } { viewer { subject } }",
    "query a { __typename } query a { __typename }",
    "{ viewer { ...f } } fragment f on Viewer { ...f }",
    "{ viewer { ...f } } fragment f on Nope { a }",
    "{ components(first: 99999999999) { totalCount } }",
    "{ components(first: 1.5) { totalCount } }",
    "{ components(filter: 1) { totalCount } }",
    "{ components(filter: { any: 1 }) { totalCount } }",
    "{ components(orderBy: { field: \"NAME\" }) { totalCount } }",
    "query ($a: Nope) { __typename }",
    "query ($a: Int) { __typename }",
    "query ($a: Int = \"x\") { components(first: $a) { totalCount } }",
    "query ($a: Viewer) { components(first: $a) { totalCount } }",
    "subscription { entityChanged { cursor } }",
    "mutation { nope }",
    "{ component(ref: \"\") { ref } }",
    "{ entity(ref: \"a:b:c:d\") { ref } }",
];

/// Bodies that are no request.
const BODIES: [&str; 28] = [
    "",
    " ",
    "null",
    "true",
    "1",
    "\"\"",
    "[]",
    "[null]",
    "[{}]",
    "[{\"query\":\"{ __typename }\"}]",
    "{",
    "}",
    "{]",
    "{\"query\"",
    "{\"query\":}",
    "{}",
    "{\"query\":null}",
    "{\"query\":1}",
    "{\"query\":[]}",
    "{\"query\":{}}",
    "{\"query\":true}",
    "{\"QUERY\":\"{ __typename }\"}",
    "{\"query\":\"{ __typename }\",\"variables\":1}",
    "{\"query\":\"{ __typename }\",\"variables\":[]}",
    "{\"query\":\"{ __typename }\",\"variables\":\"{}\"}",
    "{\"query\":\"{ __typename }\",\"operationName\":1}",
    "{\"query\":\"{ __typename }\",\"extensions\":[]}",
    "{\"query\":\"{ __typename }\"} x",
];

const CONTENT_TYPES: [&str; 12] = [
    "",
    "text/plain",
    "text/html",
    "application/graphql",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/jsonp",
    "application/json-seq",
    "text/json",
    "*/*",
    "application/json;; ,text/plain/x",
];

const ACCEPTS: [&str; 8] = [
    "text/html",
    "image/png",
    "application/xml",
    "application/json;q=0",
    "*/*;q=0",
    "text/*",
    "application/graphql",
    "x",
];

const AUTHORIZATIONS: [&str; 14] = [
    "",
    " ",
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Bearer a.b.c",
    "bearer",
    "Basic YTpi",
    "Bearer ..",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
    "Token x",
    "Bearer a b",
    "Digest username=\"x\"",
    "Bearer \u{e9}",
];

const METHODS: [&str; 8] = ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "PROPFIND", "QUERY", "X"];

const ORIGINS: [&str; 10] = [
    "null",
    "https://portal.example.com.evil.test",
    "https://evil.test/portal.example.com",
    "http://portal.example.com",
    "https://portal.example.com:444",
    "https://PORTAL.example.com",
    "https://portal.example.com/",
    "https://xportal.example.com",
    "https://portal.example.co",
    "*",
];

/// What becomes of each request: the status that it must have, or several.
struct Trial {
    client: Client,
    slowest: (Duration, String),
    kinds: usize,
}

impl Trial {
    async fn refused(&mut self, request: RequestBuilder, statuses: &[u16], what: &str) -> Answer {
        let started = Instant::now();
        let answer = Answer::of(request).await;
        let took = started.elapsed();
        self.kinds += 1;
        if took > self.slowest.0 {
            self.slowest = (took, what.to_owned());
        }
        assert!(statuses.contains(&answer.status.as_u16()), "{what}: {} {:.300}", answer.status, answer.text);
        if !answer.text.is_empty() {
            assert!(!answer.code().is_empty(), "{what}: {:.300}", answer.text);
            assert!(
                answer
                    .json()
                    .get("data")
                    .is_none_or(|data| data.as_object().is_some_and(|all| all.values().all(Value::is_null))),
                "{what}: {}",
                answer.text
            );
            assert!(answer.text.len() < 8_000, "{what}: the refusal is {} bytes long", answer.text.len());
        }
        answer
    }

    async fn alive(&self, after: &str) {
        let answer = self.client.send("{ viewer { subject } }", json!({})).await;
        assert!(answer.status == 200 && answer.json().get("errors").is_none(), "after {after}: {}", answer.text);
    }

    fn post(&self) -> RequestBuilder {
        self.client.post().header("accept", "application/graphql-response+json")
    }

    fn raw(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.post().header("content-type", "application/json").body(body)
    }
}

/// Resident memory of this process, gateway included, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_refused_cleanly_and_the_process_lives() {
    let origins = ("WEFT_SERVER__CORS__ALLOWED_ORIGINS", "[\"https://portal.example.com\"]");
    let platform = TestPlatform::start_with(&[origins]).await;
    let mut trial = Trial { client: platform.client("engineer"), slowest: Default::default(), kinds: 0 };
    for document in BROKEN.iter().chain(&UNFIT) {
        let request = trial.post().json(&json!({ "query": document }));
        trial.refused(request, &[400, 200], &format!("{document:?}")).await;
    }
    trial.alive("documents").await;
    for body in BODIES {
        let request = trial.raw(body);
        trial.refused(request, &[400], &format!("the body {body:?}")).await;
    }
    for body in [vec![0xff, 0xfe], b"{\"query\":\"\xff\"}".to_vec(), vec![0; 1_000], vec![0x1f, 0x8b, 8, 0]] {
        let request = trial.raw(body.clone());
        trial.refused(request, &[400], &format!("{body:.4?}")).await;
    }
    trial.alive("bodies").await;
    for content_type in CONTENT_TYPES {
        let request = trial.post().header("content-type", content_type).body("{\"query\":\"{ __typename }\"}");
        let statuses: &[u16] = if content_type.starts_with("application/json;") { &[415, 200] } else { &[415] };
        if statuses == [415] {
            trial.refused(request, statuses, &format!("the content type {content_type:?}")).await;
        }
    }
    for accept in ACCEPTS {
        let request = trial.client.post().header("accept", accept).json(&json!({ "query": "{ viewer { subject } }" }));
        trial.refused(request, &[406], &format!("accept: {accept}")).await;
    }
    let anonymous = platform.client_with(None);
    for authorization in AUTHORIZATIONS {
        let request = anonymous
            .post()
            .header("authorization", authorization.as_bytes())
            .json(&json!({ "query": "{ __typename }" }));
        trial.refused(request, &[401], &format!("authorization: {authorization:?}")).await;
    }
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
    for method in METHODS {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = http.request(method.clone(), format!("{}/graphql", platform.url()));
        trial.refused(request, &[405], &format!("{method}")).await;
    }
    trial.alive("headers and methods").await;
    for origin in ORIGINS {
        let preflight = http
            .request(Method::OPTIONS, format!("{}/graphql", platform.url()))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let answer = Answer::of(preflight).await;
        trial.kinds += 1;
        assert!(
            answer.headers.get("access-control-allow-origin").is_none(),
            "{origin} is allowed: {:?}",
            answer.headers
        );
    }
    large(&mut trial).await;
    println!("{} kinds, the slowest took {:?}: {:.80}", trial.kinds, trial.slowest.0, trial.slowest.1);
    assert!(trial.kinds >= 150, "{} kinds", trial.kinds);
    platform.stop().await;
}

/// What is large: up to what is read, and far beyond.
async fn large(trial: &mut Trial) {
    trial.alive("what comes before").await;
    let before = resident();
    let batch = format!("[{}]", vec!["{\"query\":\"{ __typename }\"}"; 20_000].join(","));
    let request = trial.raw(batch);
    trial.refused(request, &[400], "a batch of 20,000").await;
    let document = |text: String| json!({ "query": text }).to_string();
    let aliases: String = (0..1_000).map(|at| format!("a{at}: __typename ")).collect();
    let variables: String = (0..600).map(|at| format!("$a{at}: Int ")).collect();
    let fragments: String = (0..300).map(|at| format!("fragment f{at} on Query {{ __typename }} ")).collect();
    let spreads: String = (0..300).map(|at| format!("...f{at} ")).collect();
    let operations: String = (0..300).map(|at| format!("query q{at} {{ __typename }} ")).collect();
    let cases = [
        ("1,000 aliases", document(format!("{{ {aliases} }}"))),
        ("1,000 aliases below", document(format!("{{ viewer {{ {aliases} }} }}"))),
        ("600 variables, none used", document(format!("query ({variables}) {{ __typename }}"))),
        ("300 fragments", document(format!("{{ {spreads} }} {fragments}"))),
        ("300 operations", document(operations)),
        ("1,000 directives", document(format!("{{ viewer {{ subject {} }} }}", "@skip(if: false) ".repeat(1_000)))),
        ("1,000 arguments", document(format!("{{ components({}) {{ totalCount }} }}", "first: 1 ".repeat(1_000)))),
        ("1,500 keys of an input", document(format!("{{ components(filter: {{ {} }}) {{ totalCount }} }}", "name: \"x\" ".repeat(1_500)))),
        ("4,000 different fields", document(format!("{{ {} }}", (0..4_000).map(|at| format!("f{at} ")).collect::<String>()))),
        ("1,200 conflicting aliases", document(format!("{{ viewer {{ {} }} }}", "a: subject a: tenant ".repeat(600)))),
        ("a name of 60,000 letters", document(format!("{{ {} }}", "a".repeat(60_000)))),
        ("a string of 60,000 letters", document(format!("{{ component(ref: \"{}\") {{ ref }} }}", "a".repeat(60_000)))),
        ("a list of 4,000 numbers", document(format!("{{ components(first: [{}]) {{ totalCount }} }}", "1 ".repeat(4_000)))),
        ("a number of 60,000 digits", document(format!("{{ components(first: {}) {{ totalCount }} }}", "1".repeat(60_000)))),
        ("an operation name of 60,000 letters", json!({ "query": "query a { __typename }", "operationName": "a".repeat(60_000) }).to_string()),
        ("100 KB of variables", json!({ "query": "query ($r: EntityRef!) { component(ref: $r) { ref } }", "variables": { "r": "x".repeat(100_000) } }).to_string()),
        ("20,000 variables", {
            let all: serde_json::Map<String, Value> = (0..5_000).map(|at| (format!("v{at}"), json!(at))).collect();
            json!({ "query": "query ($r: Int!) { components(first: $r) { totalCount } }", "variables": all }).to_string()
        }),
        ("lists of lists", document(format!("{{ components(first: {}1{}) {{ totalCount }} }}", "[".repeat(30), "]".repeat(30)))),
        ("a page of two billion", document("{ components(first: 2147483647) { totalCount } }".to_owned())),
        ("pages within pages", document("{ components(first: 100) { nodes { dependsOn(first: 100) { nodes { relations(first: 100) { nodes { type } } } } } } }".to_owned())),
        ("the schema, multiplied", document("{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }".to_owned())),
    ];
    for (what, body) in cases {
        let request = trial.raw(body);
        trial.refused(request, &[400, 413, 200], what).await;
    }
    let request = trial.raw(vec![b' '; 33 << 20]);
    let answer = request.send().await;
    // Whoever sends on after the refusal may find the connection closed.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), 413, "33 MB");
    }
    trial.kinds += 1;
    trial.alive("33 MB").await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 96 << 20, "memory grew by {grown} bytes");
}

/// What a raw connection gets, until it is closed.
async fn raw(address: &str, parts: &[&[u8]], pause: Duration) -> (Duration, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let started = Instant::now();
    for part in parts {
        if stream.write_all(part).await.is_err() {
            break;
        }
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
