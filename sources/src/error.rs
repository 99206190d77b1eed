//! `SourceError`: everything that a read or write can fail with. Each variant is one that a caller acts on differently.

use std::{sync::Arc, time::Duration};

use schema::{CursorError, ErrorCode, FilterError, SourceKind};

/// A cause, kept for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a source could not do what was asked. Cheap to clone, because one failure may be the answer to many keys.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// No answer in time.
    #[error("{upstream} did not answer within {limit:?}")]
    Timeout {
        /// Who.
        upstream: SourceKind,
        /// How long we waited.
        limit: Duration,
    },
    /// The upstream wants fewer calls.
    #[error("{upstream} asked us to wait")]
    Throttled {
        /// Who.
        upstream: SourceKind,
        /// For how long; none when it did not say.
        retry_after: Option<Duration>,
    },
    /// It cannot be reached, or is left alone because it lately could not.
    #[error("{upstream} is unreachable")]
    Unavailable {
        /// Who.
        upstream: SourceKind,
        /// Why.
        #[source]
        cause: Arc<BoxError>,
    },
    /// It answered, and the answer cannot be used.
    #[error("{upstream} answered in a shape we do not know")]
    Protocol {
        /// Who.
        upstream: SourceKind,
        /// Why.
        #[source]
        cause: Arc<BoxError>,
    },
    /// The caller's own mistake, fit to be shown.
    #[error("{0}")]
    Invalid(String),
    /// A statement failed, and the fault is ours.
    #[error("a statement failed")]
    Statement(#[source] Arc<BoxError>),
}

impl SourceError {
    /// `upstream` cannot be reached because of `cause`.
    pub fn unavailable(upstream: SourceKind, cause: impl Into<BoxError>) -> Self {
        Self::Unavailable { upstream, cause: Arc::new(cause.into()) }
    }

    /// `upstream` answered something unusable.
    pub fn protocol(upstream: SourceKind, cause: impl Into<BoxError>) -> Self {
        Self::Protocol { upstream, cause: Arc::new(cause.into()) }
    }

    /// The code that clients see.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Timeout { upstream: SourceKind::Postgres, .. }
            | Self::Throttled { upstream: SourceKind::Postgres, .. }
            | Self::Unavailable { upstream: SourceKind::Postgres, .. } => ErrorCode::DatabaseUnavailable,
            Self::Timeout { .. } => ErrorCode::UpstreamTimeout,
            Self::Throttled { .. } => ErrorCode::UpstreamThrottled,
            Self::Unavailable { .. } => ErrorCode::UpstreamUnavailable,
            Self::Protocol { .. } => ErrorCode::UpstreamError,
            Self::Invalid(_) => ErrorCode::BadUserInput,
            Self::Statement(_) => ErrorCode::InternalServerError,
        }
    }

    /// The source at fault, where it is one.
    pub fn upstream(&self) -> Option<SourceKind> {
        match self {
            Self::Timeout { upstream, .. }
            | Self::Throttled { upstream, .. }
            | Self::Unavailable { upstream, .. }
            | Self::Protocol { upstream, .. } => Some(*upstream),
            Self::Invalid(_) | Self::Statement(_) => None,
        }
    }

    /// How long the source wants us to wait, where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The error with its causes, for a log line or an operator; never for a client.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl From<CursorError> for SourceError {
    fn from(error: CursorError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<FilterError> for SourceError {
    fn from(error: FilterError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<schema::EntityRefError> for SourceError {
    fn from(error: schema::EntityRefError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<sqlx::Error> for SourceError {
    fn from(error: sqlx::Error) -> Self {
        let is_absent = match &error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            // 57: operator intervention, which is also how a statement timeout ends; 55P03: another writer holds the lock for
            // too long; 53: out of resources; 08: connection lost.
            sqlx::Error::Database(inner) => {
                inner.code().is_some_and(|code| ["57", "55P03", "53", "08"].iter().any(|class| code.starts_with(class)))
            }
            _ => false,
        };
        if is_absent { Self::unavailable(SourceKind::Postgres, error) } else { Self::Statement(Arc::new(error.into())) }
    }
}
