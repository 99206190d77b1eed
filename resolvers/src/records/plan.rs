//! `Plan`: what is done for each entity of one type, decided once for a list.

use async_graphql::{
    Positioned,
    parser::types::{Field, Selection, SelectionSet},
};

use super::{
    ObjectKind,
    fields::{Named, Scalar, named, scalar},
    json,
    live::is_live,
};

/// What is done for each entity of a type, in the order of the answer's keys.
pub struct Plan<'a> {
    /// The type.
    pub kind: ObjectKind,
    /// A step for each key.
    pub steps: Vec<Step<'a>>,
}

/// One key of the answer.
pub struct Step<'a> {
    /// The key as it is written: with what comes before and after it.
    pub key: Vec<u8>,
    /// The selection.
    pub field: &'a Positioned<Field>,
    /// Where its value comes from.
    pub what: What,
}

/// Where a value comes from.
pub enum What {
    /// The name of the type.
    TypeName,
    /// The id.
    Id,
    /// A scalar of the record.
    Scalar(Scalar),
    /// An entity that the record names, of which only such things are selected.
    Named(Named),
    /// Something that is read live: the engine knows, and what it says can be kept.
    Live,
    /// Anything else: the engine knows.
    Other,
}

impl<'a> Plan<'a> {
    /// The plan for entities of this type; none when the selection has a form that only the engine executes.
    pub fn of(kind: ObjectKind, set: &'a SelectionSet) -> Option<Self> {
        let mut steps = Vec::with_capacity(set.items.len());
        collect(kind, set, &mut steps)?;
        Some(Self { kind, steps })
    }

    /// Whether everything stands in the record.
    pub fn is_in_record(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.what, What::TypeName | What::Id | What::Scalar(_)))
    }
}

fn collect<'a>(kind: ObjectKind, set: &'a SelectionSet, steps: &mut Vec<Step<'a>>) -> Option<()> {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) if field.node.directives.is_empty() => {
                let mut key = vec![if steps.is_empty() { b'{' } else { b',' }];
                json::text(&field.node.response_key().node, &mut key);
                key.push(b':');
                steps.push(Step { key, field, what: what(kind, &field.node) });
            }
            Selection::InlineFragment(fragment) if fragment.node.directives.is_empty() => {
                let condition = fragment.node.type_condition.as_ref();
                if condition.is_none_or(|condition| kind.is(&condition.node.on.node)) {
                    collect(kind, &fragment.node.selection_set.node, steps)?;
                }
            }
            _ => return None,
        }
    }
    Some(())
}

fn what(kind: ObjectKind, field: &Field) -> What {
    match field.name.node.as_str() {
        "__typename" => return What::TypeName,
        "id" => return What::Id,
        _ => {}
    }
    if let Some(scalar) = scalar(kind, &field.name.node) {
        return What::Scalar(scalar);
    }
    match named(kind, &field.name.node) {
        Some(named) if is_plain(named.kinds, &field.selection_set.node) => What::Named(named),
        _ if is_live(&field.name.node) => What::Live,
        _ => What::Other,
    }
}

/// Whether nothing below needs the engine: then each entity can be written once, wherever it stands.
fn is_plain(kinds: &[ObjectKind], set: &SelectionSet) -> bool {
    kinds.iter().all(|kind| match Plan::of(*kind, set) {
        Some(plan) => plan.steps.iter().all(|step| !matches!(step.what, What::Other | What::Live)),
        None => false,
    })
}
