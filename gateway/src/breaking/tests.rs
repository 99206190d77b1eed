use apollo_compiler::Schema;

use super::{Severity, compare};

const OLD: &str = r#"
    directive @shown(at: Int, by: String) repeatable on FIELD | QUERY
    directive @gone on FIELD
    directive @oneOf on INPUT_OBJECT
    type Query { a(n: Int = 1, ids: [ID!]): A b: B! list: [A] must: [A!]! union: U kind: Kind find(by: By): A old: Old }
    type Mutation { change: Int }
    interface Named { name: String }
    type A implements Named { name: String size: Int! odd: String }
    type B { x: Int }
    type Old { x: Int }
    union U = A | B
    enum Kind { ONE TWO }
    input By { name: String size: Int! = 3 tag: [String] }
    scalar At
"#;

/// What is said when `from` in the old schema becomes `to`, each as `coordinate: what`.
fn told(edits: &[(&str, &str)]) -> Vec<(Severity, String)> {
    let mut new = OLD.to_owned();
    for (from, to) in edits {
        assert!(new.contains(from), "{from}");
        new = new.replacen(from, to, 1);
    }
    let read = |text: &str| Schema::parse_and_validate(text, "test.graphql").expect(text).into_inner();
    let changes = compare(&read(OLD), &read(&new));
    changes.into_iter().map(|change| (change.severity, format!("{}: {}", change.coordinate, change.what))).collect()
}

fn assert_told(edits: &[(&str, &str)], severity: Severity, expected: &[&str]) {
    let expected: Vec<_> = expected.iter().map(|line| (severity, (*line).to_owned())).collect();
    assert_eq!(told(edits), expected, "{edits:?}");
}

#[test]
fn an_equal_schema_and_additions_break_nothing() {
    for edits in [
        [("scalar At", "scalar At")],
        [("scalar At", "scalar At type New { x: Int }")],
        [("type B { x: Int }", "type B { x: Int y: Int }")],
        [("a(n: Int = 1, ids", "a(n: Int = 1, more: Int, certain: Int! = 1, ids")],
        [("input By { name", "input By { more: Int certain: Int! = 1 name")],
        [("scalar At", "scalar At directive @new on FIELD")],
        // Order and descriptions are nobody's concern.
        [("enum Kind { ONE TWO }", "\"Which\" enum Kind { TWO ONE }")],
    ] {
        assert_told(&edits, Severity::Breaking, &[]);
    }
}

#[test]
fn what_is_gone_is_named() {
    for (edits, expected) in [
        (vec![("old: Old", ""), ("type Old { x: Int }", "")], vec!["Query.old: field removed", "Old: type removed"]),
        (vec![("odd: String", "")], vec!["A.odd: field removed"]),
        (vec![("a(n: Int = 1, ids", "a(ids")], vec!["Query.a(n:): argument removed"]),
        (vec![("{ ONE TWO }", "{ ONE }")], vec!["Kind.TWO: enum value removed"]),
        (vec![("U = A | B", "U = A")], vec!["U: member B removed"]),
        (vec![("A implements Named", "A")], vec!["A: no longer implements Named"]),
        (vec![(" tag: [String]", "")], vec!["By.tag: input field removed"]),
        (vec![("directive @gone on FIELD", "")], vec!["@gone: directive removed"]),
        (vec![("at: Int, ", "")], vec!["@shown(at:): argument removed"]),
        (
            vec![("repeatable on FIELD | QUERY", "on FIELD")],
            vec!["@shown: may stand only once in a place", "@shown: may no longer stand on QUERY"],
        ),
        (
            vec![("type Mutation { change: Int }", "")],
            vec!["Mutation: is no longer the type of every mutation", "Mutation: type removed"],
        ),
        (vec![("scalar At", "enum At { NOW }")], vec!["At: was a scalar, is an enum"]),
    ] {
        assert_told(&edits, Severity::Breaking, &expected);
    }
}

#[test]
fn output_may_become_stricter_and_input_laxer() {
    for edits in [
        [("odd: String", "odd: String!")],
        [("list: [A]", "list: [A!]!")],
        [("ids: [ID!]", "ids: [ID]")],
        [("size: Int! = 3", "size: Int = 3")],
    ] {
        assert_told(&edits, Severity::Breaking, &[]);
    }
    for (edits, expected) in [
        ([("b: B!", "b: B")], "Query.b: type changed from B! to B"),
        ([("must: [A!]!", "must: [A]!")], "Query.must: type changed from [A!]! to [A]!"),
        ([("must: [A!]!", "must: A!")], "Query.must: type changed from [A!]! to A!"),
        ([("x: Int", "x: Float")], "B.x: type changed from Int to Float"),
        ([("ids: [ID!]", "ids: [ID!]!")], "Query.a(ids:): type changed from [ID!] to [ID!]!"),
        ([("tag: [String]", "tag: [String!]")], "By.tag: type changed from [String] to [String!]"),
        ([("tag: [String]", "tag: String")], "By.tag: type changed from [String] to String"),
        ([("size: Int! = 3", "size: Int!")], "By.size: input field is required now: it has no default any more"),
        ([("a(n: Int = 1, ids", "a(n: Int = 1, more: Int!, ids")], "Query.a(more:): required argument added"),
        ([("input By { name", "input By { more: Int! name")], "By.more: required input field added"),
        ([("at: Int, ", "at: Int, more: Int!, ")], "@shown(more:): required argument added"),
        (
            [("input By { name: String size: Int! = 3", "input By @oneOf { name: String size: Int")],
            "By: takes exactly one field now (@oneOf)",
        ),
    ] {
        let all = told(&edits);
        let breaking: Vec<_> = all.iter().filter(|(severity, _)| *severity == Severity::Breaking).collect();
        assert_eq!(breaking, [&(Severity::Breaking, expected.to_owned())], "{edits:?}");
    }
}

#[test]
fn what_may_mean_something_else_is_dangerous() {
    for (edits, expected) in [
        (vec![("n: Int = 1", "n: Int = 2")], "Query.a(n:): default changed from 1 to 2"),
        (vec![("n: Int = 1", "n: Int")], "Query.a(n:): default changed from 1 to none"),
        (vec![("{ ONE TWO }", "{ ONE TWO THREE }")], "Kind.THREE: enum value added"),
        (vec![("U = A | B", "U = A | B | Old")], "U: member Old added"),
        (vec![("type B {", "type B implements Named { name: String")], "B: implements Named now"),
    ] {
        assert_told(&edits, Severity::Dangerous, &[expected]);
    }
}
