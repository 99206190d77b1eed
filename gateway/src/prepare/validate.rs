//! Whether a document fits the schema: the rules of section 5 of the specification, by a library, and what it leaves out:
//! literals of our own scalars, keys of an input given twice, and `@oneOf`.

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
        let all: Vec<_> = failed.errors.iter().map(|diagnostic| diagnostic.to_json()).collect();
        // A set whose only field is unknown is empty for the library: the field is what is wrong.
        let is_unknown = |message: &str| message.contains("` does not have a field `");
        let has_unknown = all.iter().any(|error| is_unknown(&error.message));
        let told = all.iter().filter(|error| !(has_unknown && error.message.contains("must have a subselection set")));
        let findings = told.take(FINDINGS_MAX).map(|error| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::parse::parse;

    const SDL: &str = "
        type Query { f(o: One, t: At): Int }
        type Subscription { a: Int b: Int }
        input One @oneOf { a: Int b: String }
        scalar At
    ";

    fn outcome(text: &str) -> Result<(), String> {
        let types = TypeSystem::read(SDL).unwrap();
        validate(&parse(text).unwrap(), &types, false).map(|_| ()).map_err(|refusal| {
            assert_eq!(refusal.code, ErrorCode::GraphqlValidationFailed);
            refusal.message
        })
    }

    #[test]
    fn one_of_takes_one_key_and_nothing_that_may_be_null() {
        for good in [
            "{ f(o: { a: 1 }) }",
            "query ($v: Int!) { f(o: { a: $v }) }",
            "query ($v: One) { f(o: $v) }",
            "{ f(o: null) }",
        ] {
            assert_eq!(outcome(good), Ok(()), "{good}");
        }
        for (bad, what) in [
            ("{ f(o: {}) }", "exactly one key"),
            ("{ f(o: { a: 1, b: \"x\" }) }", "exactly one key"),
            ("{ f(o: { a: null }) }", "must not be null"),
            ("query ($v: Int) { f(o: { a: $v }) }", "may be null"),
            ("query ($v: Int) { ...x } fragment x on Query { f(o: { a: $v }) }", "may be null"),
            ("{ f(o: { a: 1, a: 1 }) }", "twice"),
        ] {
            let message = outcome(bad).expect_err(bad);
            assert!(message.contains(what) || message.contains("exactly one key"), "{bad}: {message}");
        }
    }

    #[test]
    fn a_subscription_has_one_root_field() {
        assert_eq!(outcome("subscription { a }"), Ok(()));
        for bad in [
            "subscription { a b }",
            "subscription { ...x } fragment x on Subscription { a b }",
            "subscription { __typename }",
        ] {
            assert!(outcome(bad).is_err(), "{bad} is accepted");
        }
    }
}
