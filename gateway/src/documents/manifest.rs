//! Manifests: what the tools of clients write about the documents of an application.
//!
//! Apollo's `generate-persisted-query-manifest` writes a list with ids and names; Relay's compiler (`persistConfig.file`) and the
//! client preset of graphql-codegen (`persisted-documents.json`) write texts by their ids. An id that is no SHA-256, such as
//! Relay's MD5, stays what clients may send; the document itself goes by the SHA-256 of its text in every case.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{is_sha256, normal_id, sha256};

/// What Apollo's manifests say that they are.
const APOLLO: &str = "apollo-persisted-query-manifest";
/// The version of them that is read.
const APOLLO_VERSION: u64 = 1;
/// Longest id, in bytes: as long as a base64 of a common name, and much longer than any hash.
const ID_BYTES_MAX: usize = 512;

/// A document of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the manifest calls it, where that is not its hash.
    pub id: Option<String>,
    /// The name of its operation, where the manifest tells it.
    pub name: Option<String>,
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    /// The document.
    pub text: String,
    /// Why its id cannot be.
    pub problem: Option<String>,
}

/// Why a file is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not JSON, or not of this shape.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error("version {0} of Apollo's manifest is not known: {APOLLO_VERSION} is")]
    Version(u64),
    /// JSON of another kind.
    #[error("this is no manifest of Apollo, Relay or graphql-codegen: `{0}` is not the text of a document")]
    Unknown(String),
}

#[derive(Deserialize)]
struct Apollo {
    version: u64,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    name: Option<String>,
    body: String,
}

/// The documents of a manifest, in its order.
pub fn read(json: &str) -> Result<Vec<Listed>, ManifestError> {
    let object: Map<String, Value> = serde_json::from_str(json)?;
    if object.get("format").and_then(Value::as_str) == Some(APOLLO) {
        let manifest: Apollo = serde_json::from_value(Value::Object(object))?;
        if manifest.version != APOLLO_VERSION {
            return Err(ManifestError::Version(manifest.version));
        }
        let operations = manifest.operations.into_iter();
        return Ok(operations.map(|operation| listed(&operation.id, operation.name, operation.body)).collect());
    }
    let entry = |(id, value): (String, Value)| match value {
        Value::String(text) => Ok(listed(&id, None, text)),
        _ => Err(ManifestError::Unknown(id)),
    };
    object.into_iter().map(entry).collect()
}

fn listed(id: &str, name: Option<String>, text: String) -> Listed {
    let hash = sha256(&text);
    let id = normal_id(id);
    let problem = if is_sha256(&id) && id != hash {
        Some(format!("its id {id} is not the SHA-256 of its text, which is {hash}"))
    } else if id.is_empty() || id.len() > ID_BYTES_MAX || id.contains(char::is_control) {
        Some(format!("its id must be 1 to {ID_BYTES_MAX} bytes without control characters"))
    } else {
        None
    };
    Listed { id: Some(id).filter(|id| *id != hash), name, hash, text, problem }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEXT: &str = "query A { viewer { subject } }";

    fn one(manifest: &Value) -> Listed {
        let mut listed = read(&manifest.to_string()).unwrap();
        assert_eq!(listed.len(), 1);
        listed.remove(0)
    }

    #[test]
    fn apollos_manifest_has_names_and_ids() {
        let of = |id: &str| {
            let operation = json!({ "id": id, "name": "A", "type": "query", "body": TEXT });
            one(&json!({ "format": APOLLO, "version": 1, "operations": [operation] }))
        };
        let hash = sha256(TEXT);
        let listed = of(&hash);
        assert_eq!((listed.id, listed.name.as_deref(), listed.hash.as_str()), (None, Some("A"), hash.as_str()));
        assert_eq!((listed.text.as_str(), listed.problem), (TEXT, None));
        assert_eq!(of("my-own-id").id.as_deref(), Some("my-own-id"));
        assert!(of("").problem.is_some() && of("a\nb").problem.is_some() && of(&"x".repeat(513)).problem.is_some());
    }

    #[test]
    fn relay_and_codegen_write_texts_by_id() {
        let hash = sha256(TEXT);
        for id in [hash.clone(), format!("sha256:{hash}"), hash.to_uppercase()] {
            let listed = one(&json!({ id.clone(): TEXT }));
            assert_eq!((listed.id, listed.hash.as_str(), listed.problem), (None, hash.as_str(), None), "{id}");
        }
        for id in ["0a1b2c3d4e5f60718293a4b5c6d7e8f9", "da39a3ee5e6b4b0d3255bfef95601890afd80709"] {
            let listed = one(&json!({ id: TEXT }));
            assert_eq!((listed.id.as_deref(), listed.hash.as_str(), listed.problem), (Some(id), hash.as_str(), None));
        }
        let foreign = one(&json!({ sha256("another"): TEXT }));
        assert!(foreign.problem.unwrap().contains("not the SHA-256"));
        assert_eq!(read("{}").unwrap(), []);
    }

    #[test]
    fn what_is_no_manifest_is_told_so() {
        for (text, says) in [
            ("", "EOF"),
            ("[]", "map"),
            ("{\"a\": 7}", "`a` is not the text"),
            ("{\"format\": \"another\", \"version\": 1}", "`version`"),
            ("{\"format\": \"apollo-persisted-query-manifest\", \"version\": 2, \"operations\": []}", "version 2"),
            ("{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1}", "operations"),
            (
                "{\"format\": \"apollo-persisted-query-manifest\", \"version\": 1, \"operations\": [{\"id\": \"a\"}]}",
                "body",
            ),
        ] {
            let message = read(text).expect_err(text).to_string();
            assert!(message.contains(says), "{text}: {message}");
        }
    }
}
