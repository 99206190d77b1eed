//! Why a caller is not let in. The client learns the kind; which check failed stands in the log and in metrics.

use axum::http::HeaderValue;
use schema::ErrorCode;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No credentials at all.
    #[error("authenticate with `Authorization: Bearer <token>`")]
    Missing,
    /// The token has run out.
    #[error("the access token has expired: get a new one")]
    Expired,
    /// The token is not accepted, whatever the reason.
    #[error("the access token is not accepted")]
    Invalid(&'static str),
    /// The issuer's keys could not be fetched yet.
    #[error("access tokens cannot be checked at the moment: try again shortly")]
    KeysUnavailable,
}

impl AuthError {
    /// The code that clients see.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Missing | Self::Invalid(_) => ErrorCode::Unauthenticated,
            Self::Expired => ErrorCode::TokenExpired,
            Self::KeysUnavailable => ErrorCode::Overloaded,
        }
    }

    /// Which check failed, for logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Expired => "expired",
            Self::Invalid(reason) => reason,
            Self::KeysUnavailable => "keys_unavailable",
        }
    }

    /// The value of `WWW-Authenticate`; none where credentials are not the trouble.
    pub fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::Missing => Some(HeaderValue::from_static("Bearer")),
            Self::Expired => {
                Some(HeaderValue::from_static("Bearer error=\"invalid_token\", error_description=\"expired\""))
            }
            Self::Invalid(_) => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            Self::KeysUnavailable => None,
        }
    }
}
