//! Nothing a caller writes ends the process: too deep, too long and too much are refused before a parser sees them.

use std::time::{Duration, Instant};

use it::{Answer, Client, TestPlatform};
use serde_json::{Value, json};

const ALIVE: &str = "{ viewer { subject } }";
/// Deeper than allowed, by a little and by very much.
const DEPTHS: [usize; 4] = [100, 1_000, 10_000, 100_000];

fn text(query: &str) -> String {
    json!({ "query": query }).to_string()
}

async fn post(client: &Client, body: String) -> Answer {
    Answer::of(client.post().header("content-type", "application/json").body(body)).await
}

/// A GET with these parameters, if its URL is not longer than the gateway reads.
async fn get(client: &Client, parameters: &[(&str, &str)]) -> Option<Answer> {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<String> = parameters.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
    let query = pairs.join("&");
    if query.len() > 8_192 { None } else { Some(Answer::of(client.get(&format!("/graphql?{query}"))).await) }
}

/// The same process answers the next request.
async fn assert_alive(client: &Client, after: &str) {
    let answer = client.send(ALIVE, json!({})).await;
    assert_eq!(answer.status, 200, "after {after}: {}", answer.text);
    assert!(answer.json().get("errors").is_none(), "after {after}: {}", answer.text);
}

fn assert_refused(answer: &Answer, codes: &[&str], what: &str) {
    assert!(codes.contains(&answer.code().as_str()), "{what}: {:.300}", answer.text);
    let body = answer.json();
    assert!(body.get("data").is_none(), "{what}: {body}");
    assert!(answer.text.len() < 2_000, "{what}: the refusal repeats what it refuses");
}

/// What opens and what closes, in turn.
type Pattern = &'static [(&'static str, &'static str)];

/// One bracket after the other, all of a kind or in turn, so many levels deep.
fn nested(pattern: Pattern, depth: usize, inner: &str, is_closed: bool) -> String {
    let level = |at: usize| pattern[at % pattern.len()];
    let mut nested: String = (0..depth).map(|at| level(at).0).collect();
    if is_closed {
        nested.push_str(inner);
        nested.extend((0..depth).rev().map(|at| level(at).1));
    }
    nested
}

