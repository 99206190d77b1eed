//! The count against what one counts by hand, against a slow reference, and on documents that would not end otherwise.

use proptest::prelude::*;

use super::*;

fn limits() -> DocumentLimits {
    DocumentLimits {
        selections_max: 50,
        aliases_max: 6,
        root_aliases_max: 3,
        root_fields_max: 5,
        directives_max: 4,
        fragments_max: 100,
        operations_max: 3,
        depth_max: 4,
        introspection_depth_max: 6,
    }
}

fn parse(text: &str) -> Document {
    Document::parse(text, "document").unwrap()
}

fn outcome(text: &str) -> Result<(), (ErrorCode, String)> {
    check(&parse(text), &limits()).map_err(|refusal| (refusal.code, refusal.message))
}

fn is_too(text: &str, code: ErrorCode, what: &str) {
    let (found, message) = outcome(text).unwrap_err();
    assert!(found == code && message.contains(what), "{text}: {message}");
}

#[test]
fn each_limit_is_met_exactly() {
    for text in [
        "{ a b c d e }",
        "{ a: x b: x c: x }",
        "{ x { a: y b: y c: y } y { d: y e: y f: y } }",
        "{ a @skip(if: true) b @skip(if: true) c @skip(if: true) d @skip(if: true) }",
        "{ a { b { c { d } } } }",
        "{ __schema { b { c { d { e { f } } } } } }",
        "query a { x } query b { x } query c { x }",
    ] {
        assert_eq!(outcome(text), Ok(()), "{text}");
    }
    is_too("{ a b c d e f }", ErrorCode::QueryTooComplex, "6 root fields");
    is_too("{ a b c ...f } fragment f on Q { d e f }", ErrorCode::QueryTooComplex, "6 root fields");
    is_too("{ a: x b: x c: x d: x }", ErrorCode::QueryTooComplex, "4 aliases of root fields");
    is_too("{ x { ...f ...f } } fragment f on X { a: y b: y c: y d: y }", ErrorCode::QueryTooComplex, "8 aliases");
    is_too(
        "{ x { ...f @skip(if: true) ...f } } fragment f on X { a @a b @b }",
        ErrorCode::QueryTooComplex,
        "5 directives",
    );
    is_too("{ a { b { c { d { e } } } } }", ErrorCode::QueryTooDeep, "5 levels");
    is_too("{ a { ...f } } fragment f on X { b { c { d { e } } } }", ErrorCode::QueryTooDeep, "levels");
    is_too("{ __schema { b { c { d { e { f { g } } } } } } }", ErrorCode::QueryTooDeep, "7 levels");
    is_too("query a { x } query b { x } query c { x } query d { x }", ErrorCode::QueryTooComplex, "4 operations");
}

#[test]
fn doubling_fragments_are_counted_without_being_walked() {
    let levels: String =
        (0..60).map(|n| format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1)).collect();
    is_too(
        &format!("{{ x {{ ...f0 }} }} {levels} fragment f60 on Query {{ a }}"),
        ErrorCode::QueryTooComplex,
        "selections",
    );
}

#[test]
fn a_fragment_that_spreads_itself_is_refused() {
    let (code, message) = outcome("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }").unwrap_err();
    assert_eq!(code, ErrorCode::GraphqlValidationFailed);
    assert!(message.contains("spreads itself"), "{message}");
}

#[test]
fn fragments_that_nest_fragments_are_a_height_too() {
    // Each fragment by itself is low and shallow; only all of them together are high.
    let inner = |at: usize| format!("{}...f{}{}", "... { ".repeat(20), at + 1, " }".repeat(20));
    let chain = |count: usize| -> String {
        let all: String = (0..count).map(|at| format!("fragment f{at} on Q {{ {} }} ", inner(at))).collect();
        format!("{{ x {{ ...f0 }} }} {all} fragment f{count} on Q {{ a }}")
    };
    assert_eq!(outcome(&chain(2)), Ok(()));
    // It has too many selections besides: which of the two is told must not be a matter of chance.
    for _ in 0..20 {
        is_too(&chain(90), ErrorCode::QueryTooDeep, "nested more than 150");
    }
}

/// A document of fragments, each spreading only later ones.
fn fragments() -> impl Strategy<Value = Vec<Vec<Option<usize>>>> {
    (1usize..6).prop_flat_map(|count| {
        let fragment = move |at: usize| prop::collection::vec(prop::option::of(at + 1..count + 1), 1..4);
        (0..count).map(fragment).collect::<Vec<_>>()
    })
}

/// The reference: spreads everything out, one by one.
fn slow(fragments: &[Vec<Option<usize>>], at: usize) -> u64 {
    let Some(fragment) = fragments.get(at) else { return 1 };
    fragment.iter().map(|item| 1 + item.map_or(0, |next| slow(fragments, next))).sum()
}

proptest! {
    #[test]
    fn the_count_equals_the_slow_one(fragments in fragments()) {
        let item = |item: &Option<usize>| item.map_or("a".to_owned(), |next| format!("...f{next}"));
        let mut text = String::from("{ x { ...f0 } }");
        for (at, items) in fragments.iter().enumerate() {
            let items: Vec<String> = items.iter().map(item).collect();
            text.push_str(&format!(" fragment f{at} on X {{ {} }}", items.join(" ")));
        }
        text.push_str(&format!(" fragment f{} on X {{ a }}", fragments.len()));
        // A fragment that nothing spreads is held to the limit by itself.
        let alone = (0..fragments.len()).map(|at| slow(&fragments, at)).max().unwrap();
        let expected = alone.max(2 + slow(&fragments, 0));
        let generous = |selections_max| DocumentLimits { selections_max, ..limits() };
        prop_assert!(check(&parse(&text), &generous(expected)).is_ok(), "{text}");
        prop_assert!(check(&parse(&text), &generous(expected - 1)).is_err(), "{text}");
    }
}
