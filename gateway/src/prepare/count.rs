//! What a document holds once its fragments are spread out, counted in linear time: each fragment is counted once and
//! remembered. Nested spreads double the work of whoever walks them naively, a validator included, so this comes first.

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, DirectiveList, Document, Selection};
use schema::ErrorCode;

use super::{DocumentLimits, Refusal};

/// Totals of a selection set with everything below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    selections: u64,
    aliases: u64,
    directives: u64,
    depth: u64,
    /// How deep whoever walks it must go: each field and each fragment is a level.
    height: u64,
    /// Fields and aliases of the set itself, not of what is below.
    top_fields: u64,
    top_aliases: u64,
}

enum Count<'a> {
    InProgress,
    Done(Totals),
    Todo(&'a [Selection], &'a DirectiveList),
}

type Fragments<'a> = HashMap<&'a str, Count<'a>>;

/// Deepest walk through fields and fragments: validators recurse, and a stack has an end.
const HEIGHT_MAX: u64 = 150;

/// Lets a document pass that stays within the limits, each of its operations and fragments by itself.
pub fn check(document: &Document, limits: &DocumentLimits) -> Result<(), Refusal> {
    let mut fragments = Fragments::new();
    let (mut operations, mut names) = (Vec::new(), Vec::new());
    let (mut fragment_count, mut operation_count) = (0, 0);
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                operation_count += 1;
                operations.push(operation);
            }
            Definition::FragmentDefinition(fragment) => {
                fragment_count += 1;
                names.push(fragment.name.as_str());
                fragments.insert(fragment.name.as_str(), Count::Todo(&fragment.selection_set, &fragment.directives));
            }
            // The validator names what does not belong here.
            _ => {}
        }
    }
    at_most(fragment_count, limits.fragments_max, ErrorCode::QueryTooComplex, "fragments")?;
    at_most(operation_count, limits.operations_max, ErrorCode::QueryTooComplex, "operations")?;
    // Fragments that no operation uses are walked by the validator all the same. As they are written, so that a document with
    // several faults is refused for the same one each time.
    for name in names {
        within(of_fragment(name, &mut fragments, 0)?, limits, limits.depth_max)?;
    }
    for operation in operations {
        let variables = operation.variables.iter().map(|variable| variable.directives.len() as u64).sum::<u64>();
        let mut all = Totals { directives: operation.directives.len() as u64 + variables, ..Totals::default() };
        for selection in &operation.selection_set {
            let totals = of_selection(selection, &mut fragments, 0)?;
            let introspects = matches!(selection, Selection::Field(field) if field.name.starts_with("__"));
            let depth_max = if introspects { limits.introspection_depth_max } else { limits.depth_max };
            within(totals, limits, depth_max)?;
            all.add(totals);
        }
        within(Totals { depth: 0, ..all }, limits, u64::MAX)?;
        at_most(all.top_fields, limits.root_fields_max, ErrorCode::QueryTooComplex, "root fields")?;
        at_most(all.top_aliases, limits.root_aliases_max, ErrorCode::QueryTooComplex, "aliases of root fields")?;
    }
    Ok(())
}

fn not_too_high(level: u64) -> Result<(), Refusal> {
    if level <= HEIGHT_MAX {
        return Ok(());
    }
    let message = format!("fields and fragments are nested more than {HEIGHT_MAX} deep");
    Err(Refusal::new(ErrorCode::QueryTooDeep, message))
}

fn is_aliased(field: &apollo_compiler::ast::Field) -> bool {
    field.alias.as_ref().is_some_and(|alias| *alias != field.name)
}

fn within(totals: Totals, limits: &DocumentLimits, depth_max: u64) -> Result<(), Refusal> {
    at_most(totals.depth, depth_max, ErrorCode::QueryTooDeep, "levels of fields")?;
    at_most(totals.selections, limits.selections_max, ErrorCode::QueryTooComplex, "selections")?;
    at_most(totals.aliases, limits.aliases_max, ErrorCode::QueryTooComplex, "aliases")?;
    at_most(totals.directives, limits.directives_max, ErrorCode::QueryTooComplex, "directives")
}

fn at_most(count: u64, max: u64, code: ErrorCode, what: &str) -> Result<(), Refusal> {
    if count <= max {
        return Ok(());
    }
    let message = format!("the document has {count} {what}, fragments spread out: at most {max} are allowed");
    Err(Refusal::new(code, message))
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.height = self.height.max(other.height);
        self.top_fields = self.top_fields.saturating_add(other.top_fields);
        self.top_aliases = self.top_aliases.saturating_add(other.top_aliases);
    }
}

fn of_set<'a>(set: &'a [Selection], fragments: &mut Fragments<'a>, level: u64) -> Result<Totals, Refusal> {
    let mut totals = Totals::default();
    for selection in set {
        totals.add(of_selection(selection, fragments, level)?);
    }
    Ok(totals)
}

fn of_selection<'a>(selection: &'a Selection, fragments: &mut Fragments<'a>, level: u64) -> Result<Totals, Refusal> {
    let level = level + 1;
    not_too_high(level)?;
    let (mut totals, own) = match selection {
        Selection::Field(field) => {
            let below = of_set(&field.selection_set, fragments, level)?;
            let aliases = u64::from(is_aliased(field));
            let own = Totals { aliases, ..of_directives(&field.directives) };
            (Totals { depth: below.depth + 1, top_fields: 1, top_aliases: aliases, ..below }, own)
        }
        Selection::InlineFragment(fragment) => {
            (of_set(&fragment.selection_set, fragments, level)?, of_directives(&fragment.directives))
        }
        Selection::FragmentSpread(spread) => {
            (of_fragment(spread.fragment_name.as_str(), fragments, level)?, of_directives(&spread.directives))
        }
    };
    totals.add(Totals { selections: 1, ..own });
    totals.height += 1;
    Ok(totals)
}

fn of_directives(directives: &DirectiveList) -> Totals {
    Totals { directives: directives.len() as u64, ..Totals::default() }
}

fn of_fragment<'a>(name: &'a str, fragments: &mut Fragments<'a>, level: u64) -> Result<Totals, Refusal> {
    let (set, directives) = match fragments.get(name) {
        // The validator names unknown fragments better than we do.
        None => return Ok(Totals::default()),
        Some(Count::Done(totals)) => {
            not_too_high(level.saturating_add(totals.height))?;
            return Ok(*totals);
        }
        Some(Count::InProgress) => {
            let message = format!("the fragment `{name}` spreads itself");
            return Err(Refusal::new(ErrorCode::GraphqlValidationFailed, message));
        }
        Some(Count::Todo(set, directives)) => (*set, *directives),
    };
    fragments.insert(name, Count::InProgress);
    let mut totals = of_set(set, fragments, level)?;
    totals.add(of_directives(directives));
    fragments.insert(name, Count::Done(totals));
    Ok(totals)
}

#[cfg(test)]
#[path = "count_tests.rs"]
mod tests;
