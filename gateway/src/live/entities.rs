//! Whether a change of an entity is asked for: what `sources` says in SQL for lists, said of the facts that the log tells.

use chrono::{DateTime, Utc};
use schema::{EntityFilter, EntityRef, KeyValueInput};
use serde_json::{Map, Value};

use super::{facts::EntityFacts, index::Key, matching::Viewer};

/// Longest value of a tag that lists compare, in characters: the side table of facets is cut there.
const TAG_CHARS_MAX: usize = 512;

/// An entity at one moment.
pub struct Entity<'a> {
    /// Its reference.
    pub entity_ref: &'a str,
    /// The rest.
    pub facts: &'a EntityFacts,
    /// When it last changed; none where that is not known any more.
    pub updated_at: Option<DateTime<Utc>>,
    /// What a condition counts as that cannot be decided. It is turned round within `not`, so that the whole counts as met: a deletion too
    /// many does no harm.
    pub unknown: bool,
}

/// Whether the filter asks for it.
pub fn matches(filter: &EntityFilter, entity: &Entity<'_>, viewer: &Viewer) -> bool {
    let Entity { entity_ref, facts, updated_at, unknown } = entity;
    let turned = Entity { unknown: !unknown, ..*entity };
    let is_any = |wanted: &Option<Vec<String>>, value: Option<&str>| {
        wanted.as_ref().is_none_or(|wanted| value.is_some_and(|value| wanted.iter().any(|wanted| wanted == value)))
    };
    let is_any_lower = |wanted: &Option<Vec<String>>, value: &str| {
        let value = value.to_lowercase();
        wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted.to_lowercase() == value))
    };
    let is_ref = |wanted: &Option<Vec<EntityRef>>, kind: Option<&str>, value: Option<&str>| {
        let is_meant = |wanted: &EntityRef, value: &str| {
            kind.map_or(wanted.clone(), |kind| wanted.or_kind(kind)).as_str() == value
        };
        wanted
            .as_ref()
            .is_none_or(|wanted| value.is_some_and(|value| wanted.iter().any(|wanted| is_meant(wanted, value))))
    };
    is_any_lower(&filter.kind, &facts.kind)
        && is_any_lower(&filter.namespace, &facts.namespace)
        && is_any_lower(&filter.name, &facts.name)
        && is_ref(&filter.refs, None, Some(entity_ref))
        && is_any(&filter.types, facts.r#type.as_deref())
        && is_any(&filter.lifecycle, facts.lifecycle.as_deref())
        && is_ref(&filter.owner, Some("group"), facts.owner_ref.as_deref())
        && is_ref(&filter.system, Some("system"), facts.system_ref.as_deref())
        && filter.owned_by_me.is_none_or(|mine| mine == viewer.owns(facts.owner_ref.as_deref()))
        && filter.tags.iter().flatten().all(|tag| facts.tags.iter().any(|own| cut(own) == cut(tag)))
        && has_pairs(filter.labels.as_ref(), &facts.labels)
        && has_pairs(filter.annotations.as_ref(), &facts.annotations)
        && filter.orphan.is_none_or(|is_orphan| is_orphan == facts.is_orphan)
        && filter.updated_after.is_none_or(|moment| updated_at.map_or(*unknown, |updated_at| updated_at > moment.0))
        && filter.any.as_ref().is_none_or(|branches| branches.iter().any(|branch| matches(branch, entity, viewer)))
        && filter.not.as_ref().is_none_or(|not| !matches(not, &turned, viewer))
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(TAG_CHARS_MAX).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

fn has_pairs(wanted: Option<&Vec<KeyValueInput>>, own: &Map<String, Value>) -> bool {
    wanted.into_iter().flatten().all(|pair| match &pair.value {
        None => own.contains_key(&pair.key),
        Some(value) => own.get(&pair.key).and_then(Value::as_str) == Some(value),
    })
}

/// Whether the filter looks at what may have been too large to be told.
pub fn looks_at_pairs(filter: &EntityFilter) -> bool {
    filter.labels.is_some()
        || filter.annotations.is_some()
        || filter.any.iter().flatten().chain(filter.not.as_deref()).any(looks_at_pairs)
}

/// Under which keys whoever asks so is found: those of one condition that has to hold. None: under all.
pub fn anchors(filter: &EntityFilter, viewer: &Viewer) -> Option<Vec<Key>> {
    let keys =
        |field: &'static str, values: Vec<String>| Some(values.into_iter().map(|value| Key(field, value)).collect());
    let refs = |refs: &[EntityRef], kind: &str| refs.iter().map(|own| own.or_kind(kind).as_str().to_owned()).collect();
    let lower = |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect();
    if let Some(wanted) = &filter.refs {
        return keys("ref", wanted.iter().map(|wanted| wanted.as_str().to_owned()).collect());
    }
    if let Some(wanted) = &filter.name {
        return keys("name", lower(wanted));
    }
    if let Some(wanted) = &filter.owner {
        return keys("owner", refs(wanted, "group"));
    }
    if let Some(wanted) = &filter.system {
        return keys("system", refs(wanted, "system"));
    }
    if filter.owned_by_me == Some(true) {
        return keys("owner", viewer.own_refs().to_vec());
    }
    if let Some(tag) = filter.tags.iter().flatten().next() {
        return keys("tag", vec![cut(tag).to_owned()]);
    }
    if let Some(wanted) = &filter.types {
        return keys("type", wanted.clone());
    }
    if let Some(wanted) = &filter.namespace {
        return keys("namespace", lower(wanted));
    }
    if let Some(wanted) = &filter.kind {
        return keys("kind", lower(wanted));
    }
    None
}

/// Under which keys those are found that may ask for it.
pub fn keys(entity_ref: &str, facts: &EntityFacts, add: &mut impl FnMut(&'static str, &str)) {
    add("ref", entity_ref);
    add("name", &facts.name.to_lowercase());
    add("namespace", &facts.namespace.to_lowercase());
    add("kind", &facts.kind.to_lowercase());
    for (field, value) in [("owner", &facts.owner_ref), ("system", &facts.system_ref), ("type", &facts.r#type)] {
        if let Some(value) = value {
            add(field, value);
        }
    }
    for tag in &facts.tags {
        add("tag", cut(tag));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schema::{DateTime, Visibility};

    use super::*;

    fn viewer() -> Viewer {
        let visibility = Visibility {
            tenant: "default".to_owned(),
            subject: "s".to_owned(),
            user: None,
            teams: vec![EntityRef::stored("group:default/payments".to_owned())],
            scopes: BTreeSet::new(),
        };
        Viewer::new(&visibility, Some(Vec::new()))
    }

    #[test]
    fn what_is_not_known_counts_as_met_however_deep_it_stands() {
        let moment = chrono::DateTime::<Utc>::UNIX_EPOCH;
        let facts = EntityFacts::default();
        let after = EntityFilter { updated_after: Some(DateTime(moment)), ..Default::default() };
        let not = |filter: EntityFilter| EntityFilter { not: Some(Box::new(filter)), ..Default::default() };
        let before = Entity { entity_ref: "component:default/a", facts: &facts, updated_at: None, unknown: true };
        for filter in [after.clone(), not(after.clone()), not(not(after.clone()))] {
            assert!(matches(&filter, &before, &viewer()), "{filter:?}");
        }
        let now = Entity { updated_at: Some(moment + chrono::TimeDelta::seconds(1)), ..before };
        assert!(matches(&after, &now, &viewer()) && !matches(&not(after), &now, &viewer()));
    }

    #[test]
    fn conditions_hold_as_in_lists() {
        let facts = EntityFacts {
            kind: "Component".to_owned(),
            name: "Payments-API".to_owned(),
            namespace: "default".to_owned(),
            owner_ref: Some("group:default/payments".to_owned()),
            tags: vec!["java".to_owned(), "x".repeat(600)],
            labels: Map::from_iter([("tier".to_owned(), Value::from("1"))]),
            ..Default::default()
        };
        let entity =
            Entity { entity_ref: "component:default/payments-api", facts: &facts, updated_at: None, unknown: true };
        let pair = |key: &str, value: Option<&str>| {
            Some(vec![KeyValueInput { key: key.to_owned(), value: value.map(str::to_owned) }])
        };
        let texts = |text: &str| Some(vec![text.to_owned()]);
        let own = |filter: EntityFilter| matches(&filter, &entity, &viewer());
        assert!(own(EntityFilter { kind: texts("COMPONENT"), name: texts("payments-api"), ..Default::default() }));
        assert!(own(EntityFilter { owned_by_me: Some(true), labels: pair("tier", None), ..Default::default() }));
        assert!(own(EntityFilter { tags: Some(vec!["java".to_owned(), "x".repeat(600)]), ..Default::default() }));
        assert!(own(EntityFilter {
            any: Some(vec![EntityFilter { types: texts("a"), ..Default::default() }, EntityFilter::default()]),
            ..Default::default()
        }));
        for filter in [
            EntityFilter { types: texts("service"), ..Default::default() },
            EntityFilter { labels: pair("tier", Some("2")), ..Default::default() },
            EntityFilter { any: Some(Vec::new()), ..Default::default() },
            EntityFilter { owned_by_me: Some(false), ..Default::default() },
            EntityFilter { not: Some(Box::default()), ..Default::default() },
        ] {
            assert!(!own(filter.clone()), "{filter:?}");
        }
    }
}
