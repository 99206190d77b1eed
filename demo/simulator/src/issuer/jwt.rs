//! The three dotted parts of a JWT.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::key::SigningKey;

pub(super) fn header(algorithm: &str, kid: Option<&str>) -> Value {
    let mut header = json!({ "alg": algorithm, "typ": "JWT" });
    if let (Some(kid), Some(fields)) = (kid, header.as_object_mut()) {
        fields.insert("kid".to_owned(), json!(kid));
    }
    header
}

/// A token with this header, whatever it says, signed with `key`.
pub(super) fn signed(key: &SigningKey, header: &Value, payload: &Map<String, Value>) -> String {
    let input = signing_input(header, payload);
    let signature = key.sign(input.as_bytes());
    with_signature(&input, &signature)
}

pub(super) fn signing_input(header: &Value, payload: &Map<String, Value>) -> String {
    let payload = Value::Object(payload.clone());
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()))
}

pub(super) fn with_signature(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", encode(signature))
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
