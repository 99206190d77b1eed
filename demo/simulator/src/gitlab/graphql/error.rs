//! How an error reads in an answer.

use async_graphql_parser::Pos;
use serde_json::{Value, json};

/// One entry of `errors`; `path` is left out when empty.
pub(super) fn error(message: &str, at: Option<Pos>, path: &[Value]) -> Value {
    let mut error = json!({ "message": message });
    if let Some(fields) = error.as_object_mut() {
        if let Some(at) = at {
            fields.insert("locations".to_owned(), json!([{ "line": at.line, "column": at.column }]));
        }
        if !path.is_empty() {
            fields.insert("path".to_owned(), json!(path));
        }
    }
    error
}
