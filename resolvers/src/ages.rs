//! `@fresh(maxAgeSeconds:)`: how old the data of a field may be. The engine never sees the directive; whoever prepares the operation
//! writes down its places.

use std::{collections::HashMap, time::Duration};

use async_graphql::{
    Pos, Positioned,
    parser::types::{Field, Selection, SelectionSet},
};

/// The directive, for the SDL.
pub const DIRECTIVE: &str = r#"
"""
On a field that is read live: never answer with data older than this. What cannot be had so fresh is null with an
error.
"""
directive @fresh(
  "Greatest age in seconds; 0 always asks the source."
  maxAgeSeconds: Int!
) on FIELD
"#;

/// The greatest ages that an operation accepts, by the place of the field in the document.
#[derive(Debug, Clone, Default)]
pub struct Ages(HashMap<(usize, usize), Duration>);

impl Ages {
    /// The field at this place accepts nothing older. The least of several ages counts.
    pub fn limit(&mut self, pos: Pos, age: Duration) {
        let known = self.0.entry((pos.line, pos.column)).or_insert(age);
        *known = age.min(*known);
    }

    /// The least of all; none where no field says.
    pub fn least(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }

    /// The same age for each of these places.
    pub fn everywhere(places: impl IntoIterator<Item = Pos>, age: Duration) -> Self {
        Self(places.into_iter().map(|pos| ((pos.line, pos.column), age)).collect())
    }

    /// Whether no field says how old its data may be.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What counts for a field: the least age of its own and of those below it, whose data it brings along.
    pub fn of(&self, field: &Positioned<Field>) -> Option<Duration> {
        if self.0.is_empty() {
            return None;
        }
        let own = self.0.get(&(field.pos.line, field.pos.column)).copied();
        own.into_iter().chain(self.below(&field.node.selection_set.node)).min()
    }

    fn below(&self, set: &SelectionSet) -> Option<Duration> {
        let ages = set.items.iter().filter_map(|item| match &item.node {
            Selection::Field(field) => self.of(field),
            Selection::InlineFragment(fragment) => self.below(&fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => None,
        });
        ages.min()
    }
}
