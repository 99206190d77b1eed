//! Which operation of a document is meant.

use apollo_compiler::{ExecutableDocument, Node, executable::Operation};
use schema::ErrorCode;

use super::Refusal;

/// Longest operation name that is logged and recorded, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The operation with this name, or the only one.
pub fn choose<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a Node<Operation>, Refusal> {
    let name = name.filter(|name| !name.is_empty());
    document.operations.get(name).map_err(|_| {
        let message = match name {
            Some(name) => format!("there is no operation called `{}`", cut(name)),
            None if document.operations.is_empty() => "the document holds no operation".to_owned(),
            None => "the document holds several operations: say which with `operationName`".to_owned(),
        };
        Refusal::new(ErrorCode::OperationResolutionFailure, message)
    })
}

/// A name, cut to a bearable length.
pub fn cut(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}
