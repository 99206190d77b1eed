//! One page of a connection.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::resolve::Source;

/// The most rows a connection gives, and how many it gives when not told.
pub(super) const ROWS_MAX: i64 = 100;

/// The rows of a page, each with its id for the cursor.
#[derive(Clone)]
pub(super) struct Page<'a> {
    pub(super) rows: Vec<(u64, Source<'a>)>,
    has_next: bool,
    has_previous: bool,
    /// Rows in the whole connection; unknown unless asked for.
    pub(super) count: Option<usize>,
}

impl<'a> Page<'a> {
    /// The page of `rows` after the cursor, without going further through them than it must. A cursor that points nowhere gives an empty page, as GitLab's keyset does
    /// once the row is gone and nothing follows.
    pub(super) fn cut(
        rows: impl Iterator<Item = (u64, Source<'a>)>,
        first: Option<i64>,
        after: Option<&str>,
        is_counted: bool,
    ) -> Self {
        let limit = usize::try_from(first.unwrap_or(ROWS_MAX).clamp(0, ROWS_MAX)).unwrap_or(0);
        let after = after.map(|cursor| id_of(cursor).unwrap_or(u64::MAX));
        let mut page = Self { rows: Vec::new(), has_next: false, has_previous: after.is_some(), count: None };
        let (mut is_past, mut count) = (after.is_none(), 0);
        for (id, source) in rows {
            count += 1;
            if !is_past {
                is_past = after == Some(id);
            } else if page.rows.len() < limit {
                page.rows.push((id, source));
            } else {
                page.has_next = true;
                if !is_counted {
                    break;
                }
            }
        }
        page.count = is_counted.then_some(count);
        page
    }

    pub(super) fn info(&self) -> Value {
        json!({
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
            "startCursor": self.rows.first().map(|(id, _)| cursor(*id)),
            "endCursor": self.rows.last().map(|(id, _)| cursor(*id)),
        })
    }
}

/// Opaque to callers; the shape inside is GitLab's.
pub(super) fn cursor(id: u64) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "id": id.to_string() }).to_string())
}

fn id_of(cursor: &str) -> Option<u64> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice::<Value>(&text).ok()?.get("id")?.as_str()?.parse().ok()
}
