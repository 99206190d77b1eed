//! Filters of entity lists as SQL: fixed fragments and binds only. Each condition that was asked for adds its own text, so a
//! plan serves just that question.

use schema::{EntityFilter, EntityRef, FilterError, KeyValueInput, OwnershipState, SEARCH_CHARS_MAX, Visibility};
use sqlx::{Postgres, QueryBuilder};

use super::visibility::{push_guardians, push_visible};
use crate::SourceError;

/// Longest value that the side table of facets holds, in characters; the import cuts there.
pub(crate) const FACET_VALUE_CHARS_MAX: usize = 512;
/// Most words of a search that are looked for.
const SEARCH_WORDS_MAX: usize = 20;

/// Appends ` and …` for every condition of `filter` on the entity `e`. The filter must have been validated.
pub(super) fn push_filter(
    query: &mut QueryBuilder<Postgres>,
    visibility: &Visibility,
    filter: &EntityFilter,
    default_kind: Option<&str>,
) -> Result<(), SourceError> {
    let lower = |texts: &Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    push_any(query, "e.kind_key", filter.kind.as_ref().map(lower));
    push_any(query, "lower(e.namespace)", filter.namespace.as_ref().map(lower));
    push_any(query, "lower(e.name)", filter.name.as_ref().map(lower));
    push_any(query, "e.ref", refs(filter.refs.as_ref(), default_kind)?);
    push_any(query, "e.type", filter.types.clone());
    push_any(query, "e.lifecycle", filter.lifecycle.clone());
    push_any(query, "e.owner_ref", refs(filter.owner.as_ref(), Some("group"))?);
    push_any(query, "e.system_ref", refs(filter.system.as_ref(), Some("system"))?);
    if let Some(mine) = filter.owned_by_me {
        query.push(" and (e.owner_ref = any(").push_bind(visibility.own_refs());
        query.push(if mine { ")) is true" } else { ")) is not true" });
    }
    if let Some(states) = &filter.ownership {
        query.push(" and ");
        push_ownership_state(query, visibility);
        query.push(" = any(").push_bind(states.iter().copied().map(state_name).collect::<Vec<_>>()).push(")");
    }
    for tag in filter.tags.iter().flatten() {
        push_facet(query, visibility, "tag", tag.clone());
    }
    push_pairs(query, visibility, "label", "labels", filter.labels.as_ref());
    push_pairs(query, visibility, "annotation", "annotations", filter.annotations.as_ref());
    if let Some(is_orphan) = filter.orphan {
        query.push(if is_orphan { " and e.orphaned_at is not null" } else { " and e.orphaned_at is null" });
    }
    if let Some(has_errors) = filter.has_processing_errors {
        query.push(if has_errors { " and exists (" } else { " and not exists (" });
        query.push("select 1 from processing_error p where p.entity_ref = e.ref and ");
        push_visible(query, "p", visibility);
        query.push(")");
    }
    if let Some(moment) = filter.updated_after {
        query.push(" and e.updated_at > ").push_bind(moment.0);
    }
    if let Some(branches) = &filter.any {
        query.push(" and (false");
        for branch in branches {
            query.push(" or (true");
            push_filter(query, visibility, branch, default_kind)?;
            query.push(")");
        }
        query.push(")");
    }
    if let Some(not) = &filter.not {
        // `is not true`, because a condition on a missing value is neither true nor false.
        query.push(" and (true");
        push_filter(query, visibility, not, default_kind)?;
        query.push(") is not true");
    }
    Ok(())
}

/// Appends the state of ownership of `e`, one of the names of [`state_name`].
pub(super) fn push_ownership_state(query: &mut QueryBuilder<Postgres>, visibility: &Visibility) {
    query.push("(case when e.owner_ref is null then 'UNOWNED' when not exists (select 1 from entity o where o.ref = e.owner_ref and ");
    push_visible(query, "o", visibility);
    query.push(") then 'OWNER_UNKNOWN' when e.owner_ref like 'user:%' or e.owner_ref = any((select staffed_teams(");
    query.push_bind(visibility.tenant.clone()).push(", ");
    push_guardians(query, visibility);
    query.push("))::text[]) then 'OWNED' else 'OWNER_EMPTY' end)");
}

