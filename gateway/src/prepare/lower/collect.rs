//! `CollectFields` of the specification: which fields an object of a type has, each response key with every selection of it,
//! in the order in which the keys first occur.

use std::collections::HashSet;

use apollo_compiler::{
    Name, Node,
    executable::{DirectiveList, Field, Selection, SelectionSet},
};
use indexmap::IndexMap;
use serde_json::Value;

use super::Input;

/// The fields of an object, by response key.
pub type Groups<'a> = IndexMap<&'a str, Vec<&'a Node<Field>>>;

/// A part of what is selected on an interface or union.
pub enum Entry<'a> {
    /// One response key that every possible type has.
    Shared(Vec<&'a Node<Field>>),
    /// Fields that only objects of this type have.
    Of(&'a Name, &'a SelectionSet),
}

/// Whether `@skip` and `@include` let this selection stand.
fn is_included(directives: &DirectiveList, input: &Input<'_>) -> bool {
    let is_true = |name: &str| {
        let condition = directives.get(name)?.specified_argument_by_name("if")?;
        match condition.as_variable() {
            Some(variable) => input.variables.get(variable.as_str()).and_then(Value::as_bool),
            None => condition.to_bool(),
        }
    };
    is_true("skip") != Some(true) && is_true("include") != Some(false)
}

/// The fields that an object of this type has.
pub fn of_object<'a>(input: &Input<'a>, type_name: &str, sets: &[&'a SelectionSet]) -> Groups<'a> {
    let mut groups = Groups::new();
    let mut visited = HashSet::new();
    for set in sets {
        collect(input, type_name, set, &mut groups, &mut visited);
    }
    groups
}

fn collect<'a>(
    input: &Input<'a>,
    type_name: &str,
    set: &'a SelectionSet,
    groups: &mut Groups<'a>,
    visited: &mut HashSet<&'a Name>,
) {
    for selection in &set.selections {
        if !is_included(selection.directives(), input) {
            continue;
        }
        match selection {
            Selection::Field(field) => groups.entry(field.response_key().as_str()).or_default().push(field),
            Selection::InlineFragment(fragment) => {
                if fragment.type_condition.as_ref().is_none_or(|condition| input.types.covers(condition, type_name)) {
                    collect(input, type_name, &fragment.selection_set, groups, visited);
                }
            }
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = input.document.fragments.get(&spread.fragment_name) else { continue };
                if visited.insert(&spread.fragment_name) && input.types.covers(&fragment.selection_set.ty, type_name) {
                    collect(input, type_name, &fragment.selection_set, groups, visited);
                }
            }
        }
    }
}

/// What is selected on an interface or union, in order.
pub fn of_abstract<'a>(input: &Input<'a>, type_name: &str, sets: &[&'a SelectionSet]) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut visited = HashSet::new();
    for set in sets {
        flatten(input, type_name, set, &mut entries, &mut visited);
    }
    entries
}

fn flatten<'a>(
    input: &Input<'a>,
    type_name: &str,
    set: &'a SelectionSet,
    entries: &mut Vec<Entry<'a>>,
    visited: &mut HashSet<&'a Name>,
) {
    for selection in &set.selections {
        if !is_included(selection.directives(), input) {
            continue;
        }
        let (condition, set) = match selection {
            Selection::Field(field) => {
                let same = entries.iter_mut().find_map(|entry| match entry {
                    Entry::Shared(fields) if fields.first().is_some_and(|first| is_same_key(first, field)) => {
                        Some(fields)
                    }
                    _ => None,
                });
                match same {
                    Some(fields) => fields.push(field),
                    None => entries.push(Entry::Shared(vec![field])),
                }
                continue;
            }
            Selection::InlineFragment(fragment) => (fragment.type_condition.as_ref(), &fragment.selection_set),
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = input.document.fragments.get(&spread.fragment_name) else { continue };
                if !visited.insert(&spread.fragment_name) {
                    continue;
                }
                (Some(&fragment.selection_set.ty), &fragment.selection_set)
            }
        };
        match condition {
            Some(condition) if !input.types.has_fields_of(type_name, condition) => {
                entries.push(Entry::Of(condition, set));
            }
            _ => flatten(input, type_name, set, entries, visited),
        }
    }
}

fn is_same_key(one: &Field, other: &Field) -> bool {
    one.response_key() == other.response_key()
}

/// Whether the same response key comes from several entries in a way that leaving it out of the later ones does not cure.
pub fn must_split<'a>(input: &Input<'a>, type_name: &str, sets: &[&'a SelectionSet], entries: &[Entry<'a>]) -> bool {
    if !entries.iter().any(|entry| matches!(entry, Entry::Of(..))) {
        return false;
    }
    let shared: HashSet<*const Field> = entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Shared(fields) => Some(fields.iter().map(|field| std::ptr::from_ref::<Field>(field))),
            Entry::Of(..) => None,
        })
        .flatten()
        .collect();
    let is_shared = |field: &Node<Field>| shared.contains(&std::ptr::from_ref::<Field>(field));
    input.types.possible_types(type_name).iter().any(|possible| {
        of_object(input, possible, sets).values().any(|fields| {
            let is_leaf = fields.iter().all(|field| field.selection_set.selections.is_empty());
            let comes_first = fields.first().is_some_and(|first| is_shared(first));
            fields.len() > 1 && !fields.iter().all(|field| is_shared(field)) && !(is_leaf && comes_first)
        })
    })
}
