//! Whether a document fits the schema: the rules of section 5 of the specification, by a library, and the two it leaves out:
//! literals of the schema's own scalars, and `@oneOf`.

use apollo_compiler::{ExecutableDocument, ast::Document, introspection, validation::Valid};
use schema::ErrorCode;

use super::{Finding, Refusal, literal, suggest, type_system::TypeSystem};

/// Most findings that are told of one document.
const FINDINGS_MAX: usize = 10;

/// Validates a document. `suggests` lets findings name what else the schema has.
pub fn validate(document: &Document, types: &TypeSystem, suggests: bool) -> Result<Valid<ExecutableDocument>, Refusal> {
    let refused = |findings| {
        Refusal::of_findings(ErrorCode::GraphqlValidationFailed, findings)
            .unwrap_or_else(|| Refusal::new(ErrorCode::GraphqlValidationFailed, "the document does not fit the schema"))
    };
    let valid = document.to_executable_validate(&types.schema).map_err(|failed| {
        let findings = failed.errors.iter().take(FINDINGS_MAX).map(|diagnostic| {
            let error = diagnostic.to_json();
            let hint = suggests.then(|| suggest::hint(&error.message, types)).flatten().unwrap_or_default();
            let location = error.locations.first().map(|place| (place.line, place.column));
            Finding::new(format!("{}{hint}", error.message), location)
        });
        refused(findings.collect())
    })?;
    let mut findings = literal::check(&valid, types);
    findings.truncate(FINDINGS_MAX);
    if !findings.is_empty() {
        return Err(refused(findings));
    }
    for operation in valid.operations.iter() {
        // Lists within lists of the schema's own description: a few levels are gigabytes.
        introspection::check_max_depth(&valid, operation)
            .map_err(|error| Refusal::new(ErrorCode::QueryTooDeep, error.message().to_string()))?;
    }
    Ok(valid)
}
