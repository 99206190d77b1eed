//! `/graphql`: one request from its headers to its answer, a step at a time, each refusal with its code.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Extension, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use metrics::Counter;
use schema::{ErrorCode, scope};
use sources::cache::{CacheMode, Patience};

use super::{
    RequestId,
    accept::{Media, Streamed, negotiate, negotiate_stream},
    answer::Answer,
    body::{self, Parameters},
    charging::Deposit,
    stream, websocket,
    wishes::Wishes,
};
use crate::{
    App,
    admission::{Class, Refused},
    auth::Principal,
    executor::Job,
    federation::{self, Supergraph},
    live::{self, Operation, Resume, Subscription},
    prepare::{OperationKind, Prepared, Refusal},
    rate_limit,
    response_cache::{Alias, Key},
};

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
static ANSWERED: LazyLock<Counter> = LazyLock::new(|| metrics::counter!("weft_http_requests_total", "status" => "200"));

/// [`answer`] as a handler of the router.
pub async fn serve(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(request_id): Extension<RequestId>,
    request: Request<Body>,
) -> Response {
    answer(&app, peer, &request_id, request).await
}

/// Answers one request.
pub async fn answer(app: &Arc<App>, peer: SocketAddr, request_id: &RequestId, request: Request<Body>) -> Response {
    if app.config.server.graphiql && wants_page(&request) {
        return Redirect::to("/graphiql").into_response();
    }
    if websocket::is_asked(&request) {
        return websocket::serve(app, peer, request_id, request).await;
    }
    let streamed = negotiate_stream(request.headers());
    let accepted = negotiate(request.headers());
    // What goes wrong before a stream begins is told as usual.
    let Some(media) = accepted.or(streamed.map(|_| Media::GraphqlResponse)) else {
        let message = "accept `application/graphql-response+json` or `application/json`, or `text/event-stream`";
        let refusal = Refusal::new(ErrorCode::NotAcceptable, message);
        return Answer::refused(&refusal, &request_id.0).write(Media::Json);
    };
    let begun = std::time::Instant::now();
    let mut steps = Steps::new(app, &request_id.0);
    steps.streams = streamed.is_some();
    let answer = match app.places.try_acquire() {
        Ok(_place) => steps.run(peer, request).await,
        Err(_) => *steps.overloaded(Refused::Full),
    };
    if matches!(answer.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let status = if answer.status == StatusCode::TOO_MANY_REQUESTS { "429" } else { "503" };
        metrics::histogram!("weft_http_refused_seconds", "status" => status).record(begun.elapsed().as_secs_f64());
    }
    match answer.status {
        StatusCode::OK => ANSWERED.increment(1),
        status => metrics::counter!("weft_http_requests_total", "status" => status.as_str().to_owned()).increment(1),
    }
    match (steps.subscription.take(), streamed) {
        (Some(subscription), Some(streamed)) => stream::of_subscription(app, subscription, streamed, answer),
        (None, Some(Streamed::Events)) if accepted.is_none() && answer.status == StatusCode::OK => {
            stream::of_answer(answer)
        }
        _ => answer.write(media),
    }
}

/// A person with a browser, and no query: the explorer is what they want.
fn wants_page(request: &Request<Body>) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET && request.uri().query().is_none() && accept.contains("text/html")
}

