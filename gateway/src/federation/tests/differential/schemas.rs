//! Four services: keys of several kinds, shared values, required and provided fields, overrides, interfaces and unions.

use sources::postgres::SubgraphRecord;

use crate::federation::compose::{Composed, compose_with};

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable", "@external", "@requires", "@provides", "@override", "@inaccessible"])
"#;

/// In place of Weft's own.
pub const OWN: &str = r#"
type Product implements Named @key(fields: "id") @key(fields: "sku") {
  id: ID!
  sku: String!
  name: String!
  price(currency: Currency = EUR): Float
  owner: Owner
  team: Team
  page(first: Int = 2): ProductPage!
  tags: [String!]!
  related: [Product!]
}
type Team implements Named @key(fields: "id") { id: ID! name: String! members: [Person!]! lead: Person }
type Person @key(fields: "org { number } login") { org: Org! login: String! name: String }
type Org @shareable { number: Int! }
union Owner = Team | Person
interface Named { name: String! }
enum Currency { EUR USD }
type ProductPage { nodes: [Product!]! info: PageInfo! }
type PageInfo @shareable { hasNext: Boolean! total: Int }
type Query { product(id: ID!): Product products(first: Int = 3): [Product!]! named: [Named] owner: Owner team: Team page: PageInfo! }
"#;

const REVIEWS: &str = r#"
type Product @key(fields: "id") {
  id: ID!
  name: String! @external
  reviews(stars: Int): [Review!]
  rating: Float
  described: String! @requires(fields: "name")
  price(currency: Currency = EUR): Float @external
  taxed: String! @requires(fields: "price")
}
enum Currency { EUR USD }
type Review @key(fields: "id") { id: ID! body: String author: Person! product: Product! hidden: String @inaccessible }
type Person @key(fields: "org { number } login") { org: Org! login: String! reviews: [Review!]! karma: Int! }
type Org @shareable { number: Int! }
type PageInfo @shareable { hasNext: Boolean! total: Int }
type Query { reviews(first: Int = 2): [Review!]! bestReview: Review pages: [PageInfo] }
"#;

const STOCK: &str = r#"
type Product @key(fields: "sku") { sku: String! stock: Int! warehouses: [Warehouse!] }
type Warehouse @key(fields: "code") { code: String! city: String products: [Product!]! info: PageInfo }
type PageInfo @shareable { hasNext: Boolean! total: Int }
type Query { warehouse(code: String!): Warehouse warehouses: [Warehouse!]! }
"#;

const FLAGS: &str = r#"
type Team @key(fields: "id") { id: ID! flags: [Flag!]! label: String! }
type Flag { name: String! on: Boolean! team: Team! owner: FlagOwner }
union FlagOwner = Team | Warehouse
type Warehouse @key(fields: "code") { code: String! city: String @override(from: "stock") label: String }
type Query { flags: [Flag!]! flagOwner: FlagOwner }
"#;

/// Name and SDL of each service besides the own one.
pub const OTHERS: [(&str, &str); 3] = [("reviews", REVIEWS), ("stock", STOCK), ("flags", FLAGS)];

/// The graph of all.
pub fn composed() -> Composed {
    let record = |(name, sdl): &(&str, &str)| SubgraphRecord {
        name: (*name).to_owned(),
        url: format!("http://127.0.0.1:9/{name}"),
        sdl: format!("{LINK}{sdl}"),
        sdl_hash: String::new(),
        owner: None,
        version: 1,
        published_at: Default::default(),
        published_by: String::new(),
    };
    let directives =
        ["@shareable", "@key(fields: \"id\")", "@key(fields: \"sku\")", "@key(fields: \"org { number } login\")"];
    let public = directives.iter().fold(OWN.to_owned(), |sdl, directive| sdl.replace(directive, ""));
    compose_with(&format!("{LINK}{OWN}"), &public, &OTHERS.iter().map(record).collect::<Vec<_>>())
        .unwrap_or_else(|reasons| panic!("{reasons:#?}"))
}
