//! Asks: Weft's own schema in this process, subgraphs over HTTP, each with who asks and what for.

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderValue, header::HeaderName};
use bytes::Bytes;
use resolvers::Standing;
use schema::ErrorCode;
use serde_json::{Map, Value};
use sources::{
    SourceError,
    cache::{CacheMode, Patience},
    subgraph::{Question, SharedSubgraph},
};
use tokio::time::{Instant, timeout_at};

use super::{
    OWN, Supergraph,
    execute::{Services, Trouble},
    flights::FlightKey,
    freshness::{Freshness, seconds},
    plan::Fetch,
};
use crate::{App, auth::Principal, executor::Job, http::Answer, prepare::Refusal};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Who is asked on behalf of one request.
pub struct RequestServices<'a> {
    /// The parts of the gateway.
    pub app: &'a Arc<App>,
    /// The graph.
    pub supergraph: &'a Supergraph,
    /// Who asks.
    pub principal: &'a Arc<Principal>,
    /// The headers that the request came with.
    pub headers: &'a HeaderMap,
    /// Whether caches may answer.
    pub cache_mode: CacheMode,
    /// Whether the answer tells where live data came from.
    pub wants_receipts: bool,
    /// How long the request may still wait for Redis.
    pub patience: Patience,
    /// What the caller may still ask.
    pub standing: Option<Standing>,
    /// The greatest age of live data that counts anywhere in the operation.
    pub freshest: Option<std::time::Duration>,
    /// The request's id.
    pub request_id: &'a str,
    /// The operation changes something: what is read after that must not have been asked before.
    pub is_mutation: bool,
    /// The event that the operation is about: nor must what is read of it.
    pub event: Option<Bytes>,
    /// How long what subgraphs answer may be kept.
    pub freshness: Freshness,
    /// When subgraphs must have answered.
    pub deadline: Instant,
    /// When the operation ends.
    pub end: Instant,
}

#[async_trait]
impl Services for RequestServices<'_> {
    async fn ask(&self, fetch: &Fetch, variables: Vec<u8>) -> Result<Bytes, Trouble> {
        if fetch.service == OWN {
            return self.own(fetch, &variables).await;
        }
        match self.supergraph.subgraph(&fetch.service) {
            Some(subgraph) => {
                let answered = self.subgraph(subgraph, fetch, &variables).await;
                if fetch.is_mutation {
                    // Also where it failed: something may have been done.
                    self.supergraph.flights.begin_anew(subgraph.name());
                }
                let (body, seconds) = answered?;
                self.freshness.limit(seconds);
                Ok(body)
            }
            None => Err(Trouble::new(ErrorCode::InternalServerError, format!("{} is not known", fetch.service))),
        }
    }

    fn entities_max(&self, service: &str) -> usize {
        if service == OWN { resolvers::REPRESENTATIONS_MAX } else { usize::MAX }
    }
}

impl RequestServices<'_> {
    /// Weft's own schema, as any operation on it, but neither counted nor charged again.
    async fn own(&self, fetch: &Fetch, variables: &[u8]) -> Result<Bytes, Trouble> {
        let variables: Map<String, Value> = serde_json::from_slice(variables)
            .map_err(|error| Trouble::new(ErrorCode::InternalServerError, format!("variables of a plan: {error}")))?;
        let preparer = &self.app.preparer;
        let refused = |refusal: Refusal| {
            tracing::error!(error = refusal.message, operation = fetch.operation, "a plan does not fit our own schema");
            Trouble::new(refusal.code, refusal.message)
        };
        let document = preparer.planned_document(&fetch.operation).map_err(refused)?;
        let chosen = document.choose(None).map_err(refused)?;
        let mut prepared = preparer.prepare_planned(chosen, variables).map_err(refused)?;
        if let Some(age) = self.freshest {
            prepared.no_older_than(age);
        }
        let job = Job {
            prepared,
            principal: Arc::clone(self.principal),
            cache_mode: self.cache_mode,
            wants_receipts: self.wants_receipts,
            patience: self.patience.clone(),
            standing: self.standing.clone(),
            request_id: self.request_id,
        };
        let executed = timeout_at(self.end, Box::pin(self.app.executor.execute(job))).await;
        let late = |_| Trouble::new(ErrorCode::Timeout, "the operation took too long: ask for less".to_owned());
        executed.map(Answer::into_bytes).map_err(late)
    }

    async fn subgraph(
        &self,
        subgraph: &SharedSubgraph,
        fetch: &Fetch,
        variables: &[u8],
    ) -> Result<(Bytes, u64), Trouble> {
        let mut body = fetch.operation_json.clone();
        body.extend_from_slice(variables);
        body.push(b'}');
        let body = Bytes::from(body);
        let identity = &self.app.subgraph_identity;
        let ask = || {
            let headers = headers_for(self.app, self.principal, self.headers, subgraph.name(), self.request_id);
            let question = Question { body: body.clone(), headers, may_repeat: !fetch.is_mutation };
            let subgraph = Arc::clone(subgraph);
            async move { answer_of(&subgraph, &question).await }
        };
        let late = || Trouble::new(ErrorCode::UpstreamTimeout, format!("{} did not answer in time", subgraph.name()));
        if self.is_mutation || self.cache_mode == CacheMode::Bypass {
            return timeout_at(self.deadline, ask()).await.unwrap_or_else(|_| Err(late()));
        }
        let caller = identity.of(self.headers, self.principal);
        let key = FlightKey::new(subgraph.name(), body.clone(), caller, self.event.clone());
        let flight = self.supergraph.flights.join(key, || Box::pin(ask()));
        timeout_at(self.deadline, flight).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Who asks a subgraph, and what for. Nothing else of the request's own headers, `asked`, goes to it.
pub(super) fn headers_for(
    app: &App,
    principal: &Principal,
    asked: &HeaderMap,
    service: &str,
    request_id: &str,
) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    if let Some(parent) = asked.get(&TRACEPARENT) {
        headers.insert(TRACEPARENT.clone(), parent.clone());
    }
    let now = app.clock.now().timestamp();
    app.subgraph_identity.tell(&mut headers, asked, principal, service, now);
    headers
}

async fn answer_of(subgraph: &SharedSubgraph, question: &Question) -> Result<(Bytes, u64), Trouble> {
    match subgraph.ask(question).await {
        Ok(answer) => {
            let seconds = seconds(&answer.headers);
            Ok((answer.into_bytes(), seconds))
        }
        Err(error) => {
            tracing::warn!(subgraph = subgraph.name(), error = error.chain(), "a subgraph could not be asked");
            Err(trouble(subgraph.name(), &error))
        }
    }
}

/// What clients see of an error of this subgraph.
pub(super) fn trouble(name: &str, error: &SourceError) -> Trouble {
    let message = match error {
        SourceError::Timeout { limit, .. } => format!("{name} did not answer within {limit:?}"),
        SourceError::Throttled { .. } => format!("{name} asked us to wait"),
        SourceError::Unavailable { .. } => format!("{name} is unreachable"),
        _ => format!("{name} answered in a shape we do not know"),
    };
    let retry_after = error.retry_after().map(|wait| wait.as_secs().max(1));
    Trouble { retry_after, ..Trouble::new(error.code(), message) }
}
