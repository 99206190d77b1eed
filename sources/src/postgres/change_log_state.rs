//! What is known of the change log itself: which one it is, by what its cursors are signed, and how much of it is gone.

use schema::SourceKind;
use secrecy::SecretSlice;
use sqlx::FromRow;
use uuid::Uuid;

use super::{ChangePosition, ChangeRow, Database};
use crate::SourceError;

/// The log as a whole.
#[derive(Debug, Clone)]
pub struct ChangeLogState {
    /// Of this log: positions of another mean nothing in it.
    pub epoch: Uuid,
    /// By which cursors are signed, the same for all replicas.
    pub signing_key: SecretSlice<u8>,
    /// What is gone; none while all is there.
    pub dropped: Option<DroppedChanges>,
}

/// What is gone of the log.
#[derive(Debug, Clone)]
pub struct DroppedChanges {
    /// The last of it.
    pub last: ChangeRow,
    /// A place behind all of it.
    pub behind: ChangePosition,
}

impl ChangeLogState {
    /// Whether something after this position is gone: whoever goes on from here misses changes.
    pub fn has_lost_after(&self, position: &ChangePosition) -> bool {
        let is_gone =
            |dropped: &DroppedChanges| position.first_unread() < dropped.last && !position.holds(&dropped.behind);
        self.dropped.as_ref().is_some_and(is_gone)
    }
}

#[derive(FromRow)]
struct Row {
    epoch: Uuid,
    signing_key: Vec<u8>,
    dropped_transaction_id: Option<String>,
    dropped_position: Option<i64>,
    dropped_when: Option<String>,
}

impl Database {
    /// The state of the change log. Whoever reads changes asks for it after them: what was dropped before is told, what is dropped
    /// later was read.
    pub async fn change_log_state(&self) -> Result<ChangeLogState, SourceError> {
        let row = sqlx::query_as::<_, Row>(include_str!("../../queries/change_log/change_log_state.sql"));
        let row = self.one("change_log_state", row).await?;
        let dropped = match (row.dropped_transaction_id, row.dropped_position, row.dropped_when) {
            (Some(digits), Some(position), Some(when)) => {
                let unread = |error| SourceError::protocol(SourceKind::Postgres, error);
                let last = ChangeRow { transaction_id: digits.parse().map_err(unread)?, position };
                let behind =
                    when.parse().map_err(|error: String| SourceError::protocol(SourceKind::Postgres, error))?;
                Some(DroppedChanges { last, behind })
            }
            _ => None,
        };
        Ok(ChangeLogState { epoch: row.epoch, signing_key: row.signing_key.into(), dropped })
    }
}
