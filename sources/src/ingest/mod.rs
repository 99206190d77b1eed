//! Writes: catalog documents, locations, deployments and audit records. Every change leaves its history, its line in the change log and
//! its audit record in one transaction with itself; a write that is interrupted has never been.
//!
//! `apply` takes the documents of one location over, `deployments` what sources tell of theirs, `costs` exports of charges; `mutation` serves the graph; `audit` is the chain both write to. `publication` takes documents over that clients
//! may execute where no others are; `replay` has deliveries of webhooks tried again; `subgraph` publishes the subgraphs of teams.

mod apply;
mod audit;
mod batch;
mod change_log;
mod changes;
mod costs;
mod deployments;
mod diff;
mod due;
mod facts;
mod fetch;
mod group_location;
mod mutation;
mod processing_error;
mod publication;
mod removal;
mod replay;
mod report;
mod rows;
mod side_tables;
mod source_changes;
mod subgraph;

pub use apply::{ApplyLimits, Location};
pub use change_log::{ChangeLogKeep, ChangeLogUpkeep};
pub use costs::{Annotations, Attributed, CostImport, CostLook, CostOutcome, CostProgress, CostRefusal, CostReport};
pub(crate) use deployments::STARTED_EARLY_MAX;
pub use deployments::{
    Applied, DeliveryRules, DeploymentBatch, DeploymentEvent, DeploymentReport, Lease, Mark, Origin,
};
pub use due::DueLocation;
pub use fetch::{FetchLimits, LocationReader};
pub use mutation::Written;
pub use publication::{Publication, Published};
pub use report::ImportReport;
pub use source_changes::SourceWatch;
pub use subgraph::{SubgraphPublication, SupergraphChange, SupergraphOutcome};
