//! Section 5 of the specification: of each rule a document that breaks it, and its neighbour that does not.

use it::{Answer, TestPlatform};
use serde_json::{Value, json};

/// The rule, a document that breaks it, one that does not.
const RULES: [(&str, &str, &str); 40] = [
    ("5.1.1 only executable definitions", "{ viewer { subject } } type X { a: Int }", "{ viewer { subject } }"),
    (
        "5.2.2.1 unique operation names",
        "query a { viewer { subject } } query a { viewer { subject } }",
        "query a { viewer { subject } }",
    ),
    (
        "5.2.3.1 an anonymous operation is alone",
        "{ viewer { subject } } query b { viewer { subject } }",
        "query b { viewer { subject } }",
    ),
    ("5.3.1 fields exist", "{ viewer { nope } }", "{ viewer { subject } }"),
    (
        "5.3.1 a union has no fields",
        "{ component(ref: \"a\") { owner { name } } }",
        "{ component(ref: \"a\") { owner { __typename } } }",
    ),
    ("5.3.2 one key, one field", "{ viewer { a: subject a: tenant } }", "{ viewer { a: subject b: tenant } }"),
    (
        "5.3.2 one key, one set of arguments",
        "{ components(first: 1) { totalCount } components(first: 2) { totalCount } }",
        "{ a: components(first: 1) { totalCount } b: components(first: 2) { totalCount } }",
    ),
    (
        "5.3.2 one key, one shape over types",
        "{ entity(ref: \"component:x\") { ... on Component { x: lifecycle } ... on Team { x: tags } } }",
        "{ entity(ref: \"component:x\") { ... on Component { x: lifecycle } ... on Team { x: email } } }",
    ),
    ("5.3.3 leaves have no selection", "{ viewer { subject { x } } }", "{ viewer { subject } }"),
    ("5.3.3 objects have one", "{ viewer }", "{ viewer { subject } }"),
    ("5.3.3 `__typename` is a leaf", "{ __typename { x } }", "{ __typename }"),
    ("5.4.1 arguments exist", "{ viewer(x: 1) { subject } }", "{ viewer { subject } }"),
    ("5.4.1 `__typename` has none", "{ __typename(x: 1) }", "{ __typename }"),
    (
        "5.4.2 arguments are unique",
        "{ components(first: 1, first: 1) { totalCount } }",
        "{ components(first: 1) { totalCount } }",
    ),
    ("5.4.3 required arguments are there", "{ component { ref } }", "{ component(ref: \"a\") { ref } }"),
    ("5.4.3 and not null", "{ component(ref: null) { ref } }", "{ component(ref: \"a\") { ref } }"),
    (
        "5.5.1.1 unique fragment names",
        "{ viewer { ...f } } fragment f on Viewer { subject } fragment f on Viewer { tenant }",
        "{ viewer { ...f } } fragment f on Viewer { subject }",
    ),
    (
        "5.5.1.2 fragment types exist",
        "{ viewer { ... on Nope { subject } } }",
        "{ viewer { ... on Viewer { subject } } }",
    ),
    (
        "5.5.1.3 fragments on composites",
        "{ viewer { ...f } } fragment f on String { x }",
        "{ viewer { ...f } } fragment f on Viewer { subject }",
    ),
    ("5.5.1.4 fragments are used", "{ viewer { subject } } fragment f on Viewer { subject }", "{ viewer { subject } }"),
    ("5.5.2.1 spread fragments exist", "{ viewer { ...f } }", "{ viewer { ...f } } fragment f on Viewer { subject }"),
    (
        "5.5.2.2 no cycles",
        "{ viewer { ...f } } fragment f on Viewer { ...g } fragment g on Viewer { ...f }",
        "{ viewer { ...f } } fragment f on Viewer { ...g } fragment g on Viewer { subject }",
    ),
    (
        "5.5.2.3 spreads are possible",
        "{ viewer { ... on Component { ref } } }",
        "{ node(id: \"x\") { ... on Component { ref } } }",
    ),
    (
        "5.5.2.3 also in interfaces",
        "{ entity(ref: \"component:x\") { ... on Viewer { subject } } }",
        "{ entity(ref: \"component:x\") { ... on Node { id } } }",
    ),
    (
        "5.6.1 values have the type",
        "{ components(first: \"1\") { totalCount } }",
        "{ components(first: 1) { totalCount } }",
    ),
    (
        "5.6.1 an Int has 32 bits",
        "{ components(first: 2147483648) { totalCount } }",
        "{ components(first: 100) { totalCount } }",
    ),
    (
        "5.6.1 an enum value is no string",
        "{ components(orderBy: { field: \"NAME\" }) { totalCount } }",
        "{ components(orderBy: { field: NAME }) { totalCount } }",
    ),
    (
        "5.6.1 enum values exist",
        "{ components(orderBy: { field: NOPE }) { totalCount } }",
        "{ components(orderBy: { field: REF }) { totalCount } }",
    ),
    (
        "5.6.1 scalars of ours too",
        "{ components(filter: { updatedAfter: \"yesterday\" }) { totalCount } }",
        "{ components(filter: { updatedAfter: \"2026-11-23T00:00:00Z\" }) { totalCount } }",
    ),
    (
        "5.6.2 input keys exist",
        "{ components(filter: { nope: 1 }) { totalCount } }",
        "{ components(filter: { name: \"x\" }) { totalCount } }",
    ),
    (
        "5.6.3 input keys are unique",
        "{ components(filter: { name: \"x\", name: \"y\" }) { totalCount } }",
        "{ components(filter: { name: [\"x\", \"y\"] }) { totalCount } }",
    ),
    (
        "5.6.4 required keys are there",
        "{ components(orderBy: {}) { totalCount } }",
        "{ components(orderBy: { field: REF }) { totalCount } }",
    ),
    ("5.7.1 directives exist", "{ viewer { subject @nope } }", "{ viewer { subject @skip(if: false) } }"),
    ("5.7.1 also on `__typename`", "{ __typename @nope }", "{ __typename @skip(if: false) }"),
    ("5.7.2 in their places", "query @skip(if: false) { viewer { subject } }", "query { viewer { subject } }"),
    (
        "5.7.3 once in a place",
        "{ viewer { subject @skip(if: false) @skip(if: false) } }",
        "{ viewer { subject @skip(if: false) @include(if: true) } }",
    ),
    (
        "5.8.1 unique variables",
        "query ($a: Int, $a: Int) { components(first: $a) { totalCount } }",
        "query ($a: Int) { components(first: $a) { totalCount } }",
    ),
    (
        "5.8.2 variables are inputs",
        "query ($a: Viewer) { components(first: $a) { totalCount } }",
        "query ($a: Int) { components(first: $a) { totalCount } }",
    ),
    (
        "5.8.3 and 5.8.4 defined and used",
        "query ($b: Int) { components(first: $a) { totalCount } }",
        "query ($a: Int) { components(first: $a) { totalCount } }",
    ),
    (
        "5.8.5 in places that allow them",
        "query ($s: Boolean) { viewer { subject @skip(if: $s) } }",
        "query ($s: Boolean = false) { viewer { subject @skip(if: $s) } }",
    ),
];

