//! `relations` and `status`: the catalog writes them, files need not. Where a file holds them all the same, such as one exported
//! from a catalog, they must be sound; nothing is read out of them.

use serde_json::{Map, Value};

use super::Faults;

/// How grave an item of `status` can be.
const LEVELS: [&str; 3] = ["info", "warning", "error"];

pub(super) fn check(object: &Map<String, Value>, faults: &mut Faults) {
    if object.get("relations").is_some_and(|relations| !is_list_of(relations, is_relation)) {
        faults.add(&["relations"], "`relations` must be a list of objects with `type` and `targetRef`: leave it out");
    }
    if object.get("status").is_some_and(|status| !is_status(status)) {
        let message = "`status` must be an object whose `items` have `type`, `level` and `message`: leave it out";
        faults.add(&["status"], message);
    }
}

fn is_relation(relation: &Map<String, Value>) -> bool {
    let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    relation.keys().all(|key| ["type", "target", "targetRef"].contains(&key.as_str()))
        && full(relation, "type").is_some_and(is_word)
        && full(relation, "targetRef").is_some()
        && relation.get("target").is_none_or(is_target)
}

fn is_target(target: &Value) -> bool {
    let parts = ["kind", "namespace", "name"];
    target.as_object().is_some_and(|target| target.len() == 3 && parts.iter().all(|part| full(target, part).is_some()))
}

fn is_status(status: &Value) -> bool {
    status.as_object().is_some_and(|status| status.get("items").is_none_or(|items| is_list_of(items, is_item)))
}

fn is_item(item: &Map<String, Value>) -> bool {
    full(item, "type").is_some()
        && full(item, "level").is_some_and(|level| LEVELS.contains(&level))
        && item.get("message").is_some_and(Value::is_string)
        && item.get("error").is_none_or(is_error)
}

fn is_error(error: &Value) -> bool {
    error.as_object().is_some_and(|error| {
        full(error, "name").is_some()
            && error.get("message").is_some_and(Value::is_string)
            && ["code", "stack"].iter().all(|key| error.get(*key).is_none_or(Value::is_string))
    })
}

fn is_list_of(value: &Value, is_sound: impl Fn(&Map<String, Value>) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(|item| item.as_object().is_some_and(&is_sound)))
}

fn full<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str().filter(|text| !text.is_empty())
}
