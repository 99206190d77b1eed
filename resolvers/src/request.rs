//! `RequestData`: what one operation carries to its resolvers. Made anew for every request, so nothing crosses callers.

use std::{
    collections::BTreeMap,
    hash::Hash,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use async_graphql::{
    Context, QueryPathNode, QueryPathSegment,
    dataloader::{DataLoader, HashMapCache, Loader},
};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use schema::{AuditEntry, ErrorCode, SourceKind, Visibility, scope};
use sources::{
    SourceError, Sources,
    cache::{Access, CacheMode, Layer, Patience, Uses},
    ingest::LocationReader,
    postgres::SplitWeights,
};
use tokio::{sync::OnceCell, time::Instant};

use crate::{
    ages::Ages,
    error::{self, OrFieldError, Result},
    flush::{FlushQueue, NoDelay},
    loaders::{Live, LiveKey, Reader, References},
    records::KeptLists,
    subgraph_registry::SubgraphRegistry,
};

/// Most marks of stale data in one answer.
const STALE_MARKS_MAX: usize = 1_000;
/// Most receipts in one answer.
const RECEIPTS_MAX: usize = 10_000;

/// Among so many that were told last, equal ones are sought.
const PARTS_MAX: usize = 32;

/// The loaders of one request.
pub type Loaders = DataLoader<Reader, HashMapCache>;

/// What a key leads to.
type Loaded<K> = <Reader as Loader<K>>::Value;

/// What is known of a request before it is executed.
pub struct RequestData {
    visibility: Arc<Visibility>,
    sources: Sources,
    access: Access,
    queue: FlushQueue,
    /// Made for the first that loads: who asks for an entity alone needs none.
    loaders: OnceLock<Loaders>,
    references: References,
    audit: Audit,
    audit_begun: OnceLock<AuditEntry>,
    locations: Arc<Locations>,
    stale: Mutex<Vec<StaleMark>>,
    receipts: Mutex<Vec<Receipt>>,
    freshness: Freshness,
    audit_reading: OnceCell<()>,
    /// What the caches served; noted only where it may be of use.
    uses: Uses,
    standing: Option<Standing>,
    options: Options,
}

/// What the configuration says of every request.
#[derive(Clone)]
pub struct Options {
    /// Most items of a page.
    pub page_max: u32,
    /// Whether entities are written as bytes, a plan for each list, or for an operation that is one alone, instead of a value for each field. Both ways
    /// answer the same; the second is there to be compared with.
    pub writes_records: bool,
    /// Where live parts of lists are kept as they were written; none: nowhere.
    pub kept_lists: Option<Arc<KeptLists>>,
    /// How long after its beginning an operation stops waiting for upstreams, so that the rest is answered.
    pub upstream_wait_max: Duration,
    /// What is configured of cost.
    pub cost: Arc<CostOptions>,
    /// Takes subgraphs in and out.
    pub subgraphs: Arc<dyn SubgraphRegistry>,
}

/// What is configured of cost.
#[derive(Debug, Clone, Default)]
pub struct CostOptions {
    /// What each team carries of shared costs, by the names of the rules.
    pub splits: BTreeMap<String, Arc<SplitWeights>>,
    /// Keys of tags that have to be there.
    pub required_tags: Vec<String>,
}

/// What mutations of locations need.
pub struct Locations {
    /// Checks what may be registered.
    pub reader: LocationReader,
    /// Most registered locations of one tenant.
    pub registered_max: usize,
    /// Told when a location is due at once.
    pub changed: tokio::sync::Notify,
}

/// A place in the answer that holds data older than it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleMark {
    /// The path, with names and indices.
    pub path: Vec<PathSegment>,
    /// How old the data is, in milliseconds.
    pub age_ms: u64,
    /// Where it comes from.
    pub source: SourceKind,
}

/// Where the live data at a place in the answer came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The path, with names and indices.
    pub path: Vec<PathSegment>,
    /// The upstream.
    pub source: SourceKind,
    /// When it was asked.
    pub fetched_at: DateTime<Utc>,
    /// How long that was ago when the data was taken.
    pub age: Duration,
    /// Which layer had it.
    pub layer: Layer,
    /// It is older than it should be.
    pub is_stale: bool,
}

/// What an operation says of the age of its data.
#[derive(Debug, Clone, Default)]
pub struct Freshness {
    /// Whether caches may answer.
    pub cache_mode: CacheMode,
    /// The greatest ages accepted.
    pub ages: Ages,
    /// Whether the answer tells where live data came from.
    pub wants_receipts: bool,
    /// How long the request may still wait for Redis.
    pub patience: Patience,
}

