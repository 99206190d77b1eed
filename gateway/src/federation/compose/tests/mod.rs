//! Composition of small schemas: what the planner and clients get, and what is refused.

mod refused;

use super::*;

const OWN: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
type Component implements Node @key(fields: "id") @key(fields: "ref") { id: ID! ref: String! name: String! }
interface Node { id: ID! }
union Owner = Component
scalar Day
type Query { component(ref: String!): Component owner: Owner day: Day }
"#;

const PUBLIC: &str = r#"
directive @cost(weight: Int!) on FIELD_DEFINITION
directive @fresh(maxAgeSeconds: Int!) on FIELD
type Component implements Node { id: ID! ref: String! name: String! }
interface Node { id: ID! }
union Owner = Component
scalar Day
type Query { component(ref: String!): Component owner: Owner day: Day }
"#;

fn subgraph(name: &str, sdl: &str) -> SubgraphRecord {
    let link = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\", \"@inaccessible\", \"@external\"])";
    SubgraphRecord {
        name: name.to_owned(),
        url: format!("http://127.0.0.1:9/{name}"),
        sdl: format!("{link}\n{sdl}"),
        sdl_hash: String::new(),
        owner: None,
        version: 1,
        published_at: Default::default(),
        published_by: String::new(),
    }
}

#[test]
fn clients_see_what_is_ours_as_it_is_and_what_teams_bring() {
    let sdl = "type Component @key(fields: \"ref\") { ref: String! alerts: [Alert!]! secret: Int @inaccessible } type Alert { text: String! } type Query { alerts: [Alert!]! }";
    let composed = compose_with(OWN, PUBLIC, &[subgraph("alerts", sdl)]).unwrap();
    let public = &composed.public_sdl;
    for part in ["alerts: [Alert!]!", "text: String!", "directive @fresh", "name: String!", "union Owner = Component"] {
        assert!(public.contains(part), "{part} is missing:\n{public}");
    }
    for hidden in ["join__", "secret", "@key", "@link", "@inaccessible"] {
        assert!(!public.contains(hidden), "{hidden} is shown:\n{public}");
    }
    assert!(crate::prepare::check_schema(public).is_ok());
    assert!(composed.keys.of("alerts", "Component").contains("ref"));
    assert!(composed.keys.of("weft", "Component").contains("id"));
    // What the planner finds no path without.
    for completed in ["type Query @join__type(graph: ALERTS)", "union Owner @join__"] {
        let plain = composed.supergraph_sdl.replace('\n', " ");
        assert!(plain.contains(completed), "{completed} is missing");
    }
}

#[test]
fn conflicts_are_told_with_all_their_reasons() {
    let conflicting = "type Component { name: Int } type Query { a: Int @policy(policies: [[\"x\"]]) b: Int @defer }";
    let reasons = compose_with(OWN, PUBLIC, &[subgraph("bad", conflicting)]).unwrap_err();
    let told: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|reason| reason.contains("bad: Query.a: @policy is not supported")), "{told:?}");
    assert!(told.iter().any(|reason| reason.contains("Query.b: @defer")), "{told:?}");
}

#[test]
fn the_subgraph_of_the_demo_is_taken_beside_all_of_weft() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../demo/incidents/schema.graphql");
    let record = SubgraphRecord { sdl: std::fs::read_to_string(path).unwrap(), ..subgraph("incidents", "") };
    assert_eq!(check(&[record]), Ok(()));
}
