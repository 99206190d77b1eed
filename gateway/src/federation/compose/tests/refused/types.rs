//! Types that others define as well.

use super::{refused, taken};

#[test]
fn fields_conflict() {
    let types = &["conflicting types", "weft", "team"];
    refused(&[
        ("type Component @key(fields: \"ref\") { ref: Int! }", "Component.ref", types),
        ("type Page @shareable { hasNext: Int! }", "Page.hasNext", types),
        ("interface Node { id: Int! } type Query { a: Node }", "Node.id", types),
        ("input Filter { text: Int currency: Currency } enum Currency { EUR USD }", "Filter.text", types),
        ("type Product @key(fields: \"sku\") { sku: Int! }", "Product.sku", &["conflicting types", "stock", "team"]),
        ("type Component @key(fields: \"ref\") { ref(a: Int): String! }", "Component", &["@key", "arguments"]),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: Int @external b: Int @requires(fields: \"name\") }",
            "Component.name",
            types,
        ),
        (
            "type Product @key(fields: \"sku\") { sku: String! city: String }",
            "Product.city",
            &["multiple subgraphs", "shareable"],
        ),
        ("type Page @shareable { total: Int }", "Page", &["shareable", "missing", "hasNext"]),
    ]);
}

#[test]
fn nothing_of_weft_gets_lost() {
    refused(&[
        ("enum Currency { EUR } type Query { a: Currency }", "Currency.USD", &["is missing", "add it"]),
        ("enum Currency { EUR USD CHF } type Query { a: Currency }", "Currency", &["match exactly"]),
        (
            "input Filter { text: String } type Query { a(f: Filter): Int }",
            "Filter.currency",
            &["is missing", "add it"],
        ),
        (
            "input Filter { text: String currency: Currency must: Int! } enum Currency { EUR USD }",
            "Filter.must",
            &["not defined in all subgraphs"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! filtered: Int @external b: Int @requires(fields: \"filtered\") }",
            "Component.filtered.filter",
            &["is missing", "add it"],
        ),
        (
            "interface Node { id: ID! more: Int } type Query { a: Node }",
            "Node.more",
            &["not implemented by", "Component"],
        ),
        (
            "interface I { a: Int @shareable } type A implements I { a: Int } type Query { i: I }",
            "I.a",
            &["not allowed"],
        ),
    ]);
    taken(&[
        "input Filter { text: String currency: Currency more: Int } enum Currency { USD EUR } type Query { a(f: Filter): Int }",
    ]);
}

#[test]
fn kinds_are_the_same_everywhere() {
    let cases = [
        ("enum Component { A } type Query { a: Component }", "Component", "an enum here and an object in weft"),
        ("type Currency { a: Int } type Query { a: Currency }", "Currency", "an object here and an enum in weft"),
        ("scalar Currency type Query { a: Currency }", "Currency", "a scalar here and an enum in weft"),
        ("enum Day { A } type Query { a: Day }", "Day", "an enum here and a scalar in weft"),
        ("interface Owner { a: Int } type Query { a: Owner }", "Owner", "an interface here and a union in weft"),
        ("type Node { id: ID! } type Query { a: Node }", "Node", "an object here and an interface in weft"),
        ("union Node = X type X { a: Int } type Query { a: Node }", "Node", "a union here and an interface in weft"),
        ("type Filter { text: String } type Query { a: Filter }", "Filter", "an object here and an input in weft"),
        ("scalar Filter type Query { a(b: Filter): Int }", "Filter", "a scalar here and an input in weft"),
        ("scalar Page type Query { a: Page }", "Page", "a scalar here and an object in weft"),
        ("scalar Maker type Query { a: Maker }", "Maker", "a scalar here and an object in stock"),
    ];
    for (sdl, place, words) in cases {
        super::refused_as_it_is(&format!("{}{sdl}", super::LINK), place, &[words, "another name"]);
    }
}
