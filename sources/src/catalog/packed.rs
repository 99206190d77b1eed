//! `PackedDocument`: a document that waits to be taken over. All documents of a location are held at once, to tell which of two
//! claims a reference first; as trees of values they would take five times the memory.

use schema::EntityRef;

use super::{CatalogDocument, relations};

/// A document as text, with what is asked of it before its turn.
#[derive(Debug, Clone)]
pub struct PackedDocument {
    /// The file or address it stands in.
    pub target: String,
    /// Its first line, from 1.
    pub line: u32,
    /// Its first column, from 1.
    pub column: u32,
    /// The entity's reference.
    pub entity_ref: EntityRef,
    /// Annotated `weft.dev/visibility: team`.
    pub is_team_only: bool,
    /// `spec.owner` as a reference.
    pub owner_ref: Option<EntityRef>,
    content: Box<[u8]>,
}

impl PackedDocument {
    /// Packs a document.
    pub fn of(document: &CatalogDocument) -> Self {
        Self {
            target: document.target.clone(),
            line: document.line,
            column: document.column,
            entity_ref: document.entity_ref.clone(),
            is_team_only: document.is_team_only,
            owner_ref: document.owner_ref.clone(),
            content: serde_json::to_vec(document).expect("a document is texts, lists and objects").into(),
        }
    }

    /// The document as it was packed.
    pub fn unpack(&self) -> CatalogDocument {
        let mut document: CatalogDocument = serde_json::from_slice(&self.content).expect("we wrote it ourselves");
        let kind_key = document.kind.to_ascii_lowercase();
        document.relations = relations::relations(&kind_key, &document.namespace, &document.spec);
        document
    }
}
