//! From the text of a request to a document that is safe to execute: parsed once, counted, its operation chosen.
//! The guard has bounded bytes, tokens and nesting before anything here runs.

mod count;
mod operation;

use async_graphql_parser::types::{ExecutableDocument, OperationType};
use schema::ErrorCode;

pub use count::selections;
pub use operation::Operation;

/// Why a document is not executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong, for people.
    pub message: String,
    /// Where, from 1.
    pub locations: Vec<(usize, usize)>,
}

impl Refusal {
    /// A refusal without a place.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), locations: Vec::new() }
    }
}

/// A document with the operation to execute.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The document.
    pub document: ExecutableDocument,
    /// The operation.
    pub operation: Operation,
}

/// Prepares a document whose text the guard let pass.
pub fn prepare(text: &str, operation_name: Option<&str>, selections_max: u64) -> Result<Prepared, Refusal> {
    let document = async_graphql_parser::parse_query(text).map_err(|error| {
        let locations = error.positions().map(|position| (position.line, position.column)).collect();
        Refusal { code: ErrorCode::GraphqlParseFailed, message: error.to_string(), locations }
    })?;
    let operation = Operation::choose(&document, operation_name)?;
    let count = selections(&document)?;
    if count > selections_max {
        let message = format!(
            "the document selects {count} fields after fragments are spread out: at most {selections_max} are allowed"
        );
        return Err(Refusal::new(ErrorCode::QueryTooComplex, message));
    }
    Ok(Prepared { document, operation })
}

/// What kind of operation this is, in the words of the log.
pub fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
