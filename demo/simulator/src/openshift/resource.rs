//! The resources served: names, groups, and what discovery says about them.

/// One kind of object and its place in the API.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Empty for the core group.
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) plural: &'static str,
    pub(super) short_names: &'static [&'static str],
    pub(super) is_namespaced: bool,
    pub(super) what: What,
}

/// The same, to tell them apart in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Namespace,
    Pod,
    Event,
    Service,
    ReplicationController,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    /// Jobs and cron jobs: nothing has any.
    Nothing,
    Route,
    DeploymentConfig,
    Build,
    BuildConfig,
    Project,
    ClusterVersion,
}

/// The groups of the aggregated API server.
pub(super) const AGGREGATED: [&str; 4] =
    ["apps.openshift.io", "build.openshift.io", "project.openshift.io", "route.openshift.io"];

/// Every resource, by group.
pub(super) const RESOURCES: [Resource; 17] = [
    cluster("", "Namespace", "namespaces", &["ns"], What::Namespace),
    namespaced("", "Pod", "pods", &["po"], What::Pod),
    namespaced("", "Event", "events", &["ev"], What::Event),
    namespaced("", "Service", "services", &["svc"], What::Service),
    namespaced("", "ReplicationController", "replicationcontrollers", &["rc"], What::ReplicationController),
    namespaced("apps", "Deployment", "deployments", &["deploy"], What::Deployment),
    namespaced("apps", "ReplicaSet", "replicasets", &["rs"], What::ReplicaSet),
    namespaced("apps", "StatefulSet", "statefulsets", &["sts"], What::StatefulSet),
    namespaced("apps", "DaemonSet", "daemonsets", &["ds"], What::DaemonSet),
    namespaced("batch", "Job", "jobs", &[], What::Nothing),
    namespaced("batch", "CronJob", "cronjobs", &["cj"], What::Nothing),
    namespaced("apps.openshift.io", "DeploymentConfig", "deploymentconfigs", &["dc"], What::DeploymentConfig),
    namespaced("build.openshift.io", "Build", "builds", &[], What::Build),
    namespaced("build.openshift.io", "BuildConfig", "buildconfigs", &["bc"], What::BuildConfig),
    cluster("config.openshift.io", "ClusterVersion", "clusterversions", &[], What::ClusterVersion),
    cluster("project.openshift.io", "Project", "projects", &[], What::Project),
    namespaced("route.openshift.io", "Route", "routes", &[], What::Route),
];

impl Resource {
    pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Self> {
        RESOURCES.iter().find(|known| known.group == group && known.version == version && known.plural == plural)
    }

    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    pub(super) fn singular(&self) -> String {
        self.kind.to_lowercase()
    }

    /// The plural with its group, as messages name it.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub(super) fn is_custom(&self) -> bool {
        self.what == What::ClusterVersion
    }

    /// Whether `oc get all` shows it.
    pub(super) fn is_in_all(&self) -> bool {
        self.is_namespaced && self.what != What::Event
    }
}

const fn namespaced(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    what: What,
) -> Resource {
    Resource { group, version: "v1", kind, plural, short_names, is_namespaced: true, what }
}

const fn cluster(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    what: What,
) -> Resource {
    Resource { group, version: "v1", kind, plural, short_names, is_namespaced: false, what }
}