/// A request on its way.
pub(super) struct Steps<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) request_id: &'a str,
    /// Who pays, once that is known.
    pub(super) caller: Option<rate_limit::Caller>,
    /// The request was charged, or refused because it could not be.
    pub(super) is_charged: bool,
    /// Where the caller stood when it was refused.
    pub(super) refused: Option<Box<rate_limit::Verdict>>,
    /// How long this request may still wait for Redis, all commands together.
    pub(super) patience: Patience,
    /// Whether a person or a machine waits for the answer.
    pub(super) class: Class,
    /// A stream can be sent.
    pub(super) streams: bool,
    /// What is to be streamed, where that was asked.
    pub(super) subscription: Option<Subscription>,
    /// How long what subgraphs gave may be kept; none where none was asked.
    pub(super) max_age: Option<Duration>,
    /// Where a client that was cut off goes on.
    pub(super) resume: Option<Resume>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(app: &'a Arc<App>, request_id: &'a str) -> Self {
        Self {
            app,
            request_id,
            caller: None,
            is_charged: false,
            refused: None,
            patience: Patience::new(),
            class: Class::Interactive,
            streams: false,
            subscription: None,
            max_age: None,
            resume: None,
        }
    }

    async fn run(&mut self, peer: SocketAddr, request: Request<Body>) -> Answer {
        let answer = self.steps(peer, request).await.unwrap_or_else(|refused| *refused);
        self.paid(answer).await
    }

    /// Charges what was not charged yet, and tells what is left.
    pub(super) async fn paid(&mut self, answer: Answer) -> Answer {
        let Some(caller) = &self.caller else { return answer };
        let limiter = &self.app.rate_limiter;
        if !self.is_charged {
            // What is refused was work too. Should nothing be left, the next request is refused earlier.
            drop(limiter.charge(caller, 1, &self.patience).await);
        }
        let verdict = self.refused.take().map_or_else(|| limiter.standing(caller), |refused| *refused);
        verdict.headers().into_iter().fold(answer, |answer, (name, value)| answer.with_header(name, value))
    }

    async fn steps(&mut self, peer: SocketAddr, request: Request<Body>) -> Result<Answer, Box<Answer>> {
        let (parts, body) = request.into_parts();
        let config = &self.app.config;
        if !matches!(parts.method, Method::GET | Method::POST) {
            return Err(self.method_not_allowed("use POST, or GET for queries", "GET, POST"));
        }
        self.limit_address(peer, &parts.headers)?;
        let principal = self.authenticate(&parts.headers).await?;
        self.admit(&principal, &parts.headers)?;
        let app = Arc::clone(self.app);
        let _arrival = app.admission.arrive(&principal.tenant).map_err(|refused| self.overloaded(refused))?;
        self.check_room(&principal.tenant)?;
        let limits = &config.limits;
        let is_get = parts.method == Method::GET;
        let wishes = Wishes::of(&parts.headers);
        let asked = Asked {
            key: None,
            is_kept: self.may_be_kept(&principal, &parts.headers, wishes),
            principal,
            wishes,
            supergraph: None,
            is_get,
            headers: parts.headers,
        };
        let (parameters, alias) = if is_get {
            (body::of_url(&parts.uri, limits), None)
        } else {
            let bytes = body::collect(&asked.headers, body, limits, config.server.body_timeout).await;
            let bytes = self.or_refused(bytes)?;
            // The very bytes may mean a stream to another request.
            let alias = self.alias(&bytes, &asked).filter(|_| !self.streams);
            if let Some(answer) = self.known(alias.as_ref(), &asked).await? {
                return Ok(answer);
            }
            (body::of_bytes(&bytes, limits), alias)
        };
        let parameters = self.or_refused(parameters)?;
        let last = asked.headers.get(&LAST_EVENT_ID).and_then(|value| value.to_str().ok());
        self.resume = last.map(|cursor| Resume { cursor: cursor.to_owned(), is_reset: false });
        self.operate(parameters, alias, asked).await
    }

    /// From the parameters of an operation to its answer.
    pub(super) async fn operate(
        &mut self,
        parameters: Parameters,
        alias: Option<Alias>,
        mut asked: Asked,
    ) -> Result<Answer, Box<Answer>> {
        let config = &self.app.config;
        let Parameters { named, operation_name, variables } = parameters;
        let found = self.find(named, &asked.headers).await?;
        // What is taught has to be read each time: it may have been forgotten meanwhile.
        let alias = alias.filter(|_| !found.is_taught);
        let may_introspect = config.server.introspection.allows(asked.principal.visibility());
        let graph = self.app.federation.current();
        let (document, supergraph) = self.or_refused(self.document(found.text, graph, may_introspect))?;
        if found.is_taught {
            Box::pin(self.app.documents.keep(&document, &self.patience)).await;
        }
        let chosen = self.or_refused(document.choose(operation_name.as_deref()))?;
        if let Some(supergraph) = supergraph {
            return Box::pin(self.operate_composed(&supergraph, chosen, variables, &asked)).await;
        }
        match chosen.kind() {
            OperationKind::Mutation if asked.is_get => {
                return Err(self.method_not_allowed("mutations are sent by POST", "POST"));
            }
            OperationKind::Subscription => {
                let prepared = self.app.preparer.prepare(chosen, variables, may_introspect);
                let prepared = self.or_refused(prepared)?;
                return Box::pin(self.subscribe(prepared, &asked)).await;
            }
            OperationKind::Query | OperationKind::Mutation => {}
        }
        asked.key = asked.key(&chosen, operation_name.as_deref(), &variables);
        if let Some(answer) = self.kept(alias, &asked).await? {
            return Ok(answer);
        }
        let prepared = self.app.preparer.prepare(chosen, variables, may_introspect);
        let prepared = self.or_refused(prepared)?;
        // Apart, because it is large: whoever is answered at once carries no room for it.
        Box::pin(self.answer(prepared, &asked)).await
    }

    /// Begins a subscription: the answer is empty, and what is to be streamed stands beside it.
    async fn subscribe(&mut self, prepared: Prepared, asked: &Asked) -> Result<Answer, Box<Answer>> {
        let deposit = self.may_stream(prepared.points).await?;
        self.follow(Operation::of(prepared), asked).await?;
        // The events are paid one by one.
        drop(deposit);
        Ok(Answer::of_bytes(StatusCode::OK, bytes::Bytes::new()))
    }

    /// Streams what is executed for each event.
    pub(super) async fn follow(&mut self, operation: Operation, asked: &Asked) -> Result<(), Box<Answer>> {
        let (caller, resume) = (self.caller.clone(), self.resume.take());
        let begun = live::begin(self.app, operation, &asked.principal, caller, resume, self.request_id).await?;
        self.subscription = Some(begun.into());
        Ok(())
    }

    /// Whether the answer can be a stream, and the caller can pay for its beginning.
    pub(super) async fn may_stream(&mut self, points: u64) -> Result<Deposit, Box<Answer>> {
        if !self.streams {
            let message = "subscriptions are streamed: accept `text/event-stream` or `multipart/mixed;subscriptionSpec=1.0`, or open a WebSocket";
            return self.or_refused(Err(Refusal::new(ErrorCode::NotAcceptable, message)));
        }
        if self.app.is_draining() {
            return Err(self.overloaded(Refused::Full));
        }
        self.charge(points.max(1)).await
    }

    /// Executes an operation, and pays for it.
    pub(super) async fn execute(&mut self, prepared: Prepared, asked: &Asked) -> Result<Answer, Box<Answer>> {
        let (requested, besides) = (prepared.points.max(1), prepared.points_besides_objects);
        let is_mutation = prepared.chosen.kind() == OperationKind::Mutation;
        let deposit = self.charge(requested).await?;
        // Who leaves while waiting has been done nothing for.
        let _place = match self.app.admission.enter(&asked.principal.tenant, self.class, requested).await {
            Ok(place) => place,
            Err(refused) => {
                drop(deposit);
                return Err(self.overloaded(refused));
            }
        };
        let charge = deposit.begin();
        let job = Job {
            prepared,
            principal: Arc::clone(&asked.principal),
            cache_mode: cache_mode(&asked.headers, &asked.principal),
            wants_receipts: asked.wishes.receipts,
            patience: self.patience.clone(),
            standing: self.standing(requested),
            request_id: self.request_id,
        };
        // Before anything is read: what changes meanwhile comes again, and nothing is missed.
        let cursor = match asked.wishes.cursor {
            true => live::newest_cursor(self.app, &asked.principal).await,
            false => None,
        };
        let answer = match &asked.supergraph {
            Some(supergraph) => {
                let (answer, max_age) = Box::pin(federation::answer(self.app, supergraph, job, &asked.headers)).await;
                self.max_age = Some(max_age);
                answer
            }
            None => self.app.executor.execute(job).await,
        };
        let answer = match cursor {
            Some(cursor) => answer.with_extension("cursor", cursor.into()),
            None => answer,
        };
        if is_mutation && let Some(cache) = &self.app.response_cache {
            cache.changed(&asked.principal.tenant);
        }
        // Where less came than was possible, the rest is given back; what took too long took all of it.
        let worth = if answer.has_no_data() { requested } else { besides.saturating_add(answer.objects()) };
        let actual = worth.clamp(1, requested);
        self.settle(charge, actual);
        Ok(if asked.wishes.cost { self.with_cost(answer, requested, actual) } else { answer })
    }

    pub(super) fn or_refused<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Box<Answer>> {
        outcome.map_err(|refusal| Box::new(Answer::refused(&refusal, self.request_id)))
    }

    pub(super) fn method_not_allowed(&self, message: &str, allowed: &'static str) -> Box<Answer> {
        let refusal = Refusal::new(ErrorCode::MethodNotAllowed, message);
        let answer = Answer::refused(&refusal, self.request_id);
        Box::new(answer.with_header(header::ALLOW, HeaderValue::from_static(allowed)))
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

/// What was asked, besides the operation.
pub(super) struct Asked {
    /// Who asks.
    pub(super) principal: Arc<Principal>,
    /// An answer that is kept is wanted, and may come of it.
    pub(super) is_kept: bool,
    /// Under which the answer may be kept; none: it may not, and none that is kept is wanted.
    pub(super) key: Option<Key>,
    /// What the answer is to tell besides.
    pub(super) wishes: Wishes,
    /// The composed graph, where the operation reaches beyond Weft's own.
    pub(super) supergraph: Option<Arc<Supergraph>>,
    /// It was asked by GET.
    pub(super) is_get: bool,
    /// The headers.
    pub(super) headers: HeaderMap,
}

/// Whether the caller may and wants to ask the sources past every cache.
pub(super) fn cache_mode(headers: &HeaderMap, principal: &Principal) -> CacheMode {
    let wants = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case("no-cache")));
    if wants && principal.visibility().has(scope::CACHE_BYPASS) { CacheMode::Bypass } else { CacheMode::Use }
}
