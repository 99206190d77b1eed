//! The words of the graph: records, scalars, inputs, cursors, error codes and visibility. No I/O of any kind.
//! What a thing is connected to stands in `resolvers`; where it comes from stands in `sources`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

mod annotations;
mod audit;
mod automation;
mod catalog;
mod cloud;
mod cost;
mod cursor;
mod delivery;
mod deployment;
mod entity_ref;
mod error_code;
mod filter;
mod id;
mod mutation;
mod ownership;
mod page;
mod repository;
mod scalars;
mod source;
mod subgraph;
mod terraform;
mod visibility;
mod workload;

pub use annotations::Annotations;
pub use audit::{AuditDecision, AuditEntry, AuditFilter, AuditRecord};
pub use automation::{
    AutomationHostSummary, AutomationInventory, AutomationJobKind, AutomationJobRecord, AutomationJobStatus,
    AutomationTemplateKind, AutomationTemplateRecord, RecentRuns,
};
pub use catalog::{
    ChangeKind, EntityBody, EntityLink, EntityRecord, EntityRevisionRecord, FacetCountRecord, FieldChange,
    ProcessingErrorRecord, RelationRecord,
};
pub use cloud::{CloudAlertCondition, CloudAlertRecord, CloudAlertSeverity, CloudResourceRecord, TargetedAlertRecord};
pub use cost::{
    BillingPeriod, BillingPeriodStatus, COST_DAYS_MAX, COST_DIMENSIONS_MAX, ChargeCategory, CommitmentDiscount,
    CommitmentSummary, CostDimension, CostDimensionInput, CostFilter, CostGranularity, CostGroupOrder, CostLineRecord,
    CostMetric, CostPoint, CostQuery, CostQueryError, CostRowKind, OwnershipBasis, SharedCostSplit, TagCoverage,
    TagCoverageByTag, UnitCost, UnitCostPoint,
};
pub use cursor::{Cursor, CursorError};
pub use delivery::{DELIVERY_DAYS_MAX, DateRange, DateRangeError, DeliveryCounts, DeliveryMetrics, DeliverySample};
pub use deployment::{
    DeploymentFilter, DeploymentRecord, DeploymentStatus, EnvironmentStateRecord, EnvironmentTier, RemedyReason,
};
pub use entity_ref::{DEFAULT_NAMESPACE, EntityRef, EntityRefError, PART_BYTES_MAX};
pub use error_code::ErrorCode;
pub use filter::{
    EntityFacet, EntityFilter, EntityOrder, EntityOrderField, FILTER_DEPTH_MAX, FILTER_VALUES_MAX, FilterError,
    KeyValueInput, OrderDirection, OwnershipState, SEARCH_CHARS_MAX,
};
pub use id::NodeId;
pub use mutation::{
    LocationType, RefreshEntityInput, RegisterLocationInput, RemoveEntityInput, UnregisterLocationInput, UserError,
    UserErrorCode,
};
pub use ownership::{OwnershipByKind, OwnershipByTeamRecord, OwnershipReportRecord, OwnershipSummary};
pub use page::{PAGE_DEFAULT, PAGE_MAX, Page, PageArgs, PageError, PageInfo};
pub use repository::{
    CodeOwnersRecord, CodeOwnersRule, CommitRecord, MergeRequestRecord, MergeRequestState, PipelineJobSummary,
    PipelineRecord, PipelineStatus, ReleaseRecord, RepositoryLanguage, RepositoryRecord, RepositoryVisibility,
};
pub use scalars::{Date, DateTime, Decimal, Json, JsonObject, WebUrl, scalar_problem};
pub use source::{Latency, Quota, SourceKind, SourceRecord, SourceStatus};
pub use subgraph::{PublishSubgraphInput, SubgraphDiagnostic};
pub use terraform::{
    TerraformAssessmentRecord, TerraformCheckStatus, TerraformChecks, TerraformCostEstimate, TerraformDrift,
    TerraformDriftStatus, TerraformOutput, TerraformPlanSummary, TerraformRunDetails, TerraformRunRecord,
    TerraformRunStatus, TerraformWorkspaceRecord,
};
pub use visibility::{Visibility, scope};
pub use workload::{
    BuildPhase, BuildRecord, NotReadyReason, NotReadyRecord, PodSummary, ReplicaSummary, RolloutStatus, RouteRecord,
    WorkloadContainer, WorkloadEventRecord, WorkloadKind, WorkloadRecord,
};
