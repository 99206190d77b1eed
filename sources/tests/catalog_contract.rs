//! Our checks of catalog documents against Backstage's own JSON schemas: for every example, and for every example with one
//! field left out, emptied or of another type, both must say the same.
//!
//! The schemas are no part of this project. Where their folder is not at hand (`WEFT_SHARED`, by default `../shared`), the
//! test says so and does nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]
#![allow(clippy::disallowed_methods, reason = "the folder comes from the environment")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use jsonschema::{Registry, Validator};
use serde_json::{Map, Value, json};
use sources::catalog::{Limits, Outcome, read_text};

fn contracts() -> Option<PathBuf> {
    let shared = std::env::var("WEFT_SHARED")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("contracts/backstage");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

/// Validators by kind, and by kind and type where the type has a schema of its own.
struct Schemas(Vec<(String, Option<String>, Validator)>);

impl Schemas {
    fn read(folder: &Path) -> Self {
        let read = |path: &Path| -> Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
        let shared =
            ["Entity.schema.json", "EntityMeta.schema.json", "EntityEnvelope.schema.json", "shared/common.schema.json"];
        let mut registry = Registry::new();
        for file in shared {
            let schema = read(&folder.join(file));
            let id = schema["$id"].as_str().unwrap().to_owned();
            registry = registry.add(format!("json-schema:///{id}"), schema).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let mut kinds: Vec<PathBuf> =
            fs::read_dir(folder.join("kinds")).unwrap().map(|entry| entry.unwrap().path()).collect();
        kinds.sort();
        let validator = |path: &PathBuf| {
            let schema = read(path);
            let validator = jsonschema::options().with_registry(&registry).build(&schema).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let mut parts = name.trim_end_matches(".schema.json").split('.');
            let kind = parts.next().unwrap().to_owned();
            (kind, parts.nth(1).map(str::to_owned), validator)
        };
        Self(kinds.iter().map(validator).collect())
    }

    /// What the schemas say of a document; none for a kind without one.
    fn accept(&self, document: &Value) -> Option<bool> {
        let kind = document["kind"].as_str()?;
        let of_kind: Vec<_> = self.0.iter().filter(|(known, ..)| known == kind).collect();
        let spec_type = document["spec"]["type"].as_str();
        let by_type = of_kind.iter().find(|(_, known, _)| known.is_some() && known.as_deref() == spec_type);
        let (_, _, validator) = by_type.or_else(|| of_kind.iter().find(|(_, known, _)| known.is_none()))?;
        Some(validator.is_valid(document))
    }
}

fn we_accept(document: &Value) -> (bool, String) {
    let outcomes = read_text("example.json", &document.to_string(), &Limits::default());
    match outcomes.as_slice() {
        [Outcome::Document(_)] => (true, String::new()),
        [Outcome::Refused(refusal)] => (false, refusal.message.clone()),
        other => panic!("one document had {} outcomes", other.len()),
    }
}

/// The document with one change each: every field left out, emptied, or of another type.
fn mutations(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut paths = Vec::new();
    collect(document, &mut String::new(), &mut paths);
    for path in paths {
        let mut without = document.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        if let Some(Value::Object(object)) = without.pointer_mut(parent) {
            object.remove(key);
        }
        found.push((format!("without {path}"), without));
        for value in [json!(""), json!(7), json!([]), json!({}), json!([7]), json!([""]), json!(null), json!(true)] {
            let mut changed = document.clone();
            *changed.pointer_mut(&path).unwrap() = value.clone();
            found.push((format!("{path} = {value}"), changed));
        }
    }
    let mut extra = document.clone();
    extra["more"] = json!(1);
    found.push(("one more at the top".to_owned(), extra));
    found
}

fn collect(value: &Value, path: &mut String, paths: &mut Vec<String>) {
    let Value::Object(object) = value else { return };
    for (key, below) in object {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        paths.push(path.clone());
        collect(below, path, paths);
        path.truncate(length);
    }
}

/// Where we are stricter than the schemas on purpose, as the catalog's own validators are: formats of names, keys, tags and
/// references, absolute links, and texts where the schema lets anything pass.
fn is_stricter_on_purpose(change: &str, message: &str) -> bool {
    const FORMATS: [&str; 8] = [
        "write letters",
        "write small letters",
        "write a version",
        "is not an entity reference",
        "cannot be a key",
        "`url` of a link",
        "the tag",
        "`spec.steps`",
    ];
    let is_open_in_schema = ["/metadata/uid", "/metadata/etag", "/kind"].iter().any(|path| change.contains(path));
    FORMATS.iter().any(|format| message.contains(format)) || is_open_in_schema
}

#[test]
fn our_verdicts_are_those_of_the_schemas() {
    let Some(folder) = contracts() else { return };
    let schemas = Schemas::read(&folder.join("schema"));
    let mut compared = 0;
    let mut differing = Vec::new();
    for examples in ["examples", "examples-schemastore"] {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder.join(examples)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let document: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            if document.as_object().is_none_or(Map::is_empty) {
                continue;
            }
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let variants = std::iter::once(("as it is".to_owned(), document.clone())).chain(mutations(&document));
            for (change, variant) in variants {
                let Some(theirs) = schemas.accept(&variant) else { continue };
                let (ours, message) = we_accept(&variant);
                compared += 1;
                if ours != theirs && !(theirs && is_stricter_on_purpose(&change, &message)) {
                    differing.push(format!("{name}, {change}: the schema says {theirs}, we say {ours} {message}"));
                }
            }
        }
    }
    assert!(compared > 3_000, "only {compared} verdicts were compared");
    assert!(differing.is_empty(), "{} of {compared} verdicts differ:\n{}", differing.len(), differing.join("\n"));
}
