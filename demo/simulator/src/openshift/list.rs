//! Lists: one consistent snapshot, in pages if asked for.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    World,
    accept::Form,
    catalog,
    page::Place,
    query::{ListOptions, ResourceVersion},
    resource::{Resource, What},
    selector::Selector,
    status::Refusal,
    version::Snapshot,
};

/// What every answer about these warns of.
const DEPRECATED: &str =
    "299 - \"apps.openshift.io/v1 DeploymentConfig is deprecated in v4.14+, unavailable in v4.10000+\"";

pub(super) fn answer(
    world: &World,
    resource: &Resource,
    namespace: Option<&str>,
    (options, form): (&ListOptions, Form),
    now: Snapshot,
) -> Result<Response, Refusal> {
    let selector = Selector::of(options, resource)?;
    let is_project = resource.what == What::Project;
    let place = options.go_on.as_deref().filter(|_| !is_project).map(Place::decode).transpose()?;
    let snapshot = snapshot(world, options, place.as_ref(), now)?;
    let drafts = catalog::all(world, resource, namespace, snapshot);
    let after = place.as_ref().map(|place| (place.namespace.as_str(), place.name.as_str()));
    let rest = drafts.iter().filter(|draft| after.is_none_or(|after| draft.key() > after));
    let mut wanted = rest.filter(|draft| selector.matches(draft));
    // Projects come whole, and so does what a cache at hand answers.
    let is_whole = options.limit == 0 || is_project || options.resource_version == ResourceVersion::Any;
    let page: Vec<_> = if is_whole { wanted.collect() } else { wanted.by_ref().take(options.limit + 1).collect() };
    let mut metadata = Map::new();
    if !is_project {
        metadata.insert("resourceVersion".to_owned(), json!(snapshot.number().to_string()));
    }
    let size = if is_whole { page.len() } else { page.len().min(options.limit) };
    if let Some(last) = page.get(size.wrapping_sub(1)).filter(|_| page.len() > size) {
        let (namespace, name) = (last.meta.namespace.clone(), last.meta.name.clone());
        let key = (namespace.as_str(), name.as_str());
        let left = drafts.iter().filter(|draft| draft.key() > key).count();
        let next = Place { number: Some(snapshot.number()), namespace: namespace.clone(), name: name.clone() };
        metadata.insert("continue".to_owned(), json!(next.encode()));
        // With a selector it would have to look at the rest to know.
        if selector.is_empty() {
            metadata.insert("remainingItemCount".to_owned(), json!(left));
        }
    }
    let items = page.iter().take(size);
    let (kind, api_version, items) = match form {
        Form::Whole => {
            let items: Vec<_> = items.map(|draft| draft.to_item(resource)).collect();
            (format!("{}List", resource.kind), resource.api_version(), items)
        }
        Form::Partial => {
            let items = items.map(|draft| draft.to_partial()).collect();
            ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned(), items)
        }
    };
    let list = json!({ "kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items });
    Ok(warned(resource, Json(list).into_response()))
}

/// The one object of this name.
pub(super) fn get(
    world: &World,
    resource: &Resource,
    (namespace, name): (Option<&str>, &str),
    form: Form,
    now: Snapshot,
) -> Result<Response, Refusal> {
    let drafts = catalog::all(world, resource, namespace, now);
    let Some(draft) = drafts.iter().find(|draft| draft.meta.name == name) else {
        // A project is a view of a namespace, and the message gives it away.
        let of = if resource.what == What::Project { Resource::find("", "v1", "namespaces") } else { None };
        return Err(Refusal::not_found(of.unwrap_or(resource), name));
    };
    let object = match form {
        Form::Whole => draft.to_object(resource),
        Form::Partial => draft.to_partial(),
    };
    Ok(warned(resource, Json(object).into_response()))
}

/// The deprecation warning, where there is one.
pub(super) fn warned(resource: &Resource, mut response: Response) -> Response {
    if resource.what == What::DeploymentConfig {
        response.headers_mut().insert(header::WARNING, HeaderValue::from_static(DEPRECATED));
    }
    response
}

fn snapshot(world: &World, options: &ListOptions, place: Option<&Place>, now: Snapshot) -> Result<Snapshot, Refusal> {
    if let Some(place) = place {
        if matches!(options.resource_version, ResourceVersion::Number(_)) {
            let message = "specifying resource version is not allowed when using continue";
            return Err(Refusal::bad_request(message.to_owned()));
        }
        let Some(number) = place.number else { return Ok(now) };
        let snapshot = Snapshot::from_number(number);
        if now.at - snapshot.at >= world.continue_expired_after {
            let message = "The provided continue parameter is too old to display a consistent list result. You can start a \
                           new list without the continue parameter, or use the continue token in this response to retrieve \
                           the remainder of the results. Continuing with the provided token results in an inconsistent list \
                           - objects that were created, modified, or deleted between the time the first chunk was returned \
                           and now may show up in the list.";
            let go_on = Place { number: None, ..place.clone() }.encode();
            return Err(Refusal::expired(message.to_owned(), Some(go_on)));
        }
        return Ok(snapshot);
    }
    let ResourceVersion::Number(number) = options.resource_version else { return Ok(now) };
    if number > now.number() {
        return Err(Refusal::too_large(number, now.number()));
    }
    if options.matching.as_deref() != Some("Exact") {
        return Ok(now);
    }
    let snapshot = Snapshot::from_number(number);
    if now.at - snapshot.at >= world.continue_expired_after {
        return Err(Refusal::expired(format!("The resourceVersion for the provided list is too old: {number}"), None));
    }
    Ok(snapshot)
}

/// An object of a watch event.
pub(super) fn event(kind: &str, object: Value) -> Value {
    json!({ "type": kind, "object": object })
}
