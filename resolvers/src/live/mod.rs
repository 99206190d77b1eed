//! Subscriptions, as the graph sees them. Nothing is streamed here: a subscription is executed once, with [`Delivery::Asked`], to learn what
//! it wants and whether it may, and then once for each event, as an ordinary operation whose root is [`EventRoot`]. So whatever is true of
//! queries is true of events: loaders, visibility, errors with a path.

mod changes;
mod cost_changes;
mod interface;
mod job;
mod root;
mod signs;
mod unions;

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, EmptyMutation, EmptySubscription, Schema, ValidationMode};
use schema::{ChangeKind, CostFilter, Date, DateRange, DateTime, DeploymentFilter, EntityFilter, EntityRef};
use uuid::Uuid;

pub use interface::ChangeEvent;
pub use root::{EventRoot, Subscription};
pub use signs::GapReason;

/// The graph that events are executed against: what a subscription selects is its query.
pub type EventGraph = Schema<EventRoot, EmptyMutation, EmptySubscription>;

/// Builds it. As the graph of queries, it holds no state.
pub fn event_graph() -> EventGraph {
    Schema::build(EventRoot, EmptyMutation, EmptySubscription)
        .disable_suggestions()
        .validation_mode(ValidationMode::Fast)
        .limit_recursive_depth(128)
        .finish()
}

/// Why a subscription is executed.
pub enum Delivery {
    /// To learn what it wants; nothing is set when it may not have that.
    Asked(OnceLock<Box<Wanted>>),
    /// To send this.
    Event(Event),
}

/// What a subscription wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Changes of what.
    pub topic: Topic,
    /// Continue after this cursor.
    pub after: Option<String>,
    /// First all that is there.
    pub snapshot: bool,
}

/// Changes of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Entities that match.
    Entities(EntityFilter),
    /// Deployments that match.
    Deployments(DeploymentFilter),
    /// Charges.
    Costs(CostFilter),
    /// Sources.
    Sources,
    /// A job, by its id in the graph.
    Job(String),
}

/// Something to send.
#[derive(Clone)]
pub enum Event {
    /// A change.
    Change(Change),
    /// Something was not sent.
    Gap(Gap),
    /// How a job stands; what is seen of it is noted.
    Job(JobLook),
    /// The snapshot is complete.
    SnapshotEnd {
        /// Continue here.
        cursor: String,
        /// Objects that were sent.
        count: usize,
    },
}

/// A change, as one subscription sees it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Continue after it with this.
    pub cursor: String,
    /// When it was recorded.
    pub at: DateTime,
    /// What happened.
    pub kind: ChangeKind,
    /// What changed, as paths with dots; empty unless it was an update.
    pub changed_fields: Vec<String>,
    /// Reconciliation found it.
    pub healed: bool,
    /// To what.
    pub object: Object,
}

/// What a change is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// An entity.
    Entity(Uuid, EntityRef),
    /// A deployment.
    Deployment(Uuid),
    /// The charges of these days.
    Charges(DateRange),
    /// A billing period.
    BillingPeriod {
        /// Whose invoices.
        invoice_issuer: String,
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// The source of this name.
    Source(String),
    /// The job that was asked for.
    Job,
}

/// Events that were not sent.
#[derive(Debug, Clone)]
pub struct Gap {
    /// The last cursor before it.
    pub from_cursor: Option<String>,
    /// Continue here.
    pub to_cursor: String,
    /// Why.
    pub reason: GapReason,
}

/// A look at a job.
#[derive(Clone)]
pub struct JobLook {
    /// Which job.
    pub id: String,
    /// When it is looked at.
    pub at: DateTime,
    /// Writes the cursor of a state, which is told by its digest.
    pub cursor_of: Arc<dyn Fn(&JobState) -> String + Send + Sync>,
    /// What was seen; not set where the job cannot be read now.
    pub seen: Arc<OnceLock<JobSeen>>,
}

/// Two looks with the same state saw the same.
pub type JobState = [u8; 16];

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSeen {
    /// Tells states apart.
    pub state: JobState,
    /// It has ended, or is not there.
    pub is_final: bool,
    /// Continue after it with this.
    pub cursor: String,
}

/// Why this field is executed.
fn delivery<'a>(ctx: &Context<'a>) -> &'a Delivery {
    ctx.data_unchecked::<Arc<Delivery>>()
}
