//! The rows that one document becomes.

use schema::EntityRef;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{catalog::CatalogDocument, postgres::FACET_VALUE_CHARS_MAX};

/// Longest text that the order `NAME` compares, in characters.
const SORT_NAME_CHARS_MAX: usize = 200;

/// SHA-256 of everything that a document says, and not of where it says it.
pub(super) fn content_hash(document: &CatalogDocument) -> Vec<u8> {
    let content = json!([
        document.api_version,
        document.kind,
        document.namespace,
        document.name,
        document.title,
        document.description,
        document.labels,
        document.annotations,
        document.tags,
        document.links,
        document.spec,
    ]);
    Sha256::digest(content.to_string()).to_vec()
}

/// The document as history compares it; the same shape as `entities_before.sql` makes of a row.
pub(super) fn comparable(document: &CatalogDocument) -> Value {
    json!({
        "apiVersion": document.api_version,
        "kind": document.kind,
        "metadata": {
            "namespace": document.namespace,
            "name": document.name,
            "title": document.title,
            "description": document.description,
            "labels": document.labels,
            "annotations": document.annotations,
            "tags": document.tags,
            "links": document.links,
        },
        "spec": document.spec,
        "isOrphan": false,
    })
}

/// Who guards a team-only entity: its owner, or itself where it is a team or a person.
pub(super) fn guardian(entity_ref: &EntityRef, owner_ref: Option<&EntityRef>) -> Option<String> {
    match entity_ref.kind() {
        Some("group" | "user") => Some(entity_ref.as_str().to_owned()),
        _ => owner_ref.map(|owner| owner.as_str().to_owned()),
    }
}

/// A row of `entity`, as `entities_upsert.sql` reads it.
#[derive(Serialize)]
pub(super) struct EntityInput<'a> {
    id: Uuid,
    r#ref: &'a str,
    kind_key: String,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    api_version: &'a str,
    title: Option<&'a str>,
    description: Option<&'a str>,
    labels: &'a serde_json::Map<String, Value>,
    annotations: &'a serde_json::Map<String, Value>,
    tags: &'a [String],
    links: Value,
    spec: &'a serde_json::Map<String, Value>,
    r#type: Option<&'a str>,
    lifecycle: Option<&'a str>,
    owner_ref: Option<&'a str>,
    system_ref: Option<&'a str>,
    sort_name: String,
    is_team_only: bool,
    guardian_ref: Option<String>,
    target: &'a str,
    line: u32,
    content_hash: String,
}

impl<'a> EntityInput<'a> {
    pub(super) fn of(id: Uuid, document: &'a CatalogDocument, content_hash: &[u8]) -> Self {
        let shown_name = document.title.as_deref().unwrap_or(&document.name);
        Self {
            id,
            r#ref: document.entity_ref.as_str(),
            kind_key: document.kind.to_ascii_lowercase(),
            kind: &document.kind,
            namespace: &document.namespace,
            name: &document.name,
            api_version: &document.api_version,
            title: document.title.as_deref(),
            description: document.description.as_deref(),
            labels: &document.labels,
            annotations: &document.annotations,
            tags: &document.tags,
            links: json!(document.links),
            spec: &document.spec,
            r#type: document.entity_type.as_deref(),
            lifecycle: document.lifecycle.as_deref(),
            owner_ref: document.owner_ref.as_ref().map(EntityRef::as_str),
            system_ref: document.system_ref.as_ref().map(EntityRef::as_str),
            sort_name: shown_name.to_lowercase().chars().take(SORT_NAME_CHARS_MAX).collect(),
            is_team_only: document.is_team_only,
            guardian_ref: guardian(&document.entity_ref, document.owner_ref.as_ref()),
            target: &document.target,
            line: document.line,
            content_hash: hex::encode(content_hash),
        }
    }
}

/// The rows of `entity_facet` of a document: names of facets and their values.
pub(super) fn facets(document: &CatalogDocument) -> Vec<(&'static str, String)> {
    let mut facets = vec![("kind", document.kind.clone()), ("namespace", document.namespace.clone())];
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let single = [
        ("type", document.entity_type.clone()),
        ("lifecycle", document.lifecycle.clone()),
        ("owner", owned(document.owner_ref.as_ref().map(EntityRef::as_str))),
        ("system", owned(document.system_ref.as_ref().map(EntityRef::as_str))),
    ];
    facets.extend(single.into_iter().filter_map(|(facet, value)| Some((facet, value?))));
    facets.extend(document.tags.iter().map(|tag| ("tag", tag.clone())));
    for (facet, key_facet, pairs) in
        [("label", "label-key", &document.labels), ("annotation", "annotation-key", &document.annotations)]
    {
        for (key, value) in pairs {
            facets.push((key_facet, key.clone()));
            facets.push((facet, format!("{key}={}", value.as_str().unwrap_or_default())));
        }
    }
    let cut = |text: String| text.chars().take(FACET_VALUE_CHARS_MAX).collect();
    facets.into_iter().map(|(facet, value)| (facet, cut(value))).collect()
}
