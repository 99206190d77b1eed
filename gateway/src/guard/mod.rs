//! The guard: bounds on bytes, tokens and nesting, checked on the raw text before any parser sees it. A few kilobytes of
//! nested brackets are enough to end the process of a parser that recurses.

mod document;
mod json;
mod token;

use schema::ErrorCode;

use crate::prepare::Refusal;

pub use document::check_document;
pub use json::check_json;

/// What is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest document, in bytes.
    pub document_bytes_max: usize,
    /// Most tokens of a document.
    pub tokens_max: usize,
    /// Deepest nesting of `( ) [ ] { }` together.
    pub nesting_max: usize,
}

/// Why a text is not parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// Too many bytes.
    #[error("the document is {bytes} bytes long: at most {max} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Too many tokens.
    #[error("the document has more than {max} tokens: ask for less, or in several requests")]
    TooManyTokens {
        /// The limit.
        max: usize,
        /// Line of the first token too many, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
    /// Brackets nested too deeply.
    #[error("brackets are nested more than {max} deep")]
    TooDeep {
        /// The limit.
        max: usize,
        /// Line of the first bracket too deep, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
    /// What is no token.
    #[error(
        "syntax error: here begins a character, number or string that GraphQL does not know, or a string without an end"
    )]
    Unknown {
        /// Its line, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
}

impl From<GuardError> for Refusal {
    fn from(error: GuardError) -> Self {
        let (code, locations) = match error {
            GuardError::TooLong { .. } => (ErrorCode::PayloadTooLarge, Vec::new()),
            GuardError::TooManyTokens { line, column, .. } => (ErrorCode::QueryTooComplex, vec![(line, column)]),
            GuardError::TooDeep { line, column, .. } => (ErrorCode::QueryTooDeep, vec![(line, column)]),
            GuardError::Unknown { line, column } => (ErrorCode::GraphqlParseFailed, vec![(line, column)]),
        };
        Self { code, message: error.to_string(), locations, others: Vec::new() }
    }
}
