//! Whether a change of a deployment is asked for: what `sources` says in SQL for lists, said of the facts that the log tells.

use schema::{DeploymentFilter, EntityRef};

use super::{facts::DeploymentFacts, index::Key};

/// Whether the filter asks for it.
pub fn matches(filter: &DeploymentFilter, component_ref: &str, facts: &DeploymentFacts) -> bool {
    let is_ref = |wanted: &Option<Vec<EntityRef>>, kind: &str, value: Option<&str>| {
        let is_meant = |wanted: &EntityRef, value: &str| wanted.or_kind(kind).as_str() == value;
        wanted
            .as_ref()
            .is_none_or(|wanted| value.is_some_and(|value| wanted.iter().any(|wanted| is_meant(wanted, value))))
    };
    let is_any = |wanted: Option<Vec<&str>>, value: &Option<String>| {
        wanted.is_none_or(|wanted| value.as_deref().is_some_and(|value| wanted.contains(&value)))
    };
    let texts = |wanted: &'_ Option<Vec<String>>| wanted.clone();
    let is_text = |wanted: Option<Vec<String>>, value: &Option<String>| {
        wanted.is_none_or(|wanted| value.as_ref().is_some_and(|value| wanted.contains(value)))
    };
    is_ref(&filter.component, "component", Some(component_ref))
        && is_ref(&filter.owner, "group", facts.owner_ref.as_deref())
        && is_text(texts(&filter.environment), &facts.environment)
        && is_text(texts(&filter.version), &facts.version)
        && is_text(texts(&filter.commit_sha), &facts.commit_sha)
        && is_any(filter.tier.as_ref().map(|tiers| tiers.iter().map(|tier| tier.as_str()).collect()), &facts.tier)
        && is_any(
            filter.status.as_ref().map(|states| states.iter().map(|state| state.as_str()).collect()),
            &facts.status,
        )
        && is_any(filter.source.as_ref().map(|kinds| kinds.iter().map(|kind| kind.as_str()).collect()), &facts.source)
        && filter.is_rollback.is_none_or(|is_rollback| is_rollback == facts.is_rollback)
        && filter.started_after.is_none_or(|moment| facts.started_at.is_some_and(|began| began >= moment.0))
        && filter.started_before.is_none_or(|moment| facts.started_at.is_some_and(|began| began < moment.0))
}

/// Whether the filter asks for deployments of this component.
pub fn is_of(filter: &DeploymentFilter, entity_ref: &str) -> bool {
    let is_meant = |wanted: &EntityRef| wanted.or_kind("component").as_str() == entity_ref;
    entity_ref.starts_with("component:") && filter.component.as_ref().is_none_or(|wanted| wanted.iter().any(is_meant))
}

/// Under which keys whoever asks so is found. None: under all.
pub fn anchors(filter: &DeploymentFilter) -> Option<Vec<Key>> {
    let refs = |field: &'static str, refs: &[EntityRef], kind: &str| {
        Some(refs.iter().map(|own| Key(field, own.or_kind(kind).as_str().to_owned())).collect())
    };
    let texts =
        |field: &'static str, texts: &[String]| Some(texts.iter().map(|text| Key(field, text.clone())).collect());
    if let Some(wanted) = &filter.component {
        return refs("component", wanted, "component");
    }
    if let Some(wanted) = &filter.owner {
        return refs("owner", wanted, "group");
    }
    if let Some(wanted) = &filter.version {
        return texts("version", wanted);
    }
    if let Some(wanted) = &filter.commit_sha {
        return texts("commit", wanted);
    }
    if let Some(wanted) = &filter.environment {
        return texts("environment", wanted);
    }
    None
}

/// Under which keys those are found that may ask for it.
pub fn keys(component_ref: &str, facts: &DeploymentFacts, add: &mut impl FnMut(&'static str, &str)) {
    add("component", component_ref);
    for (field, value) in [
        ("owner", &facts.owner_ref),
        ("version", &facts.version),
        ("commit", &facts.commit_sha),
        ("environment", &facts.environment),
    ] {
        if let Some(value) = value {
            add(field, value);
        }
    }
}
