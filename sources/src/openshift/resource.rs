//! What is listed: the kinds of objects, where they are, and which answers are normal for them.

use reqwest::StatusCode;
use schema::WorkloadKind;

/// A kind of objects that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Resource {
    Workloads(WorkloadKind),
    ReplicaSets,
    Pods,
    Services,
    Events,
    Routes,
    Builds,
    Projects,
}

impl Resource {
    /// Its name in paths.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Workloads(WorkloadKind::Deployment) => "deployments",
            Self::Workloads(WorkloadKind::StatefulSet) => "statefulsets",
            Self::Workloads(WorkloadKind::DaemonSet) => "daemonsets",
            Self::Workloads(WorkloadKind::DeploymentConfig) => "deploymentconfigs",
            Self::Workloads(WorkloadKind::CronJob) => "cronjobs",
            Self::Workloads(WorkloadKind::Job) => "jobs",
            Self::Workloads(WorkloadKind::Unknown) => "unknown",
            Self::ReplicaSets => "replicasets",
            Self::Pods => "pods",
            Self::Services => "services",
            Self::Events => "events",
            Self::Routes => "routes",
            Self::Builds => "builds",
            Self::Projects => "projects",
        }
    }

    /// Every kind that stands in a namespace.
    pub(super) fn of_namespaces() -> impl Iterator<Item = Self> {
        let workloads = WorkloadKind::KNOWN.into_iter().map(Self::Workloads);
        workloads.chain([Self::ReplicaSets, Self::Pods, Self::Services, Self::Events, Self::Routes, Self::Builds])
    }

    /// The resource of this name.
    pub(super) fn of_plural(name: &str) -> Option<Self> {
        Self::of_namespaces().chain([Self::Projects]).find(|resource| resource.plural() == name)
    }

    /// Its API group and version, as a path.
    pub(super) fn group(self) -> &'static str {
        match self {
            Self::Pods | Self::Services | Self::Events => "api/v1",
            Self::Workloads(WorkloadKind::CronJob | WorkloadKind::Job) => "apis/batch/v1",
            Self::Workloads(WorkloadKind::DeploymentConfig) => "apis/apps.openshift.io/v1",
            Self::Workloads(_) | Self::ReplicaSets => "apis/apps/v1",
            Self::Routes => "apis/route.openshift.io/v1",
            Self::Builds => "apis/build.openshift.io/v1",
            Self::Projects => "apis/project.openshift.io/v1",
        }
    }

    /// Statuses that are no error of the cluster: the list may not be read (403), or grew too old between two pages (410).
    /// OpenShift's own groups may be missing altogether (404). The servers of these stand behind the cluster's: that one of
    /// them is away (503) says nothing against the cluster, and must not have it left alone.
    pub(super) fn expected(self) -> &'static [StatusCode] {
        match self {
            Self::Workloads(WorkloadKind::DeploymentConfig) | Self::Routes | Self::Builds | Self::Projects => {
                &[StatusCode::FORBIDDEN, StatusCode::GONE, StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE]
            }
            _ => &[StatusCode::FORBIDDEN, StatusCode::GONE],
        }
    }

    /// The name of its calls in metrics.
    pub(super) fn call(self) -> &'static str {
        self.plural()
    }
}
