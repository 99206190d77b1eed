//! Which operation of a document is meant.

use async_graphql_parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use schema::ErrorCode;

use super::Refusal;

/// Longest operation name that is logged and recorded, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The chosen operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its name, cut to a bearable length.
    pub name: Option<String>,
    /// Query, mutation or subscription.
    pub kind: OperationType,
}

impl Operation {
    /// The operation with this name, or the only one.
    pub fn choose(document: &ExecutableDocument, name: Option<&str>) -> Result<Self, Refusal> {
        let name = name.filter(|name| !name.is_empty());
        let unresolved = |message: String| Refusal::new(ErrorCode::OperationResolutionFailure, message);
        let (found, operation) = match (&document.operations, name) {
            (DocumentOperations::Single(operation), None) => (None, operation),
            (DocumentOperations::Single(_), Some(name)) => {
                return Err(unresolved(format!("there is no operation called `{}`", cut(name))));
            }
            (DocumentOperations::Multiple(operations), Some(name)) => {
                let operation = operations.get(name);
                let operation =
                    operation.ok_or_else(|| unresolved(format!("there is no operation called `{}`", cut(name))))?;
                (Some(cut(name)), operation)
            }
            (DocumentOperations::Multiple(operations), None) => {
                let mut all = operations.iter();
                match (all.next(), all.next()) {
                    (Some((name, operation)), None) => (Some(cut(name)), operation),
                    _ => {
                        return Err(unresolved(
                            "the document holds several operations: say which with `operationName`".to_owned(),
                        ));
                    }
                }
            }
        };
        Ok(Self { name: found, kind: operation.node.ty })
    }
}

fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}
