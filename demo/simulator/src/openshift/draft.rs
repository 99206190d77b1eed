//! An object before it is written out: enough to sort, select and compare it, and the rest on demand.
//!
//! A page of ten out of ten thousand pods must not cost ten thousand bodies.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{App, resource::Resource, version};
use crate::seed::hash;

/// An object to be.
pub(super) struct Draft<'a> {
    pub(super) meta: Meta,
    /// Its `resourceVersion`.
    pub(super) version: u64,
    pub(super) body: Box<dyn Fn() -> Value + 'a>,
}

/// What its `metadata` holds.
#[derive(Clone)]
pub(super) struct Meta {
    pub(super) name: String,
    /// Empty for what belongs to the cluster.
    pub(super) namespace: String,
    pub(super) uid: String,
    pub(super) generation: Option<i64>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) deleted_at: Option<DateTime<Utc>>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) owner: Option<Value>,
    pub(super) generate_name: Option<String>,
}

impl Meta {
    /// The metadata of an object of `app`, with its labels.
    pub(super) fn of(app: &App, kind: &str, name: String, created_at: DateTime<Utc>) -> Self {
        Self { labels: app.all_labels(), ..Self::bare(kind, &app.namespace, name, created_at) }
    }

    pub(super) fn bare(kind: &str, namespace: &str, name: String, created_at: DateTime<Utc>) -> Self {
        Self {
            uid: uid(kind, namespace, &name),
            name,
            namespace: namespace.to_owned(),
            generation: None,
            created_at,
            deleted_at: None,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            owner: None,
            generate_name: None,
        }
    }

    fn to_json(&self, version: u64) -> Value {
        let mut meta = Map::new();
        let mut put = |key: &str, value: Value| {
            meta.insert(key.to_owned(), value);
        };
        put("name", json!(self.name));
        if let Some(name) = &self.generate_name {
            put("generateName", json!(name));
        }
        if !self.namespace.is_empty() {
            put("namespace", json!(self.namespace));
        }
        put("uid", json!(self.uid));
        put("resourceVersion", json!(version.to_string()));
        if let Some(generation) = self.generation {
            put("generation", json!(generation));
        }
        put("creationTimestamp", time(self.created_at));
        if let Some(deleted_at) = self.deleted_at {
            put("deletionTimestamp", time(deleted_at));
            put("deletionGracePeriodSeconds", json!(30));
        }
        if !self.labels.is_empty() {
            put("labels", json!(self.labels));
        }
        if !self.annotations.is_empty() {
            put("annotations", json!(self.annotations));
        }
        if let Some(owner) = &self.owner {
            put("ownerReferences", json!([owner]));
        }
        Value::Object(meta)
    }
}

impl<'a> Draft<'a> {
    /// A draft whose state began at `changed_at`.
    pub(super) fn new(meta: Meta, changed_at: DateTime<Utc>, body: impl Fn() -> Value + 'a) -> Self {
        Self { meta, version: version::number_at(changed_at), body: Box::new(body) }
    }

    /// Where it stands in a list.
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.meta.namespace, &self.meta.name)
    }

    /// The whole object, as a single get answers it.
    pub(super) fn to_object(&self, resource: &Resource) -> Value {
        let mut object = typed(resource.kind, &resource.api_version());
        object.extend(self.to_map());
        Value::Object(object)
    }

    /// The object as an item of a list, where only custom resources say their kind.
    pub(super) fn to_item(&self, resource: &Resource) -> Value {
        if resource.is_custom() { self.to_object(resource) } else { Value::Object(self.to_map()) }
    }

    /// Its metadata alone.
    pub(super) fn to_partial(&self) -> Value {
        let mut object = typed("PartialObjectMetadata", "meta.k8s.io/v1");
        object.insert("metadata".to_owned(), self.meta.to_json(self.version));
        Value::Object(object)
    }

    fn to_map(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert("metadata".to_owned(), self.meta.to_json(self.version));
        if let Value::Object(body) = (self.body)() {
            object.extend(body);
        }
        object
    }
}

fn typed(kind: &str, api_version: &str) -> Map<String, Value> {
    Map::from_iter([("kind".to_owned(), json!(kind)), ("apiVersion".to_owned(), json!(api_version))])
}

/// A uid drawn from what it identifies.
pub(super) fn uid(kind: &str, namespace: &str, name: &str) -> String {
    let part = |salt: &str| hash(&[kind.as_bytes(), namespace.as_bytes(), name.as_bytes(), salt.as_bytes()]);
    let (high, low) = (part("high"), part("low"));
    let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xfff);
    format!("{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}", 0x8000 | (low >> 50), low & 0xffff_ffff_ffff)
}

/// An instant as `metav1.Time` writes it.
pub(super) fn time(at: DateTime<Utc>) -> Value {
    Value::String(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// An instant as `metav1.MicroTime` writes it.
pub(super) fn micro_time(at: DateTime<Utc>) -> Value {
    Value::String(at.to_rfc3339_opts(SecondsFormat::Micros, true))
}
