//! `Tokens`: the access token for Azure Resource Manager or storage, by Entra's client credentials. docs/decisions/0010 says why it is ours.
//!
//! One flight at a time, in a task of its own, so that a caller who leaves takes nothing from the others. A token is renewed while
//! it is still good: whoever comes meanwhile gets the old one.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use reqwest::{RequestBuilder, StatusCode, header::CONTENT_TYPE};
use schema::SourceKind;
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::wire::Grant;
use crate::{
    Clock, Credential, SourceError,
    health::Health,
    upstream::{Answer, Download, Upstream},
};

/// How long before its end a token is renewed; a short one is in the second half of its life.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
/// So long before its end it is not sent any more: a call takes its time.
const SPARE: TimeDelta = TimeDelta::seconds(10);
/// How long Entra's refusal, or a failed renewal, is left as it is: asking again at once would be refused again.
const PAUSE: TimeDelta = TimeDelta::seconds(5);
/// Life of a token that does not say, which is the shortest that Entra gives.
const LIFE_DEFAULT: u32 = 300;

type Flight = Shared<BoxFuture<'static, Result<SecretString, SourceError>>>;

/// Access tokens. Clones share them.
#[derive(Clone)]
pub(super) struct Tokens(Arc<Inner>);

struct Inner {
    client: Client,
    /// Told when there is no token: without one nothing of Azure can be read.
    health: Arc<Health>,
    clock: Clock,
    state: Mutex<State>,
}

/// Who asks for tokens, and where.
pub(super) struct Client {
    pub(super) upstream: Upstream,
    /// Entra's token endpoint.
    pub(super) endpoint: Url,
    pub(super) id: String,
    pub(super) secret: Credential,
    /// What the token is for.
    pub(super) scope: String,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    flight: Option<Flight>,
    refused: Option<(DateTime<Utc>, SourceError)>,
}

struct Held {
    token: SecretString,
    renew_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
}

impl Tokens {
    pub(super) fn new(client: Client, health: Arc<Health>, clock: Clock) -> Self {
        Self(Arc::new(Inner { client, health, clock, state: Mutex::default() }))
    }

    /// Asks with a token, which is exposed here and nowhere else. One that is not taken any more, for it was revoked or clocks
    /// differ, is renewed once.
    pub(super) async fn ask(
        &self,
        upstream: &Upstream,
        call: &'static str,
        make: impl Fn(&reqwest::Client) -> RequestBuilder,
        expected: &[StatusCode],
        into: Option<&Download>,
    ) -> Result<Answer, SourceError> {
        let with = |token: &SecretString, http: &reqwest::Client| make(http).bearer_auth(token.expose_secret());
        let token = self.current().await?;
        let or_refused = [expected, &[StatusCode::UNAUTHORIZED]].concat();
        let answer = upstream.fetch(call, |http| with(&token, http), &or_refused, into).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        self.forget(&token);
        let token = self.current().await?;
        upstream.fetch(call, |http| with(&token, http), expected, into).await
    }

    /// A token that is good for a while.
    pub(super) async fn current(&self) -> Result<SecretString, SourceError> {
        let flight = {
            let now = self.0.clock.now();
            let mut state = self.0.lock();
            match &state.held {
                Some(held) if now < held.renew_at => return Ok(held.token.clone()),
                Some(held) if now < held.ends_at - SPARE => {
                    let token = held.token.clone();
                    // It flies in a task of its own: nobody has to wait for it.
                    drop(self.depart(&mut state));
                    return Ok(token);
                }
                _ => {}
            }
            if let Some((until, error)) = state.refused.as_ref().filter(|(until, _)| now < *until) {
                tracing::debug!(%until, "Entra is not asked again yet");
                return Err(error.clone());
            }
            self.depart(&mut state)
        };
        flight.await
    }

    /// Azure does not take this token any more, whatever its end.
    pub(super) fn forget(&self, token: &SecretString) {
        let is_this = |held: &mut Held| held.token.expose_secret() == token.expose_secret();
        self.0.lock().held.take_if(is_this);
    }

    /// Joins the flight, or begins one.
    fn depart(&self, state: &mut State) -> Flight {
        if let Some(flight) = &state.flight {
            return flight.clone();
        }
        let tokens = self.clone();
        let task = tokio::spawn(async move { tokens.fly().await });
        let given_up = || SourceError::unavailable(SourceKind::Azure, "the call for a token was given up");
        let flight = async move { task.await.unwrap_or_else(|_| Err(given_up())) }.boxed().shared();
        state.flight = Some(flight.clone());
        flight
    }

    async fn fly(&self) -> Result<SecretString, SourceError> {
        // Its life is counted from the question: nobody knows how long the answer was under way.
        let asked_at = self.0.clock.now();
        let outcome = self.0.client.grant().await;
        let now = self.0.clock.now();
        let mut state = self.0.lock();
        state.flight = None;
        match outcome {
            Ok((token, life)) => {
                state.held = Some(Held::new(token.clone(), asked_at, life));
                state.refused = None;
                Ok(token)
            }
            Err(error) => {
                self.0.health.failed(format!("no access token: {error}"));
                if matches!(error, SourceError::Protocol { .. }) {
                    state.refused = Some((now + PAUSE, error.clone()));
                }
                if let Some(held) = &mut state.held {
                    held.renew_at = now + PAUSE;
                }
                Err(error)
            }
        }
    }
}

impl Held {
    fn new(token: SecretString, asked_at: DateTime<Utc>, life: Duration) -> Self {
        let life = TimeDelta::from_std(life).unwrap_or(RENEW_BEFORE);
        Self { token, renew_at: asked_at + (life - RENEW_BEFORE).max(life / 2), ends_at: asked_at + life }
    }
}

impl Client {
    async fn grant(&self) -> Result<(SecretString, Duration), SourceError> {
        let ask = |http: &reqwest::Client| {
            // Read anew each time: it is rotated while we run.
            let secret = self.secret.current();
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("grant_type", "client_credentials")
                .append_pair("client_id", &self.id)
                .append_pair("client_secret", secret.expose_secret())
                .append_pair("scope", &self.scope)
                .finish();
            http.post(self.endpoint.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
        };
        // A refusal is read for its reason.
        let refusals = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED];
        let answer = self.upstream.send("token", ask, &refusals).await?;
        if !answer.status.is_success() {
            let why = answer.json::<Grant>().map_or_else(|_| answer.status.to_string(), |grant| grant.refusal());
            tracing::warn!(why, "Entra refused a token");
            return Err(SourceError::protocol(SourceKind::Azure, format!("Entra refused a token: {why}")));
        }
        let grant: Grant = answer.json()?;
        let life = Duration::from_secs(grant.life_seconds().unwrap_or(LIFE_DEFAULT).into());
        let token = grant.access_token.filter(|token| !token.expose_secret().is_empty());
        let none = || SourceError::protocol(SourceKind::Azure, "Entra answered without a token");
        Ok((token.ok_or_else(none)?, life))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tokens(***)")
    }
}
