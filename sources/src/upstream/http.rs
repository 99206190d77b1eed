//! `Upstream`: one guarded HTTP call.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use schema::SourceKind;
use serde::de::DeserializeOwned;
use tokio::{sync::Semaphore, time::timeout};

use super::breaker::{Breaker, BreakerConfig, Refused};
use crate::{Clock, SourceError, health::Health};

/// Longest pause that an upstream may ask for; a longer one is cut, so that one wrong header cannot switch it off for a day.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// The pause after a 429 that does not say how long.
const PAUSE_DEFAULT: Duration = Duration::from_secs(5);

/// Limits of the calls to one upstream.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// Longest wait for an answer, the wait for a free place included.
    pub timeout: Duration,
    /// Most calls at once; beyond it a call waits, up to `timeout`.
    pub requests_in_flight_max: usize,
    /// Largest answer, in bytes after decompression.
    pub body_bytes_max: usize,
    /// When it is left alone.
    pub breaker: BreakerConfig,
}

/// The guarded way to one upstream. Clones share everything.
#[derive(Clone)]
pub struct Upstream {
    kind: SourceKind,
    client: Client,
    config: UpstreamConfig,
    places: Arc<Semaphore>,
    breaker: Arc<Breaker>,
    health: Arc<Health>,
}

impl Upstream {
    /// Prepares the way; nothing is called yet.
    pub fn new(kind: SourceKind, config: UpstreamConfig, clock: Clock) -> Result<Self, SourceError> {
        let client = Client::builder()
            .timeout(config.timeout)
            .connect_timeout(config.timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SourceError::unavailable(kind, error))?;
        Ok(Self {
            kind,
            client,
            places: Arc::new(Semaphore::new(config.requests_in_flight_max)),
            breaker: Arc::new(Breaker::new(config.breaker, clock.clone())),
            health: Arc::new(Health::new(clock)),
            config,
        })
    }

    /// The client, to build requests with.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How it has been answering.
    pub fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// Sends one request and reads its JSON, all within the deadline. `call` names it in metrics.
    pub async fn json<T: DeserializeOwned>(
        &self,
        call: &'static str,
        request: RequestBuilder,
    ) -> Result<T, SourceError> {
        if let Err(refused) = self.breaker.allow() {
            self.count(call, "refused");
            return Err(match refused {
                Refused::Open => SourceError::unavailable(self.kind, "it kept failing and is left alone for a moment"),
                Refused::Paused(wait) => SourceError::Throttled { upstream: self.kind, retry_after: Some(wait) },
            });
        }
        let started = Instant::now();
        let outcome = match timeout(self.config.timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(SourceError::Timeout { upstream: self.kind, limit: self.config.timeout }),
        };
        let took = started.elapsed();
        metrics::histogram!("weft_upstream_seconds", "source" => self.kind.as_str(), "call" => call)
            .record(took.as_secs_f64());
        self.settle(call, &outcome, took);
        let body = outcome?;
        serde_json::from_slice(&body).map_err(|error| {
            self.health.failed("its answer has a shape we do not know".to_owned());
            SourceError::protocol(self.kind, error)
        })
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Vec<u8>, SourceError> {
        let _place = self.places.acquire().await.map_err(|error| SourceError::unavailable(self.kind, error))?;
        let response = request.send().await.map_err(|error| self.transport_error(error))?;
        self.check_status(&response)?;
        self.check_type(&response)?;
        self.read_body(response).await
    }

    fn check_status(&self, response: &Response) -> Result<(), SourceError> {
        let status = response.status();
        let retry_after = retry_after(response);
        if status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::SERVICE_UNAVAILABLE && retry_after.is_some())
        {
            return Err(SourceError::Throttled { upstream: self.kind, retry_after });
        }
        if status.is_server_error() {
            return Err(SourceError::unavailable(self.kind, format!("it answered {status}")));
        }
        if !status.is_success() {
            // A redirect too: following it would carry the token to wherever the answer points.
            return Err(SourceError::protocol(self.kind, format!("it answered {status}")));
        }
        Ok(())
    }

    fn check_type(&self, response: &Response) -> Result<(), SourceError> {
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is_json =
            essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json");
        if is_json { Ok(()) } else { Err(SourceError::protocol(self.kind, "its answer is not JSON")) }
    }

    async fn read_body(&self, mut response: Response) -> Result<Vec<u8>, SourceError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport_error(error))? {
            if body.len() + chunk.len() > self.config.body_bytes_max {
                let limit = self.config.body_bytes_max;
                return Err(SourceError::protocol(self.kind, format!("its answer is larger than {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn transport_error(&self, error: reqwest::Error) -> SourceError {
        // The address may carry more than the host; it is known from the configuration anyway.
        let error = error.without_url();
        if error.is_timeout() {
            SourceError::Timeout { upstream: self.kind, limit: self.config.timeout }
        } else if error.is_decode() {
            SourceError::protocol(self.kind, error)
        } else {
            SourceError::unavailable(self.kind, error)
        }
    }

    /// Tells breaker, health and metrics how a call went.
    fn settle(&self, call: &'static str, outcome: &Result<Vec<u8>, SourceError>, took: Duration) {
        match outcome {
            Ok(_) => {
                self.breaker.succeeded();
                self.health.succeeded(took);
                self.count(call, "ok");
            }
            Err(error) => {
                if let SourceError::Throttled { retry_after, .. } = error {
                    self.breaker.pause(retry_after.unwrap_or(PAUSE_DEFAULT).min(PAUSE_MAX));
                } else {
                    self.breaker.failed();
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

/// `Retry-After` in seconds. The form with a date is rare and read as absent.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}
