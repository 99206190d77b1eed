//! Workloads: of whole objects of six kinds, what is kept.

use chrono::{DateTime, Utc};
use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        batch::v1::{CronJob, Job},
        core::v1::PodTemplateSpec,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use schema::{ReplicaSummary, RolloutStatus, WorkloadContainer, WorkloadKind, WorkloadRecord};
use serde::{Deserialize, Serialize};

use super::{
    list::Placed,
    rollout::{Observed, condition},
    selector::{Labels, Selector},
    wire::{self, moment},
};

/// A workload as it is kept: the record, and what leads to its pods, services and builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// The record.
    pub record: WorkloadRecord,
    pub(super) labels: Labels,
    /// Which pods are its own.
    pub(super) selector: Selector,
    /// The labels that its pods get.
    pub(super) pod_labels: Labels,
    /// Why it cannot have the pods it wants, in the cluster's words.
    pub(super) failure: Option<String>,
    /// When its controller last told how its newest rollout goes.
    pub(super) progressed_at: Option<DateTime<Utc>>,
}

impl Placed for Workload {
    fn place(&self) -> (&str, &str) {
        (&self.record.namespace, &self.record.name)
    }
}

impl Workload {
    /// All pods are new and available, or somebody wants it to stand still.
    pub(super) fn is_settled(&self) -> bool {
        let has_all = self.record.replicas.is_none_or(|replicas| replicas.available >= replicas.desired);
        matches!(self.record.rollout, RolloutStatus::Complete | RolloutStatus::Paused) && has_all
    }

    fn new(
        cluster: &str,
        kind: WorkloadKind,
        meta: ObjectMeta,
        template: Option<PodTemplateSpec>,
        rollout: RolloutStatus,
    ) -> Option<Self> {
        let (pod_labels, containers) = match template {
            Some(template) => {
                let labels = template.metadata.and_then(|meta| meta.labels).unwrap_or_default();
                (labels, template.spec.map(|spec| spec.containers).unwrap_or_default())
            }
            None => Default::default(),
        };
        let container = |container: k8s_openapi::api::core::v1::Container| WorkloadContainer {
            name: container.name,
            image: container.image.unwrap_or_default(),
        };
        Some(Self {
            record: WorkloadRecord {
                cluster: cluster.to_owned(),
                namespace: meta.namespace?,
                kind,
                name: meta.name?,
                environment: None,
                containers: containers.into_iter().map(container).collect(),
                replicas: None,
                rollout,
                revision: None,
                created_at: meta.creation_timestamp.as_ref().and_then(moment).map(Into::into),
            },
            labels: meta.labels.unwrap_or_default(),
            selector: Selector::default(),
            pod_labels,
            failure: None,
            progressed_at: None,
        })
    }

    /// With what its controller says.
    fn observed(mut self, observed: &Observed, ready: i32) -> Self {
        self.record.rollout = observed.rollout();
        self.record.replicas = observed.observed.map(|_| ReplicaSummary {
            desired: observed.desired,
            updated: observed.updated,
            ready,
            available: observed.available,
        });
        self
    }

    pub(super) fn of_deployment(cluster: &str, object: Deployment) -> Option<Self> {
        let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
        let conditions = status.conditions.as_ref();
        let failure = condition(conditions, "ReplicaFailure", "True").or(condition(conditions, "Progressing", "False"));
        let observed = Observed {
            generation: object.metadata.generation,
            observed: status.observed_generation,
            is_paused: spec.paused.unwrap_or(false),
            is_stalled: condition(conditions, "Progressing", "False").is_some(),
            desired: spec.replicas.unwrap_or(1),
            total: status.replicas.unwrap_or(0),
            updated: status.updated_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            kept_back: 0,
        };
        let failure = failure.and_then(|condition| condition.message.clone());
        let progressing = conditions.into_iter().flatten().find(|condition| condition.type_ == "Progressing");
        let progressed_at = progressing.and_then(|condition| moment(condition.last_update_time.as_ref()?));
        let revision = annotation(&object.metadata, "deployment.kubernetes.io/revision");
        let kind = WorkloadKind::Deployment;
        let mut workload = Self::new(cluster, kind, object.metadata, Some(spec.template), RolloutStatus::Unknown)?
            .observed(&observed, status.ready_replicas.unwrap_or(0));
        workload.selector = Selector::of_object(spec.selector);
        workload.failure = failure;
        workload.progressed_at = progressed_at;
        workload.record.revision = revision;
        Some(workload)
    }

