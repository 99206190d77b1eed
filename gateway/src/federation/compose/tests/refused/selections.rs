//! What @key, @requires, @provides and @external name.

use super::{refused, taken};

#[test]
fn keys() {
    refused(&[
        ("type Component @key(fields: \"nothing\") { ref: String! }", "Component", &["@key", "not there", "nothing"]),
        ("type Component @key(fields: \"\") { ref: String! }", "Component", &["@key names no field"]),
        ("type Component @key(fields: \"ref {\") { ref: String! }", "Component", &["@key", "ref {"]),
        ("type Component @key { ref: String! }", "line", &["key", "fields"]),
        ("type Component @key(field: \"ref\") { ref: String! }", "line", &["key", "field"]),
        ("type Component @key(fields: [\"ref\"]) { ref: String! }", "Component", &["@key needs `fields`, a text"]),
        ("type A @key(fields: \"b\") { b: B } type B { x: Int } type Query { a: A }", "A", &["@key", "`b`"]),
        ("type A @key(fields: \"b { x }\") { b: Int } type Query { a: A }", "A", &["@key", "b { x }"]),
        ("type A @key(fields: \"b { c }\") { b: Nope } type Query { a: A }", "line", &["Nope"]),
        ("type A @key(fields: \"b\") { b: [Int] } type Query { a: A }", "A", &["a list", "choose another"]),
        ("type A @key(fields: \"b\") { b(x: Int): Int } type Query { a: A }", "A", &["arguments", "choose another"]),
        (
            "type A @key(fields: \"u { ... on B { x } }\") { u: U } union U = B type B { x: Int }",
            "A",
            &["@key with fragments"],
        ),
        ("enum E @key(fields: \"a\") { A } type Query { e: E }", "line", &["key", "ENUM"]),
    ]);
}

#[test]
fn requirements() {
    let place = "Component.b";
    refused(&[
        (
            "type Component @key(fields: \"ref\") { ref: String! filtered(filter: Filter): Int @external b: Int @requires(fields: \"filtered(filter: null)\") } input Filter { text: String }",
            place,
            &["@requires with arguments", "name plain fields"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! owner: Owner @external b: Int @requires(fields: \"owner { ... on Team { name } }\") } union Owner = Team type Team @key(fields: \"id\") { id: ID! name: String! }",
            place,
            &["@requires with fragments"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @external b: Int @requires(fields: \"...F\") }",
            place,
            &["@requires with fragments", "...F"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @external b: Int @federation__requires(fields: \"...F\") }",
            place,
            &["@requires with fragments"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @external b: Int @requires(fields: \"x: name\") }",
            place,
            &["@requires with aliases"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @external b: Int @requires(fields: \"name {\") }",
            place,
            &["@requires", "name {"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! b: Int @requires(fields: \"nope\") }",
            place,
            &["not there", "nope"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! page: Page! @external b: Int @requires(fields: \"page\") } type Page @shareable { hasNext: Boolean! }",
            place,
            &["@requires", "`page`"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! c: Int b: Int @requires(fields: \"c\") }",
            place,
            &["`c`", "mark it @external"],
        ),
        (
            "type A { name: String! @external b: Int @requires(fields: \"name\") } type Query { a: A }",
            "A.b",
            &["needs a key"],
        ),
        ("interface I { a: Int b: Int @requires(fields: \"a\") } type Query { i: I }", "I.b", &["on an interface"]),
    ]);
    taken(&[
        "type Component @key(fields: \"ref\") { ref: String! page: Page! @external b: Int @requires(fields: \"page { hasNext }\") } type Page @shareable { hasNext: Boolean! }",
    ]);
}

#[test]
fn provided_fields() {
    refused(&[
        (
            "type Query { c: Component @provides(fields: \"nope\") } type Component @key(fields: \"ref\") { ref: String! }",
            "Query.c",
            &["@provides", "not there", "nope"],
        ),
        ("type Query { c: Int @provides(fields: \"nope\") }", "Query.c", &["@provides", "Int", "take it out"]),
        (
            "type Query { c: Component @provides(fields: \"x\") } type Component @key(fields: \"ref\") { ref: String! x: Int }",
            "Query.c",
            &["@provides", "`x`", "mark it @external"],
        ),
        (
            "type Query { c: Owner @provides(fields: \"... on Team { name }\") } union Owner = Team type Team @key(fields: \"id\") { id: ID! name: String! @external }",
            "Query.c",
            &["@provides with fragments"],
        ),
        (
            "type A @key(fields: \"id\") { id: ID! b: B @provides(fields: \"a { b { x } }\") } type B @key(fields: \"id\") { id: ID! x: Int @external a: A } type Query { a: A }",
            "A.b",
            &["@provides comes back", "circle"],
        ),
        (
            "type A @key(fields: \"id\") { id: ID! n: Int @external b: B @provides(fields: \"a { n }\") } type B @key(fields: \"id\") { id: ID! x: Int @external a: A @provides(fields: \"b { x }\") } type Query { a: A }",
            "A.b",
            &["@provides comes back", "circle"],
        ),
    ]);
    taken(&[
        "type Query { c: Component @provides(fields: \"name\") } type Component @key(fields: \"ref\") { ref: String! name: String! @external }",
    ]);
}

#[test]
fn external_fields() {
    refused(&[
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @external b: Int }",
            "Component.name",
            &["@external", "nothing here requires", "take it out"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! nobody: String! @external b: Int @requires(fields: \"nobody\") }",
            "Component.nobody",
            &["@external", "no other subgraph answers it"],
        ),
        (
            "type A @key(fields: \"id\") { id: ID! x: Int @external y: Int @requires(fields: \"x\") } type Query { a: A }",
            "A.x",
            &["@external", "no other subgraph answers it"],
        ),
    ]);
    taken(&["type Component @extends @key(fields: \"ref\") { ref: String! @external extra: Int }"]);
}
