//! Pods: what is kept of each, and whose it is.

use chrono::{DateTime, Utc};
use k8s_openapi::api::core::v1 as core;
use schema::{PodSummary, WorkloadKind};
use serde::{Deserialize, Serialize};

use super::{list::Placed, selector::Labels, wire::moment, workload::Workload};

/// A pod as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pod {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) labels: Labels,
    /// Kind and name of what made it.
    pub(super) owner: Option<(String, String)>,
    pub(super) phase: Option<String>,
    /// It is asked to go.
    pub(super) is_leaving: bool,
    /// Why no node takes it.
    pub(super) unschedulable: Option<String>,
    /// Why it failed as a whole, such as an eviction.
    pub(super) failure: Option<String>,
    pub(super) containers: Vec<Container>,
}

/// A container of a pod, as it is now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) is_ready: bool,
    /// It runs until it is done, before the others.
    pub(super) is_initial: bool,
    pub(super) restarts: i32,
    pub(super) state: State,
    /// How it ended the last time.
    pub(super) last: Option<Ended>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) enum State {
    #[default]
    Unknown,
    Waiting {
        reason: String,
        message: Option<String>,
    },
    Running {
        since: Option<DateTime<Utc>>,
    },
    Ended(Ended),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) reason: Option<String>,
    pub(super) exit_code: i32,
}

impl Placed for Pod {
    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

impl Pod {
    pub(super) fn of_object(object: core::Pod) -> Option<Self> {
        let meta = object.metadata;
        let status = object.status.unwrap_or_default();
        let owners = meta.owner_references.unwrap_or_default();
        // A pod has one controller; what else may own it only has it removed.
        let owner =
            owners.into_iter().find(|owner| owner.controller != Some(false)).map(|owner| (owner.kind, owner.name));
        let unschedulable = status.conditions.unwrap_or_default().into_iter().find(|condition| {
            condition.type_ == "PodScheduled"
                && condition.status == "False"
                && condition.reason.as_deref() == Some("Unschedulable")
        });
        let initial = status.init_container_statuses.unwrap_or_default().into_iter().map(|status| (status, true));
        let usual = status.container_statuses.unwrap_or_default().into_iter().map(|status| (status, false));
        Some(Self {
            namespace: meta.namespace?,
            name: meta.name?,
            labels: meta.labels.unwrap_or_default(),
            owner,
            phase: status.phase,
            is_leaving: meta.deletion_timestamp.is_some(),
            unschedulable: unschedulable.map(|condition| condition.message.unwrap_or_default()),
            failure: status.message.or(status.reason),
            containers: initial.chain(usual).map(|(status, is_initial)| Container::of(status, is_initial)).collect(),
        })
    }

    /// Whether a workload made it. The ReplicaSet or Job in between need not be read: controllers name what they make after
    /// themselves, and the selector guards against a name that only looks like it.
    pub(super) fn belongs_to(&self, workload: &Workload) -> bool {
        let record = &workload.record;
        let is_made = match (&self.owner, made_through(record.kind)) {
            (Some((kind, name)), Some(between)) => kind == between && stem(name) == Some(&record.name),
            (Some((kind, name)), None) => kind == record.kind.as_str() && *name == record.name,
            // Controllers adopt what their selector means.
            (None, _) => has_selector(record.kind),
        };
        is_made && (!has_selector(record.kind) || workload.selector.matches(&self.labels))
    }

