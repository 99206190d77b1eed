//! `Operation`: what is executed for each event of a subscription. Where a subscriber begins is no part of it, so that those who resume at
//! different places share what comes after.

use std::{collections::HashSet, sync::Arc};

use async_graphql_parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet};
use async_graphql_value::Value as Written;
use resolvers::Ages;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    federation::EventPlan,
    prepare::{Chosen, Prepared},
    response_cache::Eyes,
};

/// Arguments that say where a subscriber begins.
const BEGINNINGS: [&str; 2] = ["after", "snapshot"];

/// An operation, once for all its events.
pub struct Operation {
    /// The operation and its document.
    pub chosen: Chosen,
    /// As the engine gets it.
    pub document: ExecutableDocument,
    /// The values of its variables.
    pub variables: Map<String, Value>,
    /// How old the data of its fields may be.
    pub ages: Ages,
    /// Most points of one event.
    pub points: u64,
    /// What is asked of subgraphs about each event, where it reaches beyond Weft's own types.
    pub beyond: Option<Arc<EventPlan>>,
    /// Values that decide what is selected, though the engine's document does not name them any more.
    deciding: Map<String, Value>,
}

/// Two subscribers with the same key get the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GroupKey([u8; 32]);

impl Operation {
    /// What was asked, to be asked what it wants.
    pub fn of(prepared: Prepared) -> Self {
        let (document, ages) = (prepared.document(), prepared.ages());
        let Prepared { chosen, variables, points, .. } = prepared;
        Self { chosen, document, deciding: variables.clone(), variables, ages, points, beyond: None }
    }

    /// What was asked of the composed graph: `own` is the part of it that brings the events.
    pub fn of_composed(own: &Prepared, prepared: Prepared, beyond: Arc<EventPlan>) -> Self {
        let Prepared { chosen, variables: deciding, points, .. } = prepared;
        let (document, variables, ages) = (own.document(), own.variables.clone(), own.ages());
        Self { chosen, document, variables, ages, points, deciding, beyond: Some(beyond) }
    }

    /// The same without where a subscriber begins.
    pub fn without_beginning(mut self) -> Self {
        if let DocumentOperations::Single(operation) = &mut self.document.operations {
            let set = &mut operation.node.selection_set.node;
            let mut beginnings = HashSet::new();
            for item in &mut set.items {
                if let Selection::Field(field) = &mut item.node {
                    for (name, value) in &field.node.arguments {
                        if let (true, Written::Variable(variable)) =
                            (BEGINNINGS.contains(&name.node.as_str()), &value.node)
                        {
                            beginnings.insert(variable.to_string());
                        }
                    }
                    field.node.arguments.retain(|(name, _)| !BEGINNINGS.contains(&name.node.as_str()));
                }
            }
            let mut used = HashSet::new();
            variables_of(set, &mut used);
            // Conditions are settled by now and stand nowhere: a value may be left out of what tells operations apart only where the
            // text has it at its definition and at one such argument.
            let text = self.chosen.document().text();
            self.deciding.retain(|name, _| used.contains(name.as_str()) || !is_beginning_only(text, name, &beginnings));
            self.variables.retain(|name, _| used.contains(name.as_str()));
            let used: HashSet<String> = used.into_iter().map(str::to_owned).collect();
            operation.node.variable_definitions.retain(|variable| used.contains(variable.node.name.node.as_str()));
        }
        self
    }

    /// Whoever has the same key shares what is executed.
    pub fn key(&self, eyes: &Eyes) -> GroupKey {
        let mut digest = Sha256::new();
        digest.update(eyes.bytes());
        let beyond = self.beyond.as_ref().map(|beyond| beyond.caller()).unwrap_or_default();
        digest.update(beyond.len().to_le_bytes());
        digest.update(beyond);
        digest.update(self.chosen.document().hash());
        let name = self.chosen.name().unwrap_or_default();
        digest.update(name.len().to_le_bytes());
        digest.update(name);
        // Sorted, so that the order in which they came makes no difference. Last, so that it needs no length.
        let sorted: std::collections::BTreeMap<&String, &Value> = self.deciding.iter().collect();
        digest.update(serde_json::to_vec(&sorted).unwrap_or_default());
        GroupKey(digest.finalize().into())
    }
}

/// Whether a document names a variable at its definition and in one argument that says where a subscriber begins, and nowhere else.
fn is_beginning_only(text: &str, name: &str, beginnings: &HashSet<String>) -> bool {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let whole =
        |(at, found): &(usize, &str)| !text.get(at + found.len()..).is_some_and(|rest| rest.starts_with(is_name));
    let named = format!("${name}");
    beginnings.contains(name) && text.match_indices(&named).filter(whole).count() <= 2
}

/// The variables that anything in a selection uses.
fn variables_of<'a>(set: &'a SelectionSet, found: &mut HashSet<&'a str>) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                for (_, value) in &field.node.arguments {
                    variables_in(&value.node, found);
                }
                variables_of(&field.node.selection_set.node, found);
            }
            Selection::InlineFragment(fragment) => variables_of(&fragment.node.selection_set.node, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn variables_in<'a>(value: &'a Written, found: &mut HashSet<&'a str>) {
    match value {
        Written::Variable(name) => drop(found.insert(name.as_str())),
        Written::List(items) => items.iter().for_each(|item| variables_in(item, found)),
        Written::Object(fields) => fields.values().for_each(|field| variables_in(field, found)),
        _ => {}
    }
}
