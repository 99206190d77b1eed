//! No operation is worth more than it was said to cost: random operations over the whole graph, their objects counted.

use std::{collections::HashMap, fmt::Write};

use async_graphql_parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, ServiceDocument, Type, TypeKind, TypeSystemDefinition},
};
use it::{Answer, TestPlatform};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

/// How many operations are asked.
const CASES: usize = 100;
/// The same operations in every run.
const SEED: u64 = 7;
/// Deepest nesting, and most fields of an operation.
const DEPTH: usize = 7;
const FIELDS: usize = 120;

/// The graph, as the SDL tells it.
struct Graph {
    types: HashMap<String, TypeKind>,
    /// Points of an object of this type where they are not one.
    weights: HashMap<String, u64>,
}

impl Graph {
    fn read(sdl: &str) -> Self {
        let ServiceDocument { definitions } = parse_schema(sdl).unwrap();
        let (mut types, mut weights) = (HashMap::new(), HashMap::new());
        for definition in definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let cost = definition.node.directives.iter().find(|directive| directive.node.name.node == "cost");
            if let Some(weight) = cost.and_then(|cost| cost.node.get_argument("weight")) {
                weights.insert(name.clone(), weight.node.to_string().parse().unwrap());
            }
            types.insert(name, definition.node.kind);
        }
        Self { types, weights }
    }

    fn fields(&self, type_name: &str) -> Vec<&FieldDefinition> {
        match self.types.get(type_name) {
            Some(TypeKind::Object(object)) => object.fields.iter().map(|field| &field.node).collect(),
            Some(TypeKind::Interface(interface)) => interface.fields.iter().map(|field| &field.node).collect(),
            _ => Vec::new(),
        }
    }

    /// The objects that a value of an abstract type may be.
    fn possible(&self, type_name: &str) -> Vec<&str> {
        match self.types.get(type_name) {
            Some(TypeKind::Union(union)) => union.members.iter().map(|member| member.node.as_str()).collect(),
            Some(TypeKind::Interface(_)) => {
                let implements = |kind: &TypeKind| match kind {
                    TypeKind::Object(object) => object.implements.iter().any(|name| name.node == type_name),
                    _ => false,
                };
                let mut names: Vec<&str> =
                    self.types.iter().filter(|(_, kind)| implements(kind)).map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                names
            }
            _ => Vec::new(),
        }
    }

    fn is_composite(&self, type_name: &str) -> bool {
        !self.fields(type_name).is_empty() || !self.possible(type_name).is_empty()
    }

    /// The points of the objects of an answer.
    fn worth(&self, value: &Value) -> u64 {
        match value {
            Value::Object(fields) => {
                // A JSON scalar has no type, and is none of the graph's objects.
                let Some(name) = fields.get("__typename").and_then(Value::as_str) else { return 0 };
                let own = self.weights.get(name).copied().unwrap_or(1);
                own + fields.values().map(|field| self.worth(field)).sum::<u64>()
            }
            Value::Array(items) => items.iter().map(|item| self.worth(item)).sum(),
            _ => 0,
        }
    }
}

fn name_of(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => name_of(inner),
    }
}

/// Writes random operations.
struct Writer<'a> {
    graph: &'a Graph,
    random: StdRng,
    fields: usize,
    keys: usize,
}

