//! Every reference in `spec` must be one.

use serde_json::{Map, Value};

use super::Faults;
use crate::catalog::relations::REF_FIELDS;

pub(super) fn check(object: &Map<String, Value>, faults: &mut Faults) {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let namespace = object
        .get("metadata")
        .and_then(|metadata| metadata.get("namespace")?.as_str())
        .unwrap_or(schema::DEFAULT_NAMESPACE);
    let Some(Value::Object(spec)) = object.get("spec") else { return };
    for field in REF_FIELDS.iter().filter(|field| field.applies_to(&kind)) {
        for text in field.texts(spec) {
            if let Err(error) = field.read(text, namespace) {
                faults.add(&["spec", field.field], format!("`spec.{}`: {error}", field.field));
            }
        }
    }
}
