//! ReplicaSets: one for each version of a Deployment, of which what tells its rollouts is kept.

use chrono::{DateTime, Utc};
use k8s_openapi::api::apps::v1;
use serde::{Deserialize, Serialize};

use super::{list::Placed, wire::moment};

/// A ReplicaSet of a Deployment as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ReplicaSet {
    pub(super) namespace: String,
    name: String,
    /// The Deployment that it belongs to.
    pub(super) deployment: String,
    /// The revision of the Deployment that it last was.
    pub(super) revision: String,
    /// It was another revision before: it was brought back.
    pub(super) was_another: bool,
    pub(super) created_at: Option<DateTime<Utc>>,
    /// The image of its first container.
    pub(super) image: Option<String>,
    /// Why it came, as whoever rolled it out wrote.
    pub(super) cause: Option<String>,
    /// What [`LABELS`] says.
    #[serde(default)]
    pub(super) labels: Vec<String>,
}

/// The annotation that labels a rollout, with commas between the labels; what the Deployment carries, its next rollout takes over.
const LABELS: &str = "weft.dev/deployment-labels";

impl Placed for ReplicaSet {
    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

impl ReplicaSet {
    /// None for one that belongs to no Deployment.
    pub(super) fn of_object(object: v1::ReplicaSet) -> Option<Self> {
        let meta = object.metadata;
        let owner = meta.owner_references.into_iter().flatten().find(|owner| owner.kind == "Deployment")?;
        let annotations = meta.annotations.unwrap_or_default();
        let containers = object.spec.and_then(|spec| spec.template?.spec).map(|spec| spec.containers);
        Some(Self {
            namespace: meta.namespace?,
            name: meta.name?,
            deployment: owner.name,
            revision: annotations.get("deployment.kubernetes.io/revision")?.clone(),
            was_another: annotations.contains_key("deployment.kubernetes.io/revision-history"),
            created_at: meta.creation_timestamp.as_ref().and_then(moment),
            image: containers.and_then(|containers| containers.into_iter().next()?.image),
            cause: annotations.get("kubernetes.io/change-cause").cloned(),
            labels: annotations.get(LABELS).map(|labels| words(labels)).unwrap_or_default(),
        })
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
