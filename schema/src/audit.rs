//! Records of the audit log, and what a write must say to leave one.

use async_graphql::{Enum, InputObject, SimpleObject};
use uuid::Uuid;

use crate::DateTime;

/// Something that was done, tried or refused. Records are never changed; each holds the hash of the one before.
#[derive(Debug, Clone, SimpleObject)]
// Flattened into the graph's object of the same name, which this name must not clash with.
#[graphql(name = "AuditRecordFields")]
pub struct AuditRecord {
    /// Key of the record; part of its id.
    #[graphql(skip)]
    pub key: Uuid,
    /// Place in the tenant's chain, growing.
    #[graphql(skip)]
    pub position: i64,
    /// When.
    pub at: DateTime,
    /// Who: the subject of a token, or the name of a source.
    pub subject: String,
    /// What, such as `setBudget`, `import.catalog` or `webhook.gitlab`.
    pub action: String,
    /// To what: a reference or an id.
    pub target: Option<String>,
    /// Whether it was allowed.
    pub decision: AuditDecision,
    /// The error code it ended with; null when it succeeded.
    pub error_code: Option<String>,
    /// Name of the GraphQL operation.
    pub operation_name: Option<String>,
    /// SHA-256 of the GraphQL document, in hex.
    pub document_hash: Option<String>,
    /// Keyed hash of the variables: equal variables look alike, and no value can be read from it.
    pub variables_fingerprint: Option<String>,
    /// Points it cost; not shown before operations have a cost.
    #[graphql(skip)]
    pub cost: Option<i32>,
    /// The request's id, as in `extensions.requestId` and in the logs.
    pub request_id: Option<String>,
    /// SHA-256 over this record and `previousHash`, in hex.
    pub hash: String,
    /// `hash` of the record before; null in the first.
    pub previous_hash: Option<String>,
}

/// Whether something was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum AuditDecision {
    /// It was allowed.
    Allowed,
    /// It was refused.
    Denied,
}

impl AuditDecision {
    /// Its name where records are stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::Denied => "DENIED",
        }
    }
}

/// What is about to be recorded: who does what in which request.
#[derive(Debug, Clone, Default)]
pub struct AuditEntry {
    /// Who.
    pub subject: String,
    /// What.
    pub action: String,
    /// To what.
    pub target: Option<String>,
    /// The code it was refused with; none when it was allowed.
    pub denied: Option<&'static str>,
    /// Name of the GraphQL operation.
    pub operation_name: Option<String>,
    /// SHA-256 of the GraphQL document, in hex.
    pub document_hash: Option<String>,
    /// Keyed hash of the variables.
    pub variables_fingerprint: Option<String>,
    /// Points it cost.
    pub cost: Option<i32>,
    /// The request's id.
    pub request_id: Option<String>,
}

impl AuditEntry {
    /// The record with every control character replaced: a text that the database cannot store, such as one with a NUL, must
    /// not keep the record from being written.
    pub fn storable(mut self) -> Self {
        let texts =
            [Some(&mut self.subject), Some(&mut self.action), self.target.as_mut(), self.operation_name.as_mut()];
        let rest = [self.document_hash.as_mut(), self.variables_fingerprint.as_mut(), self.request_id.as_mut()];
        for text in texts.into_iter().chain(rest).flatten() {
            if text.contains(char::is_control) {
                *text = text.replace(char::is_control, "\u{fffd}");
            }
        }
        self
    }
}

/// Which records. An empty filter matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq, InputObject)]
pub struct AuditFilter {
    /// By one of these.
    pub subject: Option<Vec<String>>,
    /// Any of these actions.
    pub action: Option<Vec<String>>,
    /// To one of these.
    pub target: Option<Vec<String>>,
    /// With this decision.
    pub decision: Option<AuditDecision>,
    /// Of this request.
    pub request_id: Option<String>,
    /// At or after this moment.
    pub since: Option<DateTime>,
    /// Before this moment.
    pub until: Option<DateTime>,
}
