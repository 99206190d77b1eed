//! `Supergraph`: everything that operations over one version of the graph need, made once and never changed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_graphql_parser::types::OperationType;
use moka::future::Cache;
use schema::ErrorCode;
use sources::subgraph::SharedSubgraph;
use tokio::sync::Semaphore;

use super::{
    canonical::Canonical,
    compose::Composed,
    flights::Flights,
    plan::Plan,
    planner::{self, HivePlanner, PlanError, Planner},
    print::{names, print},
    projection::{Projection, compile},
};
use crate::{
    config::FederationConfig,
    prepare::{self, OperationKind, Prepared, Preparer, Refusal},
};

/// A composed graph with all that belongs to it.
pub struct Supergraph {
    /// Its number.
    pub version: i64,
    /// From texts to operations over it.
    pub preparer: Arc<Preparer>,
    /// The SDL that clients see.
    pub public_sdl: String,
    /// What is being asked of subgraphs right now.
    pub(super) flights: Flights,
    subgraphs: HashMap<String, SharedSubgraph>,
    planner: Arc<dyn Planner>,
    names_of_keys: Arc<BTreeSet<String>>,
    plans: Cache<String, Arc<Planned>>,
    plannings: Arc<Semaphore>,
    plan_timeout: Duration,
    /// Documents whose last answer could be kept, by their hash.
    kept: moka::sync::Cache<String, ()>,
}

/// What to ask, and what to answer.
#[derive(Debug)]
pub struct Planned {
    /// What is asked of whom.
    pub plan: Plan,
    /// What the client sees.
    pub projection: Projection,
}

impl Supergraph {
    /// Everything of a graph that was composed.
    pub fn new(
        version: i64,
        composed: Composed,
        subgraphs: Vec<SharedSubgraph>,
        limits: prepare::Limits,
        config: &FederationConfig,
    ) -> anyhow::Result<Self> {
        let names_of_keys = Arc::clone(composed.keys.names());
        let planner = HivePlanner::new(&composed.supergraph_sdl, composed.keys)?;
        Ok(Self {
            version,
            preparer: Arc::new(Preparer::new(&composed.whole_sdl, &composed.public_sdl, limits)?),
            public_sdl: composed.public_sdl,
            flights: Flights::default(),
            subgraphs: subgraphs.into_iter().map(|subgraph| (subgraph.name().to_owned(), subgraph)).collect(),
            planner: Arc::new(planner),
            names_of_keys,
            plans: Cache::new(config.plans_max),
            plannings: Arc::new(Semaphore::new(config.plannings_max)),
            plan_timeout: config.plan_timeout,
            kept: moka::sync::Cache::new(config.plans_max),
        })
    }

    /// The subgraph of this name.
    pub fn subgraph(&self, name: &str) -> Option<&SharedSubgraph> {
        self.subgraphs.get(name)
    }

    /// The subgraphs, in no order.
    pub fn subgraphs(&self) -> impl Iterator<Item = &SharedSubgraph> {
        self.subgraphs.values()
    }

    /// Whether answers to this document may be worth keeping: what subgraphs say of them is known only afterwards, and whoever asks for
    /// what cannot be kept must not wait for others who ask the same.
    pub fn may_be_kept(&self, document_hash: &str) -> bool {
        self.kept.contains_key(document_hash)
    }

    /// An answer to this document could be kept, or could not.
    pub(super) fn note_kept(&self, document_hash: &str, is_kept: bool) {
        match is_kept {
            true if !self.may_be_kept(document_hash) => self.kept.insert(document_hash.to_owned(), ()),
            true => {}
            false => self.kept.invalidate(document_hash),
        }
    }

    /// Forgets what was read and planned: operations that have begun have theirs.
    pub(super) fn forget(&self) {
        self.preparer.forget_documents();
        self.plans.invalidate_all();
        self.kept.invalidate_all();
    }

    /// The plan of an operation. Equal operations that come together are planned once.
    pub async fn planned(&self, prepared: &Prepared) -> Result<Arc<Planned>, Refusal> {
        let kind = match prepared.chosen.kind() {
            OperationKind::Query => OperationType::Query,
            OperationKind::Mutation => OperationType::Mutation,
            OperationKind::Subscription => OperationType::Subscription,
        };
        let (types, mut canonical) = (self.preparer.types(), Canonical::new(&self.names_of_keys));
        let text = prepared.with_document(|document| print(document, kind, types, &mut canonical));
        let text = text.ok_or_else(|| Refusal::new(ErrorCode::InternalServerError, "an operation without a root"))?;
        // What clients call their fields is no part of what is asked, but of what is answered.
        let key = format!("{text}\n{}", names(prepared.whole_document()).join(" "));
        let planned = self.plans.try_get_with_by_ref(&key, self.plan(kind, prepared)).await;
        planned.map_err(|error| match &*error {
            PlanError::Busy => Refusal::new(ErrorCode::Overloaded, error.to_string()),
            PlanError::TooSlow(_) => Refusal::new(ErrorCode::QueryTooComplex, error.to_string()),
            PlanError::Impossible(cause) => {
                tracing::error!(cause, operation = text, "an operation cannot be planned");
                Refusal::new(ErrorCode::InternalServerError, "the operation cannot be planned: the log says why")
            }
        })
    }

    /// Plans off the threads that serve, a few at a time, whatever the planner does.
    async fn plan(&self, kind: OperationType, prepared: &Prepared) -> Result<Arc<Planned>, PlanError> {
        let started = std::time::Instant::now();
        let limit = self.plan_timeout;
        let permit = Arc::clone(&self.plannings).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(limit, permit).await else { return Err(PlanError::Busy) };
        let (planner, preparer) = (Arc::clone(&self.planner), Arc::clone(&self.preparer));
        let mut canonical = Canonical::new(&self.names_of_keys);
        let (asked, answered) = (prepared.with_document(Clone::clone), prepared.whole_document().clone());
        let planning = tokio::task::spawn_blocking(move || {
            let types = preparer.types();
            let planned = planner::plan(&*planner, &asked, (kind, types), &mut canonical, limit);
            let mut plan = planned?;
            let projection = compile(&answered, (kind, types), &mut plan.keys, &mut canonical);
            drop(permit);
            Ok(Planned { plan, projection })
        });
        let planned = match planning.await {
            Ok(planned) => planned?,
            Err(_) => return Err(PlanError::Impossible("the planner gave up on it".to_owned())),
        };
        metrics::histogram!("weft_federation_plan_seconds").record(started.elapsed().as_secs_f64());
        Ok(Arc::new(planned))
    }
}
