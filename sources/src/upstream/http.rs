//! `Upstream`: one guarded HTTP call. `download` is what becomes of a body that goes to a file, `opened` of one that comes as
//! things happen, `upgraded` of a connection that is for another protocol from then on.

mod download;
mod opened;
mod upgraded;

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, StatusCode, header, redirect};
use schema::SourceKind;
use serde::de::DeserializeOwned;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep, timeout_at},
};
use url::Url;

use super::{
    address::CheckedResolver,
    answer::{Answer, ReadError},
    breaker::{Breaker, Refused},
    diagnosis::Answered,
    limits::Limits,
    quota::{Quota, QuotaConfig, QuotaReport, Reading},
    retry::{self, RetryBudget},
};
use crate::{Clock, SourceError, health::Health, redis::Redis};

pub use download::Download;
pub use opened::{Opened, Pieces};
pub use upgraded::websocket_headers;

/// Most tries of one call.
const TRIES_MAX: u32 = 3;

/// One upstream, as it is called.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// What it is.
    pub kind: SourceKind,
    /// Its name as configured, which quotas are kept under; `kind` where there is only one.
    pub name: String,
    /// Where it is: names below it are resolved with care.
    pub base_url: Url,
    /// What calls are held to.
    pub limits: Limits,
    /// Bodies are taken as they are sent: what is packed stays packed.
    pub is_raw: bool,
}

/// What upstreams share with the rest of the process.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    /// Where replicas share quotas.
    pub redis: Option<&'a Redis>,
    /// What time it is.
    pub clock: &'a Clock,
}

/// The guarded way to one upstream. Clones share everything.
#[derive(Clone)]
pub struct Upstream {
    kind: SourceKind,
    client: Client,
    /// Speaks HTTP/1.1 only; made when it is first needed.
    http1: Arc<OnceLock<Client>>,
    config: Arc<UpstreamConfig>,
    places: Arc<Semaphore>,
    breaker: Arc<Breaker>,
    health: Arc<Health>,
    retries: Arc<RetryBudget>,
    quota: Arc<Quota>,
    redis: Option<Redis>,
    clock: Clock,
    /// [`i64::MIN`] before anything is known.
    clock_ahead_s: Arc<AtomicI64>,
}

impl UpstreamConfig {
    /// The only upstream of its kind.
    pub fn new(kind: SourceKind, base_url: &Url, limits: Limits) -> Self {
        Self { kind, name: kind.as_str().to_owned(), base_url: base_url.clone(), limits, is_raw: false }
    }

    /// The same, by a name of its own.
    pub fn named(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// The same, for files: what is packed stays packed.
    pub fn raw(self) -> Self {
        Self { is_raw: true, ..self }
    }

    fn body_bytes_max(&self) -> usize {
        usize::try_from(self.limits.body_max.as_u64()).unwrap_or(usize::MAX)
    }
}

impl Upstream {
    /// Prepares the way; nothing is called yet.
    pub fn new(config: UpstreamConfig, shared: Shared<'_>) -> Result<Self, SourceError> {
        let kind = config.kind;
        let client = builder(&config)?.build().map_err(|error| SourceError::unavailable(kind, error))?;
        let clock = shared.clock.clone();
        let redis = shared.redis.cloned();
        Ok(Self {
            kind,
            client,
            http1: Arc::default(),
            places: Arc::new(Semaphore::new(config.limits.requests_in_flight_max)),
            breaker: Arc::new(Breaker::new(config.limits.breaker, clock.clone())),
            health: Arc::new(Health::new(clock.clone())),
            retries: Arc::default(),
            quota: Arc::new(Quota::new(config.name.clone(), config.limits.quota, redis.clone(), clock.clone())),
            redis,
            clock,
            clock_ahead_s: Arc::new(AtomicI64::new(i64::MIN)),
            config: Arc::new(config),
        })
    }

