//! `Workload`: what runs of a component on OpenShift, read live.

use async_graphql::{Context, ID, Object};
use schema::{
    BuildRecord, Cursor, DateTime, EntityFilter, EntityRecord, KeyValueInput, NodeId, NotReadyReason, Page, PageArgs,
    PodSummary, ReplicaSummary, RolloutStatus, RouteRecord, WorkloadContainer, WorkloadEventRecord, WorkloadKind,
    WorkloadRecord,
};
use sources::{
    SourceError,
    openshift::{WorkloadKey, WorkloadPlace},
    postgres::{EntityQuery, Projection},
};

use crate::{
    connection::{nested_page, plain_connection, shown_count},
    error::{Nullable, OrFieldError, Result},
    loaders::{BuildKey, EventsKey, LiveKey, NotReadyKey, PodsKey, RoutesKey},
    request::RequestData,
};

/// The order of workloads, as cursors name it.
const ORDER: &str = "cluster";
/// Most entities that are looked at for one that selects a workload.
const SELECTING_MAX: u32 = 500;

/// A workload on an OpenShift cluster.
#[derive(Clone)]
pub struct Workload(WorkloadKey);

impl Workload {
    fn from_row(row: &WorkloadKey) -> Self {
        Self(row.clone())
    }

    fn record(&self) -> &WorkloadRecord {
        &self.0.workload().record
    }

    /// The workload with this key, `cluster/namespace/kind/name`, if some component that the caller sees selects it.
    pub async fn of_key(ctx: &Context<'_>, key: &str) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(place) = WorkloadPlace::read(request.visibility(), key) else { return Ok(None) };
        let Some(found) = request.live(ctx, place).await? else { return Ok(None) };
        Ok(is_selected(request, &found).await?.then(|| Self(WorkloadKey::clone(&found))))
    }