    pub(super) fn of_stateful_set(cluster: &str, object: StatefulSet) -> Option<Self> {
        let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
        let partition = spec.update_strategy.and_then(|strategy| strategy.rolling_update?.partition);
        let observed = Observed {
            generation: object.metadata.generation,
            observed: status.observed_generation,
            desired: spec.replicas.unwrap_or(1),
            total: status.replicas,
            updated: status.updated_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            kept_back: partition.unwrap_or(0),
            ..Observed::default()
        };
        let kind = WorkloadKind::StatefulSet;
        let mut workload = Self::new(cluster, kind, object.metadata, Some(spec.template), RolloutStatus::Unknown)?
            .observed(&observed, status.ready_replicas.unwrap_or(0));
        workload.selector = Selector::of_object(spec.selector);
        Some(workload)
    }

    pub(super) fn of_daemon_set(cluster: &str, object: DaemonSet) -> Option<Self> {
        let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
        let observed = Observed {
            generation: object.metadata.generation,
            observed: status.observed_generation,
            desired: status.desired_number_scheduled,
            total: status.current_number_scheduled,
            updated: status.updated_number_scheduled.unwrap_or(0),
            available: status.number_available.unwrap_or(0),
            ..Observed::default()
        };
        let revision = annotation(&object.metadata, "deprecated.daemonset.template.generation");
        let kind = WorkloadKind::DaemonSet;
        let mut workload = Self::new(cluster, kind, object.metadata, Some(spec.template), RolloutStatus::Unknown)?
            .observed(&observed, status.number_ready);
        workload.selector = Selector::of_object(spec.selector);
        workload.record.revision = revision;
        Some(workload)
    }

    pub(super) fn of_deployment_config(cluster: &str, object: wire::DeploymentConfig) -> Option<Self> {
        let (spec, status) = (object.spec.unwrap_or_default(), object.status.unwrap_or_default());
        let meta = object.metadata?;
        let conditions = status.conditions.as_ref();
        let stalled = condition(conditions, "Progressing", "False");
        let failure = condition(conditions, "ReplicaFailure", "True").or(stalled);
        let observed = Observed {
            generation: meta.generation,
            observed: status.observed_generation,
            is_paused: spec.paused.unwrap_or(false),
            is_stalled: stalled.is_some(),
            desired: spec.replicas.unwrap_or(1),
            total: status.replicas.unwrap_or(0),
            updated: status.updated_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            kept_back: 0,
        };
        let failure = failure.and_then(|condition| condition.message.clone());
        let kind = WorkloadKind::DeploymentConfig;
        let mut workload = Self::new(cluster, kind, meta, spec.template, RolloutStatus::Unknown)?
            .observed(&observed, status.ready_replicas.unwrap_or(0));
        let labels = spec.selector.unwrap_or_else(|| workload.pod_labels.clone());
        workload.selector = Selector::of_labels(labels);
        workload.failure = failure;
        workload.record.revision =
            status.latest_version.filter(|version| *version > 0).map(|number| number.to_string());
        Some(workload)
    }

    /// A CronJob has no pods of its own: it stands still, or how its runs go is not known here.
    pub(super) fn of_cron_job(cluster: &str, object: CronJob) -> Option<Self> {
        let spec = object.spec.unwrap_or_default();
        let rollout = if spec.suspend.unwrap_or(false) { RolloutStatus::Paused } else { RolloutStatus::Unknown };
        let template = spec.job_template.spec.map(|spec| spec.template);
        Self::new(cluster, WorkloadKind::CronJob, object.metadata, template, rollout)
    }

