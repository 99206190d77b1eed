//! The services as one operation finds them: the own one in this process, the others over HTTP, the way that the gateway asks them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use schema::ErrorCode;
use sources::{
    Clock,
    subgraph::{Question, SharedSubgraph, Subgraph},
    upstream::Shared,
};
use url::Url;

use super::{
    schemas::OTHERS,
    server::{self, Failing, WORLD},
    services,
    world::World,
};
use crate::{
    config::{Config, Environment},
    federation::{
        OWN,
        execute::{Services, Trouble},
        plan::Fetch,
        services::trouble,
    },
};

/// The services that are asked over HTTP.
pub struct Subgraphs(BTreeMap<&'static str, SharedSubgraph>);

impl Subgraphs {
    /// Serves them until the test ends.
    pub async fn start() -> Self {
        let base = server::start().await;
        let mut calls = Config::load(None, &Environment::of([])).unwrap().config.federation.calls;
        // A service that fails is asked again by the next operation.
        calls.breaker.failures_max = u32::MAX;
        let subgraph = |name| {
            let url: Url = format!("{base}/{name}").parse().unwrap();
            Arc::new(Subgraph::new(name, &url, 1, &calls, Shared { redis: None, clock: &Clock::system() }).unwrap())
        };
        Self(OTHERS.iter().map(|(name, _)| (*name, subgraph(name))).collect())
    }
}

/// All services over one world.
pub struct Asked<'w> {
    subgraphs: &'w Subgraphs,
    world: &'w World,
    failing: Option<(&'static str, Failing)>,
    asked: AtomicU64,
    has_failed: AtomicBool,
    questions: Mutex<Vec<String>>,
}

impl<'w> Asked<'w> {
    /// All of them answer.
    pub fn new(subgraphs: &'w Subgraphs, world: &'w World) -> Self {
        Self {
            subgraphs,
            world,
            failing: None,
            asked: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
            questions: Mutex::default(),
        }
    }

    /// One of them, chosen by the number, does not, in a way that is chosen by it too.
    pub fn without(self, number: u64) -> Self {
        let names = services::names();
        let count = names.len() as u64;
        let at = usize::try_from(number % count).unwrap();
        Self { failing: Some((names[at], Failing::of(number / count))), ..self }
    }

    /// What was asked, for whoever looks at a failure.
    pub fn questions(&self) -> Vec<String> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many questions were asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// How the one failed that does not answer; none when it was not asked.
    pub fn failed(&self) -> Option<Failing> {
        let (_, how) = self.failing?;
        self.has_failed.load(Ordering::Relaxed).then_some(how)
    }
}

#[async_trait]
impl Services for Asked<'_> {
    async fn ask(&self, fetch: &Fetch, variables: Vec<u8>) -> Result<Bytes, Trouble> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let question = format!("{}: {} {}", fetch.service, fetch.operation, String::from_utf8_lossy(&variables));
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).push(question);
        let failing = self.failing.filter(|(name, _)| *name == fetch.service).map(|(_, how)| how);
        if failing.is_some() {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        if fetch.service == OWN {
            return match failing {
                Some(_) => Err(Trouble::new(ErrorCode::UpstreamUnavailable, "it is unreachable".to_owned())),
                None => {
                    let variables = serde_json::from_slice(&variables).unwrap();
                    Ok(services::answer(OWN, self.world, &fetch.operation, &variables).into())
                }
            };
        }
        let body = [fetch.operation_json.as_slice(), variables.as_slice(), b"}"].concat();
        let world = server::header(self.world, failing);
        let headers = HeaderMap::from_iter([(WORLD.clone(), HeaderValue::try_from(world).unwrap())]);
        // No second try: the service fails the whole operation long.
        let question = Question { body: body.into(), headers, may_repeat: false };
        let answer = self.subgraphs.0[fetch.service.as_str()].ask(&question).await;
        answer.map(sources::upstream::Answer::into_bytes).map_err(|error| trouble(&fetch.service, &error))
    }
}
