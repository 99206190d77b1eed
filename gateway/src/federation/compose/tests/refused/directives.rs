//! Directives that are not executed here, or not where they stand.

use super::{refused, refused_as_it_is, taken};

#[test]
fn directives_that_are_not_executed() {
    refused(&[
        (
            "type Node @key(fields: \"id\") @interfaceObject { id: ID! a: Int }",
            "Node",
            &["@interfaceObject", "subgraphs that define"],
        ),
        (
            "interface Thing @key(fields: \"id\") { id: ID! } type Query { a: Thing }",
            "Thing",
            &["@key on an interface", "put it on"],
        ),
        ("type A @key(fields: \"id\") @context(name: \"c\") { id: ID! }", "A", &["@context", "not passed on"]),
        ("type Query { x(a: Int @fromContext(field: \"$c { id }\")): Int }", "Query.x.a", &["@fromContext"]),
        (
            "type Product @key(fields: \"sku\") { sku: String! city: String @override(from: \"stock\", label: \"percent(10)\") }",
            "Product.city",
            &["@override by label", "take the label out"],
        ),
        ("type Query { e: Int @authenticated }", "Query.e", &["@authenticated", "access is decided by"]),
        ("enum E { A @authenticated B } type Query { e: E }", "E.A", &["@authenticated"]),
        ("type Query { e: Int @requiresScopes(scopes: [[\"a\"]]) }", "Query.e", &["@requiresScopes"]),
        ("enum E { A } extend enum E @policy(policies: [[\"x\"]]) type Query { e: E }", "E", &["@policy"]),
        (
            "extend schema @composeDirective(name: \"@mine\") directive @mine on FIELD_DEFINITION type Query { e: Int @mine }",
            "schema",
            &["@composeDirective", "stay in your subgraph"],
        ),
        ("type Query { e: Int @connect(http: { GET: \"/\" }) }", "Query.e", &["@connect", "publish a GraphQL service"]),
        ("type Query { a: Int @magic }", "Query.a", &["@magic is not known", "define it or take it out"]),
        ("type Query { a: Int @federation__magic }", "Query.a", &["@federation__magic is not known"]),
        ("type Query { a: Int @keys }", "Query.a", &["@keys is not known"]),
        ("type Query @key(fields: \"a\") { a: Int @key(fields: \"b\") }", "line", &["key", "FIELD_DEFINITION"]),
        ("type Query { a: Int @tag }", "line", &["tag", "name"]),
        ("type Query { a: Int @cost }", "line", &["cost", "weight"]),
    ]);
}

#[test]
fn nothing_of_weft_is_taken_over() {
    refused(&[
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @override(from: \"weft\") }",
            "Component.name",
            &["taken over"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @federation__override(from: \"weft\") }",
            "Component.name",
            &["taken over"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! @shareable }",
            "Component.name",
            &["Weft's own field", "take it out"],
        ),
        (
            "type Component @key(fields: \"ref\") { ref: String! name: String! }",
            "Component.name",
            &["multiple subgraphs"],
        ),
        ("scalar Day type Query { day: Day }", "Query.day", &["multiple subgraphs"]),
    ]);
}

#[test]
fn nothing_of_weft_is_hidden() {
    let hidden = &["Weft itself shows", "inaccessible", "take it out"];
    refused(&[
        ("type Component @key(fields: \"ref\") { ref: String! @inaccessible }", "Component.ref", hidden),
        ("type Component @key(fields: \"ref\") { ref: String! @federation__inaccessible }", "Component.ref", hidden),
        ("type Component @key(fields: \"ref\") @inaccessible { ref: String! }", "Component", hidden),
        (
            "type Component @key(fields: \"ref\") { ref: String! } extend type Component @inaccessible",
            "Component",
            hidden,
        ),
        ("enum Currency @inaccessible { EUR USD }", "Currency", hidden),
        ("enum Currency { EUR @inaccessible USD }", "Currency.EUR", hidden),
        ("scalar Day @inaccessible", "Day", hidden),
        ("union Owner @inaccessible = Team type Team @key(fields: \"id\") { id: ID! }", "Owner", hidden),
        ("input Filter { text: String @inaccessible }", "Filter.text", hidden),
        ("interface Node @inaccessible { id: ID! }", "Node", hidden),
        ("interface Node { id: ID! @inaccessible }", "Node.id", hidden),
        ("type Page @shareable @inaccessible { hasNext: Boolean! }", "Page", hidden),
        ("type Query @inaccessible { a: Int }", "Query", hidden),
    ]);
    taken(&["type Secret @inaccessible { a: Int } type Query { a: Int b: Secret @inaccessible }"]);
}

#[test]
fn override_is_between_others() {
    refused_as_it_is(
        &format!(
            "{}type Product @key(fields: \"sku\") {{ sku: String! x: Int @override(from: \"team\") }}",
            super::LINK
        ),
        "Product.x",
        &["same"],
    );
    taken(&["type Product @key(fields: \"sku\") { sku: String! city: String @override(from: \"stock\") }"]);
}