    /// None for the Job of a CronJob, which is no workload of its own.
    pub(super) fn of_job(cluster: &str, object: Job) -> Option<Self> {
        let owners = object.metadata.owner_references.iter().flatten();
        if owners.into_iter().any(|owner| owner.kind == "CronJob") {
            return None;
        }
        let spec = object.spec.unwrap_or_default();
        let conditions = object.status.and_then(|status| status.conditions).unwrap_or_default();
        let find =
            |kind: &str| conditions.iter().find(|condition| condition.type_ == kind && condition.status == "True");
        let rollout = match (find("Complete"), find("Failed")) {
            (Some(_), _) => RolloutStatus::Complete,
            (None, Some(_)) => RolloutStatus::Stalled,
            _ if spec.suspend.unwrap_or(false) => RolloutStatus::Paused,
            _ => RolloutStatus::Progressing,
        };
        let failure = find("Failed").and_then(|condition| condition.message.clone());
        let workload = Self::new(cluster, WorkloadKind::Job, object.metadata, Some(spec.template), rollout)?;
        Some(Self { failure, ..workload })
    }
}

fn annotation(meta: &ObjectMeta, key: &str) -> Option<String> {
    meta.annotations.as_ref()?.get(key).cloned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(spec: Value, status: Value) -> Value {
        json!({
            "metadata": { "name": "web", "namespace": "shop", "generation": 3, "creationTimestamp": null,
                "annotations": { "deployment.kubernetes.io/revision": "7" } },
            "spec": spec, "status": status,
        })
    }

    fn deployment(spec: Value, status: Value) -> WorkloadRecord {
        let object = serde_json::from_value(object(spec, status)).unwrap();
        Workload::of_deployment("west", object).unwrap().record
    }

    #[test]
    fn an_object_with_nothing_in_it_is_not_taken_for_ready() {
        let record = deployment(Value::Null, Value::Null);
        assert_eq!((record.rollout, record.replicas, record.created_at), (RolloutStatus::Unknown, None, None));
        let record = deployment(json!({}), json!({}));
        assert_eq!((record.rollout, record.replicas), (RolloutStatus::Unknown, None), "nobody has looked at it yet");
    }

    #[test]
    fn what_controllers_say_becomes_the_rollout() {
        let counts = json!({ "observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2 });
        let with = |conditions: Value| {
            let mut status = counts.clone();
            status["conditions"] = conditions;
            status
        };
        let record = deployment(json!({ "replicas": 2 }), counts.clone());
        assert_eq!((record.rollout, record.revision.as_deref()), (RolloutStatus::Complete, Some("7")));
        let expected = ReplicaSummary { desired: 2, updated: 2, ready: 2, available: 2 };
        assert_eq!(record.replicas, Some(expected));
        let late = json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" }]);
        assert_eq!(deployment(json!({ "replicas": 2 }), with(late)).rollout, RolloutStatus::Stalled);
        let paused = json!({ "replicas": 2, "paused": true });
        assert_eq!(deployment(paused, counts.clone()).rollout, RolloutStatus::Paused);
        assert_eq!(deployment(json!({ "replicas": 3 }), counts).rollout, RolloutStatus::Progressing);
    }

    #[test]
    fn jobs_stand_as_their_conditions_say_and_those_of_cron_jobs_are_not_shown() {
        let job = |status: Value| {
            Workload::of_job("west", serde_json::from_value(object(json!({}), status)).unwrap()).unwrap().record.rollout
        };
        let done = |kind: &str| json!({ "conditions": [{ "type": kind, "status": "True" }] });
        assert_eq!(job(done("Complete")), RolloutStatus::Complete);
        assert_eq!(job(done("Failed")), RolloutStatus::Stalled);
        assert_eq!(job(json!({ "active": 1 })), RolloutStatus::Progressing);
        let owned = json!({ "metadata": { "name": "nightly-1", "namespace": "shop", "ownerReferences": [
            { "apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "1" }] } });
        assert_eq!(Workload::of_job("west", serde_json::from_value(owned).unwrap()), None);
        let cron = object(json!({ "suspend": true }), Value::Null);
        let cron = Workload::of_cron_job("west", serde_json::from_value(cron).unwrap()).unwrap();
        assert_eq!((cron.record.rollout, cron.is_settled()), (RolloutStatus::Paused, true));
    }
}
