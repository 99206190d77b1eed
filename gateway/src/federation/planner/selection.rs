//! Selections of the library's, changed before they are sent.

use hive_router_query_planner::ast::{
    document::Document,
    selection_item::SelectionItem,
    selection_set::{FieldSelection, SelectionSet},
};

use super::aliases::Meant;
use crate::federation::plan::{Entities, Required};

/// Deepest nesting of fragments in a plan.
const NESTING_MAX: usize = 64;

/// Spreads all fragments of a document out.
pub fn spread(document: &mut Document) -> Result<(), String> {
    let fragments = std::mem::take(&mut document.fragments);
    let find = |name: &str| fragments.iter().find(|fragment| fragment.name == name);
    let set = spread_set(&document.operation.selection_set, &find, 0)?;
    document.operation.selection_set = set;
    Ok(())
}

fn spread_set<'a>(
    set: &SelectionSet,
    find: &impl Fn(&str) -> Option<&'a hive_router_query_planner::ast::fragment::FragmentDefinition>,
    level: usize,
) -> Result<SelectionSet, String> {
    if level > NESTING_MAX {
        return Err("fragments are nested too deep".to_owned());
    }
    let mut items = Vec::with_capacity(set.items.len());
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                let selections = spread_set(&field.selections, find, level)?;
                items.push(SelectionItem::Field(FieldSelection { selections, ..field.clone() }));
            }
            SelectionItem::InlineFragment(fragment) => {
                let mut fragment = fragment.clone();
                fragment.selections = spread_set(&fragment.selections, find, level)?;
                items.push(SelectionItem::InlineFragment(fragment));
            }
            SelectionItem::FragmentSpread(name) => {
                let fragment = find(name).ok_or_else(|| format!("there is no fragment {name}"))?;
                items.push(SelectionItem::InlineFragment(
                    hive_router_query_planner::ast::selection_set::InlineFragmentSelection {
                        type_condition: fragment.type_condition.clone(),
                        selections: spread_set(&fragment.selection_set, find, level + 1)?,
                        skip_if: None,
                        include_if: None,
                    },
                ));
            }
        }
    }
    Ok(SelectionSet { items })
}

/// Asks each entity to repeat the fields of its key that represented it: an answer in the wrong order would otherwise give one
/// entity what belongs to another. Where a key cannot be asked for, it is no longer said to be repeated.
pub fn repeat_keys(document: &mut Document, entities: &mut Entities, meant: &mut Meant) {
    let (alias, are_several) = (&entities.alias, entities.requires.len() > 1);
    let field = document.operation.selection_set.items.iter_mut().find_map(|item| match item {
        SelectionItem::Field(field) if field.alias.as_ref().unwrap_or(&field.name) == alias => Some(field),
        _ => None,
    });
    let mut items = field.map(|field| &mut field.selections.items);
    for requires in &mut entities.requires {
        let fragment = items.as_mut().and_then(|items| {
            items.iter_mut().find_map(|item| match item {
                SelectionItem::InlineFragment(fragment) if fragment.type_condition == requires.type_name => {
                    Some(&mut fragment.selections)
                }
                _ => None,
            })
        });
        match fragment {
            Some(set) => requires.fields.iter_mut().for_each(|field| {
                // In another type the key of this name may be of another type.
                let alias = are_several.then(|| format!("{}__{}", field.name, requires.type_name));
                field.is_repeated &= is_asked(set, field, alias.as_deref());
                if let Some(alias) = alias {
                    meant.add(alias, field.name.clone());
                }
            }),
            None => requires.fields.iter_mut().for_each(|field| field.is_repeated = false),
        }
    }
}

/// Whether the set asks for this field under its own name or this alias, from now on.
fn is_asked(set: &mut SelectionSet, required: &Required, alias: Option<&str>) -> bool {
    let there = set.items.iter().find_map(|item| match item {
        SelectionItem::Field(field) if field.alias.as_ref().unwrap_or(&field.name) == &required.name => Some(field),
        _ => None,
    });
    if let Some(field) = there {
        return field.name == required.name && field.selections.is_empty();
    }
    if !required.fields.is_empty() || !required.is_repeated {
        return false;
    }
    set.items.push(SelectionItem::Field(FieldSelection {
        name: required.name.clone(),
        selections: SelectionSet::default(),
        alias: alias.map(str::to_owned),
        arguments: None,
        skip_if: None,
        include_if: None,
        omit_from_response: false,
    }));
    true
}
