//! Who asks, and what they may read.
//!
//! A request without a token is anonymous, and forbidden like anyone without rights; one with a wrong token is nobody.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use super::{
    World,
    resource::{Resource, What},
    status::Refusal,
};

/// The service account behind the token.
const ACCOUNT: &str = "system:serviceaccount:observers:reader";

const ANONYMOUS: &str = "system:anonymous";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Account,
    Anonymous,
}

impl User {
    pub(super) fn of(headers: &HeaderMap, token: &str) -> Result<Self, Refusal> {
        let Some(sent) = headers.get(header::AUTHORIZATION) else { return Ok(Self::Anonymous) };
        let sent = sent.to_str().ok().and_then(|sent| sent.strip_prefix("Bearer ")).unwrap_or_default();
        let is_right = verify_slices_are_equal(sent.as_bytes(), token.as_bytes()).is_ok();
        if is_right { Ok(Self::Account) } else { Err(Refusal::unauthorized()) }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Account => ACCOUNT,
            Self::Anonymous => ANONYMOUS,
        }
    }
}

/// What is to be done, to what.
#[derive(Clone, Copy)]
pub(super) struct Act<'a> {
    pub(super) verb: &'a str,
    pub(super) resource: &'static Resource,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: Option<&'a str>,
}

/// Whether `user` may do it.
pub(super) fn is_allowed(world: &World, user: User, act: Act<'_>) -> bool {
    let Act { verb, resource, namespace, name } = act;
    if user == User::Anonymous || !matches!(verb, "get" | "list" | "watch") {
        return false;
    }
    if verb == "watch" && world.is_unwatchable(resource.plural) {
        return false;
    }
    match (resource.what, name) {
        (What::Namespace | What::Project, Some(name)) => !world.is_hidden(name),
        // A view of what the caller may see, whoever it is.
        (What::Project, None) | (What::ClusterVersion, _) => true,
        _ => namespace.map_or(!world.forbids_cluster_lists, |namespace| !world.is_hidden(namespace)),
    }
}

/// Refuses what is not allowed, in the words of the API server.
pub(super) fn check(world: &World, user: User, act: Act<'_>) -> Result<(), Refusal> {
    if is_allowed(world, user, act) {
        return Ok(());
    }
    let Act { verb, resource, namespace, name } = act;
    let what = name.map_or_else(|| resource.qualified(), |name| format!("{} \"{name}\"", resource.qualified()));
    // Reading a namespace is judged within it.
    let within = if resource.what == What::Namespace { name } else { namespace };
    let place =
        within.map_or_else(|| "at the cluster scope".to_owned(), |within| format!("in the namespace \"{within}\""));
    let message = format!(
        "{what} is forbidden: User \"{}\" cannot {verb} resource \"{}\" in API group \"{}\" {place}",
        user.name(),
        resource.plural,
        resource.group
    );
    Err(Refusal::forbidden(resource, name, message))
}

/// Puts the headers on an answer that every answer has.
pub(super) async fn mark(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("audit-id", "6d1c2c0e-5f1b-4c43-9d5e-0a4b8f6f2a11"),
        ("cache-control", "no-cache, private"),
        ("x-kubernetes-pf-flowschema-uid", "5f6f2f3c-6a5e-4a8e-9d0f-3c1f1a7b2e90"),
        ("x-kubernetes-pf-prioritylevel-uid", "b1c6a0d4-8c0b-4c39-8c5e-7f3d2e1a9b44"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