    /// The same way under another quota besides, for calls that the upstream counts apart. `name` tells them from the others.
    pub fn counted_apart(&self, name: &str, quota: Option<QuotaConfig>) -> Self {
        let name = format!("{}:{name}", self.config.name);
        let quota = Quota::new(name, quota, self.redis.clone(), self.clock.clone());
        // A refusal there must not hold up what is counted here.
        let breaker = Breaker::new(self.config.limits.breaker, self.clock.clone());
        Self { quota: Arc::new(quota), breaker: Arc::new(breaker), ..self.clone() }
    }

    /// What it is.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// How it has been answering.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// How far its clock is ahead of ours, by its last answer; none before there was one that told.
    pub fn clock_ahead(&self) -> Option<TimeDelta> {
        let seconds = self.clock_ahead_s.load(Ordering::Relaxed);
        (seconds != i64::MIN).then(|| TimeDelta::seconds(seconds))
    }

    fn note_clock(&self, headers: &header::HeaderMap) {
        let date = headers.get(header::DATE).and_then(|date| DateTime::parse_from_rfc2822(date.to_str().ok()?).ok());
        if let Some(date) = date {
            let ahead = date.to_utc() - self.clock.now();
            self.clock_ahead_s.store(ahead.num_seconds(), Ordering::Relaxed);
        }
    }

    /// How much it still allows; none when nothing limits.
    pub fn quota(&self) -> Option<QuotaReport> {
        self.quota.report()
    }

