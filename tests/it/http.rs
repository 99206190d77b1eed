//! The forms a request may have, and what each other form is told.

use it::{Answer, Client, TestPlatform};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const QUERY: &str = "{ viewer { subject } }";
const MUTATION: &str =
    "mutation { removeEntity(input: { ref: \"component:default/payments-api\" }) { userErrors { code } } }";

/// Any method at any path, with the token of a role.
struct Caller {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Caller {
    fn of(platform: &TestPlatform, role: &str) -> Self {
        let claims = demo::platform::claims(&TestPlatform::role(role));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, url: platform.url(), token: platform.simulator().issuer().token(&claims) }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn typed(client: &Client, content_type: &str, body: &str) -> RequestBuilder {
    client.post().header("content-type", content_type).body(body.to_owned())
}

/// A refusal of the request as such: one error with this code, no `data`, in the shape of GraphQL.
fn assert_refused(answer: &Answer, status: u16, code: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{what}: {:.300}", answer.text);
    let body = answer.json();
    assert!(body.get("data").is_none(), "{what}: {body}");
    assert!(header(answer, "content-type").contains("json"), "{what}: {}", header(answer, "content-type"));
    assert_eq!(header(answer, "cache-control"), "no-store", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn method_and_content_type_decide_who_is_heard() {
    let platform = TestPlatform::start().await;
    let caller = Caller::of(&platform, "engineer");
    let body = json!({ "query": QUERY }).to_string();
    let json = Some("application/json");
    let get = format!("/graphql?query={}", encoded(QUERY));
    for (method, path, content_type, status, code) in [
        (Method::POST, "/graphql", json, 200, ""),
        (Method::POST, "/graphql", Some("application/json; charset=utf-8"), 200, ""),
        (Method::POST, "/graphql", Some("APPLICATION/JSON"), 200, ""),
        (Method::POST, "/graphql", None, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("text/plain; application/json"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("text/json"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("application/jsonp"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("application/graphql"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some("multipart/form-data; boundary=x"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, "/graphql", Some(""), 415, "UNSUPPORTED_MEDIA_TYPE"),
        // The parameters of a POST are in its body, whatever its URL says.
        (Method::POST, get.as_str(), Some("text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::GET, get.as_str(), None, 200, ""),
        (Method::GET, get.as_str(), json, 200, ""),
        (Method::GET, "/graphql", json, 400, "BAD_REQUEST"),
        (Method::PUT, "/graphql", json, 405, "METHOD_NOT_ALLOWED"),
        (Method::PATCH, "/graphql", json, 405, "METHOD_NOT_ALLOWED"),
        (Method::DELETE, get.as_str(), None, 405, "METHOD_NOT_ALLOWED"),
    ] {
        let mut request = caller.request(method.clone(), path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if method != Method::GET && method != Method::DELETE {
            request = request.body(body.clone());
        }
        let answer = Answer::of(request).await;
        let what = format!("{method} {path} as {content_type:?}");
        if status == 200 {
            assert_eq!(answer.status, 200, "{what}: {}", answer.text);
            assert_eq!(answer.json()["data"]["viewer"]["subject"], TestPlatform::role("engineer").subject, "{what}");
        } else {
            assert_refused(&answer, status, code, &what);
        }
        if status == 405 {
            assert_eq!(header(&answer, "allow"), "GET, POST", "{what}");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn get_reads_and_never_changes() {
    let platform = TestPlatform::start().await;
    let caller = Caller::of(&platform, "admin");
    let get = |parameters: String| Answer::of(caller.request(Method::GET, &format!("/graphql?{parameters}")));
    let document = encoded("query Own($ref: EntityRef!) { entity(ref: $ref) { ref } } query Other { __typename }");
    let variables = encoded("{\"ref\": \"component:default/payments-api\"}");
    let answer = get(format!("query={document}&operationName=Own&variables={variables}&extensions=%7B%7D")).await;
    assert_eq!(answer.json(), json!({ "data": { "entity": { "ref": "component:default/payments-api" } } }));
    let answer = get(format!("query={document}&operationName=Other")).await;
    assert_eq!(answer.json(), json!({ "data": { "__typename": "Query" } }));
    // Whichever way the mutation is meant: alone, or chosen among others.
    let both = encoded(&format!("query Read {{ __typename }} {}", MUTATION.replace("mutation", "mutation Change")));
    for (parameters, accept) in [
        (format!("query={}", encoded(MUTATION)), "application/json"),
        (format!("query={}", encoded(MUTATION)), "application/graphql-response+json"),
        (format!("query={both}&operationName=Change"), "application/json"),
    ] {
        let request = caller.request(Method::GET, &format!("/graphql?{parameters}")).header("accept", accept);
        let answer = Answer::of(request).await;
        assert_refused(&answer, 405, "METHOD_NOT_ALLOWED", &parameters);
        assert_eq!(header(&answer, "allow"), "POST");
    }
    assert_eq!(get(format!("query={both}&operationName=Read")).await.status, 200);
    for parameters in [
        String::new(),
        "query=".to_owned() + &encoded(QUERY) + "&variables=7",
        "query=".to_owned() + &encoded(QUERY) + "&variables=%7B",
        "query=".to_owned() + &encoded(QUERY) + "&extensions=%5B%5D",
        "variables=%7B%7D".to_owned(),
    ] {
        assert_refused(&get(parameters.clone()).await, 400, "BAD_REQUEST", &parameters);
    }
    let answer = get(format!("query={}&padding={}", encoded(QUERY), "x".repeat(9_000))).await;
    assert_refused(&answer, 413, "PAYLOAD_TOO_LARGE", "a long URL");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accept_decides_the_media_type_and_the_status_of_a_refused_document() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let graphql = "application/graphql-response+json; charset=utf-8";
    let plain = "application/json; charset=utf-8";
    let accepts = [
        (None, plain),
        (Some("*/*"), plain),
        (Some("application/json"), plain),
        (Some("application/graphql-response+json"), graphql),
        (Some("application/graphql-response+json, application/json;q=0.9"), graphql),
        (Some("application/json, application/graphql-response+json;q=0.9"), plain),
        (Some("text/html, application/graphql-response+json;q=0.1"), graphql),
    ];
    for (accept, media) in accepts {
        let ask = async |query: &str, more: Value| {
            let mut body = json!({ "query": query });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let request = client.post().json(&body);
            Answer::of(match accept {
                Some(accept) => request.header("accept", accept),
                None => request,
            })
            .await
        };
        let sound = ask(QUERY, json!({})).await;
        assert_eq!((sound.status.as_u16(), header(&sound, "content-type")), (200, media), "{accept:?}");
        assert!(header(&sound, "vary").to_ascii_lowercase().contains("accept"));
        // What was not executed has no `data`, and a status that tells so where the media type lets it.
        let status = if media == graphql { 400 } else { 200 };
        for (query, more, code) in [
            ("{", json!({}), "GRAPHQL_PARSE_FAILED"),
            ("", json!({}), "GRAPHQL_PARSE_FAILED"),
            ("{ nothing }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("{ viewer }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
            ("query A { __typename }", json!({ "operationName": "B" }), "OPERATION_RESOLUTION_FAILURE"),
            ("{ __typename }", json!({ "operationName": "B" }), "OPERATION_RESOLUTION_FAILURE"),
            ("query A { __typename } query B { __typename }", json!({}), "OPERATION_RESOLUTION_FAILURE"),
        ] {
            let answer = ask(query, more).await;
            assert_refused(&answer, status, code, &format!("`{query}` as {accept:?}"));
            assert_eq!(header(&answer, "content-type"), media, "`{query}` as {accept:?}");
        }
        // A request that is none is 400 in either.
        assert_refused(&ask(QUERY, json!({ "variables": 7 })).await, 400, "BAD_REQUEST", "wrong variables");
    }
    for accept in ["text/html", "text/csv, image/png", "application/json;q=0", "application/xml", ""] {
        let answer = Answer::of(client.post().header("accept", accept).json(&json!({ "query": QUERY }))).await;
        assert_refused(&answer, 406, "NOT_ACCEPTABLE", accept);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_graphql_request_is_a_bad_request() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let batch = json!([{ "query": QUERY }, { "query": QUERY }]).to_string();
    for body in [
        "",
        " ",
        "{",
        "{\"query\": \"{ __typename }\"",
        "{\"query\": \"{ __typename }\"} {}",
        "{query: \"{ __typename }\"}",
        "{'query': '{ __typename }'}",
        "query={__typename}",
        QUERY,
        "[]",
        batch.as_str(),
        "null",
        "7",
        "\"{ __typename }\"",
        "{}",
        "{\"query\": null}",
        "{\"query\": 7}",
        "{\"query\": {}}",
        "{\"query\": [\"{ __typename }\"]}",
        "{\"query\": \"{ __typename }\", \"variables\": []}",
        "{\"query\": \"{ __typename }\", \"variables\": \"{}\"}",
        "{\"query\": \"{ __typename }\", \"operationName\": 7}",
        "{\"query\": \"{ __typename }\", \"operationName\": []}",
        "{\"query\": \"{ __typename }\", \"extensions\": \"\"}",
        "{\"query\": \"{ __typename }\", \"extensions\": []}",
        "{\"operationName\": \"A\"}",
        "{\"query\": \"\\ud800\"}",
    ] {
        for accept in ["application/json", "application/graphql-response+json"] {
            let request = typed(&client, "application/json", body).header("accept", accept);
            assert_refused(&Answer::of(request).await, 400, "BAD_REQUEST", body);
        }
    }
    let not_text = client.post().header("content-type", "application/json").body(b"{\"query\": \"\xff\"}".to_vec());
    assert_refused(&Answer::of(not_text).await, 400, "BAD_REQUEST", "bytes that are no text");
    // Nulls stand for absent, and further keys are let be.
    let body = json!({ "query": QUERY, "variables": null, "operationName": null, "extensions": null, "id": [7] });
    let answer = Answer::of(client.post().json(&body)).await;
    assert!(answer.status == 200 && answer.json().get("errors").is_none(), "{}", answer.text);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_one_mebibyte_is_too_large_whether_its_length_is_told_or_not() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let body = |bytes: usize| {
        let frame = json!({ "query": QUERY, "variables": { "a": "" } }).to_string();
        frame.replace("\"a\":\"\"", &format!("\"a\":\"{}\"", "x".repeat(bytes - frame.len())))
    };
    let most = 1024 * 1024;
    let answer = Answer::of(typed(&client, "application/json", &body(most))).await;
    assert_eq!(answer.status, 200, "{:.300}", answer.text);
    let large = body(most + 1);
    assert_refused(&Answer::of(typed(&client, "application/json", &large)).await, 413, "PAYLOAD_TOO_LARGE", "told");
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        large.as_bytes().chunks(8_192).map(|piece| Ok(piece.to_vec())).collect();
    let streamed = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let request = client.post().header("content-type", "application/json").body(streamed);
    assert_refused(&Answer::of(request).await, 413, "PAYLOAD_TOO_LARGE", "streamed");
    // Who has no token learns nothing of sizes.
    let nobody = platform.client_with(None);
    assert_refused(&Answer::of(typed(&nobody, "application/json", &large)).await, 401, "UNAUTHENTICATED", "nobody");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_before_the_end_of_the_body_breaks_no_later_request() {
    let platform = TestPlatform::start().await;
    let (client, nobody) = (platform.client("engineer"), platform.client_with(None));
    let large = " ".repeat(3 << 20);
    for round in 0..10 {
        for (request, status) in [
            (typed(&client, "application/json", &large), 413),
            (typed(&client, "text/plain", &large), 415),
            (typed(&nobody, "application/json", &large), 401),
        ] {
            // The refusal comes before the body was sent: who is still writing may find the connection closed.
            match request.send().await {
                Ok(answer) => assert_eq!(answer.status(), status, "round {round}"),
                Err(error) => assert!(error.is_request(), "round {round}: {error:?}"),
            }
            // Over the same connection, if the gateway lets it be used again.
            let answer = Answer::of(client.post().json(&json!({ "query": QUERY }))).await;
            assert_eq!(answer.status, 200, "after {status}, round {round}");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_request_id_that_its_errors_name() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let bad = json!({ "query": "{ nothing }" });
    let answer = Answer::of(client.post().header("x-request-id", "my-own.id_1:a/b=").json(&bad)).await;
    assert_eq!(header(&answer, "x-request-id"), "my-own.id_1:a/b=");
    assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], "my-own.id_1:a/b=");
    // Ids that could end up as something else in a log are replaced, and so are missing ones.
    let long = "x".repeat(129);
    let mut ids = std::collections::BTreeSet::new();
    for given in [None, Some(""), Some("a b"), Some("a\"b"), Some("<script>"), Some("a\tb"), Some(long.as_str())] {
        let request = client.post().json(&bad);
        let answer = Answer::of(match given {
            Some(id) => request.header("x-request-id", id),
            None => request,
        })
        .await;
        let id = header(&answer, "x-request-id").to_owned();
        assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], id, "{given:?}");
        assert!(Some(id.as_str()) != given && id.len() == 36, "{given:?} became {id}");
        assert!(ids.insert(id), "an id was given twice");
    }
    // Refusals of every step have it, and so have answers without errors and paths that are not there.
    let nobody = platform.client_with(None);
    for (request, status) in [
        (nobody.post().json(&bad), 401),
        (typed(&client, "text/plain", "{}"), 415),
        (typed(&client, "application/json", "{"), 400),
        (client.post().header("accept", "text/csv").json(&bad), 406),
        (client.post().json(&json!({ "query": QUERY })), 200),
        (client.get("/nothing"), 404),
        (client.get("/livez"), 200),
    ] {
        let answer = Answer::of(request.header("x-request-id", "one")).await;
        assert_eq!(answer.status, status);
        assert_eq!(header(&answer, "x-request-id"), "one", "{status}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{status}");
        if status >= 400 && status != 404 {
            assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], "one", "{status}");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_listed_origins_are_allowed() {
    let list = "[\"https://portal.example.com\", \"http://localhost:3000\"]";
    let platform = TestPlatform::start_with(&[("WEFT_SERVER__CORS__ALLOWED_ORIGINS", list)]).await;
    let caller = Caller::of(&platform, "engineer");
    for (origin, is_allowed) in [
        ("https://portal.example.com", true),
        ("http://localhost:3000", true),
        ("null", false),
        ("*", false),
        ("https://portal.example.com.evil.test", false),
        ("https://evil-portal.example.com", false),
        ("https://sub.portal.example.com", false),
        ("https://portal.example.com:8443", false),
        ("https://portal.example.com/", false),
        ("http://portal.example.com", false),
        ("https://PORTAL.example.com", false),
        ("http://localhost", false),
        ("file://", false),
    ] {
        let preflight = caller
            .http
            .request(Method::OPTIONS, format!("{}/graphql", caller.url))
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        let actual = caller.request(Method::POST, "/graphql").json(&json!({ "query": QUERY }));
        for (what, request) in [("preflight", preflight), ("request", actual)] {
            let answer = Answer::of(request.header("origin", origin)).await;
            assert_eq!(answer.status, 200, "{what} of {origin}");
            let allowed = answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap());
            assert_eq!(allowed, is_allowed.then_some(origin), "{what} of {origin}");
            assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{what} of {origin}");
            let vary = answer.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok());
            let varies = vary.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("origin"));
            assert!(varies, "{what} of {origin}: a cache would mix origins");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_no_origin_is_allowed() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    for origin in ["null", "*", "https://portal.example.com", &platform.url()] {
        let answer = Answer::of(client.post().header("origin", origin).json(&json!({ "query": QUERY }))).await;
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{origin}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_for_the_admin_listener_and_unknown_paths_are_problems() {
    let platform = TestPlatform::start().await;
    let caller = Caller::of(&platform, "admin");
    let public = |path: &str| Answer::of(caller.request(Method::GET, path));
    let admin = |path: &str| Answer::of(caller.http.get(format!("{}{path}", platform.admin_url())));
    for path in ["/livez", "/readyz", "/readyz?verbose", "/readyz?verbose=1"] {
        let answer = public(path).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""), "{path}");
    }
    assert_eq!(admin("/livez").await.status, 200);
    assert_eq!(admin("/readyz").await.text, "");
    let verbose = admin("/readyz?verbose").await;
    assert_eq!(verbose.status, 200);
    let details = verbose.json();
    assert_eq!((&details["database"], &details["draining"]), (&json!("ok"), &json!(false)));
    assert!(details["sources"].as_array().is_some_and(|sources| !sources.is_empty()), "{details}");
    assert!(!verbose.text.contains("postgres://") && !verbose.text.contains(platform.simulator().gitlab_token()));
    let metrics = admin("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(header(&metrics, "content-type").starts_with("text/plain"));
    for path in ["/metrics", "/", "/nothing", "/graphql/", "/graphql/x", "//graphql", "/admin", "/../graphql/x"] {
        let answer = public(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
        assert_eq!(header(&answer, "content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], 404, "{path}");
    }
    for path in ["/graphql", "/", "/nothing"] {
        let answer = admin(path).await;
        assert_eq!(answer.status, 404, "{path} of the admin listener");
        assert_eq!(header(&answer, "content-type"), "application/problem+json", "{path} of the admin listener");
    }
    platform.stop().await;
}
