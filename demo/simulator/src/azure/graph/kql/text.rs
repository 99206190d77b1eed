//! The binary tests, with what each does to the case of letters.

use std::cmp::Ordering;

use super::value::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Test {
    relation: Relation,
    ignores_case: bool,
    is_negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Less,
    Greater,
    Has,
    Contains,
    StartsWith,
    EndsWith,
}

impl Test {
    pub(super) fn named(operator: &str) -> Option<Self> {
        let (relation, ignores_case, is_negated) = match operator {
            "==" => (Relation::Equal, false, false),
            "!=" => (Relation::Equal, false, true),
            "=~" => (Relation::Equal, true, false),
            "!~" => (Relation::Equal, true, true),
            "<" => (Relation::Less, false, false),
            ">=" => (Relation::Less, false, true),
            ">" => (Relation::Greater, false, false),
            "<=" => (Relation::Greater, false, true),
            word => {
                let (is_negated, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
                let (ignores_case, word) = word.strip_suffix("_cs").map_or((true, word), |rest| (false, rest));
                let relation = match word {
                    "has" => Relation::Has,
                    "contains" => Relation::Contains,
                    "startswith" => Relation::StartsWith,
                    "endswith" => Relation::EndsWith,
                    _ => return None,
                };
                (relation, ignores_case, is_negated)
            }
        };
        Some(Self { relation, ignores_case, is_negated })
    }

    pub(super) fn holds(self, left: &Cell, right: &Cell) -> bool {
        match self.relation {
            // An order with null is neither so nor otherwise.
            Relation::Less | Relation::Greater => left.compare(right).is_some_and(|order| {
                let wanted = if self.relation == Relation::Less { Ordering::Less } else { Ordering::Greater };
                (order == wanted) != self.is_negated
            }),
            _ => self.relates(left, right) != self.is_negated,
        }
    }

    fn relates(self, left: &Cell, right: &Cell) -> bool {
        if self.relation == Relation::Equal && !self.ignores_case {
            return equal(left, right);
        }
        let fold = |cell: &Cell| if self.ignores_case { cell.text().to_lowercase() } else { cell.text() };
        let (left, right) = (fold(left), fold(right));
        match self.relation {
            Relation::Has => has(&left, &right),
            Relation::Contains => left.contains(&right),
            Relation::StartsWith => left.starts_with(&right),
            Relation::EndsWith => left.ends_with(&right),
            _ => left == right,
        }
    }
}

/// Null equals the empty text, as an absent tag does in a filter.
pub(super) fn equal(left: &Cell, right: &Cell) -> bool {
    left.compare(right).map_or_else(|| left.text() == right.text(), |order| order == Ordering::Equal)
}

/// Whether `term` stands in `text` with no letter or digit at either side.
fn has(text: &str, term: &str) -> bool {
    let is_inner = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(term).any(|(at, found)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|after| after.chars().next());
        !is_inner(before) && !is_inner(after)
    })
}
