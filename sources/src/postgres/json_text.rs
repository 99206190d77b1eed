//! `JsonText`: a cell of `jsonb` as the text that Postgres sends, which is sound JSON and need not be read to be handed on.

use sqlx::{
    Decode, Postgres,
    error::BoxDynError,
    postgres::{PgValueFormat, PgValueRef},
};

/// The version that comes before the text in Postgres' binary form.
const VERSION: u8 = 1;

/// JSON as text.
pub(super) struct JsonText<'r>(pub(super) &'r str);

impl<'r> Decode<'r, Postgres> for JsonText<'r> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let format = value.format();
        let text = value.as_str()?;
        match format {
            PgValueFormat::Text => Ok(Self(text)),
            PgValueFormat::Binary => match text.as_bytes().split_first() {
                Some((&VERSION, _)) => Ok(Self(text.get(1..).unwrap_or_default())),
                _ => Err("jsonb of a version that is not known".into()),
            },
        }
    }
}
