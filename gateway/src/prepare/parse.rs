//! Text to syntax tree. The guard has bounded bytes, tokens and nesting before.

use apollo_compiler::{ast::Document, parser::Parser};
use schema::ErrorCode;

use super::{Finding, Refusal};

/// Deepest recursion of the parser; more than the guard's bound on brackets needs.
const RECURSION_MAX: usize = 256;

/// Parses a document; of a faulty one, the first fault is told.
pub fn parse(text: &str) -> Result<Document, Refusal> {
    Parser::new().recursion_limit(RECURSION_MAX).parse_ast(text, "document").map_err(|failed| {
        let first = failed.errors.iter().next().map(|diagnostic| {
            let error = diagnostic.to_json();
            Finding::new(error.message, error.locations.first().map(|place| (place.line, place.column)))
        });
        let findings = vec![first.unwrap_or_else(|| Finding::new("syntax error", None))];
        Refusal::of_findings(ErrorCode::GraphqlParseFailed, findings)
            .unwrap_or_else(|| Refusal::new(ErrorCode::GraphqlParseFailed, "syntax error"))
    })
}
