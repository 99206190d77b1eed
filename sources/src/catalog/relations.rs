//! The relations that a document declares, as Backstage's catalog emits them.

use schema::EntityRef;
use serde_json::{Map, Value};

use super::DeclaredRelation;

/// A field of `spec` that holds references.
pub(super) struct RefField {
    /// Kinds that have it, in lower case; all when empty.
    pub(super) kinds: &'static [&'static str],
    /// Its name.
    pub(super) field: &'static str,
    /// The kind of a reference that names none.
    pub(super) default_kind: &'static str,
    /// The relation, seen from the entity and from the other end.
    pub(super) relation: (&'static str, &'static str),
}

const fn field(
    kinds: &'static [&'static str],
    field: &'static str,
    default_kind: &'static str,
    relation: (&'static str, &'static str),
) -> RefField {
    RefField { kinds, field, default_kind, relation }
}

const PART_OF: (&str, &str) = ("partOf", "hasPart");

/// Every field that declares relations.
pub(super) const REF_FIELDS: [RefField; 15] = [
    field(&[], "owner", "group", ("ownedBy", "ownerOf")),
    field(&[], "system", "system", PART_OF),
    field(&["system"], "domain", "domain", PART_OF),
    field(&["domain"], "subdomainOf", "domain", PART_OF),
    field(&["component"], "subcomponentOf", "component", PART_OF),
    field(&["component"], "providesApis", "api", ("providesApi", "apiProvidedBy")),
    field(&["component"], "consumesApis", "api", ("consumesApi", "apiConsumedBy")),
    field(&["component", "resource", "airesource"], "dependsOn", "component", ("dependsOn", "dependencyOf")),
    field(&["component", "resource"], "dependencyOf", "component", ("dependencyOf", "dependsOn")),
    field(&["user"], "memberOf", "group", ("memberOf", "hasMember")),
    field(&["group"], "parent", "group", ("childOf", "parentOf")),
    field(&["group"], "children", "group", ("parentOf", "childOf")),
    field(&["group"], "members", "user", ("hasMember", "memberOf")),
    field(&["airesource"], "skills", "airesource", ("hasPart", "partOf")),
    field(&["airesource"], "plugins", "airesource", ("hasPart", "partOf")),
];

impl RefField {
    /// Whether entities of this kind have the field.
    pub(super) fn applies_to(&self, kind_key: &str) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind_key)
    }

    /// The texts in the field: one, or those of a list.
    pub(super) fn texts<'a>(&self, spec: &'a Map<String, Value>) -> Vec<&'a str> {
        match spec.get(self.field) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A reference of this field, written in an entity of this namespace.
    pub(super) fn read(&self, text: &str, namespace: &str) -> Result<EntityRef, schema::EntityRefError> {
        EntityRef::parse_with(text, Some(self.default_kind), namespace)
    }
}

/// The relations of a valid document, each once.
pub(super) fn relations(kind_key: &str, namespace: &str, spec: &Map<String, Value>) -> Vec<DeclaredRelation> {
    let mut relations: Vec<DeclaredRelation> = Vec::new();
    for field in REF_FIELDS.iter().filter(|field| field.applies_to(kind_key)) {
        let (relation_type, inverse_type) = field.relation;
        for target in field.texts(spec).into_iter().filter_map(|text| field.read(text, namespace).ok()) {
            let relation = DeclaredRelation { relation_type, inverse_type, target };
            if !relations.contains(&relation) {
                relations.push(relation);
            }
        }
    }
    relations
}