fn state_name(state: OwnershipState) -> &'static str {
    match state {
        OwnershipState::Owned => "OWNED",
        OwnershipState::Unowned => "UNOWNED",
        OwnershipState::OwnerUnknown => "OWNER_UNKNOWN",
        OwnershipState::OwnerEmpty => "OWNER_EMPTY",
    }
}

fn push_any(query: &mut QueryBuilder<Postgres>, column: &'static str, values: Option<Vec<String>>) {
    if let Some(values) = values {
        query.push(format_args!(" and {column} = any(")).push_bind(values).push(")");
    }
}

fn push_facet(query: &mut QueryBuilder<Postgres>, visibility: &Visibility, facet: &'static str, value: String) {
    query.push(" and e.id in (select f.entity_id from entity_facet f where f.tenant = ");
    query.push_bind(visibility.tenant.clone());
    query.push(format_args!(" and f.facet = '{facet}' and f.value = "));
    query.push_bind(value.chars().take(FACET_VALUE_CHARS_MAX).collect::<String>()).push(")");
}

fn push_pairs(
    query: &mut QueryBuilder<Postgres>,
    visibility: &Visibility,
    facet: &'static str,
    column: &'static str,
    pairs: Option<&Vec<KeyValueInput>>,
) {
    let key_facet = if facet == "label" { "label-key" } else { "annotation-key" };
    for pair in pairs.into_iter().flatten() {
        let Some(value) = &pair.value else {
            push_facet(query, visibility, key_facet, pair.key.clone());
            continue;
        };
        let text = format!("{}={value}", pair.key);
        let is_cut = text.chars().count() > FACET_VALUE_CHARS_MAX;
        push_facet(query, visibility, facet, text);
        if is_cut {
            query.push(format_args!(" and e.{column} ->> ")).push_bind(pair.key.clone());
            query.push(" = ").push_bind(value.clone());
        }
    }
}

fn refs(refs: Option<&Vec<EntityRef>>, default_kind: Option<&str>) -> Result<Option<Vec<String>>, SourceError> {
    let read = |entity_ref: &EntityRef| {
        let whole = match default_kind {
            Some(kind) => entity_ref.or_kind(kind),
            None => entity_ref.whole()?,
        };
        Ok(whole.as_str().to_owned())
    };
    refs.map(|refs| refs.iter().map(read).collect()).transpose()
}

