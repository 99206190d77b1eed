//! An operation that the planner cannot plan as a whole is planned in parts: each has some of its selections, and what they answer
//! is put together as if they were one. A field alone with the way to it can always be planned.

use async_graphql_parser::{
    Positioned,
    types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};

/// Two operations that together ask what this one asks; none where it asks one thing only.
pub fn halves(document: &ExecutableDocument) -> Option<(ExecutableDocument, ExecutableDocument)> {
    let (mut one, mut other) = (document.clone(), document.clone());
    let (first, second) = (root(&mut one)?, root(&mut other)?);
    split(first, second).then_some((one, other))
}

/// Whether it asks nothing.
pub fn is_empty(document: &ExecutableDocument) -> bool {
    match &document.operations {
        DocumentOperations::Single(operation) => operation.node.selection_set.node.items.is_empty(),
        DocumentOperations::Multiple(_) => true,
    }
}

fn root(document: &mut ExecutableDocument) -> Option<&mut SelectionSet> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => Some(&mut operation.node.selection_set.node),
        DocumentOperations::Multiple(_) => None,
    }
}

/// Leaves half of the items in each of two equal sets; where there is one item only, of what is below it.
fn split(one: &mut SelectionSet, other: &mut SelectionSet) -> bool {
    let count = one.items.len();
    if count > 1 {
        one.items.truncate(count / 2);
        other.items.drain(..count / 2);
        return true;
    }
    match (one.items.first_mut(), other.items.first_mut()) {
        (Some(one), Some(other)) => split_below(one, other),
        _ => false,
    }
}

fn split_below(one: &mut Positioned<Selection>, other: &mut Positioned<Selection>) -> bool {
    match (&mut one.node, &mut other.node) {
        (Selection::Field(one), Selection::Field(other)) => {
            split(&mut one.node.selection_set.node, &mut other.node.selection_set.node)
        }
        (Selection::InlineFragment(one), Selection::InlineFragment(other)) => {
            split(&mut one.node.selection_set.node, &mut other.node.selection_set.node)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the fields, with those below them.
    fn names(set: &SelectionSet) -> String {
        let name = |item: &Positioned<Selection>| match &item.node {
            Selection::Field(field) => {
                let below = names(&field.node.selection_set.node);
                format!("{}{}", field.node.name.node, if below.is_empty() { below } else { format!("({below})") })
            }
            Selection::InlineFragment(fragment) => format!("...({})", names(&fragment.node.selection_set.node)),
            Selection::FragmentSpread(_) => String::new(),
        };
        set.items.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn operations_are_halved_until_they_ask_one_thing() {
        let document = async_graphql_parser::parse_query("{ a { ... on A { b c { d e } } } }").unwrap();
        let (mut waiting, mut whole) = (vec![document], Vec::new());
        while let Some(mut document) = waiting.pop() {
            match halves(&document) {
                Some((one, other)) => waiting.extend([one, other]),
                None => whole.push(names(root(&mut document).unwrap())),
            }
        }
        whole.sort();
        assert_eq!(whole, ["a(...(b))", "a(...(c(d)))", "a(...(c(e)))"]);
    }
}
