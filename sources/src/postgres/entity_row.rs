//! A row of `entity`, and how it becomes a record.

use std::sync::Arc;

use schema::{Annotations, EntityBody, EntityRecord, EntityRef};
use sqlx::types::Json;

use super::{cells::Cells, columns::Columns, json_text::JsonText, moment::Moment};

/// A row of `entity`, small enough to be moved about.
pub(super) struct EntityRow {
    /// What it says; the columns that were not read are empty.
    pub(super) record: Arc<EntityRecord>,
    /// What the order `NAME` compares; only its cursors need it.
    pub(super) sort_name: String,
}

impl EntityRow {
    /// Reads the cells of [`Columns::push`].
    pub(super) fn read(cells: &mut Cells<'_>, columns: Columns) -> Result<Self, sqlx::Error> {
        let has = |group| columns.has(group);
        let stored = |text: Option<String>| text.map(EntityRef::stored);
        let mut record = EntityRecord {
            entity_ref: EntityRef::stored(cells.next()?),
            id: cells.next_if(has(Columns::ID))?,
            kind: cells.next_if(has(Columns::KIND))?,
            namespace: cells.next_if(has(Columns::KIND))?,
            name: cells.next_if(has(Columns::NAME))?,
            title: cells.next_if(has(Columns::TITLE))?,
            description: cells.next_if(has(Columns::DESCRIPTION))?,
            entity_type: cells.next_if(has(Columns::TYPE))?,
            lifecycle: cells.next_if(has(Columns::TYPE))?,
            owner_ref: stored(cells.next_if(has(Columns::OWNER))?),
            system_ref: stored(cells.next_if(has(Columns::SYSTEM))?),
            is_orphan: cells.next_if(has(Columns::ORPHAN))?,
            created_at: cells.next_if::<Moment>(has(Columns::TIMES))?.0,
            updated_at: cells.next_if::<Moment>(has(Columns::TIMES))?.0,
            annotations: None,
            body: None,
        };
        let sort_name = cells.next_if(has(Columns::SORT_NAME))?;
        if has(Columns::ANNOTATIONS) {
            record.annotations = Some(Annotations::stored(cells.next::<JsonText<'_>>()?.0));
        }
        if has(Columns::BODY) {
            record.body = Some(Box::new(body(cells)?));
        }
        Ok(Self { record: Arc::new(record), sort_name })
    }
}

fn body(cells: &mut Cells<'_>) -> Result<EntityBody, sqlx::Error> {
    Ok(EntityBody {
        labels: cells.next::<Json<_>>()?.0,
        tags: cells.next()?,
        links: cells.next::<Json<_>>()?.0,
        spec: cells.next::<Json<_>>()?.0,
    })
}
