//! Supergraphs as composers elsewhere write them: what is served of them, and what is refused.

use super::*;

const OWN_SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
type Component implements Node @key(fields: "id") @key(fields: "ref") { id: ID! ref: String! name(short: Boolean): String! stage: Stage }
interface Node { id: ID! }
enum Stage { EARLY LATE }
type Query { component(ref: String!): Component components: [Component!]! }
type Mutation { remove(ref: String!): Boolean }
"#;

const PUBLIC: &str = r#"
directive @cost(weight: Int!) on FIELD_DEFINITION
type Component implements Node { id: ID! ref: String! name(short: Boolean): String! stage: Stage }
interface Node { id: ID! }
enum Stage { EARLY LATE }
type Query { component(ref: String!): Component components: [Component!]! }
type Mutation { remove(ref: String!): Boolean }
"#;

/// As another composer writes it: roots say where they are, and what is of all says nothing.
const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/tag/v0.3")
  @link(url: "https://vendor.example.com/notes/v1.0", import: [{ name: "@note", as: "@remark" }])
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
{ query: Query mutation: Mutation }
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ENUM | ENUM_VALUE | SCALAR | INPUT_OBJECT | INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  ALERTS @join__graph(name: "alerts", url: "http://127.0.0.1:9/graphql")
  OURS @join__graph(name: "Weft", url: "http://anywhere.example.com")
}
type Component implements Node
  @join__implements(graph: OURS, interface: "Node")
  @join__type(graph: ALERTS, key: "ref")
  @join__type(graph: OURS, key: "id")
  @join__type(graph: OURS, key: "ref")
{
  ref: String!
  alerts: [Alert!] @join__field(graph: ALERTS)
  secret: Int @join__field(graph: ALERTS) @inaccessible
  id: ID! @join__field(graph: OURS)
  name(short: Boolean): String! @join__field(graph: OURS)
}
type Alert @join__type(graph: ALERTS) { text: String! }
interface Node @join__type(graph: OURS) { id: ID! }
type Query @join__type(graph: ALERTS) @join__type(graph: OURS) {
  alerts: [Alert!] @join__field(graph: ALERTS)
  component(ref: String!): Component @join__field(graph: OURS)
}
type Mutation @join__type(graph: OURS) { remove(ref: String!): Boolean }
"#;

fn reasons(supergraph: &str) -> Vec<String> {
    let refused = ready_with(OWN_SDL, PUBLIC, supergraph).map(|ready| ready.composed.public_sdl);
    refused.unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn what_was_composed_elsewhere_is_served_under_our_own_name_and_as_far_as_it_goes() {
    let ready = ready_with(OWN_SDL, PUBLIC, SUPERGRAPH).unwrap();
    let names: Vec<&str> = ready.subgraphs.iter().map(|subgraph| subgraph.name.as_str()).collect();
    assert_eq!(names, ["alerts"]);
    assert_eq!(ready.lacking, ["Component.stage", "Query.components"]);
    let public = &ready.composed.public_sdl;
    for part in ["alerts: [Alert!]", "name(short: Boolean): String!", "directive @cost", "remove(ref: String!)"] {
        assert!(public.contains(part), "{part} is missing:\n{public}");
    }
    for hidden in ["join__", "secret", "stage", "components"] {
        assert!(!public.contains(hidden), "{hidden} is shown:\n{public}");
    }
    assert!(crate::prepare::check_schema(public).is_ok());
    assert!(ready.composed.keys.of(OWN, "Component").contains("id"));
    // Who says nothing of a field of a root gives all of it, and nobody else.
    let planned = ready.composed.supergraph_sdl.replace('\n', " ");
    assert!(planned.contains("type Mutation @join__type(graph: OURS) {"), "{planned}");
    crate::federation::planner::HivePlanner::new(&ready.composed.supergraph_sdl, ready.composed.keys).unwrap();
}

#[test]
fn what_is_not_executed_or_not_ours_is_refused_with_its_place() {
    for (from, to, says) in [
        ("name: \"Weft\"", "name: \"other\"", "no subgraph is named `weft`"),
        ("enum join__Graph", "enum Graphs", "no `enum join__Graph`"),
        ("http://127.0.0.1:9/graphql", "http://example.com", "alerts: the address must be https"),
        ("http://127.0.0.1:9/graphql", "nothing", "alerts: the address is none"),
        ("name: \"alerts\"", "name: \"a__requires_1\"", "a name is a letter"),
        ("join/v0.3", "join/v0.1", "is not read"),
        ("notes/v1.0\"", "notes/v1.0\", for: SECURITY", "has to be understood"),
        ("inaccessible/v0.2\"", "inaccessible/v0.2\", as: \"hidden\"", "under other names"),
        ("query: Query ", "query: Root ", "Root: the root type"),
        ("type Alert", "extend type Alert { more: Int } type Alert", "extends none"),
        ("ALERTS, key: \"ref\"", "ALERTS, key: \"ref\", isInterfaceObject: true", "Component: @interfaceObject"),
        ("Node @join__type(graph: OURS)", "Node @join__type(graph: OURS, key: \"id\")", "Node: @key on an interface"),
        (
            "secret: Int @join__field(graph: ALERTS",
            "secret: Int @join__field(graph: ALERTS, overrideLabel: \"percent(1)\"",
            "by label",
        ),
        (
            "secret: Int @join__field(graph: ALERTS",
            "secret: Int @join__field(graph: ALERTS, requires: \"name(short: true)\"",
            "@requires with arguments",
        ),
        ("text: String!", "text: String! @policy(policies: [[\"a\"]])", "Alert.text: @policy is not supported"),
        (
            "id: ID! @join__field(graph: OURS)",
            "id: ID! @join__field(graph: OURS) @inaccessible",
            "Component.id: what Weft itself shows",
        ),
        (
            "name(short: Boolean)",
            "name(short: Boolean @inaccessible)",
            "Component.name(short:): what Weft itself shows",
        ),
        ("Boolean): String!", "Boolean): Int!", "weft: Component.name: is String! in Weft's schema, and not Int!"),
        (
            "Boolean): String! @join__field(graph: OURS)",
            "Boolean): String! @join__field(graph: ALERTS)",
            "alerts: Component.name: is Weft's own field",
        ),
        ("short: Boolean", "short: Boolean, long: Boolean", "Component.name(long:): is not in Weft's schema"),
        ("component(ref: String!)", "component", "Query.component(ref:): must be passed"),
        (
            "component(ref: String!)",
            "component(ref: String)",
            "Query.component(ref:): is String! in Weft's schema, and not String",
        ),
        ("graph: OURS, key: \"id\"", "graph: OURS, key: \"name\"", "Component: `name` is no key of it"),
        (
            "type Alert @join__type(graph: ALERTS)",
            "type Alert @join__type(graph: OURS)",
            "weft: Alert: is not in Weft's schema",
        ),
        (
            "secret: Int @join__field(graph: ALERTS)",
            "secret: Int @join__field(graph: OURS)",
            "Component.secret: is not in Weft's schema",
        ),
        (
            "remove(ref: String!): Boolean",
            "remove(ref: String!): Boolean again: Int",
            "Mutation.again: is not in Weft's schema",
        ),
        ("interface Node", "union Node = Alert interface Other", "Node: is another kind of type"),
        ("type Alert", "type Alert {", "cannot be read"),
    ] {
        assert!(SUPERGRAPH.contains(from), "{from}");
        let told = reasons(&SUPERGRAPH.replacen(from, to, 1));
        assert!(told.iter().any(|reason| reason.contains(says)), "{to}: {told:?}");
    }
}
