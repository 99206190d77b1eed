//! Fetches an issuer's keys: discovery where no address is configured, then the key set. Bounded in time and size, redirects
//! not followed.

use jsonwebtoken::jwk::JwkSet;
use reqwest::{Client, redirect};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{Config, IssuerConfig, config::is_trustworthy};

/// Largest answer of an issuer, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

/// The client that asks issuers.
pub(super) fn client(config: &Config) -> Result<Client, String> {
    Client::builder()
        .timeout(config.fetch_timeout)
        .connect_timeout(config.fetch_timeout)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("weft/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.to_string())
}

/// Fetches the keys of an issuer.
pub(super) async fn fetch(client: &Client, issuer: &IssuerConfig) -> Result<JwkSet, String> {
    let jwks_url = match &issuer.jwks_url {
        Some(url) => url.clone(),
        None => {
            let base = issuer.issuer.trim_end_matches('/');
            let url =
                Url::parse(&format!("{base}/.well-known/openid-configuration")).map_err(|error| error.to_string())?;
            let found: Discovery = json(client, url).await?;
            if found.issuer != issuer.issuer {
                return Err(format!("discovery speaks for another issuer, {}", found.issuer));
            }
            found.jwks_uri
        }
    };
    if !is_trustworthy(&jwks_url) {
        return Err("the keys would come over plain http".to_owned());
    }
    json(client, jwks_url).await
}

async fn json<T: DeserializeOwned>(client: &Client, url: Url) -> Result<T, String> {
    let describe = |error: reqwest::Error| error.without_url().to_string();
    let mut response = client.get(url).send().await.map_err(describe)?;
    if !response.status().is_success() {
        return Err(format!("the issuer answered {}", response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(describe)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(format!("the issuer's answer is larger than {ANSWER_BYTES_MAX} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|error| format!("the issuer's answer is not what it should be: {error}"))
}