/// Makes the record that all records of a request begin as. Most requests have none.
pub type Audit = Box<dyn Fn() -> AuditEntry + Send + Sync>;

/// Who asks.
pub struct Caller {
    /// Whose eyes the request looks through.
    pub visibility: Arc<Visibility>,
    /// Names the caller and the request; each record fills in what was done.
    pub audit: Audit,
    /// What the caller may still ask; none where nothing is counted.
    pub standing: Option<Standing>,
}

/// What the caller may still ask, as it was when the operation began.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Points in each window.
    pub limit: i32,
    /// Points left.
    pub remaining: i32,
    /// The estimate for this operation, in points.
    pub cost: i32,
    /// Length of the window, in seconds.
    pub window_seconds: i32,
    /// When all points are back.
    pub reset_at: schema::DateTime,
}

/// A step of a path in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// A response key.
    Name(String),
    /// A place in a list.
    Index(usize),
}

impl RequestData {
    /// Prepares a request. Its loaders flush through `queue`, which must drive the execution.
    pub fn new(
        sources: Sources,
        Caller { visibility, audit, standing }: Caller,
        locations: Arc<Locations>,
        queue: FlushQueue,
        freshness: Freshness,
        options: Options,
    ) -> Self {
        // Who says how old data may be, or asks where it came from, is not served from what was written for others.
        let keeps_lists = options.kept_lists.is_some()
            && freshness.cache_mode == CacheMode::Use
            && freshness.ages.is_empty()
            && !freshness.wants_receipts;
        let uses = if keeps_lists { Uses::noted() } else { Uses::default() };
        let access =
            Access::new(freshness.cache_mode).until(Instant::now() + options.upstream_wait_max).noting(uses.clone());
        let access = Access { patience: freshness.patience.clone(), ..access };
        let references = References::new(sources.clone(), Arc::clone(&visibility), queue.clone());
        Self {
            visibility,
            sources,
            access,
            queue,
            loaders: OnceLock::new(),
            references,
            audit,
            audit_begun: OnceLock::new(),
            locations,
            stale: Mutex::default(),
            receipts: Mutex::default(),
            freshness,
            audit_reading: OnceCell::new(),
            uses,
            standing,
            options,
        }
    }

