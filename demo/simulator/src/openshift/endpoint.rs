//! A request's way: who asks, what the path names, whether it may be read, and then a list, a watch or one object.

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    Openshift,
    accept::Form,
    access::{self, Act, User},
    discovery, list,
    query::ListOptions,
    resource::{AGGREGATED, Resource},
    review,
    status::{Refusal, unknown_path},
    watch,
};

const BODY_BYTES_MAX: usize = 1 << 20;

pub(super) async fn answer(State(state): State<Openshift>, request: Request) -> Response {
    handle(&state, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn handle(state: &Openshift, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    // Before any lock is taken. Only reviews look at it.
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| Refusal::bad_request(error.to_string()))?;
    decide(state, &parts, &body)
}

fn decide(state: &Openshift, parts: &Parts, body: &[u8]) -> Result<Response, Refusal> {
    let path = parts.uri.path();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let user = User::of(&parts.headers, state.token())?;
    match segments.as_slice() {
        // What anyone may read, so that load balancers can.
        ["healthz" | "readyz" | "livez"] => return Ok("ok".into_response()),
        ["version"] => return Ok(discovery::version()),
        _ => {}
    }
    let (group, version, rest) = match segments.as_slice() {
        ["api"] | ["apis"] | ["api", _] | ["apis", _] | ["apis", _, _] if user == User::Anonymous => {
            return Err(Refusal::forbidden_path(path, user.name()));
        }
        ["api"] => return Ok(discovery::core_versions(state.url())),
        ["apis"] => return Ok(discovery::groups(&state.world())),
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group] => return Ok(discovery::one_group(&state.world(), group)),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Ok(unknown_path()),
    };
    let world = state.world();
    if !world.has_group(group) {
        return Ok(unknown_path());
    }
    if world.is_aggregated_down && AGGREGATED.contains(&group) {
        return Err(Refusal::unavailable());
    }
    if rest.is_empty() {
        return Ok(discovery::resources(&world, group, version));
    }
    drop(world);
    if let ("authorization.k8s.io", ["selfsubjectaccessreviews"], &Method::POST) = (group, rest, &parts.method) {
        let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok());
        if content_type.is_some_and(|sent| !sent.starts_with("application/json")) {
            return Err(Refusal::unsupported_body());
        }
        return review::answer(&state.world(), user, body);
    }
    let Some(target) = target(group, version, rest) else { return Ok(unknown_path()) };
    if !matches!(parts.method, Method::GET) {
        return Err(refuse_writing(state, user, &target, &parts.method));
    }
    read_target(state, user, &target, &parts.uri, &parts.headers)
}

/// What a path names.
struct Target<'a> {
    resource: &'static Resource,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
}

fn target<'a>(group: &str, version: &str, rest: &[&'a str]) -> Option<Target<'a>> {
    let (namespace, plural, name) = match rest {
        ["namespaces", namespace, plural] => (Some(*namespace), *plural, None),
        ["namespaces", namespace, plural, name] => (Some(*namespace), *plural, Some(*name)),
        [plural] => (None, *plural, None),
        [plural, name] => (None, *plural, Some(*name)),
        _ => return None,
    };
    let resource = Resource::find(group, version, plural)?;
    // A namespaced object is not named without its namespace, and a cluster's not within one.
    let is_proper = if resource.is_namespaced { namespace.is_some() || name.is_none() } else { namespace.is_none() };
    is_proper.then_some(Target { resource, namespace, name })
}

fn read_target(
    state: &Openshift,
    user: User,
    target: &Target<'_>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let Target { resource, namespace, name } = *target;
    let options = ListOptions::of(uri);
    let is_watch = options.as_ref().is_ok_and(|options| options.is_watch);
    let verb = match name {
        Some(_) => "get",
        None if is_watch => "watch",
        None => "list",
    };
    access::check(&state.world(), user, Act { verb, resource, namespace, name })?;
    let form = Form::of(headers)?;
    if let Some(name) = name {
        let now = state.snapshot();
        return list::get(&state.world(), resource, (namespace, name), form, now);
    }
    let options = options?;
    if is_watch {
        let response = watch::answer(state, resource, namespace, (&options, form))?;
        return Ok(list::warned(resource, response));
    }
    let now = state.snapshot();
    list::answer(&state.world(), resource, namespace, (&options, form), now)
}

/// The token reads; all else it may not.
fn refuse_writing(state: &Openshift, user: User, target: &Target<'_>, method: &Method) -> Refusal {
    let Target { resource, namespace, name } = *target;
    let verb = match (method, name) {
        (&Method::POST, None) => "create",
        (&Method::PUT, Some(_)) => "update",
        (&Method::PATCH, Some(_)) => "patch",
        (&Method::DELETE, Some(_)) => "delete",
        (&Method::DELETE, None) => "deletecollection",
        _ => return Refusal::method_not_allowed(),
    };
    let refused = access::check(&state.world(), user, Act { verb, resource, namespace, name });
    refused.err().unwrap_or_else(Refusal::method_not_allowed)
}
