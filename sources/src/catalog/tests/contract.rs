//! Our verdict is that of Backstage's own schemas also for the fields that no example has, such as `status`. What the examples
//! have is changed field by field in `tests/catalog_contract.rs`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

use super::{read_text, sorted};
use crate::catalog::{Limits, read_paths, resolve_conflicts};

#[expect(clippy::disallowed_methods, reason = "a test has no configuration to ask")]
fn contracts() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var("WEFT_SHARED").map_or_else(|_| beside(), PathBuf::from).join("contracts/backstage");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the contracts are not there; WEFT_SHARED names their folder");
    None
}

fn json_files(folder: &Path) -> Vec<(String, Value)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let files = paths.into_iter().filter(|path| path.is_file());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect()
}

struct Schemas(Vec<(String, Value, Validator)>);

impl Schemas {
    fn load(folder: &Path) -> Self {
        let folders = ["schema", "schema/shared", "schema/kinds"];
        let schemas: Vec<_> = folders.iter().flat_map(|part| json_files(&folder.join(part))).collect();
        let id = |schema: &Value| format!("json-schema:///{}", schema["$id"].as_str().unwrap());
        let known = schemas.iter().map(|(_, schema)| (id(schema), schema.clone()));
        let registry = Registry::new().extend(known).unwrap().prepare().unwrap();
        let compiled = schemas.iter().map(|(name, schema)| {
            let validator = jsonschema::options().with_registry(&registry).build(schema).unwrap();
            (name.clone(), schema.clone(), validator)
        });
        Self(compiled.collect())
    }

    /// The schema that Backstage judges this entity by.
    fn of(&self, entity: &Value) -> &(String, Value, Validator) {
        let kind = entity["kind"].as_str().unwrap_or_default();
        let special = entity["spec"]["type"].as_str().unwrap_or_default();
        let names = [format!("{kind}.v1alpha1.{special}"), format!("{kind}.v1alpha1"), "Entity".to_owned()];
        let find = |name: &String| self.0.iter().find(|(known, ..)| *known == format!("{name}.schema.json"));
        names.iter().find_map(find).unwrap()
    }
}

/// The entity with each field that its schema knows set to each of many values, whether or not the example has it.
fn mutations(entity: &Value, schemas: &Schemas) -> Vec<(String, Value)> {
    let of_name = |wanted: &str| &schemas.0.iter().find(|(name, ..)| name == wanted).unwrap().1;
    let spec = &schemas.of(entity).1["allOf"][1]["properties"]["spec"];
    let parts =
        [("", of_name("Entity.schema.json")), ("/metadata", of_name("EntityMeta.schema.json")), ("/spec", spec)];
    let values = json!([null, 5, true, "", [], {}, [5], [""], [{}], {"items": 5}, {"items": [{}]}, "x".repeat(501)]);
    let sound_status = json!({"items": [{"type": "t", "level": "info", "message": ""}]});
    let sound_relations = json!([{"type": "ownedBy", "targetRef": "group:default/o"}]);
    let mut mutated = Vec::new();
    for (parent, schema) in parts {
        for key in schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
            for value in values.as_array().unwrap().iter().chain([&sound_status, &sound_relations]) {
                let mut copy = entity.clone();
                let Some(Value::Object(fields)) = copy.pointer_mut(parent) else { continue };
                fields.insert(key.clone(), value.clone());
                mutated.push((format!("{parent}/{key} {value:.40}"), copy));
            }
        }
    }
    mutated
}

/// Where we are stricter on purpose: names have formats, and references are made of names.
fn has_format(what: &str) -> bool {
    const NAMES: [&str; 4] = ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"];
    const REFS: [&str; 6] =
        ["/spec/owner", "/spec/system", "/spec/domain", "/spec/subdomainOf", "/spec/subcomponentOf", "/spec/parent"];
    let path = what.split(' ').next().unwrap();
    what.contains("\"xxx") && NAMES.iter().chain(&REFS).any(|known| *known == path)
}

#[test]
fn fields_without_an_example_are_judged_as_the_schema_does() {
    let Some(folder) = contracts() else { return };
    let schemas = Schemas::load(&folder);
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, example) in json_files(&folder.join("examples")) {
        let mutated = if name.starts_with("EntityMeta") { Vec::new() } else { mutations(&example, &schemas) };
        for (what, entity) in std::iter::once(("as it is".to_owned(), example)).chain(mutated) {
            count += 1;
            let expected = schemas.of(&entity).2.is_valid(&entity);
            let (documents, refusals) = sorted(read_text("x.json", &entity.to_string(), &Limits::default()));
            let is_stricter = expected && has_format(&what);
            if expected != (documents.len() == 1) && !is_stricter {
                let message = refusals.first().map(|refusal| refusal.message.clone());
                wrong.push(format!("{name}: {what}: the schema says {expected}, we say {message:?}"));
            }
        }
    }
    assert!(count > 2_000, "only {count} mutations were tried");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn thirteen_examples_load_and_four_are_refused() {
    let Some(folder) = contracts() else { return };
    let (documents, refusals) = sorted(resolve_conflicts(read_paths(&[folder.join("examples")], &Limits::default())));
    assert_eq!((documents.len(), refusals.len()), (13, 4), "{refusals:#?}");
}
