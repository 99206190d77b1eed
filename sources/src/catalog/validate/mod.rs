//! Checks documents as Backstage's catalog does: the envelope, the formats of names, and the fields that each kind requires.
//! All faults of a document are told at once; the place is that of the first.

mod emitted;
mod envelope;
mod format;
mod kinds;
mod references;

use schema::{EntityLink, EntityRef};
use serde_json::{Map, Value};

use super::{CatalogDocument, Outcome, PackedDocument, Refusal, node::Node, relations};

/// The annotation that narrows who sees an entity.
const VISIBILITY: &str = "weft.dev/visibility";
/// Most faults of one document that are told.
const FAULTS_MAX: usize = 10;

/// What is wrong with a document, and at which path.
#[derive(Debug, Default)]
struct Faults(Vec<(Vec<String>, String)>);

impl Faults {
    fn add(&mut self, path: &[&str], message: impl Into<String>) {
        self.0.push((path.iter().map(|part| (*part).to_owned()).collect(), message.into()));
    }
}

/// The document, if nothing is wrong with it.
pub(super) fn check(target: &str, node: &Node, mut object: Map<String, Value>) -> Outcome {
    let mut faults = Faults::default();
    envelope::check(&object, &mut faults);
    emitted::check(&object, &mut faults);
    kinds::check(&object, &mut faults);
    references::check(&object, &mut faults);
    let told = Told::of(&object);
    if let Some((path, _)) = faults.0.first() {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let place = node.place_of(&path);
        let messages: Vec<&str> = faults.0.iter().take(FAULTS_MAX).map(|(_, message)| message.as_str()).collect();
        return Outcome::Refused(Refusal {
            target: target.to_owned(),
            line: Some(place.line),
            column: Some(place.column),
            entity_ref: told.entity_ref,
            is_team_only: told.is_team_only,
            owner_ref: told.owner_ref,
            message: messages.join("; "),
        });
    }
    let Some(entity_ref) = told.entity_ref else {
        return Outcome::Refused(Refusal::of_file(target, "its kind, namespace and name make no reference"));
    };
    let mut metadata = take_object(&mut object, "metadata");
    let spec = take_object(&mut object, "spec");
    let spec_text = |key: &str| spec.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = text(&object, "kind").to_owned();
    let system_ref =
        spec_text("system").and_then(|system| EntityRef::parse_with(&system, Some("system"), &told.namespace).ok());
    let links: Option<Vec<EntityLink>> = metadata.remove("links").and_then(|links| serde_json::from_value(links).ok());
    let tags: Option<Vec<String>> = metadata.remove("tags").and_then(|tags| serde_json::from_value(tags).ok());
    let document = CatalogDocument {
        target: target.to_owned(),
        line: node.place.line,
        column: node.place.column,
        entity_ref,
        api_version: text(&object, "apiVersion").to_owned(),
        relations: relations::relations(&kind.to_ascii_lowercase(), &told.namespace, &spec),
        kind,
        name: text(&metadata, "name").to_owned(),
        title: metadata.get("title").and_then(Value::as_str).map(str::to_owned),
        description: metadata.get("description").and_then(Value::as_str).map(str::to_owned),
        labels: take_object(&mut metadata, "labels"),
        annotations: take_object(&mut metadata, "annotations"),
        tags: tags.unwrap_or_default(),
        links: links.unwrap_or_default(),
        entity_type: spec_text("type"),
        lifecycle: spec_text("lifecycle"),
        owner_ref: told.owner_ref,
        system_ref,
        is_team_only: told.is_team_only,
        namespace: told.namespace,
        spec,
    };
    let packed = PackedDocument::of(&document);
    debug_assert_eq!(packed.unpack(), document);
    Outcome::Document(Box::new(packed))
}

/// What can be told of a document even when something is wrong with it.
struct Told {
    namespace: String,
    entity_ref: Option<EntityRef>,
    owner_ref: Option<EntityRef>,
    is_team_only: bool,
}

impl Told {
    fn of(object: &Map<String, Value>) -> Self {
        let metadata = object.get("metadata").and_then(Value::as_object);
        let namespace = metadata.and_then(|metadata| metadata.get("namespace")?.as_str()).unwrap_or("default");
        let name = metadata.and_then(|metadata| metadata.get("name")?.as_str());
        let kind = object.get("kind").and_then(Value::as_str).filter(|kind| format::is_kind(kind));
        let entity_ref =
            kind.zip(name).and_then(|(kind, name)| EntityRef::parse(&format!("{kind}:{namespace}/{name}")).ok());
        let owner = object.get("spec").and_then(|spec| spec.get("owner")?.as_str());
        Self {
            namespace: namespace.to_owned(),
            entity_ref,
            owner_ref: owner.and_then(|owner| EntityRef::parse_with(owner, Some("group"), namespace).ok()),
            // A value that is not known may have been meant to narrow: it does not widen.
            is_team_only: metadata.and_then(|metadata| metadata.get("annotations")?.get(VISIBILITY)).is_some(),
        }
    }
}

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn take_object(object: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match object.remove(key) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    }
}