/// Documents that are so deep in every place where brackets can stand; bare and within a query.
fn documents(depth: usize) -> Vec<(String, String)> {
    let patterns: [(&str, Pattern, &str); 9] = [
        ("braces", &[("{", "}")], ""),
        ("brackets", &[("[", "]")], ""),
        ("parentheses", &[("(", ")")], ""),
        ("selections", &[("{a", "}")], ""),
        ("objects", &[("{a:", "}")], "1"),
        ("arguments", &[("{a(b:", ")}")], "1"),
        ("inline fragments", &[("{...on Query", "}")], "{a}"),
        ("lists and objects", &[("[", "]"), ("{a:", "}")], "1"),
        ("everything", &[("{", "}"), ("(", ")"), ("[", "]")], ""),
    ];
    let mut documents = Vec::new();
    for (name, pattern, inner) in patterns {
        for is_closed in [true, false] {
            let nested = nested(pattern, depth, inner, is_closed);
            for (place, document) in [
                ("alone", nested.clone()),
                ("as a value", format!("{{ entities(filter: {nested}) {{ totalCount }} }}")),
                ("as a selection", format!("{{ viewer {nested} }}")),
                ("as a type", format!("query($a: {nested}) {{ viewer {{ subject }} }}")),
                ("as a default", format!("query($a: [String] = {nested}) {{ viewer {{ subject }} }}")),
                ("in a directive", format!("{{ viewer @include(if: {nested}) {{ subject }} }}")),
                ("in a fragment", format!("{{ ...f }} fragment f on Query {nested}")),
            ] {
                documents.push((format!("{name}, {depth} deep, {place}, closed: {is_closed}"), document));
            }
        }
    }
    let types = nested(&[("[", "]")], depth, "String", true);
    documents.push((format!("a type, {depth} deep"), format!("query($a: {types}) {{ viewer {{ subject }} }}")));
    let strict = nested(&[("[", "]!")], depth, "String!", true);
    documents.push((format!("a strict type, {depth} deep"), format!("query($a: {strict}) {{ viewer {{ subject }} }}")));
    documents
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_nested_too_deep_in_any_bracket_are_refused_by_a_process_that_lives_on() {
    let platform = TestPlatform::start_with(&[("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000")]).await;
    let client = platform.client("engineer");
    let mut sent_by_get = 0;
    for depth in DEPTHS {
        for (what, document) in documents(depth) {
            let is_long = document.len() > 64 * 1024;
            let codes = if is_long { ["PAYLOAD_TOO_LARGE"] } else { ["QUERY_TOO_DEEP"] };
            assert_refused(&post(&client, text(&document)).await, &codes, &what);
            if let Some(answer) = get(&client, &[("query", &document)]).await {
                assert_refused(&answer, &codes, &format!("{what}, by GET"));
                sent_by_get += 1;
            }
        }
        assert_alive(&client, &format!("documents {depth} deep")).await;
    }
    assert!(sent_by_get > 100, "only {sent_by_get} were short enough for GET");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_nested_too_deep_is_refused_wherever_it_stands() {
    let platform = TestPlatform::start_with(&[("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000")]).await;
    let client = platform.client("engineer");
    let patterns: [(&str, Pattern); 3] = [
        ("lists", &[("[", "]")]),
        ("objects", &[("{\"a\":", "}")]),
        ("lists and objects", &[("[", "]"), ("{\"a\":", "}")]),
    ];
    for depth in DEPTHS {
        for (name, pattern) in patterns {
            for is_closed in [true, false] {
                let nested = nested(pattern, depth, "1", is_closed);
                let what = format!("{name}, {depth} deep, closed: {is_closed}");
                for key in ["variables", "extensions", "unknown", "query", "operationName"] {
                    let body = format!("{{\"query\": \"{ALIVE}\", \"{key}\": {nested}}}");
                    assert_refused(&post(&client, body).await, &["QUERY_TOO_DEEP"], &format!("{what}, as `{key}`"));
                    let body = format!("{{\"query\": \"{ALIVE}\", \"{key}\": {{\"a\": {nested}}}}}");
                    assert_refused(&post(&client, body).await, &["QUERY_TOO_DEEP"], &format!("{what}, in `{key}`"));
                }
                assert_refused(&post(&client, nested.clone()).await, &["QUERY_TOO_DEEP"], &what);
                for key in ["variables", "extensions"] {
                    let value = format!("{{\"a\": {nested}}}");
                    if let Some(answer) = get(&client, &[("query", ALIVE), (key, &value)]).await {
                        assert_refused(&answer, &["QUERY_TOO_DEEP"], &format!("{what}, in `{key}` by GET"));
                    }
                }
            }
        }
        assert_alive(&client, &format!("JSON {depth} deep")).await;
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn brackets_that_do_not_nest_are_no_reason_to_refuse() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let many = "[{(".repeat(1_000);
    let in_string = format!("{{ entities(search: \"pay {}\") {{ totalCount }} }}", &many[..90]);
    let answer = client.query(&in_string, json!({})).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    for document in [format!("# {many}\n{ALIVE}"), format!("{{ viewer {{ {} }} }}", "... { subject } ".repeat(500))] {
        let answer = client.query(&document, json!({})).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
    let flat: Vec<Value> = (0..1_000).map(|_| json!([])).collect();
    let answer = client.query(ALIVE, json!({ "unused": many, "flat": flat })).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_tokens_are_read_and_one_more_is_refused() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    // Five of the tokens are the braces and the root field.
    let of = |tokens: usize| format!("{{ viewer {{ {} }} }}", "__typename ".repeat(tokens - 5));
    let answer = client.send(&of(5_000), json!({})).await;
    assert_eq!(answer.json(), json!({ "data": { "viewer": { "__typename": "Viewer" } } }));
    let answer = client.send(&of(5_001), json!({})).await;
    assert_refused(&answer, &["QUERY_TOO_COMPLEX"], "5,001 tokens");
    assert!(answer.json()["errors"][0]["locations"][0]["line"].is_u64(), "{}", answer.text);
    // Punctuation, strings and numbers are tokens as names are; one byte each.
    for token in ["!", "$", ":", "=", "@", "|", "&", "\"\" ", "1 "] {
        let answer = client.send(&token.repeat(5_001), json!({})).await;
        assert_refused(&answer, &["QUERY_TOO_COMPLEX"], &format!("5,001 times {token:?}"));
    }
    // What is no token ends the reading: nothing behind it is counted, and nothing behind it is parsed.
    for token in ["\u{fffd} ", "\u{0} ", "\"\n\" [ [ [", "-\" [ [ ["] {
        let answer = client.send(&token.repeat(5_001), json!({})).await;
        assert_refused(&answer, &["GRAPHQL_PARSE_FAILED"], &format!("5,001 times {token:?}"));
    }
    let long = format!("{{ __typename }} #{}", "x".repeat(64 * 1024));
    let answer = client.send(&long, json!({})).await;
    assert_refused(&answer, &["PAYLOAD_TOO_LARGE"], "a long comment");
    assert_eq!(answer.status, 413);
    assert_alive(&client, "too many tokens").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_that_double_thirty_times_are_refused_at_once() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    for last in ["a: __typename", "viewer { subject }", "...f29"] {
        let levels: String =
            (0..30).map(|at| format!("fragment f{at} on Query {{ ...f{0} ...f{0} }} ", at + 1)).collect();
        let started = Instant::now();
        let answer = client.send(&format!("{{ ...f0 }} {levels} fragment f30 on Query {{ {last} }}"), json!({})).await;
        assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
        let code = if last == "...f29" { "GRAPHQL_VALIDATION_FAILED" } else { "QUERY_TOO_COMPLEX" };
        assert_refused(&answer, &[code], last);
    }
    // No operation spreads them: whoever validates walks them all the same.
    let levels: String = (0..30).map(|at| format!("fragment f{at} on Query {{ ...f{0} ...f{0} }} ", at + 1)).collect();
    let answer = client.send(&format!("{ALIVE} {levels} fragment f30 on Query {{ __typename }}"), json!({})).await;
    assert_refused(&answer, &["QUERY_TOO_COMPLEX"], "unused fragments");
    // With inline fragments and fields between them.
    let levels: String = (0..30)
        .map(|at| {
            format!(
                "fragment f{at} on Query {{ ... on Query {{ ...f{0} }} ... @include(if: true) {{ ...f{0} }} }} ",
                at + 1
            )
        })
        .collect();
    let answer = client.send(&format!("{{ ...f0 }} {levels} fragment f30 on Query {{ __typename }}"), json!({})).await;
    assert_refused(&answer, &["QUERY_TOO_COMPLEX"], "inline fragments");
    assert_alive(&client, "doubling fragments").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fragment_that_spreads_itself_is_not_valid() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    for document in [
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { viewer { subject } ...b } fragment b on Query { ...a }",
        "{ ...a } fragment a on Query { ... on Query { ...b } } fragment b on Query { ... { ...c } } fragment c on Query { ...a }",
        "{ viewer { subject } } fragment a on Query { ...a }",
    ] {
        assert_refused(&client.send(document, json!({})).await, &["GRAPHQL_VALIDATION_FAILED"], document);
    }
    assert_alive(&client, "endless fragments").await;
    platform.stop().await;
}

/// Fragments carry nesting past the limit of brackets: each is shallow, and the chain of them is as long as tokens allow.
#[tokio::test(flavor = "multi_thread")]
async fn long_chains_of_fragments_are_answered_or_refused_by_a_process_that_lives_on() {
    let platform = TestPlatform::start().await;
    let client = platform.client("engineer");
    let chain = |length: usize, open: &str, close: &str, on: &str, last: &str| -> String {
        let link = |at: usize| format!("fragment f{at} on {on} {{ {open} ...f{} {close} }} ", at + 1);
        let links: String = (0..length).map(link).collect();
        format!("{links} fragment f{length} on {on} {{ {last} }}")
    };
    let deep = |opens: usize, field: &str| (format!("{field} {{").repeat(opens), "}".repeat(opens));
    for length in [10, 100, 400] {
        let document = format!("{{ ...f0 }} {}", chain(length, "", "", "Query", "__typename"));
        let started = Instant::now();
        let answer = client.send(&document, json!({})).await;
        assert!(started.elapsed() < Duration::from_secs(60), "{length}: {:?}", started.elapsed());
        assert!(answer.status == 200 || answer.json().get("data").is_none(), "{}", answer.text);
        assert_alive(&client, &format!("a chain of {length} fragments")).await;
    }
    for (field, on, root, links) in
        [("... on Query", "Query", "{ ...f0 }", 12), ("ofType", "__Type", "{ __type(name: \"Query\") { ...f0 } }", 20)]
    {
        let (open, close) = deep(50, field);
        let answer = client.send(&format!("{root} {}", chain(links, &open, &close, on, "__typename")), json!({})).await;
        assert_refused(&answer, &["QUERY_TOO_DEEP", "GRAPHQL_VALIDATION_FAILED"], field);
        assert_alive(&client, &format!("hundreds of levels of `{field}`")).await;
    }
    platform.stop().await;
}

/// Types lead to fields and fields to types: every level multiplies the answer.
#[tokio::test(flavor = "multi_thread")]
async fn introspection_that_multiplies_is_bounded() {
    let platform = TestPlatform::start_with(&[("WEFT_SERVER__REQUEST_TIMEOUT", "5s")]).await;
    let client = platform.client("engineer");
    for levels in 1..=6 {
        let link = |at: usize| {
            let next = at + 1;
            format!(
                "fragment f{at} on __Type {{ fields {{ type {{ ...f{next} ofType {{ ...f{next} ofType {{ ...f{next} }} }} }} }} }} "
            )
        };
        let links: String = (0..levels).map(link).collect();
        let document =
            format!("{{ __schema {{ types {{ ...f0 }} }} }} {links} fragment f{levels} on __Type {{ name }}");
        let started = Instant::now();
        let answer = client.send(&document, json!({})).await;
        let took = started.elapsed();
        assert!(took < Duration::from_secs(60), "{levels} levels took {took:?}");
        assert!(answer.text.len() < 16 << 20, "{levels} levels are {} bytes", answer.text.len());
        assert_alive(&client, &format!("{levels} levels of introspection")).await;
    }
    platform.stop().await;
}
