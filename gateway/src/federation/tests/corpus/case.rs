//! One graph of the corpus.

use std::{fs, path::Path, time::Duration};

use apollo_compiler::ast::{Definition, DirectiveList, Document};
use async_graphql_parser::types::OperationType;
use serde_json::{Map, Value};
use sources::postgres::SubgraphRecord;

use super::{entries, text};
use crate::{
    federation::{
        OWN,
        canonical::Canonical,
        compose::{Composed, compose_with},
        planner::{self, HivePlanner},
    },
    prepare::{Limits, Preparer},
};

/// Longer than any takes.
const PLANNING: Duration = Duration::from_secs(60);

pub struct Case {
    composed: Composed,
    planner: HivePlanner,
    preparer: Preparer,
}

impl Case {
    /// Composes what is in the folder; `weft` stands for our own schema.
    pub fn read(path: &Path) -> Self {
        let mut own = String::new();
        let mut subgraphs = Vec::new();
        for (name, file) in entries(&path.join("subgraphs")) {
            let sdl = fs::read_to_string(file).unwrap();
            if name == OWN {
                own = sdl;
            } else {
                subgraphs.push(record(name, sdl));
            }
        }
        let composed = compose_with(&own, &public(&own), &subgraphs)
            .unwrap_or_else(|reasons| panic!("{}: {reasons:#?}", path.display()));
        Self {
            planner: HivePlanner::new(&composed.supergraph_sdl, composed.keys.clone()).unwrap(),
            preparer: Preparer::new(&composed.whole_sdl, &composed.public_sdl, Limits::unlimited()).unwrap(),
            composed,
        }
    }

    /// What the planner is given.
    pub fn supergraph(&self) -> &str {
        &self.composed.supergraph_sdl
    }

    /// What clients see.
    pub fn public(&self) -> &str {
        &self.composed.public_sdl
    }

    /// The plan of an operation. Its first line may be a comment with the values of its variables.
    pub fn plan(&self, operation: &str) -> String {
        let values = operation.lines().next().and_then(|line| line.strip_prefix("# "));
        let values: Map<String, Value> = values.map(|values| serde_json::from_str(values).unwrap()).unwrap_or_default();
        let document = self.preparer.document(operation.to_owned(), true);
        let document = document.unwrap_or_else(|error| panic!("{error:?}: {operation}"));
        let prepared = self.preparer.prepare(document.choose(None).unwrap(), values, true);
        let prepared = prepared.unwrap_or_else(|error| panic!("{error:?}: {operation}"));
        let kind = if operation.contains("mutation") { OperationType::Mutation } else { OperationType::Query };
        let (types, mut canonical) = (self.preparer.types(), Canonical::new(self.composed.keys.names()));
        let asked = prepared.with_document(Clone::clone);
        let plan = planner::plan(&self.planner, &asked, (kind, types), &mut canonical, PLANNING);
        text::written(&plan.unwrap_or_else(|error| panic!("{error}: {operation}")))
    }
}

fn record(name: String, sdl: String) -> SubgraphRecord {
    SubgraphRecord {
        url: format!("http://127.0.0.1:9/{name}"),
        name,
        sdl,
        sdl_hash: String::new(),
        owner: None,
        version: 1,
        published_at: Default::default(),
        published_by: String::new(),
    }
}

/// A schema without the directives of federation.
fn public(own: &str) -> String {
    let mut document = Document::parse(own, "weft.graphql").unwrap();
    document.definitions.retain(|definition| !matches!(definition, Definition::SchemaExtension(_)));
    for definition in &mut document.definitions {
        if let Definition::ObjectTypeDefinition(object) = definition {
            object.make_mut().directives = DirectiveList::default();
        }
    }
    document.to_string()
}
