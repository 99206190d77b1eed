//! `Authenticator`: from the header `Authorization` to a principal.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use metrics::Counter;
use sources::{Clock, Labelled};
use tokio::{sync::watch, task::JoinSet};

use super::{
    AuthError, Config, Principal, TierRule, discovery,
    keys::IssuerKeys,
    memory::{Memory, Remembered},
    token,
};

static AUTH: Labelled<Counter> = Labelled::new(|outcome| metrics::counter!("weft_auth_total", "outcome" => outcome));

/// Verifies tokens.
pub struct Authenticator {
    config: Config,
    default_tenant: String,
    tiers: Vec<TierRule>,
    clock: Clock,
    issuers: Vec<Arc<IssuerKeys>>,
    memory: Memory,
    local: Arc<Principal>,
}

impl Authenticator {
    /// An authenticator without keys; they are fetched by [`Authenticator::start`], or when the first token needs them.
    pub fn new(config: Config, default_tenant: String, tiers: Vec<TierRule>, clock: Clock) -> anyhow::Result<Self> {
        let client = discovery::client(&config).map_err(anyhow::Error::msg)?;
        let issuers = config
            .issuers
            .iter()
            .map(|issuer| Arc::new(IssuerKeys::new(issuer.clone(), &config, client.clone(), clock.clone())))
            .collect();
        Ok(Self {
            memory: Memory::new(config.verified_tokens_max),
            local: Arc::new(Principal::local(&default_tenant)),
            default_tenant,
            tiers,
            clock,
            issuers,
            config,
        })
    }

    /// Keeps the keys of every issuer fresh until `ended`.
    pub fn start(&self, tasks: &mut JoinSet<()>, ended: watch::Receiver<bool>) {
        for keys in &self.issuers {
            tasks.spawn(refresh_forever(Arc::clone(keys), self.config.refresh_interval, ended.clone()));
        }
    }

    /// Fetches the keys of every issuer once; answers each issuer with what came of it.
    pub async fn check(&self) -> Vec<(String, Result<String, String>)> {
        let mut outcomes = Vec::new();
        for keys in &self.issuers {
            let outcome = keys.refresh().await.map(|()| "keys fetched".to_owned());
            outcomes.push((keys.issuer().issuer.clone(), outcome));
        }
        outcomes
    }

    /// Who sends this header.
    pub async fn authenticate(&self, authorization: Option<&[u8]>) -> Result<Arc<Principal>, AuthError> {
        if self.issuers.is_empty() {
            // Only possible on a loopback address: the configuration is refused otherwise.
            return Ok(Arc::clone(&self.local));
        }
        let outcome = self.authenticate_bearer(authorization).await;
        let word = outcome.as_ref().map_or_else(|error| error.reason(), |_| "ok");
        AUTH.with(word, |outcomes| outcomes.increment(1));
        if let Err(error) = &outcome {
            tracing::debug!(reason = error.reason(), "a caller was not let in");
        }
        outcome
    }

    async fn authenticate_bearer(&self, authorization: Option<&[u8]>) -> Result<Arc<Principal>, AuthError> {
        let token = bearer(authorization.ok_or(AuthError::Missing)?, self.config.token_bytes_max)?;
        let fingerprint = Memory::fingerprint(token);
        let leeway = TimeDelta::from_std(self.config.leeway).unwrap_or_default();
        if let Some(remembered) = self.memory.get(&fingerprint) {
            let now = self.clock.now();
            let keys = self.issuers.iter().find(|keys| keys.issuer().issuer == remembered.issuer);
            if now >= remembered.expires_at + leeway {
                self.memory.forget(&fingerprint);
                return Err(AuthError::Expired);
            }
            if keys.is_some_and(|keys| keys.has(remembered.key, now)) {
                return Ok(Arc::clone(&remembered.principal));
            }
            self.memory.forget(&fingerprint);
        }
        let claimed = token::peek(token)?;
        let keys = self.issuers.iter().find(|keys| keys.issuer().issuer == claimed.issuer);
        let keys = keys.ok_or(AuthError::Invalid("issuer"))?;
        let issuer = keys.issuer();
        if !issuer.algorithms.contains(&claimed.algorithm) {
            return Err(AuthError::Invalid("algorithm"));
        }
        let key = keys.find(claimed.key_id.as_deref(), claimed.algorithm).await?;
        let now = self.clock.now();
        let (claims, expires_at) =
            token::verify(token, claimed.algorithm, &key.decoding, issuer, now, self.config.leeway)?;
        let principal = Principal::read(&claims, &issuer.claims, &issuer.issuer, &self.default_tenant, &self.tiers)
            .map(|principal| Arc::new(principal.until(expires_at)))?;
        let remembered = Remembered {
            principal: Arc::clone(&principal),
            issuer: issuer.issuer.clone(),
            key: key.identity,
            expires_at,
        };
        self.memory.put(fingerprint, remembered);
        Ok(principal)
    }
}

/// The token of a header `Bearer …`.
fn bearer(header: &[u8], bytes_max: usize) -> Result<&str, AuthError> {
    let text = std::str::from_utf8(header).map_err(|_| AuthError::Invalid("header"))?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthError::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Missing);
    }
    let token = token.trim();
    if token.len() > bytes_max {
        return Err(AuthError::Invalid("size"));
    }
    Ok(token)
}

async fn refresh_forever(keys: Arc<IssuerKeys>, interval: Duration, mut ended: watch::Receiver<bool>) {
    /// How soon a failed fetch is tried again.
    const RETRY: Duration = Duration::from_secs(10);
    loop {
        let wait = match keys.refresh().await {
            Ok(()) => interval,
            Err(error) => {
                tracing::warn!(issuer = keys.issuer().issuer, error, "the keys of an issuer could not be fetched");
                interval.min(RETRY)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = ended.changed() => return,
        }
    }
}