    /// The request of this field.
    pub fn of<'a>(ctx: &Context<'a>) -> &'a Self {
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// Whose eyes the request looks through.
    pub fn visibility(&self) -> &Arc<Visibility> {
        &self.visibility
    }

    /// Everything the graph reads from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The loaders.
    pub fn loaders(&self) -> &Loaders {
        self.loaders.get_or_init(|| {
            let reader = Reader::new(self.sources.clone(), Arc::clone(&self.visibility), self.access.clone());
            DataLoader::with_cache(reader, self.queue.clone(), NoDelay, HashMapCache::default())
        })
    }

    /// Loads what this key leads to, with all that is asked for meanwhile. On the heap: a loader's future is large, and each field of
    /// an object has room for the largest of all its fields.
    pub fn load_one<K>(&self, key: K) -> BoxFuture<'_, std::result::Result<Option<Loaded<K>>, SourceError>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Reader: Loader<K, Error = SourceError>,
    {
        Box::pin(self.loaders().load_one(key))
    }

    /// Entities by reference.
    pub fn references(&self) -> &References {
        &self.references
    }

    /// What is configured of cost.
    pub fn cost_options(&self) -> &CostOptions {
        &self.options.cost
    }

    /// Most items of a page.
    pub fn page_max(&self) -> u32 {
        self.options.page_max
    }

    /// Whether lists of entities are written as bytes.
    pub fn writes_records(&self) -> bool {
        self.options.writes_records
    }

    /// Where live parts of lists are kept; none where this request must not be served from there.
    pub fn kept_lists(&self) -> Option<&KeptLists> {
        self.options.kept_lists.as_deref().filter(|_| self.uses.are_noted())
    }

    /// What the caches served this request.
    pub fn uses(&self) -> &Uses {
        &self.uses
    }

    /// What the caller may still ask.
    pub fn standing(&self) -> Option<&Standing> {
        self.standing.as_ref()
    }

    /// What mutations of locations need.
    pub fn locations(&self) -> &Locations {
        &self.locations
    }

    /// Takes subgraphs in and out.
    pub fn subgraphs(&self) -> &dyn SubgraphRegistry {
        &*self.options.subgraphs
    }

    /// The record of what the caller does here.
    pub fn audit_entry(&self, action: &str, target: Option<String>) -> AuditEntry {
        AuditEntry { action: action.to_owned(), target, ..self.audit_begun.get_or_init(&self.audit).clone() }
    }

    /// Lets a caller with this scope pass. A refusal is audited before it is told.
    pub async fn require(&self, scope: &str, action: &str, target: Option<String>) -> Result<()> {
        if self.visibility.has(scope) {
            return Ok(());
        }
        // Apart: every field that is allowed would carry room for it.
        Box::pin(self.refuse(format!("this needs the scope `{scope}`"), action, target)).await
    }

    /// The same for administrators of the installation: those of the tenant that it is run for.
    pub async fn require_operator(&self, action: &str, target: Option<String>) -> Result<()> {
        self.require(scope::ADMIN, action, target.clone()).await?;
        let tenant = self.subgraphs().tenant();
        if self.visibility.tenant == tenant {
            return Ok(());
        }
        let message = format!("what all tenants share is changed by administrators of the tenant `{tenant}`");
        Box::pin(self.refuse(message, action, target)).await
    }

    async fn refuse(&self, message: String, action: &str, target: Option<String>) -> Result<()> {
        let mut entry = self.audit_entry(action, target);
        entry.denied = Some(ErrorCode::Forbidden.as_str());
        if let Err(failure) = self.sources.database().audit_append(&self.visibility.tenant, &entry).await {
            tracing::error!(error = failure.chain(), action, "a refusal could not be audited");
        }
        Err(error::coded(ErrorCode::Forbidden, message))
    }

    /// Records that audit records are read by their ids; once for a request, however many they are.
    pub async fn record_audit_reading(&self) -> Result<()> {
        let record = async || {
            let entry = self.audit_entry("auditLog", None);
            self.sources.database().audit_append(&self.visibility.tenant, &entry).await
        };
        self.audit_reading.get_or_try_init(record).await.or_field_error()?;
        Ok(())
    }

    /// Reads something live; none when the upstream has no such thing. Old data is marked in the answer.
    pub async fn live<K: LiveKey>(&self, ctx: &Context<'_>, key: K) -> Result<Option<Arc<K::Record>>> {
        let key = Live { key, age_max: self.freshness.ages.of(ctx.item) };
        let Some(outcome) = self.load_one(key).await.or_field_error()? else { return Ok(None) };
        let served = outcome.or_field_error()?;
        if let Some(age) = served.stale_age {
            self.mark_stale(ctx, age, K::SOURCE);
        }
        if self.freshness.wants_receipts {
            let mut receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
            let receipt = Receipt {
                path: path_of(ctx.path_node.as_ref()),
                source: K::SOURCE,
                fetched_at: served.fetched_at,
                age: served.age,
                layer: served.layer,
                is_stale: served.stale_age.is_some(),
            };
            // What a field reads in parts came with the same call mostly.
            let is_told = receipts.iter().rev().take(PARTS_MAX).any(|known| *known == receipt);
            if receipts.len() < RECEIPTS_MAX && !is_told {
                receipts.push(receipt);
            }
        }
        Ok(served.value)
    }

    /// Reads many things live, in the order of the keys; those that the upstream does not have are left out.
    pub async fn live_many<K: LiveKey>(&self, ctx: &Context<'_>, keys: Vec<K>) -> Result<Vec<Arc<K::Record>>> {
        let read = keys.into_iter().map(|key| self.live(ctx, key));
        let records = futures::future::try_join_all(read).await?;
        Ok(records.into_iter().flatten().collect())
    }

    /// Marks the field as answered from old data.
    pub fn mark_stale(&self, ctx: &Context<'_>, age: Duration, source: SourceKind) {
        let mut marks = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.len() < STALE_MARKS_MAX {
            let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            let mark = StaleMark { path: path_of(ctx.path_node.as_ref()), age_ms, source };
            if !marks.iter().rev().take(PARTS_MAX).any(|known| *known == mark) {
                marks.push(mark);
            }
        }
    }

    /// Where live data came from, after execution; empty unless it was asked for.
    pub fn take_receipts(&self) -> Vec<Receipt> {
        std::mem::take(&mut *self.receipts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The marks, after execution.
    pub fn take_stale(&self) -> Vec<StaleMark> {
        std::mem::take(&mut *self.stale.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The path of a place in the answer.
pub fn path_of(node: Option<&QueryPathNode<'_>>) -> Vec<PathSegment> {
    let Some(node) = node else { return Vec::new() };
    let segment = |segment: &QueryPathSegment<'_>| match segment {
        QueryPathSegment::Name(name) => PathSegment::Name((*name).to_owned()),
        QueryPathSegment::Index(index) => PathSegment::Index(*index),
    };
    let mut path: Vec<PathSegment> = node.parents().map(|parent| segment(&parent.segment)).collect();
    path.reverse();
    path.push(segment(&node.segment));
    path
}
