//! Of two documents that claim one reference, the first in path order among the valid ones wins.

use std::collections::HashMap;

use schema::EntityRef;

use super::{Outcome, PackedDocument, Refusal};

/// Turns every later claim of a reference into a refusal that names the first.
pub fn resolve_conflicts(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut first: HashMap<EntityRef, String> = HashMap::new();
    let resolve = |outcome| {
        let Outcome::Document(document) = outcome else { return outcome };
        if let Some(place) = first.get(&document.entity_ref) {
            return Outcome::Refused(refuse(*document, place));
        }
        first.insert(document.entity_ref.clone(), format!("{}:{}", document.target, document.line));
        Outcome::Document(document)
    };
    outcomes.into_iter().map(resolve).collect()
}

fn refuse(document: PackedDocument, place: &str) -> Refusal {
    Refusal {
        message: format!("{} is already declared in {place}", document.entity_ref),
        target: document.target,
        line: Some(document.line),
        column: Some(document.column),
        entity_ref: Some(document.entity_ref),
        is_team_only: document.is_team_only,
        owner_ref: document.owner_ref,
    }
}
