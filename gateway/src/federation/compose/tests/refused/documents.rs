//! Documents that are no schema, or none by itself.

use super::{refused, refused_as_it_is, taken};

#[test]
fn documents_that_are_none() {
    for nothing in ["", "  \n"] {
        refused_as_it_is(nothing, "", &["the SDL is empty", "publish the one"]);
    }
    refused_as_it_is("# nothing", "", &["cannot be read"]);
    refused(&[
        ("", "document", &["brings no types", "define at least one"]),
        ("type Query { a Int }", "line", &["cannot be read", "expected a type"]),
        ("type Query {", "line", &["cannot be read"]),
        ("query { a } type Query { a: Int }", "document", &["no operations"]),
        ("schema { query: Root } type Root { a: Int }", "Root", &["must be named Query"]),
        ("extend schema { query: Root } type Root { a: Int }", "Root", &["must be named Query"]),
        (
            "schema { query: Query mutation: Changes } type Query { a: Int } type Changes { b: Int }",
            "Changes",
            &["named Mutation"],
        ),
    ]);
}

#[test]
fn names_that_are_not_free() {
    let reserved = &["is reserved", "choose another"];
    refused(&[
        ("enum join__Graph { A } type Query { a: join__Graph }", "join__Graph", reserved),
        ("scalar join__FieldSet type Query { a: join__FieldSet }", "join__FieldSet", reserved),
        ("directive @join__type(graph: String) on OBJECT type Query { a: Int }", "join__type", reserved),
        ("type Query { _internal_qp_alias_0: Int }", "Query._internal_qp_alias_0", reserved),
        ("type Query { e: Int e__1: Int }", "Query.e__1", reserved),
        ("type __Mine { a: Int } type Query { a: __Mine }", "line", &["__Mine", "reserved"]),
    ]);
    taken(&["type _Thing { _a: Int a_b: Int c__d: Int } type A__b { c: Int } type Query { _t: _Thing a: A__b }"]);
}

#[test]
fn a_subgraph_is_a_schema_by_itself() {
    refused(&[
        ("type Query { a: Nope }", "line", &["Nope"]),
        ("type Query { a(b: Nope): Int }", "line", &["Nope"]),
        ("type Query { b: Component }", "line", &["Component"]),
        ("type A implements Nope { a: Int } type Query { a: A }", "line", &["Nope"]),
        ("interface I { a: Int } type A implements I { b: Int } type Query { a: A i: I }", "line", &["I"]),
        ("input I { a: Int } type Query { a: I }", "line", &["`a`", "output type"]),
        ("type Query { a: A } type A", "line", &["A"]),
        ("type A { a: Int } type A { b: Int } type Query { a: A }", "line", &["A"]),
        ("type A { a: Int } enum A { B } type Query { a: A }", "line", &["A"]),
        ("type Query { q: Int q: Int }", "line", &["q"]),
    ]);
    taken(&[
        "type Query { a: Int _service: _Service! _entities(representations: [_Any!]!): [_Entity]! } type _Service { sdl: String } scalar _Any union _Entity = Component type Component @key(fields: \"ref\") { ref: String! }",
        "input X @oneOf { a: Int b: Int } type Query { q(x: X): Int }",
        "extend type Query { a: Int @cost(weight: 3) @tag(name: \"x\") @deprecated }",
        "directive @mine(a: Int) on FIELD_DEFINITION type Query { a: Int @mine(a: 1) }",
        "type Mutation { change: Int }",
    ]);
}
