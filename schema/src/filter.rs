//! Which entities, and in which order: the inputs of every list of entities.

use async_graphql::{Enum, InputObject};

use crate::{DateTime, EntityRef};

/// Most values in one list of a filter.
pub const FILTER_VALUES_MAX: usize = 100;
/// Most branches of one `any`.
pub const FILTER_ANY_MAX: usize = 20;
/// Deepest nesting of `any` and `not`.
pub const FILTER_DEPTH_MAX: usize = 5;
/// Most conditions in a whole filter, so that nesting cannot multiply them into one enormous statement.
pub const FILTER_CONDITIONS_MAX: usize = 200;
/// Longest search text, in characters.
pub const SEARCH_CHARS_MAX: usize = 200;

/// Which entities. An empty filter matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, InputObject)]
pub struct EntityFilter {
    /// Kinds, whatever their case: `component`, `API`.
    pub kind: Option<Vec<String>>,
    /// Namespaces.
    pub namespace: Option<Vec<String>>,
    /// Names, whatever their case.
    pub name: Option<Vec<String>>,
    /// References.
    #[graphql(name = "ref")]
    pub refs: Option<Vec<EntityRef>>,
    /// Values of `type`.
    #[graphql(name = "type")]
    pub types: Option<Vec<String>>,
    /// Values of `lifecycle`.
    pub lifecycle: Option<Vec<String>>,
    /// Owned by one of these, as declared.
    pub owner: Option<Vec<EntityRef>>,
    /// Owned by the viewer or by one of their teams; false: by anyone else or no one.
    pub owned_by_me: Option<bool>,
    /// States of ownership, as `ownershipReport` counts them.
    pub ownership: Option<Vec<OwnershipState>>,
    /// Part of one of these systems.
    pub system: Option<Vec<EntityRef>>,
    /// All of these tags.
    pub tags: Option<Vec<String>>,
    /// All of these labels.
    pub labels: Option<Vec<KeyValueInput>>,
    /// All of these annotations.
    pub annotations: Option<Vec<KeyValueInput>>,
    /// No location declares it any more.
    pub orphan: Option<bool>,
    /// It has `processingErrors`.
    pub has_processing_errors: Option<bool>,
    /// Changed after this moment.
    pub updated_after: Option<DateTime>,
    /// At least one of these must match; an empty list matches nothing. At most 20, nested at most 5 deep.
    pub any: Option<Vec<EntityFilter>>,
    /// This must not match.
    pub not: Option<Box<EntityFilter>>,
}

/// A key, with a value or with any.
#[derive(Debug, Clone, PartialEq, Eq, Hash, InputObject)]
pub struct KeyValueInput {
    /// The key, exactly.
    pub key: String,
    /// The value, exactly; null: the key is there, whatever its value.
    pub value: Option<String>,
}

/// The state of an entity's ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OwnershipState {
    /// The owner is there and can act.
    Owned,
    /// No owner is declared.
    Unowned,
    /// The declared owner is not in the catalog.
    OwnerUnknown,
    /// The owner is a team with nobody in it or below it.
    OwnerEmpty,
}

/// The order of entities. Equal ones stand in the order of their references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, InputObject)]
pub struct EntityOrder {
    /// What to compare.
    pub field: EntityOrderField,
    /// Which end comes first.
    #[graphql(default_with = "OrderDirection::Asc")]
    pub direction: OrderDirection,
}

/// What to order entities by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum EntityOrderField {
    /// The title if there is one, else the name; case does not count.
    Name,
    /// The reference.
    Ref,
    /// The last change.
    UpdatedAt,
    /// The moment it came into the catalog.
    CreatedAt,
    /// How well it matches `search`; only together with it, and then the default. Best first, whatever the direction.
    Relevance,
}

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OrderDirection {
    /// From the least: A before Z, old before new.
    Asc,
    /// From the greatest: Z before A, new before old.
    Desc,
}

/// What entities can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum EntityFacet {
    /// By kind.
    Kind,
    /// By namespace.
    Namespace,
    /// By type.
    Type,
    /// By lifecycle.
    Lifecycle,
    /// By declared owner.
    Owner,
    /// By declared system.
    System,
    /// By tag; an entity counts once for each of its tags.
    Tag,
}

