//! `Moment`: a cell of `timestamptz`, read without going through the calendar.

use chrono::{DateTime, Utc};
use sqlx::{
    Decode, Postgres,
    error::BoxDynError,
    postgres::{PgValueFormat, PgValueRef},
};

/// Microseconds from the beginning of 1970 to that of 2000, from which Postgres counts.
const EPOCH: i64 = 946_684_800_000_000;

/// A moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl<'r> Decode<'r, Postgres> for Moment {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() == PgValueFormat::Text {
            return DateTime::<Utc>::decode(value).map(Self);
        }
        let micros = <i64 as Decode<Postgres>>::decode(value)?;
        let at = micros.checked_add(EPOCH).and_then(DateTime::from_timestamp_micros);
        at.map(Self).ok_or_else(|| "a moment before or behind all calendars".into())
    }
}
