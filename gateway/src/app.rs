//! `App`: every part of a running gateway, wired in one visible place.

use std::{sync::Arc, time::Instant};

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use resolvers::{KeptLists, Locations, Options};
use secrecy::SecretString;
use sources::{Clock, Sources, ingest::LocationReader};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    admission::Admission,
    auth::Authenticator,
    config::{Config, Loaded, SIGNING_SECRET},
    documents::Documents,
    executor::Executor,
    federation::{Federation, Identity, PublishedByMutation},
    live::Live,
    prepare::Preparer,
    rate_limit::{self, RateLimiter},
    response_cache::ResponseCache,
    webhooks::Webhooks,
};

/// How much of an operation's time is for upstreams. The rest is for an answer with what is there by then.
const UPSTREAM_SHARE: f64 = 0.9;

/// What handlers share.
pub struct App {
    /// The configuration, frozen.
    pub config: Config,
    /// Everything the graph reads from.
    pub sources: Sources,
    /// Token to principal.
    pub authenticator: Authenticator,
    /// Who asked how much.
    pub rate_limiter: RateLimiter,
    /// Networks whose word on the client's address is believed.
    pub trusted_proxies: Vec<rate_limit::Network>,
    /// Registered locations, as mutations and the background reader see them.
    pub locations: Arc<Locations>,
    /// Documents that are known before they are sent.
    pub documents: Documents,
    /// From texts to operations that can be executed.
    pub preparer: Preparer,
    /// Runs operations.
    pub executor: Executor,
    /// The graph with what subgraphs bring.
    pub federation: Federation,
    /// What subgraphs are told of callers.
    pub subgraph_identity: Identity,
    /// Who listens to what changes.
    pub live: Live,
    /// How many operations are executed at once.
    pub admission: Admission,
    /// Places for requests in progress.
    pub places: Semaphore,
    /// Live parts of lists as they were written; none where none are kept.
    pub kept_lists: Option<Arc<KeptLists>>,
    /// Answers that are kept; none where none are.
    pub response_cache: Option<ResponseCache>,
    /// What upstreams tell by themselves.
    pub(crate) webhooks: Webhooks,
    /// What `/metrics` shows; none when the process collects elsewhere.
    pub metrics: Option<PrometheusHandle>,
    /// What time it is.
    pub clock: Clock,
    /// What the public listener was told of readiness, and when.
    pub(crate) readiness_known: tokio::sync::Mutex<Option<(Instant, bool)>>,
    leaving: CancellationToken,
    draining: CancellationToken,
}

impl App {
    /// Builds every part. Nothing is called yet: a database or issuer that is away does not keep the gateway from starting.
    pub fn build(loaded: Loaded, metrics: Option<PrometheusHandle>, clock: Clock) -> anyhow::Result<Arc<Self>> {
        let Loaded { config, secrets, audit_key } = loaded;
        let sources = Sources::build(
            &config.database,
            &config.redis,
            &config.sources,
            &secrets,
            clock.clone(),
            &config.catalog.default_tenant,
        )?;
        let trusted_proxies = rate_limit::networks(&config.server.trusted_proxies).context("server.trusted_proxies")?;
        // Without a key of the operator's, fingerprints can be compared until the next start only.
        let audit_key = audit_key.unwrap_or_else(|| SecretString::from(Uuid::new_v4().to_string()));
        let locations = Arc::new(Locations {
            reader: LocationReader::new(config.catalog.fetch_limits()),
            registered_max: config.catalog.locations_per_tenant_max,
            changed: tokio::sync::Notify::new(),
        });
        let sdl = resolvers::sdl::whole();
        let kept_lists = config.server.kept_lists();
        let response_cache = config.server.response_cache();
        Ok(Arc::new(Self {
            authenticator: Authenticator::new(
                config.auth.clone(),
                config.catalog.default_tenant.clone(),
                config.limits.rate.tier_rules(),
                clock.clone(),
            )?,
            rate_limiter: RateLimiter::new(config.limits.rate.limiter(), sources.redis().cloned()),
            trusted_proxies,
            documents: Documents::new(&config.documents, &sdl, sources.redis().cloned()),
            preparer: Preparer::new(&sdl, &resolvers::sdl::public(), config.limits.prepare())?,
            executor: Executor::new(
                resolvers::graph(),
                sources.clone(),
                config.server.request_timeout,
                audit_key,
                Arc::clone(&locations),
                Options {
                    page_max: config.limits.page_max,
                    writes_records: config.server.record_writer,
                    kept_lists: kept_lists.clone(),
                    upstream_wait_max: config.server.request_timeout.mul_f64(UPSTREAM_SHARE),
                    cost: Arc::new(config.cost.options()),
                    subgraphs: Arc::new(PublishedByMutation::new(
                        sources.clone(),
                        config.federation.clone(),
                        config.catalog.default_tenant.clone(),
                    )),
                },
            ),
            federation: Federation::default(),
            subgraph_identity: Identity::new(&config.federation.identity, secrets.get(SIGNING_SECRET)),
            locations,
            kept_lists,
            response_cache,
            live: Live::new(config.live.clone()),
            admission: Admission::new(config.overload.admission(config.server.requests_in_flight_max)),
            places: Semaphore::new(config.server.requests_in_flight_max),
            webhooks: Webhooks::new(&config.webhooks, &secrets),
            metrics,
            clock,
            readiness_known: tokio::sync::Mutex::default(),
            leaving: CancellationToken::new(),
            draining: CancellationToken::new(),
            sources,
            config,
        }))
    }

    /// Readiness fails from now on, so that new work is sent elsewhere; what comes even so is done.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// Whether new work is to be sent elsewhere.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// No new work from now on, and what goes on without end is told to go on elsewhere.
    pub fn drain(&self) {
        self.leave();
        self.draining.cancel();
    }

    /// The gateway is about to end.
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Waits until the gateway is about to end.
    pub async fn drained(&self) {
        self.draining.cancelled().await;
    }
}
