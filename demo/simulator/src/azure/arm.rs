//! The way into Resource Manager: which path it is, whether the version and the token are good, whether there is quota
//! left; only then the answer.

mod target;

use axum::{
    Extension,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{
    Azure,
    alert::list,
    call::Call,
    cost,
    error::{bad_request, not_found, refuse},
    graph, ids,
    params::Params,
    quota::Charge,
    rest, token, version,
};
use target::{Target, decoded};

const BODY_BYTES_MAX: usize = 4 << 20;

pub(super) async fn dispatch(
    State(azure): State<Azure>,
    Extension(call): Extension<Call>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        let message = format!("The request content exceeds the limit of {BODY_BYTES_MAX} bytes.");
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message);
    };
    answer(&azure, &call, &parts, &body).unwrap_or_else(|refusal| *refusal)
}

fn answer(azure: &Azure, call: &Call, parts: &Parts, body: &Bytes) -> Result<Response, Box<Response>> {
    let path = decoded(parts.uri.path()).to_lowercase();
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (target, params) = (Target::of(&segments), Params::of(&parts.uri));
    version::check(&params, target.as_ref().map(Target::provider))?;
    token::check(azure, call, &parts.headers)?;
    let Some(target) = target else {
        return Err(Box::new(not_found("NotFound", &format!("The path '{}' is not served here.", parts.uri.path()))));
    };
    let expected = if matches!(target, Target::Graph | Target::CostQuery { .. }) { Method::POST } else { Method::GET };
    if parts.method != expected {
        let message = format!("The requested resource does not support http method '{}'.", parts.method);
        return Err(Box::new(refuse(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", &message)));
    }
    if matches!(target, Target::Graph) {
        return Ok(graph::endpoint(azure, call, body));
    }
    if let Target::CostQuery { scope } = target {
        return cost::endpoint(azure, call, scope, &params, body);
    }
    let subscription = match segments.as_slice() {
        ["subscriptions", subscription, ..] => *subscription,
        _ => "",
    };
    let charge = charge(azure, subscription)?;
    let mut response = read(azure, &target, subscription, &params, call).unwrap_or_else(|refusal| *refusal);
    mark(&mut response, subscription, &charge);
    Ok(response)
}

fn read(
    azure: &Azure,
    target: &Target<'_>,
    subscription: &str,
    params: &Params,
    call: &Call,
) -> Result<Response, Box<Response>> {
    if !subscription.is_empty() {
        exists(azure, subscription)?;
    }
    match *target {
        Target::Subscriptions => Ok(rest::subscriptions(azure)),
        Target::Subscription(id) => Ok(rest::subscription(azure, id)),
        Target::Groups(subscription) => rest::groups(azure, call, params, subscription),
        Target::Group(subscription, name) => rest::group(azure, subscription, name),
        Target::Resources(subscription, group) => rest::resources(azure, call, params, subscription, group),
        Target::Alerts { scope, id: None } => list::list(azure, call, params, scope),
        Target::Alerts { scope, id: Some(id) } => list::one(azure, scope, id),
        Target::Graph | Target::CostQuery { .. } => {
            Ok(refuse(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "It is a POST."))
        }
    }
}

fn exists(azure: &Azure, subscription: &str) -> Result<(), Box<Response>> {
    if azure.world().subscription(subscription).is_some() {
        return Ok(());
    }
    Err(Box::new(if ids::is_guid(subscription) {
        not_found("SubscriptionNotFound", &format!("The subscription '{subscription}' could not be found."))
    } else {
        let message = format!("The provided subscription identifier '{subscription}' is malformed or invalid.");
        bad_request("InvalidSubscriptionId", &message)
    }))
}

/// Charges a read to the subscription, or to the tenant when there is none.
fn charge(azure: &Azure, subscription: &str) -> Result<Charge, Box<Response>> {
    let charge = azure.quotas().read(subscription, &azure.world().limits, azure.now());
    if charge.is_allowed {
        return Ok(charge);
    }
    let seconds = charge.wait_seconds().max(1);
    let (code, owner) = match subscription {
        "" => ("TenantRequestsThrottled", "tenant".to_owned()),
        subscription => ("SubscriptionRequestsThrottled", format!("subscription '{subscription}'")),
    };
    let message = format!(
        "Number of 'read' requests for {owner} exceeded. Please try again after '{seconds}' seconds after additional \
         tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
    );
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, code, &message);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    mark(&mut response, subscription, &charge);
    Err(Box::new(response))
}

fn mark(response: &mut Response, subscription: &str, charge: &Charge) {
    let name = match subscription {
        "" => "x-ms-ratelimit-remaining-tenant-reads",
        _ => "x-ms-ratelimit-remaining-subscription-reads",
    };
    response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(charge.remaining));
}
