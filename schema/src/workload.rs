//! Records of OpenShift: what runs on a cluster, its routes, builds and events, as read live.

use async_graphql::{Enum, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::{DateTime, WebUrl};

/// Something that runs pods on a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadRecord {
    /// The cluster, as configured in Weft.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// What it is.
    pub kind: WorkloadKind,
    /// Its name.
    pub name: String,
    /// The environment that its namespace or labels stand for.
    pub environment: Option<String>,
    /// All its containers.
    pub containers: Vec<WorkloadContainer>,
    /// How many pods it wants and has; none where that is not counted, or not yet.
    pub replicas: Option<ReplicaSummary>,
    /// How its newest rollout stands.
    pub rollout: RolloutStatus,
    /// Number of the newest rollout.
    pub revision: Option<String>,
    /// When it was created.
    pub created_at: Option<DateTime>,
}

/// Kinds of workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Enum)]
pub enum WorkloadKind {
    /// A Deployment.
    Deployment,
    /// A StatefulSet.
    StatefulSet,
    /// A DaemonSet.
    DaemonSet,
    /// A DeploymentConfig.
    DeploymentConfig,
    /// A CronJob.
    CronJob,
    /// A Job.
    Job,
    /// A kind that Weft does not know.
    Unknown,
}

impl WorkloadKind {
    /// All that Weft knows.
    pub const KNOWN: [Self; 6] =
        [Self::Deployment, Self::StatefulSet, Self::DaemonSet, Self::DeploymentConfig, Self::CronJob, Self::Job];

    /// The cluster's own word, which ids and cursors hold.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::DeploymentConfig => "DeploymentConfig",
            Self::CronJob => "CronJob",
            Self::Job => "Job",
            Self::Unknown => "Unknown",
        }
    }

    /// The kind with this word.
    pub fn read(word: &str) -> Option<Self> {
        Self::KNOWN.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One container of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct WorkloadContainer {
    /// Its name.
    pub name: String,
    /// Its image, with tag or digest.
    pub image: String,
}

/// Pods wanted and there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct ReplicaSummary {
    /// Wanted.
    pub desired: i32,
    /// Of the newest revision.
    pub updated: i32,
    /// Passing their readiness checks.
    pub ready: i32,
    /// Ready for long enough to count.
    pub available: i32,
}

/// How a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum RolloutStatus {
    /// All pods are of the newest revision and available.
    Complete,
    /// Under way.
    Progressing,
    /// Made no progress within its deadline.
    Stalled,
    /// Paused by hand.
    Paused,
    /// Not known: the cluster has not looked at the newest version yet, or says something new.
    Unknown,
}

/// Why a workload is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Enum)]
pub enum NotReadyReason {
    /// An image cannot be pulled.
    ImagePull,
    /// A container keeps crashing.
    CrashLoop,
    /// A container was killed for using too much memory.
    OutOfMemory,
    /// A quota forbids more pods.
    QuotaExceeded,
    /// No node can take a pod.
    Unschedulable,
    /// A container cannot start: a secret, a config map or a volume is missing or wrong.
    Configuration,
    /// A container runs and fails its readiness checks.
    ReadinessCheck,
    /// Another reason; `notReadyMessage` has it.
    Unknown,
}

/// Why a workload is not ready, with a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReadyRecord {
    /// The reason.
    pub reason: NotReadyReason,
    /// The same in one sentence.
    pub message: String,
}

/// Pods by phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, SimpleObject)]
pub struct PodSummary {
    /// All pods.
    pub total: i32,
    /// Waiting to start.
    pub pending: i32,
    /// Running.
    pub running: i32,
    /// Ended well.
    pub succeeded: i32,
    /// Ended badly.
    pub failed: i32,
    /// Lost sight of.
    pub unknown: i32,
    /// Restarts of all containers that are there now.
    pub restarts: i32,
}

/// An address under which a workload can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "Route")]
pub struct RouteRecord {
    /// Its name.
    pub name: String,
    /// The whole address; null until a router has admitted it.
    pub url: Option<WebUrl>,
    /// Its host name; null until one is given.
    pub host: Option<String>,
    /// Where TLS ends, such as `edge`, `reencrypt` or `passthrough`; null without TLS.
    pub tls_termination: Option<String>,
    /// A router serves it.
    pub is_admitted: Option<bool>,
}

/// A build of an image on a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "Build")]
pub struct BuildRecord {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub phase: BuildPhase,
    /// Why it stands so.
    pub message: Option<String>,
    /// The commit it builds.
    pub commit_sha: Option<String>,
    /// When it began to run.
    pub started_at: Option<DateTime>,
    /// When it ended.
    pub finished_at: Option<DateTime>,
    /// How long it ran, or has run so far.
    pub duration_seconds: Option<f64>,
}

/// How a build stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
pub enum BuildPhase {
    /// Created.
    New,
    /// Waits for its pod.
    Pending,
    /// Runs.
    Running,
    /// Succeeded.
    Complete,
    /// Failed.
    Failed,
    /// Could not run.
    Error,
    /// Was canceled.
    Canceled,
    /// A phase that Weft does not know.
    Unknown,
}

/// Something that a cluster reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "WorkloadEvent")]
pub struct WorkloadEventRecord {
    /// It is a warning.
    pub is_warning: bool,
    /// Why, in one word, such as `FailedScheduling`.
    pub reason: Option<String>,
    /// What happened.
    pub message: Option<String>,
    /// How often it happened.
    pub count: Option<i32>,
    /// When it last happened.
    pub last_seen_at: Option<DateTime>,
}
