//! `Cells`: a row of a list, read one cell after the other.
//!
//! The statement and its reader stand together and name the same columns in the same order, so nothing is looked up by name
//! and no type is compared for each cell; both take as long as reading a text. A type that does not fit is an error or, where
//! bytes of one type are sound bytes of another, a wrong value: whoever changes a statement here changes its reader.

use sqlx::{Decode, Postgres, Row, postgres::PgRow};

/// The cells of a row that were not read yet.
pub(super) struct Cells<'r> {
    row: &'r PgRow,
    at: usize,
}

impl<'r> Cells<'r> {
    /// All cells of a row.
    pub(super) fn of(row: &'r PgRow) -> Self {
        Self { row, at: 0 }
    }

    /// The next cell.
    pub(super) fn next<T: Decode<'r, Postgres>>(&mut self) -> Result<T, sqlx::Error> {
        self.at += 1;
        self.row.try_get_unchecked(self.at - 1)
    }

    /// The next cell if the row has it, else the type's default.
    pub(super) fn next_if<T: Decode<'r, Postgres> + Default>(&mut self, is_there: bool) -> Result<T, sqlx::Error> {
        if is_there { self.next() } else { Ok(T::default()) }
    }
}
