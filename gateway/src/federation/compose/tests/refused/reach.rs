//! What composes, and could never be asked for.

use super::{refused, refused_as_it_is, taken};

#[test]
fn keys_lead_from_one_to_the_other() {
    let key = &["cannot be reached from", "give the type a @key"];
    refused(&[
        (
            "type Component { extra: Int } type Query { a: Int }",
            "Component",
            &["entity in subgraphs weft", "not in subgraphs team"],
        ),
        ("extend type Component { extra: Int }", "Component", &["entity in subgraphs weft"]),
        ("type Component @key(fields: \"number\") { number: Int! extra: Int }", "Component.extra", key),
        ("type Component @key(fields: \"ref\", resolvable: false) { ref: String! extra: Int }", "Component.extra", key),
        ("type Product @key(fields: \"id\") { id: ID! extra: Int } type Query { p: Product }", "Product.", key),
        ("type Maker { since: Int } type Query { m: Maker }", "Maker.since", key),
    ]);
    // Without the link the library takes it for version 1, and the type for an entity.
    refused_as_it_is("extend type Component { extra: Int }", "Component.extra", key);
    taken(&[
        "type Component @key(fields: \"ref\", resolvable: false) { ref: String! } type Query { a: Component }",
        "type Component @key(fields: \"ref\") { ref: String! product: Product } type Product @key(fields: \"sku\") { sku: String! extra: Int }",
        "type Team @key(fields: \"id\") { id: ID! flags: [String!] } union Holder = Team type Query { holders: [Holder!] }",
    ]);
}

#[test]
fn nothing_requires_itself() {
    let round = &["@requires comes back", "take one out of the circle"];
    let shipping =
        "type Product @key(fields: \"sku\") { sku: String! a: Int @requires(fields: \"b\") b: Int @external }";
    let other = "type Product @key(fields: \"sku\") { sku: String! b: Int @requires(fields: \"a\") a: Int @external }";
    let records = [("stock", super::STOCK), ("shipping", shipping), ("team", other)];
    let records = records.map(|(name, sdl)| super::record(name, &format!("{}{sdl}", super::LINK)));
    let own = format!("{}{}", super::LINK, super::OWN);
    let reasons = super::compose_with(&own, "type Query { a: Int }", &records).unwrap_err();
    for (subgraph, place) in [("shipping", "Product.a"), ("team", "Product.b")] {
        let is_told = reasons.iter().any(|reason| {
            reason.subgraph.as_deref() == Some(subgraph)
                && reason.place.as_deref() == Some(place)
                && round.iter().all(|word| reason.message.contains(word))
        });
        assert!(is_told, "{reasons:#?}");
    }
}
