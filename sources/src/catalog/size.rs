//! How much a document holds, aliases spread out. A short text can stand for a very large document: what counts is the latter.

use super::Limits;

/// Values, and the bytes of text in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) values: usize,
    pub(super) bytes: usize,
}

impl Size {
    /// One value with a text of so many bytes.
    pub(super) fn of_value(bytes: usize) -> Self {
        Self { values: 1, bytes }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.values = self.values.saturating_add(more.values);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }

    /// Which bound is exceeded, in words.
    pub(super) fn check(self, limits: &Limits) -> Result<(), String> {
        if self.values > limits.nodes_max {
            return Err(format!("the document holds more than {} values", limits.nodes_max));
        }
        if self.bytes > limits.document_bytes_max {
            return Err(format!("the document holds more than {} bytes of text", limits.document_bytes_max));
        }
        Ok(())
    }
}
