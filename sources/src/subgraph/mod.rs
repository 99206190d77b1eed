//! Subgraphs: GraphQL services of teams, each called through the same guarded way as every other upstream. What is asked of
//! them, and what becomes of their answers, is the gateway's to know.

mod config;
mod events;
mod registry;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use schema::SourceKind;
use serde::Deserialize;
use url::Url;

use crate::{
    About, Connector, SourceError,
    upstream::{Answer, Answered, Shared, Upstream, UpstreamConfig, WellFormed},
};

pub use config::Config;
pub use events::Events;
pub use registry::Subgraphs;

const ACCEPTED: &str = "application/graphql-response+json, application/json;q=0.9";

/// With these a service refuses a whole request. Where it answers with this type of media the body tells why, as with 200.
const REFUSALS: [StatusCode; 5] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::UNPROCESSABLE_ENTITY,
];
const TELLS_REFUSALS: &str = "application/graphql-response+json";

/// What `sources { … }` tells of subgraphs in general. They have no versions that could be tested.
pub const ABOUT: About =
    About { kind: SourceKind::Subgraph, connector_version: env!("CARGO_PKG_VERSION"), tested_versions: ("2.0", "2.9") };

/// One subgraph, as it is called.
pub struct Subgraph {
    name: String,
    url: Url,
    version: i64,
    upstream: Upstream,
    probe_interval: Duration,
}

/// A question to a subgraph.
#[derive(Debug, Clone)]
pub struct Question {
    /// The JSON body: `query` and `variables`.
    pub body: Bytes,
    /// Headers besides those of every question: who asks, and what for.
    pub headers: HeaderMap,
    /// It changes nothing, so it may be asked again when it fails.
    pub may_repeat: bool,
}

impl Subgraph {
    /// Prepares the way; nothing is called yet. `version` is that of its publication.
    pub fn new(name: &str, url: &Url, version: i64, config: &Config, shared: Shared<'_>) -> Result<Self, SourceError> {
        let upstream = UpstreamConfig::new(SourceKind::Subgraph, url, config.limits());
        let upstream = Upstream::new(upstream.named(&format!("subgraph:{name}")), shared)?;
        upstream.health().version(version.to_string());
        let probe_interval = config.probe_interval;
        Ok(Self { name: name.to_owned(), url: url.clone(), version, upstream, probe_interval })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it answers.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The version of the supergraph that its publication made.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Asks. The answer is well-formed JSON within the limits; its shape is the caller's to judge.
    pub async fn ask(&self, question: &Question) -> Result<Answer, SourceError> {
        let make = |client: &reqwest::Client| {
            client
                .post(self.url.clone())
                .headers(question.headers.clone())
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .header(ACCEPT, HeaderValue::from_static(ACCEPTED))
                .body(question.body.clone())
        };
        let answer = match question.may_repeat {
            true => self.upstream.send("query", make, &REFUSALS).await,
            false => self.upstream.send_once("mutation", make, &REFUSALS).await,
        }?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let is_told = answer.header(CONTENT_TYPE.as_str()).is_some_and(|value| value.starts_with(TELLS_REFUSALS));
        match is_told && answer.json::<WellFormed>().is_ok() {
            true => Ok(answer),
            false => Err(SourceError::protocol(SourceKind::Subgraph, Answered(answer.status))),
        }
    }

    /// What it says its SDL is.
    pub async fn sdl(&self) -> Result<String, SourceError> {
        #[derive(Deserialize)]
        struct Told {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            #[serde(rename = "_service")]
            service: Service,
        }
        #[derive(Deserialize)]
        struct Service {
            sdl: String,
        }
        let body = Bytes::from_static(br#"{"query":"{ _service { sdl } }"}"#);
        let question = Question { body, headers: HeaderMap::new(), may_repeat: true };
        Ok(self.ask(&question).await?.json::<Told>()?.data.service.sdl)
    }
}

#[async_trait]
impl Connector for Subgraph {
    fn about(&self) -> About {
        ABOUT
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    fn probe_interval(&self) -> Duration {
        self.probe_interval
    }

    /// The least question there is; its version is that of its publication, which it does not know.
    async fn version(&self) -> Result<Option<String>, SourceError> {
        let body = Bytes::from_static(br#"{"query":"{ __typename }"}"#);
        self.ask(&Question { body, headers: HeaderMap::new(), may_repeat: true }).await?;
        Ok(None)
    }
}

impl std::fmt::Debug for Subgraph {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Subgraph").field("name", &self.name).field("version", &self.version).finish_non_exhaustive()
    }
}

/// Subgraphs, each shared by all who call it.
pub type SharedSubgraph = Arc<Subgraph>;
