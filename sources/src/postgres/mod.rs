//! Weft's own database: reads of the catalog, of ownership, deployments, cost, history and the audit log.
//!
//! Fixed statements are files in `queries/`; lists with filters and orders are put together in `filter.rs` and `deployment_filter.rs` and nowhere else.
//! Every statement carries the caller's visibility in its `where`.

mod annotation_access;
mod apart;
mod audit;
mod cells;
mod change_log;
mod change_log_state;
mod change_position;
mod columns;
mod config;
mod cost;
mod database;
mod delivery;
mod deployment;
mod deployment_filter;
mod deployment_row;
mod entity;
mod entity_list;
mod entity_row;
mod environment;
mod facet;
mod filter;
mod healed;
mod history;
mod json_text;
mod location;
mod moment;
mod months;
mod order;
mod ownership;
mod processing_error;
mod read_pool;
mod ref_batch;
mod related;
mod relation;
mod shared_read;
mod signals;
mod subgraph;
mod trusted_document;
mod visibility;
mod waits;

pub use change_log::{Change, ChangeTopic, Changes};
pub use change_log_state::{ChangeLogState, DroppedChanges};
pub use change_position::{ChangePosition, ChangeRow};
pub use columns::{Columns, Projection};
pub use config::Config;
pub(crate) use cost::billing_period_status;
pub use cost::{
    CommitmentSums, CostCell, CostLinePages, CostParent, CostPeriods, CostQuestion, DeploymentCounts, SplitWeights,
    TagSums,
};
pub use database::{Database, MIGRATIONS};
pub use delivery::{DeliveryQuery, Measured};
pub use deployment::DEPLOYMENTS_COUNTED_MAX;
pub use entity::{ByRef, Found};
pub use entity_list::EntityQuery;
pub(crate) use environment::SILENT_DAYS;
pub(crate) use filter::FACET_VALUE_CHARS_MAX;
pub use related::{Edge, RelatedQuery};
pub use relation::RelationQuery;
pub use signals::{Signal, Signals};
pub use subgraph::{SubgraphRecord, SubgraphSet};
pub use trusted_document::{TrustedDocument, TrustedDocuments};
pub(crate) use visibility::push_visible;
