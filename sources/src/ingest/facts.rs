//! What the change log tells of an entity, as it is and as it was: enough to decide who may see the change and whether a filter asks
//! for it, because the entity itself may tell neither any more.

use schema::EntityRef;
use serde_json::{Map, Value, json};
use sqlx::{FromRow, types::Json};

use super::rows;
use crate::catalog::CatalogDocument;

/// Most bytes of labels and annotations together. Longer ones are left out and `isCut` stands instead: a reader whose filter
/// needs them asks the database. An annotation can hold a whole document, and a line tells them twice.
const LABELS_BYTES_MAX: usize = 16 * 1024;

/// An entity at one moment; from a row, with the columns that `entities_before.sql` names.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub(super) struct Facts {
    kind: String,
    namespace: String,
    name: String,
    r#type: Option<String>,
    lifecycle: Option<String>,
    pub(super) owner_ref: Option<String>,
    system_ref: Option<String>,
    tags: Vec<String>,
    labels: Json<Map<String, Value>>,
    annotations: Json<Map<String, Value>>,
    is_orphan: bool,
    pub(super) is_team_only: bool,
    pub(super) guardian_ref: Option<String>,
}

impl Facts {
    /// What a document says.
    pub(super) fn of(document: &CatalogDocument) -> Self {
        let owned = |entity_ref: &Option<EntityRef>| entity_ref.as_ref().map(|found| found.as_str().to_owned());
        Self {
            kind: document.kind.clone(),
            namespace: document.namespace.clone(),
            name: document.name.clone(),
            r#type: document.entity_type.clone(),
            lifecycle: document.lifecycle.clone(),
            owner_ref: owned(&document.owner_ref),
            system_ref: owned(&document.system_ref),
            tags: document.tags.clone(),
            labels: Json(document.labels.clone()),
            annotations: Json(document.annotations.clone()),
            is_orphan: false,
            is_team_only: document.is_team_only,
            guardian_ref: rows::guardian(&document.entity_ref, document.owner_ref.as_ref()),
        }
    }

    /// The same while something declared it.
    pub(super) fn declared(&self) -> Self {
        Self { is_orphan: false, ..self.clone() }
    }

    /// How the change log tells it.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
        let mut told = Map::from_iter([
            ("kind".to_owned(), json!(self.kind)),
            ("namespace".to_owned(), json!(self.namespace)),
            ("name".to_owned(), json!(self.name)),
            ("type".to_owned(), text(&self.r#type)),
            ("lifecycle".to_owned(), text(&self.lifecycle)),
            ("ownerRef".to_owned(), text(&self.owner_ref)),
            ("systemRef".to_owned(), text(&self.system_ref)),
            ("tags".to_owned(), json!(self.tags)),
            ("isOrphan".to_owned(), json!(self.is_orphan)),
            ("isTeamOnly".to_owned(), json!(self.is_team_only)),
            ("guardianRef".to_owned(), text(&self.guardian_ref)),
        ]);
        let (labels, annotations) = (json!(self.labels.0), json!(self.annotations.0));
        if labels.to_string().len() + annotations.to_string().len() > LABELS_BYTES_MAX {
            told.insert("isCut".to_owned(), json!(true));
        } else {
            told.insert("labels".to_owned(), labels);
            told.insert("annotations".to_owned(), annotations);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_annotation(bytes: usize) -> Map<String, Value> {
        let facts = Facts {
            kind: "API".to_owned(),
            namespace: "default".to_owned(),
            name: "a".to_owned(),
            r#type: None,
            lifecycle: None,
            owner_ref: None,
            system_ref: None,
            tags: vec!["b".to_owned(), "a".to_owned()],
            labels: Json(Map::new()),
            // With braces, quotes and colon, and the braces of the labels, 10 bytes more.
            annotations: Json(Map::from_iter([("a".to_owned(), json!("x".repeat(bytes - 10)))])),
            is_orphan: false,
            is_team_only: false,
            guardian_ref: None,
        };
        facts.to_json()
    }

    #[test]
    fn labels_and_annotations_are_told_up_to_a_bound_and_never_in_part() {
        let whole = with_annotation(LABELS_BYTES_MAX);
        assert_eq!(whole.get("isCut"), None);
        assert_eq!(whole["annotations"]["a"].as_str().map(str::len), Some(LABELS_BYTES_MAX - 10));
        assert_eq!((&whole["labels"], &whole["tags"]), (&json!({}), &json!(["b", "a"])));
        let cut = with_annotation(LABELS_BYTES_MAX + 1);
        assert_eq!(cut["isCut"], json!(true));
        assert_eq!((cut.get("labels"), cut.get("annotations")), (None, None));
        assert_eq!((&cut["kind"], &cut["type"]), (&json!("API"), &Value::Null));
    }
}
