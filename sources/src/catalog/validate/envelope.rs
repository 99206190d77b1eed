//! What every document has, whatever its kind.

use schema::WebUrl;
use serde_json::{Map, Value};

use super::{Faults, VISIBILITY, format};

const TOP_LEVEL: [&str; 6] = ["apiVersion", "kind", "metadata", "spec", "relations", "status"];
/// Longest title, in characters, and longest description.
const TITLE_CHARS_MAX: usize = 1_000;

pub(super) fn check(object: &Map<String, Value>, faults: &mut Faults) {
    for key in object.keys().filter(|key| !TOP_LEVEL.contains(&key.as_str())) {
        faults.add(&[key], format!("`{key}` has no place at the top level"));
    }
    check_text(object, &["apiVersion"], format::is_api_version, "a version such as `backstage.io/v1alpha1`", faults);
    check_text(object, &["kind"], format::is_kind, "letters and digits, such as `Component`", faults);
    if !matches!(object.get("spec"), None | Some(Value::Object(_))) {
        faults.add(&["spec"], "`spec` must be an object");
    }
    match object.get("metadata") {
        Some(Value::Object(metadata)) => check_metadata(metadata, faults),
        Some(_) => faults.add(&["metadata"], "`metadata` must be an object"),
        None => faults.add(&[], "`metadata` is missing"),
    }
}

fn check_text(
    object: &Map<String, Value>,
    path: &[&str],
    is_valid: impl Fn(&str) -> bool,
    hint: &str,
    faults: &mut Faults,
) {
    let name = path.join(".");
    match path.last().and_then(|key| object.get(*key)) {
        Some(Value::String(text)) if is_valid(text) => {}
        Some(Value::String(text)) => {
            let shown: String = text.chars().take(100).collect();
            faults.add(path, format!("`{name}` is `{shown}`: write {hint}"));
        }
        Some(_) => faults.add(path, format!("`{name}` must be a text, {hint}")),
        None => faults.add(path, format!("`{name}` is missing: write {hint}")),
    }
}

fn check_metadata(metadata: &Map<String, Value>, faults: &mut Faults) {
    let hint = "letters and digits with -, _ and . between them, at most 63";
    check_text(metadata, &["metadata", "name"], format::is_name, hint, faults);
    if metadata.contains_key("namespace") {
        let hint = "small letters and digits with - between them, at most 63";
        check_text(metadata, &["metadata", "namespace"], format::is_namespace, hint, faults);
    }
    for (key, is_empty_fine) in [("uid", false), ("etag", false), ("title", false), ("description", true)] {
        match metadata.get(key) {
            None => {}
            Some(Value::String(text))
                if (is_empty_fine || !text.is_empty())
                    && (key != "title" || text.chars().count() <= TITLE_CHARS_MAX) => {}
            Some(Value::String(_)) => {
                faults.add(&["metadata", key], format!("`metadata.{key}` must not be empty, nor endless"))
            }
            Some(_) => faults.add(&["metadata", key], format!("`metadata.{key}` must be a text")),
        }
    }
    // Values of labels are any texts, as the schema has it: real catalogs hold spaces there.
    check_pairs(metadata, "labels", faults);
    check_pairs(metadata, "annotations", faults);
    let visibility = metadata.get("annotations").and_then(|annotations| annotations.get(VISIBILITY));
    if visibility.is_some_and(|value| value.as_str() != Some("team")) {
        faults.add(&["metadata", "annotations", VISIBILITY], format!("the only value of `{VISIBILITY}` is `team`"));
    }
    check_tags(metadata, faults);
    check_links(metadata, faults);
}

fn check_pairs(metadata: &Map<String, Value>, field: &str, faults: &mut Faults) {
    let pairs = match metadata.get(field) {
        None => return,
        Some(Value::Object(pairs)) => pairs,
        Some(_) => return faults.add(&["metadata", field], format!("`metadata.{field}` must be an object of texts")),
    };
    for (key, value) in pairs {
        let path = ["metadata", field, key.as_str()];
        if !format::is_key(key) {
            faults.add(&path, format!("`{key}` cannot be a key in `metadata.{field}`: write a name, or host/name"));
        }
        if !value.is_string() {
            faults.add(&path, format!("the value of `{key}` must be a text: put it in quotes"));
        }
    }
}

fn check_tags(metadata: &Map<String, Value>, faults: &mut Faults) {
    let tags = match metadata.get("tags") {
        None => return,
        Some(Value::Array(tags)) => tags,
        Some(_) => return faults.add(&["metadata", "tags"], "`metadata.tags` must be a list of texts"),
    };
    for (index, tag) in tags.iter().enumerate() {
        if !tag.as_str().is_some_and(format::is_tag) {
            let message =
                format!("the tag {tag} must be small letters, digits, : + and # with - between them, at most 63");
            faults.add(&["metadata", "tags", &index.to_string()], message);
        }
    }
}

fn check_links(metadata: &Map<String, Value>, faults: &mut Faults) {
    let links = match metadata.get("links") {
        None => return,
        Some(Value::Array(links)) => links,
        Some(_) => return faults.add(&["metadata", "links"], "`metadata.links` must be a list of objects"),
    };
    for (index, link) in links.iter().enumerate() {
        let index = index.to_string();
        let path = ["metadata", "links", index.as_str()];
        let Some(link) = link.as_object() else {
            faults.add(&path, "a link must be an object with `url`");
            continue;
        };
        if link.get("url").and_then(Value::as_str).is_none_or(|url| WebUrl::read(url).is_none()) {
            faults.add(&path, "the `url` of a link must be an absolute http or https address");
        }
        for key in ["title", "icon", "type"] {
            if !matches!(link.get(key), None | Some(Value::String(_)))
                || link.get(key).and_then(Value::as_str) == Some("")
            {
                faults.add(&path, format!("the `{key}` of a link must be a text that is not empty"));
            }
        }
    }
}
