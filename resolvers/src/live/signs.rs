//! What a stream says besides changes.

use async_graphql::{Enum, SimpleObject};

/// Events between these two cursors were not delivered. Read the current state anew; the subscription goes on after
/// `toCursor`.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "Gap")]
pub struct GapObject {
    /// The last cursor before the gap; null when nothing was delivered before.
    pub from_cursor: Option<String>,
    /// The cursor that stands right after the gap.
    pub to_cursor: String,
    /// Why.
    pub reason: GapReason,
}

impl From<&super::Gap> for GapObject {
    fn from(gap: &super::Gap) -> Self {
        let super::Gap { from_cursor, to_cursor, reason } = gap.clone();
        Self { from_cursor, to_cursor, reason }
    }
}

/// Why events were not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum GapReason {
    /// The cursor in `after` is older than what is kept.
    CursorExpired,
    /// The client read more slowly than events came.
    SlowConsumer,
    /// Access or the source of events changed so that nothing certain can be said.
    Reset,
}

/// The snapshot is complete; what follows are changes.
#[derive(Debug, Clone, SimpleObject)]
pub struct SnapshotEnd {
    /// Continue here.
    pub cursor: String,
    /// Objects that were sent.
    pub count: i32,
}
