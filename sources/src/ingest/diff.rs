//! What changed between two versions of an entity, field by field.

use schema::{FieldChange, Json};
use serde_json::{Map, Value};

/// Most changes kept of one revision.
const CHANGES_MAX: usize = 200;
/// Longest value kept, in bytes of JSON; of a longer one only its length is told.
const VALUE_BYTES_MAX: usize = 4096;

/// The values that differ, each with its path; lists are compared as a whole. Absent and null are the same.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<FieldChange>) {
    if before == after || found.len() >= CHANGES_MAX {
        return;
    }
    let empty = Map::new();
    let (old, new) = match (before, after) {
        (Value::Object(old), Value::Object(new)) => (old, new),
        (Value::Object(old), Value::Null) if !old.is_empty() => (old, &empty),
        (Value::Null, Value::Object(new)) if !new.is_empty() => (&empty, new),
        _ => {
            found.push(FieldChange { path: path.to_owned(), before: kept(before), after: kept(after) });
            return;
        }
    };
    let mut keys: Vec<&String> = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect();
    keys.sort_unstable();
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        compare(&path, old.get(key).unwrap_or(&Value::Null), new.get(key).unwrap_or(&Value::Null), found);
    }
}

fn kept(value: &Value) -> Option<Json> {
    if value.is_null() {
        return None;
    }
    let bytes = value.to_string().len();
    if bytes > VALUE_BYTES_MAX {
        return Some(Json(Value::String(format!("({bytes} bytes, not kept)"))));
    }
    Some(Json(value.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_changed_value_is_told_with_its_path() {
        let before = json!({"spec": {"lifecycle": "experimental", "tags": ["a"], "gone": {"x": 1}}, "same": [1]});
        let after = json!({"spec": {"lifecycle": "production", "tags": ["a", "b"]}, "same": [1], "title": "T"});
        let found: Vec<_> = changes(&before, &after).into_iter().map(|c| (c.path, c.before, c.after)).collect();
        let value = |value: Value| Some(Json(value));
        assert_eq!(
            found,
            [
                ("spec.gone.x".to_owned(), value(json!(1)), None),
                ("spec.lifecycle".to_owned(), value(json!("experimental")), value(json!("production"))),
                ("spec.tags".to_owned(), value(json!(["a"])), value(json!(["a", "b"]))),
                ("title".to_owned(), None, value(json!("T"))),
            ]
        );
        assert!(changes(&before, &before).is_empty());
    }

    #[test]
    fn long_values_and_long_lists_of_changes_are_cut() {
        let many: Map<String, Value> = (0..500).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(changes(&json!({}), &Value::Object(many)).len(), CHANGES_MAX);
        let found = changes(&json!({}), &json!({"long": "x".repeat(10_000)}));
        assert_eq!(found[0].after, Some(Json(json!("(10002 bytes, not kept)"))));
    }
}