    async fn live<K: LiveKey>(&self, ctx: &Context<'_>, key: impl Fn(WorkloadKey) -> K) -> Result<Option<K::Record>>
    where
        K::Record: Clone,
    {
        let found = RequestData::of(ctx).live(ctx, key(self.0.clone())).await?;
        Ok(found.map(|record| K::Record::clone(&record)))
    }
}

/// Whether a component that the caller sees selects the workload: those that name its component, and those with a selector of
/// their own that look in its namespace.
async fn is_selected(request: &RequestData, key: &WorkloadKey) -> Result<bool> {
    let Some(openshift) = request.sources().openshift() else { return Ok(false) };
    let names = openshift.annotations();
    let pair = |key: &str, value: Option<&str>| KeyValueInput { key: key.to_owned(), value: value.map(str::to_owned) };
    let with = |annotations| EntityFilter { annotations: Some(annotations), ..EntityFilter::default() };
    let namespace = pair(&names.namespace, Some(&key.workload().record.namespace));
    let selector = || pair(&names.label_selector, None);
    let anywhere =
        EntityFilter { not: Some(Box::new(with(vec![pair(&names.namespace, None)]))), ..with(vec![selector()]) };
    let named = openshift.component_id(key).map(|id| with(vec![pair(&names.id, Some(id))]));
    let any = [with(vec![selector(), namespace]), anywhere].into_iter().chain(named).collect();
    let filter = EntityFilter { any: Some(any), ..EntityFilter::default() };
    let query = EntityQuery { kind: Some("component"), filter: Some(filter), ..EntityQuery::default() };
    let page = PageArgs { limit: SELECTING_MAX, from_end: false, after: None, before: None };
    let read = request.sources().database().entities_page(request.visibility(), &query, &page, Projection::WHOLE);
    let entities = read.await.or_field_error()?;
    let selects = |entity: &EntityRecord| {
        let selection = openshift.selection(request.visibility(), entity);
        selection.is_some_and(|selection| openshift.means(&selection, key))
    };
    Ok(entities.rows.iter().any(|(_, entity)| selects(entity)))
}

/// A workload on an OpenShift cluster.
#[Object]
impl Workload {
    /// Opaque, unique in the whole graph, stable for good.
    pub async fn id(&self) -> ID {
        let WorkloadRecord { cluster, namespace, kind, name, .. } = self.record();
        ID(NodeId::of("Workload", format_args!("{cluster}/{namespace}/{}/{name}", kind.as_str())).encode())
    }
    /// The cluster, as configured in Weft.
    async fn cluster(&self) -> &str {
        &self.record().cluster
    }
    /// Its namespace.
    async fn namespace(&self) -> &str {
        &self.record().namespace
    }
    /// What it is.
    async fn kind(&self) -> WorkloadKind {
        self.record().kind
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.record().name
    }
    /// The environment that its namespace or labels stand for.
    async fn environment(&self) -> Option<&str> {
        self.record().environment.as_deref()
    }
    /// Image of its first container.
    async fn image(&self) -> Option<&str> {
        self.record().containers.first().map(|container| container.image.as_str())
    }
    /// All its containers.
    async fn containers(&self) -> Option<&[WorkloadContainer]> {
        Some(&self.record().containers)
    }
    /// How many pods it wants and has.
    async fn replicas(&self) -> Option<ReplicaSummary> {
        self.record().replicas
    }
    /// How its newest rollout stands.
    async fn rollout(&self) -> RolloutStatus {
        self.record().rollout
    }
    /// Number of the newest rollout.
    async fn revision(&self) -> Option<&str> {
        self.record().revision.as_deref()
    }
    /// Why it is not ready, the gravest first; null when it is ready or the reason is not known yet.
    async fn not_ready_reason(&self, ctx: &Context<'_>) -> Nullable<NotReadyReason> {
        let found = self.live(ctx, NotReadyKey).await;
        found.map(|found| found.map(|found| found.reason)).transpose()
    }
    /// The same, in one sentence for people.
    async fn not_ready_message(&self, ctx: &Context<'_>) -> Nullable<String> {
        let found = self.live(ctx, NotReadyKey).await;
        found.map(|found| found.map(|found| found.message)).transpose()
    }
    /// Its pods, counted by phase.
    async fn pods(&self, ctx: &Context<'_>) -> Nullable<PodSummary> {
        self.live(ctx, PodsKey).await.transpose()
    }
    /// Routes that lead to it; at most 20.
    async fn routes(&self, ctx: &Context<'_>) -> Nullable<Vec<RouteRecord>> {
        self.live(ctx, RoutesKey).await.transpose()
    }
    /// The newest build of its image on the cluster; null where the cluster builds nothing.
    async fn latest_build(&self, ctx: &Context<'_>) -> Nullable<BuildRecord> {
        self.live(ctx, BuildKey).await.transpose()
    }
    /// What the cluster said about it lately, newest first; at most 20. Clusters forget after an hour or a few.
    async fn events(&self, ctx: &Context<'_>) -> Nullable<Vec<WorkloadEventRecord>> {
        self.live(ctx, EventsKey).await.transpose()
    }
    /// When it was created.
    async fn created_at(&self) -> Option<DateTime> {
        self.record().created_at
    }
}

/// A page of workloads.
pub struct WorkloadConnection {
    page: Page<WorkloadKey>,
    total: usize,
    /// Why there may be more.
    incomplete: Option<SourceError>,
}

impl WorkloadConnection {
    /// What runs of an entity; none where no cluster is configured.
    pub async fn of_entity(
        ctx: &Context<'_>,
        entity: &EntityRecord,
        environment: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Self>> {
        let args = nested_page(ctx, first, after)?;
        let after = args.after.as_deref().map(|after| Cursor::decode::<4>(after, ORDER)).transpose();
        let after = after.map_err(SourceError::from).or_field_error()?;
        let request = RequestData::of(ctx);
        let Some(openshift) = request.sources().openshift() else { return Ok(None) };
        let found = match openshift.selection(request.visibility(), entity) {
            Some(selection) => request.live(ctx, selection).await?,
            None => None,
        };
        let is_meant = |key: &&WorkloadKey| {
            let own = key.workload().record.environment.as_deref();
            environment.as_deref().is_none_or(|environment| own == Some(environment))
        };
        let all = found.iter().flat_map(|found| &found.workloads).filter(is_meant);
        let total = all.clone().count();
        let is_later =
            |key: &&WorkloadKey| after.as_ref().is_none_or(|after| position(key).as_slice() > after.as_slice());
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let rows: Vec<WorkloadKey> = all.filter(is_later).take(limit.saturating_add(1)).cloned().collect();
        let page = Page::of_rows(rows, &args, true, |key| Cursor::new(ORDER, position(key)).encode());
        let incomplete = found.as_ref().and_then(|found| found.incomplete.clone());
        if let Some(error) = incomplete.as_ref().filter(|_| total == 0) {
            return Err(error.clone()).or_field_error();
        }
        Ok(Some(Self { page, total, incomplete }))
    }

    /// A list that is not to be had may hold more: then nobody knows how many there are.
    async fn count(&self, _: &Context<'_>) -> Result<i32> {
        match &self.incomplete {
            Some(error) => Err(error.clone()).or_field_error(),
            None => Ok(shown_count(i64::try_from(self.total).unwrap_or(i64::MAX))),
        }
    }
}

/// Where a workload stands, as cursors say it.
fn position(key: &WorkloadKey) -> [String; 4] {
    key.place().map(str::to_owned)
}

plain_connection!(
    WorkloadConnection,
    WorkloadEdge,
    Workload,
    "A page of workloads.",
    "An item of a page of workloads."
);
