//! The list: what is sent, and with which status it is refused.

use it::Client;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

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

/// One kind of request.
pub(super) struct Kind {
    /// In words.
    pub(super) what: String,
    /// What it is one of: after each group the gateway must still answer.
    pub(super) group: &'static str,
    /// The statuses that it may be refused with; none where only the headers of the answer matter.
    pub(super) statuses: &'static [u16],
    /// Sent without a token.
    is_anonymous: bool,
    method: Method,
    headers: Vec<(&'static str, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Kind {
    fn post(group: &'static str, what: String, body: impl Into<Vec<u8>>, statuses: &'static [u16]) -> Self {
        let headers = vec![
            ("accept", b"application/graphql-response+json".to_vec()),
            ("content-type", b"application/json".to_vec()),
        ];
        Self { what, group, statuses, is_anonymous: false, method: Method::POST, headers, body: body.into() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.as_bytes().to_vec()));
        self
    }

    /// The request, for somebody with a token and for nobody.
    pub(super) fn request(&self, somebody: &Client, nobody: &Client) -> RequestBuilder {
        let client = if self.is_anonymous { nobody } else { somebody };
        let request = client.request(self.method.clone(), "/graphql").body(self.body.clone());
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value.as_slice()))
    }
}

/// All of them, group by group.
pub(super) fn kinds() -> Vec<Kind> {
    let mut kinds = small();
    kinds.extend(headers());
    kinds.extend(large().into_iter().map(|(what, body)| Kind::post("large", what.to_owned(), body, &[400, 413, 200])));
    kinds
}

fn small() -> Vec<Kind> {
    let of_document = |document: &&str| {
        Kind::post("documents", format!("{document:?}"), json!({ "query": document }).to_string(), &[400, 200])
    };
    let of_body = |body: &[u8]| {
        let what = format!("the body {:.40?}", String::from_utf8_lossy(body));
        Kind::post("bodies", what, body, &[400])
    };
    let bytes: [&[u8]; 4] = [&[0xff, 0xfe], b"{\"query\":\"\xff\"}", &[0; 1_000], &[0x1f, 0x8b, 8, 0]];
    let documents = BROKEN.iter().chain(&UNFIT).map(of_document);
    documents.chain(BODIES.map(str::as_bytes).into_iter().chain(bytes).map(of_body)).collect()
}

fn headers() -> Vec<Kind> {
    const GROUP: &str = "headers and methods";
    let ask = |what: String, statuses| {
        Kind::post(GROUP, what, json!({ "query": "{ viewer { subject } }" }).to_string(), statuses)
    };
    // What is JSON with odd parameters is JSON.
    let content_types = CONTENT_TYPES.into_iter().filter(|content_type| !content_type.starts_with("application/json;"));
    let content_types = content_types.map(|content_type| {
        ask(format!("the content type {content_type:?}"), &[415]).with("content-type", content_type)
    });
    let accepts = ACCEPTS.map(|accept| ask(format!("accept: {accept}"), &[406]).with("accept", accept));
    let authorizations = AUTHORIZATIONS.map(|authorization| Kind {
        is_anonymous: true,
        ..ask(format!("authorization: {authorization:?}"), &[401]).with("authorization", authorization)
    });
    let bare = |what: String, method: Method, statuses| Kind {
        is_anonymous: true,
        method,
        headers: Vec::new(),
        body: Vec::new(),
        ..ask(what, statuses)
    };
    let methods = METHODS.map(|method| bare(method.to_owned(), Method::from_bytes(method.as_bytes()).unwrap(), &[405]));
    let origins = ORIGINS.map(|origin| {
        bare(format!("the origin {origin}"), Method::OPTIONS, &[])
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "authorization,content-type")
    });
    content_types.chain(accepts).chain(authorizations).chain(methods).chain(origins).collect()
}

/// What is large, up to what is read.
fn large() -> Vec<(&'static str, String)> {
    let batch = format!("[{}]", vec!["{\"query\":\"{ __typename }\"}"; 20_000].join(","));
    let document = |text: String| json!({ "query": text }).to_string();
    let aliases: String = (0..1_000).map(|at| format!("a{at}: __typename ")).collect();
    let variables: String = (0..600).map(|at| format!("$a{at}: Int ")).collect();
    let fragments: String = (0..300).map(|at| format!("fragment f{at} on Query {{ __typename }} ")).collect();
    let spreads: String = (0..300).map(|at| format!("...f{at} ")).collect();
    let operations: String = (0..300).map(|at| format!("query q{at} {{ __typename }} ")).collect();
    vec![
        ("a batch of 20,000", batch),
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
        // What the guard let through to the parser once, uncounted.
        ("64 KB of what is no letter", document("\u{e9}".repeat(32_000))),
        ("64 KB of zeros", document(format!("{{ components(first: {}) }}", "0".repeat(60_000)))),
        ("brackets behind a string that is not closed", document(format!("{{ a(b: \"\n\" {} \") }}", "[".repeat(60_000)))),
        ("names behind what is no number", document(format!("{{ a(b: -\" {} \") }}", "a ".repeat(30_000)))),
        ("a string of escapes", document(format!("{{ component(ref: \"{}\") {{ ref }} }}", "\\n".repeat(30_000)))),
        ("60 KB of comments", document(format!("{}{{ nope }}", "#\n".repeat(30_000)))),
        ("2,000 fields that are not there", document(format!("{{ viewer {{ {} }} }}", (0..2_000).map(|at| format!("f{at} ")).collect::<String>()))),
        ("20,000 values of one list", json!({ "query": "query ($v: [String!]) { components(filter: { name: $v }) { nodes { ref } } }", "variables": { "v": vec!["x"; 20_000] } }).to_string()),
        ("2,000 branches of a filter", json!({ "query": "query ($f: EntityFilter) { components(filter: $f) { nodes { ref } } }", "variables": { "f": { "any": vec![json!({ "name": ["x"] }); 2_000] } } }).to_string()),
    ]
}
