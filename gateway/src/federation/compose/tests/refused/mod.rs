//! What is refused at publication, one case for each: with the subgraph, the place where it can be told, and what to do. Nothing of
//! it may be found out by a client.

mod directives;
mod documents;
mod links;
mod reach;
mod selections;
mod types;

use super::super::*;

const OWN: &str = r#"
type Component implements Node @key(fields: "id") @key(fields: "ref") {
  id: ID!
  ref: String!
  name: String!
  owner: Owner
  page: Page!
  filtered(filter: Filter): Int
}
type Team @key(fields: "id") { id: ID! name: String! }
interface Node { id: ID! }
union Owner = Component | Team
scalar Day
enum Currency { EUR USD }
input Filter { text: String currency: Currency }
type Page @shareable { hasNext: Boolean! }
type Query {
  component(ref: String!, currency: Currency): Component
  components(filter: Filter): [Component!]!
  owner: Owner
  day: Day
  currency: Currency
}
"#;

/// A subgraph that is published already.
const STOCK: &str = r#"
type Product @key(fields: "sku") { sku: String! stock: Int! city: String maker: Maker }
type Maker { name: String! }
type Query { products: [Product!]! }
"#;

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external",
  "@requires", "@provides", "@override", "@inaccessible", "@tag", "@extends", "@interfaceObject", "@authenticated", "@requiresScopes",
  "@policy", "@composeDirective", "@context", "@fromContext"])
"#;

/// What is refused, where, and words of the reason.
type Case = (&'static str, &'static str, &'static [&'static str]);

fn record(name: &str, sdl: &str) -> SubgraphRecord {
    SubgraphRecord {
        name: name.to_owned(),
        url: format!("http://127.0.0.1:9/{name}"),
        sdl: sdl.to_owned(),
        sdl_hash: String::new(),
        owner: None,
        version: 1,
        published_at: Default::default(),
        published_by: String::new(),
    }
}

/// Composes the SDL of `team` with what is there.
fn outcome(sdl: &str) -> Result<Composed, Vec<Diagnostic>> {
    let federation = ["@shareable", "@key(fields: \"id\")", "@key(fields: \"ref\")"];
    let public = federation.iter().fold(OWN.to_owned(), |sdl, directive| sdl.replace(directive, ""));
    let defined = "directive @cost(weight: Int!) on FIELD_DEFINITION\ndirective @oneOf on INPUT_OBJECT\n";
    let subgraphs = [record("stock", &format!("{LINK}{STOCK}")), record("team", sdl)];
    let composed = compose_with(&format!("{LINK}{OWN}"), &format!("{defined}{public}"), &subgraphs)?;
    let unusable = |error: String| panic!("{sdl}\nis found out too late: {error}");
    if let Err(error) = super::super::super::planner::HivePlanner::new(&composed.supergraph_sdl, composed.keys.clone())
    {
        unusable(error.to_string());
    }
    if let Err(error) = crate::prepare::check_schema(&composed.whole_sdl) {
        unusable(format!("{error:#}"));
    }
    Ok(composed)
}

/// Each with the link before it.
fn refused(cases: &[Case]) {
    let with_link: Vec<(String, _, _)> =
        cases.iter().map(|(sdl, place, words)| (format!("{LINK}{sdl}"), *place, *words)).collect();
    with_link.iter().for_each(|(sdl, place, words)| refused_as_it_is(sdl, place, words));
}

fn refused_as_it_is(sdl: &str, place: &str, words: &[&str]) {
    let reasons = match outcome(sdl) {
        Ok(_) => panic!("{sdl}\nwas taken"),
        Err(reasons) => reasons,
    };
    let is_told = reasons.iter().any(|reason| {
        reason.subgraph.as_deref() == Some("team")
            && reason.place.as_deref().unwrap_or_default().starts_with(place)
            && words.iter().all(|word| reason.message.contains(word))
    });
    assert!(is_told, "{sdl}\n{place}: {words:?} is not among {reasons:#?}");
}

/// Each with the link before it: what looks alike is taken.
fn taken(cases: &[&str]) {
    for sdl in cases {
        let outcome = outcome(&format!("{LINK}{sdl}"));
        assert!(outcome.is_ok(), "{sdl}: {:#?}", outcome.err());
    }
}
