//! Which document a request means: by its text, by the id it was published under, or by its hash, as automatic persisted
//! queries do. Whether there is such a document is not asked here.

use schema::ErrorCode;
use serde_json::{Map, Value};

use crate::{documents::Named, prepare::Refusal};

/// The only version of automatic persisted queries.
const VERSION: u64 = 1;

/// Takes what names the document out of the parameters of a request. `extensions` is known to be an object where it is there.
pub fn take(object: &mut Map<String, Value>) -> Result<Named, Refusal> {
    let text = string(object.remove("query"), "query")?;
    let id = string(object.remove("documentId"), "documentId")?;
    let hash = match object.get("extensions").and_then(|extensions| extensions.get("persistedQuery")) {
        None | Some(Value::Null) => None,
        Some(Value::Object(persisted)) => Some(hash(persisted)?),
        Some(_) => return Err(bad("`extensions.persistedQuery` must be an object")),
    };
    match (text, id, hash) {
        (Some(_), Some(_), _) => Err(bad("send `query` or `documentId`, not both")),
        (None, Some(id), _) => Ok(Named::Id(id)),
        (text, None, Some(hash)) => Ok(Named::Hash { hash, text }),
        (Some(text), None, None) => Ok(Named::Text(text)),
        (None, None, None) => Err(bad(
            "`query` is missing: pass the GraphQL document there, or the id of a published one in `documentId`",
        )),
    }
}

fn string(value: Option<Value>, key: &str) -> Result<Option<String>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad(format!("`{key}` must be a string"))),
    }
}

fn hash(persisted: &Map<String, Value>) -> Result<String, Refusal> {
    match persisted.get("version") {
        Some(Value::Number(version)) if version.as_u64() == Some(VERSION) => {}
        Some(Value::Number(version)) => {
            let message = format!("version {version} of `extensions.persistedQuery` is not supported: use {VERSION}");
            return Err(bad(message));
        }
        _ => return Err(bad(format!("`extensions.persistedQuery.version` must be the number {VERSION}"))),
    }
    match persisted.get("sha256Hash") {
        Some(Value::String(hash)) => Ok(hash.clone()),
        _ => Err(bad(
            "`extensions.persistedQuery.sha256Hash` must be a string: the SHA-256 of the document, in hexadecimal",
        )),
    }
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taken(mut parameters: Value) -> Result<Named, String> {
        take(parameters.as_object_mut().unwrap()).map_err(|refusal| {
            assert_eq!(refusal.code, ErrorCode::BadRequest);
            refusal.message
        })
    }

    fn persisted(persisted: Value) -> Value {
        json!({ "extensions": { "persistedQuery": persisted } })
    }

    #[test]
    fn a_document_is_named_by_text_id_or_hash() {
        let hash = |text: Option<&str>| Named::Hash { hash: "ab".to_owned(), text: text.map(str::to_owned) };
        assert_eq!(taken(json!({ "query": "{ a }" })), Ok(Named::Text("{ a }".to_owned())));
        assert_eq!(
            taken(json!({ "query": "{ a }", "extensions": {}, "documentId": null })),
            Ok(Named::Text("{ a }".to_owned()))
        );
        assert_eq!(taken(json!({ "documentId": "sha256:ab" })), Ok(Named::Id("sha256:ab".to_owned())));
        assert_eq!(taken(persisted(json!({ "version": 1, "sha256Hash": "ab" }))), Ok(hash(None)));
        let mut both = persisted(json!({ "version": 1, "sha256Hash": "ab" }));
        both["query"] = json!("{ a }");
        assert_eq!(taken(both), Ok(hash(Some("{ a }"))));
    }

    #[test]
    fn what_names_none_or_two_is_told_what_is_wrong() {
        for (parameters, says) in [
            (json!({}), "`query` is missing"),
            (json!({ "query": 7 }), "`query` must be"),
            (json!({ "documentId": ["a"] }), "`documentId` must be"),
            (json!({ "query": "{ a }", "documentId": "a" }), "not both"),
            (persisted(json!("ab")), "must be an object"),
            (persisted(json!({ "sha256Hash": "ab" })), "the number 1"),
            (persisted(json!({ "version": "1", "sha256Hash": "ab" })), "the number 1"),
            (persisted(json!({ "version": 2, "sha256Hash": "ab" })), "version 2"),
            (persisted(json!({ "version": 1 })), "sha256Hash"),
            (persisted(json!({ "version": 1, "sha256Hash": 7 })), "sha256Hash"),
        ] {
            let message = taken(parameters.clone()).expect_err(&parameters.to_string());
            assert!(message.contains(says), "{parameters}: {message}");
        }
    }
}
