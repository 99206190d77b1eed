//! Errors of fields: what a client may read of them, and the shape that keeps one failed field from spoiling its siblings.

use async_graphql::{Error, ErrorExtensions};
use schema::ErrorCode;
use sources::SourceError;

/// The result of a field that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A nullable field that can fail: null there, with its own error and path; siblings untouched. Never turn the two around.
pub type Nullable<T> = Option<Result<T>>;

/// An error with a code, as it is shown to the client.
pub fn coded(code: ErrorCode, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code.as_str());
        if code.is_retryable() {
            extensions.set("retryable", true);
        }
    })
}

/// A mistake in what the client passed.
pub fn bad_input(message: impl Into<String>) -> Error {
    coded(ErrorCode::BadUserInput, message)
}

/// The error of a read, fit for the client: causes go to the log, under the request's id.
pub fn of_source(error: &SourceError) -> Error {
    let code = error.code();
    let message = match code {
        ErrorCode::InternalServerError => {
            tracing::error!(error = error.chain(), "a read failed by our own fault");
            "something went wrong on our side; the request id leads to the log".to_owned()
        }
        ErrorCode::DatabaseUnavailable => {
            tracing::warn!(error = error.chain(), "the database did not answer");
            "the database is not available at the moment".to_owned()
        }
        _ => error.to_string(),
    };
    let upstream = error.upstream();
    let retry_after = error.retry_after();
    coded(code, message).extend_with(|_, extensions| {
        if let Some(upstream) = upstream {
            extensions.set("source", upstream.as_str());
            // Of an upstream both are told: an answer in a shape that we do not know is the same the next time.
            extensions.set("retryable", code.is_retryable());
        }
        if let Some(wait) = retry_after {
            extensions.set("retryAfter", wait.as_secs());
        }
    })
}

/// Turns the errors of reads into those of fields.
pub trait OrFieldError<T> {
    /// The value, or the error as clients see it.
    fn or_field_error(self) -> Result<T>;
}

impl<T> OrFieldError<T> for std::result::Result<T, SourceError> {
    fn or_field_error(self) -> Result<T> {
        self.map_err(|error| of_source(&error))
    }
}
