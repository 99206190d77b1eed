//! `Refusal`: why a document is not executed, in words for people, with a code for programs and the places in the text.

use std::any::Any;

use schema::ErrorCode;

/// Longest message that is told, in characters: some quote what the client sent.
const MESSAGE_CHARS_MAX: usize = 400;

/// Why a document is not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// Where, from 1: line and column.
    pub locations: Vec<(usize, usize)>,
    /// Whatever else is wrong, with the same code.
    pub others: Vec<Finding>,
}

/// One more thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What, for people.
    pub message: String,
    /// Where, from 1: line and column.
    pub locations: Vec<(usize, usize)>,
}

impl Refusal {
    /// A refusal without a place.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: cut(message.into()), locations: Vec::new(), others: Vec::new() }
    }

    /// Something of ours panicked: the log tells why. Whoever asked learns nothing of it but the request's id, which is given where no span tells it.
    pub fn of_panic(cause: &(dyn Any + Send), request_id: Option<&str>) -> Self {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let panic = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no message");
        tracing::error!(panic, request_id, "the execution of a request panicked");
        Self::new(ErrorCode::InternalServerError, "something went wrong on our side; the request id leads to the log")
    }

    /// The same, with a place.
    pub fn at(mut self, location: Option<(usize, usize)>) -> Self {
        self.locations = location.into_iter().collect();
        self
    }

    /// A refusal of everything that was found; none when nothing was.
    pub fn of_findings(code: ErrorCode, findings: Vec<Finding>) -> Option<Self> {
        let mut findings = findings.into_iter();
        let Finding { message, locations } = findings.next()?;
        Some(Self { code, message, locations, others: findings.collect() })
    }
}

impl Finding {
    /// A finding at a place.
    pub fn new(message: impl Into<String>, location: Option<(usize, usize)>) -> Self {
        Self { message: cut(message.into()), locations: location.into_iter().collect() }
    }
}

fn cut(message: String) -> String {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}