impl EntityFacet {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Kind, Self::Namespace, Self::Type, Self::Lifecycle, Self::Owner, Self::System, Self::Tag];

    /// Its name where facets are stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Namespace => "namespace",
            Self::Type => "type",
            Self::Lifecycle => "lifecycle",
            Self::Owner => "owner",
            Self::System => "system",
            Self::Tag => "tag",
        }
    }
}

/// Why a filter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A list holds too many values.
    #[error("`{field}` holds {count} values: at most {max} are allowed")]
    TooMany {
        /// The list.
        field: &'static str,
        /// Values in it.
        count: usize,
        /// Values allowed.
        max: usize,
    },
    /// `any` and `not` are nested too deeply.
    #[error("the filter is nested deeper than {FILTER_DEPTH_MAX} levels of `any` and `not`")]
    TooDeep,
    /// The filter as a whole holds too many conditions.
    #[error("the filter holds more than {FILTER_CONDITIONS_MAX} conditions: ask in several queries")]
    TooLarge,
    /// A reference lacks its kind and the field does not tell it.
    #[error("{0}")]
    Ref(#[from] crate::EntityRefError),
    /// A text holds a NUL character, which nothing stored can match.
    #[error("`{0}` holds a NUL character")]
    Nul(&'static str),
    /// The search text is too long or blank.
    #[error("`search` must hold 1 to {SEARCH_CHARS_MAX} characters with at least one letter or digit")]
    Search,
    /// `RELEVANCE` without `search`.
    #[error("`orderBy: RELEVANCE` needs `search`")]
    RelevanceWithoutSearch,
}

impl EntityFilter {
    /// Checks every bound of the filter.
    pub fn validate(&self) -> Result<(), FilterError> {
        let mut conditions = 0;
        self.validate_at(0, &mut conditions)
    }

    fn validate_at(&self, depth: usize, conditions: &mut usize) -> Result<(), FilterError> {
        if depth > FILTER_DEPTH_MAX {
            return Err(FilterError::TooDeep);
        }
        let texts: [(&'static str, Option<&Vec<String>>); 6] = [
            ("kind", self.kind.as_ref()),
            ("namespace", self.namespace.as_ref()),
            ("name", self.name.as_ref()),
            ("type", self.types.as_ref()),
            ("lifecycle", self.lifecycle.as_ref()),
            ("tags", self.tags.as_ref()),
        ];
        for (field, values) in texts {
            bounded(field, values.map(Vec::len), conditions)?;
            if values.is_some_and(|values| values.iter().any(|value| value.contains('\0'))) {
                return Err(FilterError::Nul(field));
            }
        }
        for (field, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            bounded(field, pairs.as_ref().map(Vec::len), conditions)?;
            let has_nul = |pair: &KeyValueInput| {
                pair.key.contains('\0') || pair.value.as_ref().is_some_and(|value| value.contains('\0'))
            };
            if pairs.as_ref().is_some_and(|pairs| pairs.iter().any(has_nul)) {
                return Err(FilterError::Nul(field));
            }
            // Each pair is a condition of its own; a list of texts is one.
            *conditions += pairs.as_ref().map_or(0, Vec::len);
        }
        bounded("ref", self.refs.as_ref().map(Vec::len), conditions)?;
        bounded("owner", self.owner.as_ref().map(Vec::len), conditions)?;
        bounded("system", self.system.as_ref().map(Vec::len), conditions)?;
        bounded("ownership", self.ownership.as_ref().map(Vec::len), conditions)?;
        *conditions += [self.owned_by_me, self.orphan, self.has_processing_errors].iter().flatten().count();
        *conditions += usize::from(self.updated_after.is_some());
        if let Some(any) = &self.any {
            if any.len() > FILTER_ANY_MAX {
                return Err(FilterError::TooMany { field: "any", count: any.len(), max: FILTER_ANY_MAX });
            }
            for branch in any {
                *conditions += 1;
                branch.validate_at(depth + 1, conditions)?;
            }
        }
        if let Some(not) = &self.not {
            *conditions += 1;
            not.validate_at(depth + 1, conditions)?;
        }
        if *conditions > FILTER_CONDITIONS_MAX { Err(FilterError::TooLarge) } else { Ok(()) }
    }
}

fn bounded(field: &'static str, count: Option<usize>, conditions: &mut usize) -> Result<(), FilterError> {
    let Some(count) = count else { return Ok(()) };
    *conditions += 1;
    if count > FILTER_VALUES_MAX {
        return Err(FilterError::TooMany { field, count, max: FILTER_VALUES_MAX });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_filter_is_bounded_in_width_depth_and_sum() {
        assert_eq!(EntityFilter::default().validate(), Ok(()));
        let wide = EntityFilter { name: Some(vec![String::new(); 101]), ..Default::default() };
        assert!(matches!(wide.validate(), Err(FilterError::TooMany { field: "name", count: 101, .. })));
        let mut deep = EntityFilter::default();
        for _ in 0..FILTER_DEPTH_MAX {
            deep = EntityFilter { not: Some(Box::new(deep)), ..Default::default() };
        }
        assert_eq!(deep.validate(), Ok(()));
        deep = EntityFilter { not: Some(Box::new(deep)), ..Default::default() };
        assert_eq!(deep.validate(), Err(FilterError::TooDeep));
        let branch = EntityFilter { any: Some(vec![EntityFilter::default(); 20]), ..Default::default() };
        let bushy = EntityFilter { any: Some(vec![branch; 20]), ..Default::default() };
        assert_eq!(bushy.validate(), Err(FilterError::TooLarge));
    }

    fn leaf() -> impl Strategy<Value = EntityFilter> {
        let texts = || prop::option::weighted(0.3, prop::collection::vec("[a-z\\x00]{0,2}", 0..4));
        let pair = ("[a-z]{1,2}", prop::option::of("[a-z]{1,2}")).prop_map(|(key, value)| KeyValueInput { key, value });
        let pairs = prop::option::weighted(0.3, prop::collection::vec(pair, 0..103));
        let names = prop::option::weighted(0.3, prop::collection::vec(Just(String::new()), 98..103));
        (texts(), texts(), names, pairs, any::<Option<bool>>()).prop_map(|(kind, tags, name, labels, orphan)| {
            EntityFilter { kind, tags, name, labels, orphan, ..Default::default() }
        })
    }

    fn filter() -> impl Strategy<Value = EntityFilter> {
        leaf().prop_recursive(8, 60, 22, |inner| {
            let any = prop::option::of(prop::collection::vec(inner.clone(), 0..22));
            (leaf(), any, prop::option::of(inner)).prop_map(|(leaf, any, not)| EntityFilter {
                any,
                not: not.map(Box::new),
                ..leaf
            })
        })
    }

    /// Levels of `any` and `not`, most values of a list, most branches, and whether a text holds a NUL; counted one by one.
    fn measured(filter: &EntityFilter) -> (usize, usize, usize, bool) {
        let lists = [&filter.kind, &filter.tags, &filter.name];
        let values = lists.iter().map(|list| list.as_ref().map_or(0, Vec::len));
        let values = values.chain([filter.labels.as_ref().map_or(0, Vec::len)]).max().unwrap_or_default();
        let has_nul = lists.iter().copied().flatten().flatten().any(|text| text.contains('\0'));
        let own = (0, values, filter.any.as_ref().map_or(0, Vec::len), has_nul);
        filter
            .any
            .iter()
            .flatten()
            .chain(filter.not.as_deref())
            .map(measured)
            .fold(own, |sum, below| (sum.0.max(below.0 + 1), sum.1.max(below.1), sum.2.max(below.2), sum.3 || below.3))
    }

    proptest! {
        #[test]
        fn what_is_let_through_is_within_every_bound(filter in filter()) {
            let (depth, values, branches, has_nul) = measured(&filter);
            let is_within =
                depth <= FILTER_DEPTH_MAX && values <= FILTER_VALUES_MAX && branches <= FILTER_ANY_MAX && !has_nul;
            match filter.validate() {
                Ok(()) => prop_assert!(is_within, "{depth} deep, {values} values, {branches} branches, NUL: {has_nul}"),
                // A filter as a whole may be too large and each of its parts small.
                Err(FilterError::TooLarge) => {}
                Err(error) => prop_assert!(!is_within, "{error}"),
            }
        }
    }
}
