//! `/graphql`: one request from its headers to its answer, a step at a time, each refusal with its code.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Extension, State},
    http::{HeaderMap, HeaderValue, Method, Request, header},
    response::{IntoResponse, Redirect, Response},
};
use schema::{ErrorCode, scope};
use serde_json::json;
use sources::cache::CacheMode;

use super::{
    RequestId,
    accept::{Media, negotiate},
    answer::Answer,
    body,
};
use crate::{
    App,
    auth::Principal,
    executor::Job,
    prepare::{OperationKind, Refusal},
    rate_limit,
};

/// Answers one request.
pub async fn serve(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(request_id): Extension<RequestId>,
    request: Request<Body>,
) -> Response {
    if app.config.server.graphiql && wants_page(&request) {
        return Redirect::to("/graphiql").into_response();
    }
    let Some(media) = negotiate(request.headers()) else {
        let message = "accept `application/graphql-response+json` or `application/json`";
        let refusal = Refusal::new(ErrorCode::NotAcceptable, message);
        return Answer::refused(&refusal, &request_id.0).write(Media::Json);
    };
    let answer = match app.places.try_acquire() {
        Ok(_place) => Steps { app: &app, request_id: &request_id.0, rate: None }.run(peer, request).await,
        Err(_) => {
            let refusal = Refusal::new(ErrorCode::Overloaded, "too many requests are in progress: try again shortly");
            Answer::refused(&refusal, &request_id.0).with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        }
    };
    metrics::counter!("weft_http_requests_total", "status" => answer.status.as_str().to_owned()).increment(1);
    answer.write(media)
}

/// A person with a browser, and no query: the explorer is what they want.
fn wants_page(request: &Request<Body>) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET && request.uri().query().is_none() && accept.contains("text/html")
}

struct Steps<'a> {
    app: &'a Arc<App>,
    request_id: &'a str,
    rate: Option<rate_limit::Verdict>,
}

impl Steps<'_> {
    async fn run(mut self, peer: SocketAddr, request: Request<Body>) -> Answer {
        let answer = self.steps(peer, request).await.unwrap_or_else(|refused| *refused);
        match &self.rate {
            Some(verdict) => self
                .app
                .rate_limiter
                .headers(verdict)
                .into_iter()
                .fold(answer, |answer, (name, value)| answer.with_header(name, value)),
            None => answer,
        }
    }

    async fn steps(&mut self, peer: SocketAddr, request: Request<Body>) -> Result<Answer, Box<Answer>> {
        let (parts, body) = request.into_parts();
        let config = &self.app.config;
        if !matches!(parts.method, Method::GET | Method::POST) {
            return Err(self.method_not_allowed("use POST, or GET for queries", "GET, POST"));
        }
        self.limit_address(peer, &parts.headers)?;
        let principal = self.authenticate(&parts.headers).await?;
        self.limit_principal(&principal)?;
        let limits = &config.limits;
        let parameters =
            body::read(&parts.method, &parts.uri, &parts.headers, body, limits, config.server.body_timeout).await;
        let parameters = self.or_refused(parameters)?;
        self.or_refused(crate::guard::check_document(&parameters.query, &limits.guard()).map_err(Refusal::from))?;
        let may_introspect = config.server.introspection.allows(principal.visibility());
        let document = self.or_refused(self.app.preparer.document(parameters.query, may_introspect))?;
        let chosen = self.or_refused(document.choose(parameters.operation_name.as_deref()))?;
        match chosen.kind() {
            OperationKind::Mutation if parts.method == Method::GET => {
                return Err(self.method_not_allowed("mutations are sent by POST", "POST"));
            }
            OperationKind::Subscription => {
                let refusal = Refusal::new(ErrorCode::BadRequest, "subscriptions are not offered");
                return Err(Box::new(Answer::refused(&refusal, self.request_id)));
            }
            OperationKind::Query | OperationKind::Mutation => {}
        }
        let prepared = self.app.preparer.prepare(chosen, parameters.variables, may_introspect);
        let prepared = self.or_refused(prepared)?;
        let cache_mode = cache_mode(&parts.headers, &principal);
        let points = wants(&parts.headers, "x-query-cost").then_some(prepared.points);
        let wants_receipts = wants(&parts.headers, "x-query-receipts");
        let job = Job { prepared, principal, cache_mode, wants_receipts, request_id: self.request_id };
        let answer = self.app.executor.execute(job).await;
        Ok(match points {
            Some(requested) => answer.with_extension("cost", json!({ "requested": requested })),
            None => answer,
        })
    }

    fn or_refused<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Box<Answer>> {
        outcome.map_err(|refusal| Box::new(Answer::refused(&refusal, self.request_id)))
    }

    fn method_not_allowed(&self, message: &str, allowed: &'static str) -> Box<Answer> {
        let refusal = Refusal::new(ErrorCode::MethodNotAllowed, message);
        let answer = Answer::refused(&refusal, self.request_id);
        Box::new(answer.with_header(header::ALLOW, HeaderValue::from_static(allowed)))
    }

    fn limit_address(&mut self, peer: SocketAddr, headers: &HeaderMap) -> Result<(), Box<Answer>> {
        let address = rate_limit::client_address(peer, headers, &self.app.trusted_proxies);
        let verdict = self.app.rate_limiter.check_address(address);
        self.admit(verdict)
    }

    fn limit_principal(&mut self, principal: &Principal) -> Result<(), Box<Answer>> {
        let verdict = self.app.rate_limiter.check_principal(principal);
        self.rate = Some(verdict.clone());
        self.admit(verdict)
    }

    fn admit(&self, verdict: rate_limit::Verdict) -> Result<(), Box<Answer>> {
        if verdict.allowed {
            return Ok(());
        }
        // Rounded up: whoever obeys must not come too early.
        let wait = (verdict.retry_after + Duration::from_millis(999)).as_secs().max(1);
        let refusal = Refusal::new(ErrorCode::RateLimited, format!("too much was asked: try again in {wait} seconds"));
        let seconds = HeaderValue::from(wait);
        Err(Box::new(Answer::refused(&refusal, self.request_id).with_header(header::RETRY_AFTER, seconds)))
    }

    async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<Principal>, Box<Answer>> {
        let authorization = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        self.app.authenticator.authenticate(authorization).await.map_err(|error| {
            let refusal = Refusal::new(error.code(), error.to_string());
            let answer = Answer::refused(&refusal, self.request_id);
            Box::new(match error.challenge() {
                Some(challenge) => answer.with_header(header::WWW_AUTHENTICATE, challenge),
                None => answer.with_header(header::RETRY_AFTER, HeaderValue::from_static("5")),
            })
        })
    }
}

/// Whether the caller asks to be told more: what the operation costs, where live data came from.
fn wants(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

/// Whether the caller may and wants to ask the sources past every cache.
fn cache_mode(headers: &HeaderMap, principal: &Principal) -> CacheMode {
    let wants = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case("no-cache")));
    if wants && principal.visibility().has(scope::CACHE_BYPASS) { CacheMode::Bypass } else { CacheMode::Use }
}
