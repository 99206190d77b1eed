//! How much a document selects once its fragments are spread out, counted in linear time: each fragment is counted once.
//! Nested spreads double the work of whoever walks them naively, the engine's validator included.

use std::collections::HashMap;

use async_graphql_parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet};
use schema::ErrorCode;

use super::Refusal;

enum Count<'a> {
    InProgress,
    Done(u64),
    Todo(&'a SelectionSet),
}

/// The largest number of selections that any operation of the document spreads out to.
pub fn selections(document: &ExecutableDocument) -> Result<u64, Refusal> {
    let mut fragments: HashMap<&str, Count<'_>> = document
        .fragments
        .iter()
        .map(|(name, fragment)| (name.as_str(), Count::Todo(&fragment.node.selection_set.node)))
        .collect();
    // Fragments that no operation uses are walked by the validator all the same.
    let names: Vec<&str> = fragments.keys().copied().collect();
    let mut largest = 0;
    for name in names {
        largest = largest.max(of_fragment(name, &mut fragments)?);
    }
    let operations: Vec<&SelectionSet> = match &document.operations {
        DocumentOperations::Single(operation) => vec![&operation.node.selection_set.node],
        DocumentOperations::Multiple(operations) => {
            operations.values().map(|operation| &operation.node.selection_set.node).collect()
        }
    };
    for operation in operations {
        largest = largest.max(of_set(operation, &mut fragments)?);
    }
    Ok(largest)
}

fn of_set<'a>(set: &'a SelectionSet, fragments: &mut HashMap<&'a str, Count<'a>>) -> Result<u64, Refusal> {
    let mut count = 0u64;
    for selection in &set.items {
        let below = match &selection.node {
            Selection::Field(field) => of_set(&field.node.selection_set.node, fragments)?,
            Selection::InlineFragment(fragment) => of_set(&fragment.node.selection_set.node, fragments)?,
            Selection::FragmentSpread(spread) => of_fragment(spread.node.fragment_name.node.as_str(), fragments)?,
        };
        count = count.saturating_add(below).saturating_add(1);
    }
    Ok(count)
}

fn of_fragment<'a>(name: &'a str, fragments: &mut HashMap<&'a str, Count<'a>>) -> Result<u64, Refusal> {
    let set = match fragments.get(name) {
        // The validator names unknown fragments better than we do.
        None => return Ok(0),
        Some(Count::Done(count)) => return Ok(*count),
        Some(Count::InProgress) => {
            let message = format!("the fragment `{name}` spreads itself");
            return Err(Refusal::new(ErrorCode::GraphqlValidationFailed, message));
        }
        Some(Count::Todo(set)) => *set,
    };
    fragments.insert(name, Count::InProgress);
    let count = of_set(set, fragments)?;
    fragments.insert(name, Count::Done(count));
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Result<u64, Refusal> {
        selections(&async_graphql_parser::parse_query(text).unwrap())
    }

    #[test]
    fn fragments_count_each_time_they_are_spread() {
        assert_eq!(count("{ a b { c } }").unwrap(), 3);
        assert_eq!(count("{ ...f ...f } fragment f on Query { a b }").unwrap(), 6);
        assert_eq!(count("{ a ... on Query { b } }").unwrap(), 3);
    }

    #[test]
    fn doubling_fragments_are_counted_without_being_walked() {
        let levels: String =
            (0..60).map(|n| format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1)).collect();
        let text = format!("{{ ...f0 }} {levels} fragment f60 on Query {{ a }}");
        assert!(count(&text).unwrap() > 1 << 60);
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_refused() {
        let refusal = count("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }").unwrap_err();
        assert_eq!(refusal.code, ErrorCode::GraphqlValidationFailed);
    }
}