    /// Asks for JSON; every status but a good one is an error. `call` names it in metrics; `make` builds the request, once for
    /// each try. It changes nothing, so it may be tried again.
    pub async fn json<T: DeserializeOwned>(
        &self,
        call: &'static str,
        make: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<T, SourceError> {
        let answer = self.send(call, make, &[]).await?;
        answer.json().inspect_err(|_| self.health.failed("its answer has a shape we do not know".to_owned()))
    }

    /// As [`Upstream::json`]; an answer with one of the `expected` statuses is no error, its body is the caller's to judge.
    pub async fn send(
        &self,
        call: &'static str,
        make: impl Fn(&Client) -> RequestBuilder,
        expected: &[StatusCode],
    ) -> Result<Answer, SourceError> {
        self.fetch(call, make, expected, None).await
    }

    /// As [`Upstream::json`], for what changes something: it is never tried again. The answer is the caller's to read.
    pub async fn send_once(
        &self,
        call: &'static str,
        make: impl Fn(&Client) -> RequestBuilder,
        expected: &[StatusCode],
    ) -> Result<Answer, SourceError> {
        let deadline = Instant::now() + self.time_for(None);
        let outcome = self.attempt(call, make(&self.client), expected, None, deadline).await;
        outcome.map_err(|failed| failed.error)
    }

    /// As [`Upstream::send`]; where `into` is given, the body of a good answer goes there, and the answer has none.
    pub async fn fetch(
        &self,
        call: &'static str,
        make: impl Fn(&Client) -> RequestBuilder,
        expected: &[StatusCode],
        into: Option<&Download>,
    ) -> Result<Answer, SourceError> {
        let deadline = Instant::now() + self.time_for(into);
        self.retries.earn();
        let (mut pause, mut tries, mut is_renewed) = (None, 1, false);
        loop {
            let request = make(&self.client);
            let sent = authorization(&request);
            let error = match self.attempt(call, request, expected, into, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // The secret may have changed while the call was under way.
            let is_stale_secret = error.is_unauthorized && !is_renewed && authorization(&make(&self.client)) != sent;
            is_renewed |= is_stale_secret;
            if !is_stale_secret {
                let may = error.may_be_tried_again && tries < TRIES_MAX && self.retries.spend();
                let next = retry::pause(pause);
                if !may || Instant::now() + next >= deadline {
                    return Err(error.error);
                }
                sleep(next).await;
                (pause, tries) = (Some(next), tries + 1);
            }
        }
    }

    async fn attempt(
        &self,
        call: &'static str,
        request: RequestBuilder,
        expected: &[StatusCode],
        into: Option<&Download>,
        deadline: Instant,
    ) -> Result<Answer, Failed> {
        // Waits of our own making say nothing about the upstream: neither the breaker nor its health is told.
        let late = || SourceError::Timeout { upstream: self.kind, limit: self.time_for(into) };
        let _place = self.admit(call, deadline, late).await?;
        let started = Instant::now();
        let outcome = match timeout_at(deadline, self.exchange(request, expected, into)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(late().into()),
        };
        self.settle(call, &outcome, started.elapsed());
        outcome
    }

    /// Waits until a call may be made; the place is its own until it is dropped.
    async fn admit(
        &self,
        call: &'static str,
        deadline: Instant,
        late: impl Fn() -> SourceError,
    ) -> Result<SemaphorePermit<'_>, Failed> {
        if let Err(refused) = self.breaker.allow() {
            self.count(call, "refused");
            return Err(match refused {
                Refused::Open => SourceError::unavailable(self.kind, "it kept failing and is left alone for a moment"),
                Refused::Paused(wait) => SourceError::Throttled { upstream: self.kind, retry_after: Some(wait) },
            }
            .into());
        }
        // Before the place: who sleeps for the quota must not keep one from calls that are counted apart.
        self.wait_for_quota(call, deadline).await?;
        let place = timeout_at(deadline, self.places.acquire()).await;
        let Ok(Ok(place)) = place else {
            self.count(call, "no_place");
            return Err(late().into());
        };
        Ok(place)
    }

    fn time_for(&self, into: Option<&Download>) -> Duration {
        into.map_or(self.config.limits.timeout, |into| into.timeout)
    }

    /// Short waits are waited for, while the deadline allows it; a longer one is the answer.
    async fn wait_for_quota(&self, call: &'static str, deadline: Instant) -> Result<(), Failed> {
        while let Err(wait) = self.quota.take().await {
            if Instant::now() + wait >= deadline {
                self.count(call, "quota");
                return Err(SourceError::Throttled { upstream: self.kind, retry_after: Some(wait) }.into());
            }
            sleep(wait).await;
        }
        Ok(())
    }

    async fn exchange(
        &self,
        request: RequestBuilder,
        expected: &[StatusCode],
        into: Option<&Download>,
    ) -> Result<Answer, Failed> {
        let request = if into.is_some() { request.timeout(self.time_for(into)) } else { request };
        let response = request.send().await.map_err(|error| self.transport_error(error))?;
        let (status, is_expected) = (response.status(), expected.contains(&response.status()));
        self.judge(&response, is_expected).await?;
        if let Some(into) = into.filter(|_| status.is_success()) {
            let answer = Answer::without_body(self.kind, &response);
            self.save(response, into).await?;
            return Ok(answer);
        }
        self.read(response, is_expected).await
    }

    /// Learns from what comes before a body; a status that nobody expects is an error.
    async fn judge(&self, response: &Response, is_expected: bool) -> Result<(), Failed> {
        let status = response.status();
        let has_wait = Reading::has_wait(response.headers());
        let is_refusal =
            status == StatusCode::TOO_MANY_REQUESTS || (status == StatusCode::SERVICE_UNAVAILABLE && has_wait);
        self.note_clock(response.headers());
        let reading = Reading::of(response.headers(), is_refusal, self.clock.now());
        self.quota.correct(reading).await;
        if is_expected { Ok(()) } else { self.check_status(response, is_refusal, &reading) }
    }

    async fn read(&self, response: Response, is_expected: bool) -> Result<Answer, Failed> {
        let read = Answer::read(self.kind, response, self.config.body_bytes_max(), is_expected).await;
        read.map_err(|error| match error {
            ReadError::Source(error) => error.into(),
            ReadError::Transport(error) => self.transport_error(error),
        })
    }

    fn check_status(&self, response: &Response, is_refusal: bool, reading: &Reading) -> Result<(), Failed> {
        let status = response.status();
        if is_refusal {
            return Err(SourceError::Throttled { upstream: self.kind, retry_after: reading.retry_after }.into());
        }
        if status.is_server_error() {
            let error = SourceError::unavailable(self.kind, Answered(status));
            return Err(Failed { may_be_tried_again: true, ..error.into() });
        }
        if !status.is_success() {
            // A redirect too: following it would carry the token to wherever the answer points.
            let error = SourceError::protocol(self.kind, Answered(status));
            let is_unauthorized = status == StatusCode::UNAUTHORIZED;
            // What it thinks of one question says nothing against the upstream; that it takes no token of ours does. Subgraphs get their
            // callers' tokens: who may not ask there must not close it for others.
            let is_ours = self.kind != SourceKind::Subgraph;
            let takes_none = is_ours && (is_unauthorized || status == StatusCode::FORBIDDEN);
            let speaks_against_it = !status.is_client_error() || takes_none;
            return Err(Failed { is_unauthorized, speaks_against_it, ..error.into() });
        }
        Ok(())
    }

    fn transport_error(&self, error: reqwest::Error) -> Failed {
        // The address may carry more than the host; it is known from the configuration anyway.
        let error = error.without_url();
        if error.is_timeout() {
            SourceError::Timeout { upstream: self.kind, limit: self.config.limits.timeout }.into()
        } else if is_garbled(&error) {
            SourceError::protocol(self.kind, error).into()
        } else {
            Failed { may_be_tried_again: true, ..SourceError::unavailable(self.kind, error).into() }
        }
    }

    /// Tells breaker, health and metrics how a call went.
    fn settle<T>(&self, call: &'static str, outcome: &Result<T, Failed>, took: Duration) {
        metrics::histogram!("weft_upstream_seconds", "source" => self.kind.as_str(), "call" => call)
            .record(took.as_secs_f64());
        match outcome {
            Ok(_) => {
                self.breaker.succeeded();
                self.health.succeeded(took);
                self.count(call, "ok");
            }
            Err(Failed { error, speaks_against_it, .. }) => {
                if let SourceError::Throttled { retry_after, .. } = error {
                    self.breaker.pause(retry_after.unwrap_or_default());
                } else if *speaks_against_it {
                    self.breaker.failed();
                } else {
                    // It is there and answers.
                    self.breaker.succeeded();
                }
                self.health.failed(error.to_string());
                self.count(call, error.code().as_str());
                tracing::warn!(upstream = %self.kind, call, error = error.chain(), "an upstream call failed");
            }
        }
    }

    fn count(&self, call: &'static str, outcome: &'static str) {
        metrics::counter!("weft_upstream_calls_total", "source" => self.kind.as_str(), "call" => call, "outcome" => outcome)
            .increment(1);
    }
}

/// What every client of an upstream has in common.
fn builder(config: &UpstreamConfig) -> Result<ClientBuilder, SourceError> {
    let kind = config.kind;
    let invalid = |message: String| SourceError::Invalid(format!("sources.{kind}: {message}"));
    let mut client = Client::builder()
        .timeout(config.limits.timeout)
        .connect_timeout(config.limits.timeout)
        .redirect(redirect::Policy::none())
        .gzip(!config.is_raw)
        .dns_resolver(CheckedResolver::new(&config.base_url))
        .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = &config.limits.ca_file {
        let pem = std::fs::read(file)
            .map_err(|error| invalid(format!("ca_file {} cannot be read: {error}", file.display())))?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .map_err(|_| invalid(format!("ca_file {} holds no certificate", file.display())))?;
        client = client.tls_certs_merge(certificates);
    }
    Ok(client)
}

/// Whether the body came and makes no sense, such as broken compression; else it did not come to its end.
fn is_garbled(error: &reqwest::Error) -> bool {
    let chain = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let kinds = chain.filter_map(|error| Some(error.downcast_ref::<io::Error>()?.kind()));
    error.is_decode()
        && kinds.into_iter().any(|kind| matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
}

/// Why a try failed, and what follows from it.
struct Failed {
    error: SourceError,
    may_be_tried_again: bool,
    is_unauthorized: bool,
    speaks_against_it: bool,
}

impl From<SourceError> for Failed {
    fn from(error: SourceError) -> Self {
        Self { error, may_be_tried_again: false, is_unauthorized: false, speaks_against_it: true }
    }
}

/// What a request will be sent with.
fn authorization(request: &RequestBuilder) -> Option<header::HeaderMap> {
    Some(request.try_clone()?.build().ok()?.headers().clone())
}
