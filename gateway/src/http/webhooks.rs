//! `/webhooks/{source}`: proves a delivery, stores what it names, and answers. Nothing is asked of anybody here, so that a sender is
//! answered at once whatever its object's source does; `webhook_worker.rs` does the rest.
//!
//! What is refused for good gets 4xx, which no sender repeats; what is our own trouble gets 503, which those repeat that repeat at all;
//! what is known already, or is of no interest, gets 200, so that nobody takes the address for broken.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Path, Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::json;
use sources::webhook::{Message, Received, Refusal, Sender, Stored};

use super::problem::{not_found, problem};
use crate::{App, rate_limit};

/// How long a sender that repeats shall wait, in seconds.
const RETRY_SECONDS: u64 = 30;

/// What became of a delivery: its label among the metrics, and the answer.
struct Outcome(&'static str, Response);

/// The routes of all senders.
pub(super) fn router(app: Arc<App>) -> Router {
    Router::new().route("/webhooks/{source}", any(serve)).with_state(app)
}

async fn serve(
    State(app): State<Arc<App>>,
    Path(source): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let begun = std::time::Instant::now();
    let Some(sender) = app.webhooks.senders.named(&source) else { return not_found().await };
    let (parts, body) = request.into_parts();
    let Outcome(outcome, answer) = match take(&app, sender, peer, &parts, body).await {
        Ok(outcome) | Err(outcome) => outcome,
    };
    let source = sender.as_str();
    metrics::counter!("weft_webhooks_total", "source" => source, "outcome" => outcome).increment(1);
    metrics::histogram!("weft_webhook_seconds", "source" => source).record(begun.elapsed().as_secs_f64());
    answer
}

async fn take(app: &App, sender: Sender, peer: SocketAddr, parts: &Parts, body: Body) -> Result<Outcome, Outcome> {
    // By address before anything is read, as for everybody.
    let address = rate_limit::client_address(peer, &parts.headers, &app.trusted_proxies);
    app.rate_limiter.check_address(address).map_err(|wait| {
        let answer = problem(StatusCode::TOO_MANY_REQUESTS, "too much was sent from this address");
        Outcome("limited", with_retry(answer, wait.as_secs() + 1))
    })?;
    match parts.method {
        Method::POST => {}
        // AWX lets its administrators choose.
        Method::PUT if sender == Sender::Awx => {}
        Method::OPTIONS => return Ok(handshake(app, sender, parts)),
        _ => {
            let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "deliveries are sent by POST");
            answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Err(Outcome("method", answer));
        }
    }
    if !app.webhooks.senders.may_prove(sender, &parts.headers, parts.uri.query()) {
        return Err(refused(Refusal::Unproven));
    }
    let _place = app.webhooks.places.try_acquire().map_err(|_| ours("busy", "too many deliveries arrive at once"))?;
    let body = collect(app, parts, body).await?;
    let message = Message { headers: &parts.headers, query: parts.uri.query(), body: &body, now: app.clock.now() };
    match app.webhooks.senders.receive(sender, &message).map_err(refused)? {
        Received::Challenge(code) => Ok(Outcome("challenge", told(&json!({ "validationResponse": code })))),
        Received::Deliveries(deliveries) if deliveries.is_empty() => {
            Ok(Outcome("ignored", told(&json!({ "stored": 0 }))))
        }
        Received::Deliveries(deliveries) => {
            let config = &app.config.webhooks;
            let store = app.sources.database().store_deliveries(sender, &deliveries, config.pending_max);
            match tokio::time::timeout(config.store_timeout, store).await {
                Ok(Ok(Stored::New(0))) => Ok(Outcome("duplicate", told(&json!({ "stored": 0 })))),
                Ok(Ok(Stored::New(count))) => {
                    app.webhooks.stored.notify_one();
                    Ok(Outcome("stored", told(&json!({ "stored": count }))))
                }
                Ok(Ok(Stored::Full)) => Err(ours("full", "too many deliveries wait to be worked off")),
                Ok(Err(error)) => {
                    tracing::warn!(source = sender.as_str(), error = error.chain(), "a delivery could not be stored");
                    Err(ours("failed", "the delivery could not be stored"))
                }
                // It may have been stored: when it is sent again it is known.
                Err(_) => Err(ours("failed", "the delivery could not be stored in time")),
            }
        }
    }
}

async fn collect(app: &App, parts: &Parts, body: Body) -> Result<Bytes, Outcome> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // `application/json`, and what CloudEvents and JSON:API call theirs.
    if !essence.ends_with("json") {
        return Err(Outcome("malformed", problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a delivery is JSON")));
    }
    let config = &app.config.webhooks;
    let max = usize::try_from(config.body_max.as_u64()).unwrap_or(usize::MAX);
    let too_large = || {
        let detail = format!("the body is larger than {max} bytes");
        Outcome("too_large", problem(StatusCode::PAYLOAD_TOO_LARGE, &detail))
    };
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    match tokio::time::timeout(config.body_timeout, Limited::new(body, max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Outcome("malformed", problem(StatusCode::BAD_REQUEST, "the body ended too early"))),
        // Slow networks are nobody's fault: who repeats may repeat.
        Err(_) => Err(Outcome("late", problem(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"))),
    }
}

/// The question of CloudEvents whether events are wanted. The answer gives nothing away: each event has to prove itself.
fn handshake(app: &App, sender: Sender, parts: &Parts) -> Outcome {
    let asked = parts.headers.get("webhook-request-origin").and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let allowed = app.webhooks.senders.allowed_origin(sender, asked);
    let Some(origin) = allowed.and_then(|origin| HeaderValue::from_str(origin).ok()) else {
        return Outcome("forged", problem(StatusCode::FORBIDDEN, "events of this origin are not expected"));
    };
    let mut answer = Response::new(Body::empty());
    answer.headers_mut().insert("webhook-allowed-origin", origin);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    Outcome("challenge", answer)
}

fn refused(refusal: Refusal) -> Outcome {
    let (label, status) = match refusal {
        Refusal::Unproven => ("forged", StatusCode::UNAUTHORIZED),
        Refusal::Stale => ("stale", StatusCode::UNAUTHORIZED),
        Refusal::Malformed(_) => ("malformed", StatusCode::BAD_REQUEST),
    };
    Outcome(label, problem(status, &refusal.to_string()))
}

/// Our own trouble: whoever repeats shall repeat.
fn ours(label: &'static str, detail: &str) -> Outcome {
    Outcome(label, with_retry(problem(StatusCode::SERVICE_UNAVAILABLE, detail), RETRY_SECONDS))
}

fn with_retry(mut answer: Response, seconds: u64) -> Response {
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

fn told(body: &serde_json::Value) -> Response {
    let mut answer = Response::new(Body::from(body.to_string()));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer
}