impl Writer<'_> {
    fn operation(&mut self) -> String {
        (self.fields, self.keys) = (0, 0);
        let mut out = String::new();
        self.selection("Query", 0, &mut out);
        out
    }

    fn selection(&mut self, type_name: &str, depth: usize, out: &mut String) {
        out.push_str("{ __typename ");
        let graph = self.graph;
        let fields: Vec<&FieldDefinition> =
            graph.fields(type_name).into_iter().filter(|field| self.may_select(field, depth)).collect();
        let count = self.random.random_range(2..=5);
        let chosen: Vec<&FieldDefinition> = fields.sample(&mut self.random, count).copied().collect();
        for field in chosen {
            self.field(field, depth, out);
        }
        let possible = graph.possible(type_name);
        if let Some(of) = possible.choose(&mut self.random)
            && depth < DEPTH
        {
            let _ = write!(out, "... on {of} ");
            self.selection(of, depth + 1, out);
        }
        out.push_str("} ");
    }

    fn may_select(&self, field: &FieldDefinition, depth: usize) -> bool {
        !field.name.node.starts_with('_') && (depth < DEPTH || !self.graph.is_composite(name_of(&field.ty.node)))
    }

    fn field(&mut self, field: &FieldDefinition, depth: usize, out: &mut String) {
        self.fields += 1;
        if self.fields > FIELDS {
            return;
        }
        // A key of its own: the same field with other arguments may stand beside it.
        self.keys += 1;
        let _ = write!(out, "k{}: {} ", self.keys, field.name.node);
        let arguments: Vec<String> = field
            .arguments
            .iter()
            .filter_map(|argument| {
                let value = self.argument(&argument.node.name.node, name_of(&argument.node.ty.node))?;
                Some(format!("{}: {value}", argument.node.name.node))
            })
            .collect();
        if !arguments.is_empty() {
            let _ = write!(out, "({}) ", arguments.join(", "));
        }
        let type_name = name_of(&field.ty.node).to_owned();
        if self.graph.is_composite(&type_name) {
            self.selection(&type_name, depth + 1, out);
        }
    }

    /// A value for an argument; none leaves it out.
    fn argument(&mut self, name: &str, type_name: &str) -> Option<String> {
        let refs = ["component:payments-api", "group:payments", "system:payments", "component:checkout-web"];
        Some(match (name, type_name) {
            ("first", _) if self.random.random_bool(0.8) => self.random.random_range(0..12).to_string(),
            ("ref", _) => format!("\"{}\"", refs.choose(&mut self.random)?),
            ("by", "EntityFacet") => "[KIND, TAG]".to_owned(),
            ("by", _) => "\"deployment\"".to_owned(),
            ("id", _) => "\"x\"".to_owned(),
            ("ids", _) => "[\"x\", \"y\"]".to_owned(),
            ("range", _) => "{ from: \"2026-09-01\", to: \"2026-10-31\" }".to_owned(),
            ("query", _) => "{ range: { from: \"2026-09-01\", to: \"2026-10-31\" }, granularity: MONTH, groupBy: [{ dimension: SERVICE }] }".to_owned(),
            _ => return None,
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_is_worth_more_than_it_was_said_to_cost() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_LIMITS__COST_MAX", "1000000000"),
        ("WEFT_LIMITS__ALIASES_MAX", "1000"),
        ("WEFT_LIMITS__ROOT_ALIASES_MAX", "1000"),
        ("WEFT_LIMITS__DEPTH_MAX", "40"),
    ])
    .await;
    let graph = Graph::read(&resolvers::sdl::public());
    let mut writer = Writer { graph: &graph, random: StdRng::seed_from_u64(SEED), fields: 0, keys: 0 };
    let client = platform.client("admin");
    let (mut objects, mut answered) = (0, 0);
    for _ in 0..CASES {
        let query = writer.operation();
        let request = client.post().header("X-Query-Cost", "true").json(&json!({ "query": query }));
        let answer = Answer::of(request).await.json();
        let Some(requested) = answer["extensions"]["cost"]["requested"].as_u64() else {
            panic!("{query} was not executed: {answer:#}");
        };
        // The root is no object of its own.
        let worth = graph.worth(&answer["data"]).saturating_sub(1);
        assert!(worth <= requested, "{worth} points of objects for {requested}: {query}\n{answer:#}");
        assert!(answer["extensions"]["cost"]["actual"].as_u64().unwrap() <= requested);
        objects += worth;
        answered += usize::from(worth > 0);
    }
    println!("{CASES} operations, {answered} with objects, {objects} points of objects");
    assert!(answered > CASES / 2, "hardly anything was answered: {answered}");
    platform.stop().await;
}