    fn restarts(&self) -> i32 {
        self.containers.iter().fold(0, |sum, container| sum.saturating_add(container.restarts))
    }
}

impl Container {
    fn of(status: core::ContainerStatus, is_initial: bool) -> Self {
        let ended = |ended: core::ContainerStateTerminated| Ended { reason: ended.reason, exit_code: ended.exit_code };
        let state = status.state.unwrap_or_default();
        let state = if let Some(waiting) = state.waiting {
            State::Waiting { reason: waiting.reason.unwrap_or_default(), message: waiting.message }
        } else if let Some(running) = state.running {
            State::Running { since: running.started_at.as_ref().and_then(moment) }
        } else {
            state.terminated.map(ended).map_or(State::Unknown, State::Ended)
        };
        Self {
            name: status.name,
            image: status.image,
            is_ready: status.ready,
            is_initial,
            restarts: status.restart_count,
            state,
            last: status.last_state.and_then(|last| last.terminated).map(ended),
        }
    }
}

/// What stands between a workload and its pods.
fn made_through(kind: WorkloadKind) -> Option<&'static str> {
    match kind {
        WorkloadKind::Deployment => Some("ReplicaSet"),
        WorkloadKind::DeploymentConfig => Some("ReplicationController"),
        WorkloadKind::CronJob => Some("Job"),
        _ => None,
    }
}

/// The selectors of jobs are drawn by the cluster and say nothing that the owner does not.
fn has_selector(kind: WorkloadKind) -> bool {
    !matches!(kind, WorkloadKind::CronJob | WorkloadKind::Job)
}

/// A name without its last part.
pub(super) fn stem(name: &str) -> Option<&str> {
    name.rsplit_once('-').map(|(stem, _)| stem)
}

/// Pods, counted by phase.
pub(super) fn summary<'a>(pods: impl Iterator<Item = &'a Pod>) -> PodSummary {
    pods.fold(PodSummary::default(), |mut summary, pod| {
        let count = match pod.phase.as_deref() {
            Some("Pending") => &mut summary.pending,
            Some("Running") => &mut summary.running,
            Some("Succeeded") => &mut summary.succeeded,
            Some("Failed") => &mut summary.failed,
            _ => &mut summary.unknown,
        };
        *count += 1;
        summary.total += 1;
        summary.restarts = summary.restarts.saturating_add(pod.restarts());
        summary
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(owner: Option<(&str, &str)>, app: &str) -> Pod {
        let owner = owner.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        let labels = Labels::from([("app".to_owned(), app.to_owned())]);
        Pod { namespace: "shop".to_owned(), name: "x".to_owned(), labels, owner, ..Pod::default() }
    }

    #[test]
    fn a_pod_belongs_to_what_made_it_and_what_selects_it() {
        let object = json!({
            "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "selector": { "matchLabels": { "app": "web" } }, "template": {} },
        });
        let web = Workload::of_deployment("west", serde_json::from_value(object.clone()).unwrap()).unwrap();
        let set = Workload::of_stateful_set("west", serde_json::from_value(object).unwrap()).unwrap();
        assert!(pod(Some(("ReplicaSet", "web-7d9c8b6f5d")), "web").belongs_to(&web));
        assert!(pod(Some(("StatefulSet", "web")), "web").belongs_to(&set));
        assert!(pod(None, "web").belongs_to(&web), "a controller adopts what its selector means");
        for stranger in [
            pod(Some(("ReplicaSet", "web-admin-7d9c8b6f5d")), "web"),
            pod(Some(("ReplicaSet", "web-7d9c8b6f5d")), "admin"),
            pod(Some(("StatefulSet", "web")), "web"),
            pod(None, "admin"),
        ] {
            assert!(!stranger.belongs_to(&web), "{stranger:?}");
        }
    }

    #[test]
    fn pods_are_counted_by_phase() {
        let phases = ["Pending", "Running", "Running", "Succeeded", "Failed", "Unknown", "Evolving"];
        let restarted = Container { restarts: 2, ..Container::default() };
        let pods: Vec<Pod> = phases
            .iter()
            .map(|phase| Pod {
                phase: Some((*phase).to_owned()),
                containers: vec![restarted.clone()],
                ..Pod::default()
            })
            .collect();
        let expected =
            PodSummary { total: 7, pending: 1, running: 2, succeeded: 1, failed: 1, unknown: 2, restarts: 14 };
        assert_eq!(summary(pods.iter()), expected);
    }
}
