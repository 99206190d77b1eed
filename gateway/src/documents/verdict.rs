//! What a gateway would make of a document, without executing it: guard, counts, validation, and its price.

use std::sync::Arc;

use schema::ErrorCode;

use super::manifest::Listed;
use crate::{
    config::LimitsConfig,
    prepare::{Document, Preparer, Refusal},
};

/// Holds documents against a schema and limits.
pub struct Checker {
    preparer: Preparer,
}

impl Checker {
    /// Against this schema.
    pub fn new(sdl: &str, limits: &LimitsConfig) -> anyhow::Result<Self> {
        Ok(Self { preparer: Preparer::new(sdl, sdl, limits.prepare())? })
    }

    /// The schema with what it is asked.
    pub fn preparer(&self) -> &Preparer {
        &self.preparer
    }

    /// The points of a document's dearest operation with the defaults of its variables, or why it would be refused.
    pub fn check(&self, listed: &Listed) -> Result<u64, Refusal> {
        if let Some(problem) = &listed.problem {
            return Err(Refusal::new(ErrorCode::BadUserInput, problem.clone()));
        }
        self.preparer.price(&self.validate(&listed.text)?)
    }

    /// The document of a text, whatever it costs, or why it would be refused.
    pub fn validate(&self, text: &str) -> Result<Arc<Document>, Refusal> {
        self.preparer.document(text.to_owned(), true)
    }
}
