//! A row of `entity`, and how it becomes a record.

use chrono::{DateTime, Utc};
use schema::{EntityBody, EntityRecord, EntityRef};
use sqlx::{Decode, FromRow, Postgres, Row, Type, postgres::PgRow, types::Json};

use super::columns::Columns;

/// A row of `entity`.
pub(super) struct EntityRow {
    record: EntityRecord,
    /// What the order `NAME` compares; only its cursors need it.
    pub(super) sort_name: String,
}

/// Reads the cells of a row one after the other: a look-up of each by its name is a tenth of a list's time.
struct Cells<'r> {
    row: &'r PgRow,
    columns: Columns,
    at: usize,
}

impl<'r> Cells<'r> {
    fn next<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> Result<T, sqlx::Error> {
        self.at += 1;
        self.row.try_get(self.at - 1)
    }

    /// The next cell, if the row has this group of columns.
    fn next_of<T: Decode<'r, Postgres> + Type<Postgres> + Default>(
        &mut self,
        group: Columns,
    ) -> Result<T, sqlx::Error> {
        if self.columns.has(group) { self.next() } else { Ok(T::default()) }
    }

    fn body(&mut self) -> Result<EntityBody, sqlx::Error> {
        Ok(EntityBody {
            labels: self.next::<Json<_>>()?.0,
            annotations: self.next::<Json<_>>()?.0,
            tags: self.next()?,
            links: self.next::<Json<_>>()?.0,
            spec: self.next::<Json<_>>()?.0,
        })
    }
}

/// The columns stand first, in the order of [`Columns::push`].
impl<'r> FromRow<'r, PgRow> for EntityRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let columns = Columns::told(row.try_get(0)?);
        let mut cells = Cells { row, columns, at: 1 };
        let mut record = EntityRecord {
            id: cells.next()?,
            entity_ref: EntityRef::stored(cells.next()?),
            kind: cells.next_of(Columns::NAMES)?,
            namespace: cells.next_of(Columns::NAMES)?,
            name: cells.next_of(Columns::NAMES)?,
            title: cells.next_of(Columns::TITLE)?,
            description: cells.next_of(Columns::DESCRIPTION)?,
            entity_type: cells.next_of(Columns::TYPE)?,
            lifecycle: cells.next_of(Columns::TYPE)?,
            owner_ref: cells.next_of::<Option<String>>(Columns::OWNER)?.map(EntityRef::stored),
            system_ref: cells.next_of::<Option<String>>(Columns::SYSTEM)?.map(EntityRef::stored),
            is_orphan: cells.next_of(Columns::TIMES)?,
            created_at: cells.next_of(Columns::TIMES)?,
            updated_at: cells.next_of(Columns::TIMES)?,
            body: None,
        };
        let sort_name = cells.next_of(Columns::SORT_NAME)?;
        if columns.has(Columns::BODY) {
            record.body = Some(Box::new(cells.body()?));
        }
        Ok(Self { record, sort_name })
    }
}

impl From<EntityRow> for EntityRecord {
    fn from(row: EntityRow) -> Self {
        row.record
    }
}

impl EntityRow {
    /// The reference.
    pub(super) fn entity_ref(&self) -> &str {
        self.record.entity_ref.as_str()
    }

    /// When it last changed.
    pub(super) fn updated_at(&self) -> DateTime<Utc> {
        self.record.updated_at
    }

    /// When it came into the catalog.
    pub(super) fn created_at(&self) -> DateTime<Utc> {
        self.record.created_at
    }
}
