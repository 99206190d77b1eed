//! The one token, as its owner sees it after the moment of its making: masked.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    super::{
        row::{Cell, Row, Scope},
        source::EPOCH,
        user::READER,
    },
    below, instant, merged, summary,
};

const ID: u64 = 1;

/// What the installation gives when nobody says otherwise: about a thousand years.
const LIFE: TimeDelta = TimeDelta::seconds(31_536_000_000);

pub(in super::super) struct Token;

impl<'w> Row<'w> for Token {
    fn noun(&self) -> &'static str {
        "o_auth2_access_token"
    }

    fn cell(&self, _scope: &Scope<'w>, field: &str) -> Option<Cell<'w>> {
        (field == "id").then(|| ID.into())
    }

    fn related(&self, _scope: &Scope<'w>, field: &str) -> Option<Box<dyn Row<'w> + 'w>> {
        (field == "user").then_some(())?;
        Some(Box::new(&READER))
    }

    fn describe(&self, scope: &Scope<'w>) -> Value {
        let url = scope.url("tokens", ID);
        let user = json!({ "user": scope.url("users", READER.id) });
        json!({
            "id": ID,
            "type": "o_auth2_access_token",
            "url": url,
            "related": merged(user, below(&url, &["activity_stream"])),
            "summary_fields": { "user": summary::user(&READER) },
            "created": instant(EPOCH),
            "modified": instant(EPOCH),
            "description": "read only",
            "user": READER.id,
            "token": "************",
            "refresh_token": null,
            "application": null,
            "expires": instant(EPOCH + LIFE),
            "scope": "read",
        })
    }
}