/// Makes a text-search query of what a person typed: every word must begin a word of the entity.
pub(super) fn search_words(search: &str) -> Result<String, FilterError> {
    if search.chars().count() > SEARCH_CHARS_MAX {
        return Err(FilterError::Search);
    }
    let words: Vec<String> = search
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(SEARCH_WORDS_MAX)
        .map(|word| format!("'{}':*", word.to_lowercase()))
        .collect();
    if words.is_empty() { Err(FilterError::Search) } else { Ok(words.join(" & ")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_search_is_words_and_nothing_else() {
        assert_eq!(search_words("Payments API").unwrap(), "'payments':* & 'api':*");
        assert_eq!(search_words("a'); drop--:*&|!").unwrap(), "'a':* & 'drop':*");
        for text in ["", "  ", "'!&", &"x".repeat(201)] {
            assert!(search_words(text).is_err(), "{text:?} was accepted");
        }
    }

    /// What stands in every text of a random filter and in no fragment of ours.
    const MARK: &str = "zq";

    fn visibility(is_admin: bool) -> Visibility {
        Visibility {
            tenant: MARK.to_owned(),
            subject: MARK.to_owned(),
            user: Some(EntityRef::stored(format!("user:default/{MARK}"))),
            teams: Vec::new(),
            scopes: BTreeSet::from_iter(is_admin.then(|| schema::scope::ADMIN.to_owned())),
        }
    }

    fn filter() -> impl Strategy<Value = EntityFilter> {
        let text = || "[^\\x00]{0,4}".prop_map(|text| format!("{MARK}{text}'\"$1"));
        let texts = move || prop::option::weighted(0.3, prop::collection::vec(text(), 0..4));
        let refs = || prop::option::weighted(0.3, prop::collection::vec("zq[a-z]".prop_map(EntityRef::stored), 0..3));
        let long = prop_oneof![text(), Just(MARK.repeat(400))];
        let pair = (text(), prop::option::of(long)).prop_map(|(key, value)| KeyValueInput { key, value });
        let pairs = prop::option::weighted(0.3, prop::collection::vec(pair, 0..3));
        let states =
            [OwnershipState::Owned, OwnershipState::Unowned, OwnershipState::OwnerUnknown, OwnershipState::OwnerEmpty];
        let states = prop::option::weighted(0.3, prop::collection::vec(prop::sample::select(states.to_vec()), 0..5));
        let flags = any::<(Option<bool>, Option<bool>, Option<bool>)>();
        let leaf = (texts(), texts(), texts(), refs(), refs(), pairs, states, flags).prop_map(|values| EntityFilter {
            kind: values.0,
            types: values.1,
            tags: values.2,
            owner: values.3,
            system: values.4,
            annotations: values.5,
            ownership: values.6,
            owned_by_me: values.7.0,
            orphan: values.7.1,
            has_processing_errors: values.7.2,
            ..Default::default()
        });
        leaf.prop_recursive(5, 20, 4, |inner| {
            (inner.clone(), prop::option::of(prop::collection::vec(inner.clone(), 0..4)), prop::option::of(inner))
                .prop_map(|(leaf, any, not)| EntityFilter { any, not: not.map(Box::new), ..leaf })
        })
    }

    proptest! {
        #[test]
        fn what_a_caller_writes_is_bound_and_never_in_the_text(filter in filter(), is_admin: bool) {
            prop_assume!(filter.validate().is_ok());
            let mut query = QueryBuilder::new("select from entity e where true");
            push_filter(&mut query, &visibility(is_admin), &filter, Some("component")).unwrap();
            let sql = query.sql();
            let sql = sql.as_str();
            prop_assert!(!sql.contains(MARK) && sql.is_ascii(), "{sql}");
            prop_assert_eq!(sql.matches('(').count(), sql.matches(')').count());
            prop_assert_eq!(sql.matches('\'').count() % 2, 0);
            // Each condition adds a few binds at most; a statement may have 65,535.
            prop_assert!(sql.matches('$').count() <= 200 * 10, "{}", sql.matches('$').count());
        }

        #[test]
        fn a_search_is_at_most_twenty_quoted_words(search in "\\PC{0,210}|[a-z'&|!:*()<> \\\\-]{0,60}") {
            let Ok(words) = search_words(&search) else {
                let is_long = search.chars().count() > SEARCH_CHARS_MAX;
                prop_assert!(is_long || !search.contains(char::is_alphanumeric));
                return Ok(());
            };
            let words: Vec<&str> = words.split(" & ").collect();
            prop_assert!(words.len() <= SEARCH_WORDS_MAX);
            for word in words {
                let inner = word.strip_prefix('\'').and_then(|word| word.strip_suffix("':*"));
                let inner = inner.ok_or_else(|| TestCaseError::fail(word.to_owned()))?;
                prop_assert!(!inner.is_empty() && !inner.contains(['\'', '\\', '\0']), "{word}");
                // What was found once is found again by the words alone.
                prop_assert!(search_words(inner).is_ok(), "{word}");
            }
        }
    }
}
