//! Why a query was refused, in Resource Graph's shape: the message says nothing, the details say it all.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::kql::Token;

pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) details: Vec<Value>,
}

impl Failure {
    /// The request around the query is wrong.
    pub(super) fn request(code: &str, message: &str) -> Self {
        let details = vec![json!({ "code": code, "message": message })];
        Self { status: StatusCode::BAD_REQUEST, code: "BadRequest", details }
    }

    /// The query is wrong, as `detail` says.
    fn query(detail: Value) -> Self {
        let message = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix \
                       the error before retrying.";
        let details = vec![json!({ "code": "InvalidQuery", "message": message }), detail];
        Self { status: StatusCode::BAD_REQUEST, code: "BadRequest", details }
    }

    /// The query cannot be read from `token` on.
    pub(super) fn parser(token: &Token, expected: Option<&str>) -> Self {
        let mut detail = json!({
            "code": "ParserFailure",
            "message": "ParserFailure",
            "line": token.line,
            "characterPositionInLine": token.column,
            "token": token.text,
        });
        if let (Some(expected), Some(detail)) = (expected, detail.as_object_mut()) {
            detail.insert("expectedToken".to_owned(), json!(expected));
        }
        Self::query(detail)
    }

    /// An operator of the language that is not served.
    pub(super) fn language(token: &Token) -> Self {
        Self::query(json!({
            "code": "InvalidQueryLanguage",
            "message": "InvalidQueryLanguage",
            "line": token.line,
            "characterPositionInLine": token.column,
            "token": token.text,
        }))
    }

    pub(super) fn table(name: &str) -> Self {
        let message = format!("Table {name} is invalid, unsupported or disallowed.");
        Self::query(json!({ "code": "DisallowedLogicalTableName", "message": message }))
    }

    pub(super) fn column(name: &str) -> Self {
        Self::query(json!({ "code": "InvalidColumnNames", "message": format!("Invalid column names: [{name}].") }))
    }

    pub(super) fn function(name: &str) -> Self {
        let message = format!("Function {name} is invalid, unsupported or disallowed.");
        Self::query(json!({ "code": "DisallowedFunction", "message": message }))
    }

    pub(super) fn dynamic(name: &str) -> Self {
        let message = format!("'{name}' is of a dynamic type, which cannot be a key here. Use tostring().");
        Self::query(json!({ "code": "UnsupportedDynamicKey", "message": message }))
    }
}
