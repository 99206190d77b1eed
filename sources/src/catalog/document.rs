//! What becomes of a document of a catalog file.

use schema::{EntityLink, EntityRef};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PackedDocument;

/// A valid document: one entity, as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CatalogDocument {
    /// The file or address it stands in.
    pub target: String,
    /// Its first line, from 1.
    pub line: u32,
    /// Its first column, from 1.
    pub column: u32,
    /// The entity's reference.
    pub entity_ref: EntityRef,
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`, as declared.
    pub kind: String,
    /// `metadata.namespace`, or `default`.
    pub namespace: String,
    /// `metadata.name`, as declared.
    pub name: String,
    /// `metadata.title`.
    pub title: Option<String>,
    /// `metadata.description`.
    pub description: Option<String>,
    /// `metadata.labels`; values are texts.
    pub labels: Map<String, Value>,
    /// `metadata.annotations`; values are texts.
    pub annotations: Map<String, Value>,
    /// `metadata.tags`.
    pub tags: Vec<String>,
    /// `metadata.links`.
    pub links: Vec<EntityLink>,
    /// `spec`.
    pub spec: Map<String, Value>,
    /// `spec.type`, where it is a text.
    pub entity_type: Option<String>,
    /// `spec.lifecycle`, where it is a text.
    pub lifecycle: Option<String>,
    /// `spec.owner` as a reference.
    pub owner_ref: Option<EntityRef>,
    /// `spec.system` as a reference.
    pub system_ref: Option<EntityRef>,
    /// Annotated `weft.dev/visibility: team`.
    pub is_team_only: bool,
    /// What it declares of other entities. It follows from the rest.
    #[serde(skip)]
    pub relations: Vec<DeclaredRelation>,
}

/// A relation that a document declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRelation {
    /// Its type, seen from the document's entity.
    pub relation_type: &'static str,
    /// Its type, seen from the other end.
    pub inverse_type: &'static str,
    /// The other end.
    pub target: EntityRef,
}

/// A document that is not taken over.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The file or address it stands in.
    pub target: String,
    /// The line at fault, from 1; none when the file could not be read at all.
    pub line: Option<u32>,
    /// The column at fault, from 1.
    pub column: Option<u32>,
    /// The entity it would declare, where that can be told.
    pub entity_ref: Option<EntityRef>,
    /// It asks for team visibility, or for one that is not known: its error is shown as narrowly.
    pub is_team_only: bool,
    /// The owner it declares, where that can be told.
    pub owner_ref: Option<EntityRef>,
    /// What is wrong, and what to do.
    pub message: String,
}

/// A document, or why it is none.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Valid.
    Document(Box<PackedDocument>),
    /// Not taken over.
    Refused(Refusal),
}

impl Refusal {
    /// A file that cannot be read at all.
    pub fn of_file(target: &str, message: impl Into<String>) -> Self {
        Self {
            target: target.to_owned(),
            line: None,
            column: None,
            entity_ref: None,
            is_team_only: false,
            owner_ref: None,
            message: message.into(),
        }
    }
}