async fn send(platform: &TestPlatform, query: &str) -> Answer {
    let client = platform.client("engineer");
    let body = json!({ "query": query });
    Answer::of(client.post().header("accept", "application/graphql-response+json").json(&body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_a_rule_is_refused_and_its_neighbour_is_not() {
    let platform = TestPlatform::start().await;
    for (rule, bad, good) in RULES {
        let refused = send(&platform, bad).await;
        assert_eq!(refused.status, 400, "{rule}: {bad}: {}", refused.text);
        assert_eq!(refused.code(), "GRAPHQL_VALIDATION_FAILED", "{rule}: {}", refused.text);
        let body = refused.json();
        assert!(body.get("data").is_none(), "{rule}: {body}");
        assert!(body["errors"][0]["locations"][0]["line"].is_u64() || rule.contains("5.5.2.2"), "{rule}: {body}");
        let answered = send(&platform, good).await;
        assert_eq!(answered.status, 200, "{rule}: {good}: {}", answered.text);
        assert!(answered.json().get("errors").is_none(), "{rule}: {good}: {}", answered.text);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_that_do_not_coerce_are_refused_before_anything_is_executed() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let of = |ty: &str, place: &str| format!("query ($v: {ty}) {{ components({place}) {{ totalCount }} }}");
    let cases = [
        (of("Int", "first: $v"), json!(2_147_483_648_i64)),
        (of("Int", "first: $v"), json!("1")),
        (of("Int!", "first: $v"), Value::Null),
        (of("EntityFilter", "filter: $v"), json!({ "nope": 1 })),
        (of("EntityFilter", "filter: $v"), json!({ "updatedAfter": "yesterday" })),
        (of("EntityFilter", "filter: $v"), json!({ "name": [1] })),
        (of("EntityOrder", "orderBy: $v"), json!({})),
        (of("EntityOrder", "orderBy: $v"), json!({ "field": "nope" })),
        (of("Boolean!", "first: 1) { nodes { ref @skip(if: $v) } } x: components(first: 1"), json!("true")),
    ];
    for (query, value) in cases {
        let request = json!({ "query": query, "variables": { "v": value } });
        let answer =
            Answer::of(client.post().header("accept", "application/graphql-response+json").json(&request)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "BAD_USER_INPUT"),
            "{request}: {}",
            answer.text
        );
        assert!(answer.json().get("data").is_none(), "{}", answer.text);
        assert!(answer.text.contains("$v"), "the variable is not named: {}", answer.text);
    }
    // A condition whose variable is missing is no condition: nothing runs.
    let query = "query ($s: Boolean!) { viewer { subject @skip(if: $s) } }";
    let answer = client.send(query, json!({})).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT", "{}", answer.text);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_name_is_suggested_to_those_who_may_read_the_schema() {
    let query = "{ viewer { sbject } }";
    let platform = TestPlatform::start().await;
    let told = platform.client("engineer").query(query, json!({})).await;
    assert!(told["errors"][0]["message"].as_str().unwrap().contains("did you mean `subject`?"), "{told}");
    platform.stop().await;
    let platform = TestPlatform::start_with(&[("WEFT_SERVER__INTROSPECTION", "admin")]).await;
    let engineer = platform.client("engineer");
    let told = engineer.query(query, json!({})).await;
    assert!(!told.to_string().contains("subject"), "{told}");
    for asked in ["{ __schema { types { name } } }", "{ viewer { subject } x: __type(name: \"Viewer\") { name } }"] {
        let refused = engineer.query(asked, json!({})).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{refused}");
        assert!(refused.get("data").is_none() && !refused.to_string().contains("Viewer"), "{refused}");
    }
    let sdl = Answer::of(engineer.get("/schema.graphql")).await;
    assert_eq!(sdl.status, 403, "{}", sdl.text);
    let admin = platform.client("admin");
    let data =
        admin.data("{ viewer { subject } x: __type(name: \"Entity\") { interfaces { name } } }", json!({})).await;
    assert_eq!(data["x"]["interfaces"], json!([{ "name": "Node" }]));
    assert_eq!(data.as_object().unwrap().keys().collect::<Vec<_>>(), ["viewer", "x"]);
    let sdl = Answer::of(admin.get("/schema.graphql")).await;
    assert!(sdl.status == 200 && sdl.text.contains("type Query {"), "{:.200}", sdl.text);
    let anonymous = Answer::of(platform.client_with(None).get("/schema.graphql")).await;
    assert_eq!(anonymous.status, 401, "{}", anonymous.text);
    // Which inputs take exactly one of their fields; of everything else that cannot be said.
    let asked = "{ one: __type(name: \"CostDimensionInput\") { ...of } all: __type(name: \"CostFilter\") { ...of } \
                 none: __type(name: \"Viewer\") { ...of fields { type { isOneOf } } } } fragment of on __Type { name isOneOf it: isOneOf }";
    let told = admin.data(asked, json!({})).await;
    assert_eq!(told["one"], json!({ "name": "CostDimensionInput", "isOneOf": true, "it": true }));
    assert_eq!(told["all"], json!({ "name": "CostFilter", "isOneOf": false, "it": false }));
    assert_eq!(
        (&told["none"]["isOneOf"], &told["none"]["fields"][0]["type"]),
        (&json!(null), &json!({ "isOneOf": null }))
    );
    platform.stop().await;
}
