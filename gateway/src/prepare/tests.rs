//! All stages together over the graph itself: whatever the text and the variables are, there is a refusal or an operation
//! within its bounds, and the text that a document is written back as is the same document.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::{Config, Environment, LimitsConfig};

static LIMITS: LazyLock<LimitsConfig> =
    LazyLock::new(|| Config::load(None, &Environment::of([])).unwrap().config.limits.clone());
static PREPARER: LazyLock<Preparer> =
    LazyLock::new(|| Preparer::new(&resolvers::sdl::whole(), &resolvers::sdl::public(), LIMITS.prepare()).unwrap());

/// As a request goes through it. Findings of the guard are refusals like any other.
fn prepared(text: &str, variables: &Value) -> Result<Prepared, Refusal> {
    let chosen = PREPARER.document(text.to_owned(), true)?.choose(None)?;
    PREPARER.prepare(chosen, variables.as_object().cloned().unwrap_or_default(), true)
}

/// Holds of every text and all variables.
fn holds(text: &str, variables: &Value) -> Result<(), TestCaseError> {
    match prepared(text, variables) {
        Err(refusal) => prop_assert!(!refusal.message.is_empty() && refusal.others.len() < 10, "{text}"),
        Ok(prepared) => {
            prop_assert!(prepared.points <= LIMITS.prepare().cost_max, "{text}");
            // From the cache, and under another text.
            prop_assert_eq!(self::prepared(text, variables).map(|again| again.points), Ok(prepared.points), "{}", text);
            let written = prepared.chosen.document().executable().to_string();
            let again = self::prepared(&written, variables);
            let again = again.map(|again| (again.points, again.variables, again.lowered.root_keys().count()));
            let first = (prepared.points, prepared.variables, prepared.lowered.root_keys().count());
            prop_assert_eq!(again, Ok(first), "{} became {}", text, written);
        }
    }
    Ok(())
}

/// A selection that fits its type mostly: below an entity, below a list, below the root.
fn entity() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "ref",
        "name",
        "id",
        "__typename",
        "a: name",
        "a: ref",
        "title @skip(if: $s)",
        "owner { __typename }",
        "...f",
        "tags @include(if: $s)",
        "... @skip(if: true) { kind }",
        "nope",
    ])
    .prop_map(str::to_owned);
    let set = prop::collection::vec(leaf, 1..4).prop_map(|fields| fields.join(" "));
    set.prop_recursive(4, 12, 3, |inner| {
        (
            prop::sample::select(vec![
                "system {",
                "owner { ... on Team {",
                "... on Component {",
                "dependsOn(first: $n) { nodes {",
                "x: relations(first: 3) { edges { node {",
            ]),
            inner,
        )
            .prop_map(|(head, inner)| format!("ref {head} {inner} {}", "}".repeat(head.matches('{').count())))
    })
}

fn document() -> impl Strategy<Value = String> {
    let root = prop::sample::select(vec![
        "components(first: $n) { totalCount nodes {",
        "component(ref: $r) { ... {",
        "entities(last: 2, filter: $f) { edges { node {",
        "b: components(filter: { any: [{ not: $f }, { tags: \"x\" }] }) { nodes {",
        "viewer { teams {",
        "__schema { types { fields { name } } } component(ref: \"a\") { ... {",
    ]);
    let fields = prop::collection::vec((root, entity()), 1..3).prop_map(|fields| {
        let field = |(head, inner): (&str, String)| {
            let open = head.matches('{').count() - head.matches('}').count();
            format!("{head} {inner} {}", "}".repeat(open))
        };
        fields.into_iter().map(field).collect::<Vec<_>>().join(" ")
    });
    (fields, entity()).prop_map(|(fields, fragment)| {
        let fields = fields.replace("...f", "... on Component { name }");
        let declared: Vec<&str> = [
            ("$n", "$n: Int = 4"),
            ("$s", "$s: Boolean = false"),
            ("$r", "$r: EntityRef = \"component:a\""),
            ("$f", "$f: EntityFilter = {}"),
        ]
        .iter()
        .filter(|(name, _)| fields.contains(name))
        .map(|(_, declared)| *declared)
        .collect();
        let declared = if declared.is_empty() { String::new() } else { format!("({})", declared.join(", ")) };
        match fields.len() % 7 {
            0 => format!("query {declared} {{ {fields} }} fragment f on Component {{ {fragment} }}"),
            _ => format!("query {declared} {{ {fields} }}"),
        }
    })
}

fn variables() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        Just(json!(null)),
        (-3..200i32).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-z:/]{0,6}".prop_map(Value::from),
        Just(json!({ "any": [{ "tags": "x" }, { "not": { "kind": ["api"] } }] })),
        Just(json!([{}, [1.5]])),
    ];
    prop::collection::vec(("n|s|r|f|x", value), 0..3).prop_map(|all| all.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_document_that_fits_means_the_same_however_it_is_written(text in document(), variables in variables()) {
        holds(&text, &variables)?;
    }

    #[test]
    fn no_text_makes_it_panic(
        text in any::<String>(),
        near in prop::collection::vec(prop::sample::select(vec![
            "{", "{", "}", "(", ")", "[", "]", ":", "!", "=", "...", "@skip", "@include", "$n", "$", "query", "mutation",
            "subscription", "fragment", "on", "f", "Component", "Query", "viewer", "components", "nodes", "subject", "first",
            "filter", "any", "if", "true", "null", "1", "-2.5e3", "\"x\"", "\"\"\"y\"\"\"", "__schema", "__typename", "Int", "a",
        ]), 0..30),
        variables in variables(),
    ) {
        for text in [text, near.join(" "), format!("{{ {} }}", near.join(" "))] {
            holds(&text, &variables)?;
        }
    }
}

#[test]
fn the_documents_above_are_not_all_refused() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let texts = (0..100).map(|_| document().new_tree(&mut runner).unwrap().current());
    let good = texts.filter(|text| prepared(text, &json!({})).is_ok()).count();
    assert!(good >= 20, "{good} of 100");
}
