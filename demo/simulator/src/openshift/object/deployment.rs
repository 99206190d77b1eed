//! Deployments.

use serde_json::{Value, json};

use super::{
    super::{
        Ailment, App,
        draft::{Draft, Meta, time},
        moment::Moment,
        pod::Workload,
        rollout::Rollout,
    },
    condition::{Fare, Progress},
    template::template,
};

/// None until its first rollout.
pub(super) fn draft<'a>(app: &'a App, moment: &Moment) -> Option<Draft<'a>> {
    let own = moment.apart();
    let workload = Workload::at(app, &own);
    let drafted = workload.rollouts.first().cloned().map(|newest| {
        let fare = Fare::of(app, &workload, &newest, &own);
        let previous = workload.rollouts.get(1).cloned();
        let created_at = app.first_cycle_at();
        let mut meta = Meta::of(app, "Deployment", app.name.clone(), created_at);
        meta.generation = Some(newest.revision);
        meta.annotations.clone_from(&app.annotations);
        let is_noticed = !matches!(fare.progress, Progress::Unnoticed | Progress::Paused);
        let observed = if is_noticed { Some(&newest) } else { previous.as_ref() };
        let revision = observed.map_or(0, |rollout| rollout.revision);
        if revision > 0 {
            meta.annotations.insert("deployment.kubernetes.io/revision".to_owned(), revision.to_string());
        }
        if let Some(repository) = &app.build_from {
            meta.annotations.insert("app.openshift.io/vcs-uri".to_owned(), repository.clone());
        }
        Draft::new(
            meta,
            own.changed_at(),
            move || json!({ "spec": spec(app, &newest), "status": status(app, &newest, previous.as_ref(), &fare) }),
        )
    });
    moment.awaits(&own);
    drafted
}

fn spec(app: &App, newest: &Rollout) -> Value {
    let mut spec = json!({
        "replicas": app.replicas,
        "selector": { "matchLabels": { "app": app.name } },
        "template": template(app, newest.cycle, &[]),
        "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 0, "maxSurge": "25%" } },
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    });
    if let (Some(Ailment::Paused), Some(spec)) = (app.ailment(), spec.as_object_mut()) {
        spec.insert("paused".to_owned(), json!(true));
    }
    spec
}

fn status(app: &App, newest: &Rollout, previous: Option<&Rollout>, fare: &Fare) -> Value {
    let is_noticed = fare.progress != Progress::Unnoticed;
    let observed = if is_noticed { newest.revision } else { previous.map_or(0, |previous| previous.revision) };
    if observed == 0 {
        return json!({});
    }
    // Until the controller notices, the status is that of the rollout before.
    let updated = match previous {
        Some(_) if !is_noticed => fare.replicas,
        _ => fare.updated,
    };
    let mut status = json!({ "observedGeneration": observed });
    // Zeros are left out, as Go's omitempty does.
    if let Some(status) = status.as_object_mut() {
        let counts = [
            ("replicas", fare.replicas),
            ("updatedReplicas", updated),
            ("readyReplicas", fare.ready),
            ("availableReplicas", fare.ready),
            ("unavailableReplicas", fare.replicas.max(app.replicas.try_into().unwrap_or(0)) - fare.ready),
        ];
        for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            status.insert(key.to_owned(), json!(count));
        }
        status.insert("conditions".to_owned(), conditions(app, newest, previous, fare));
    }
    status
}

fn conditions(app: &App, newest: &Rollout, previous: Option<&Rollout>, fare: &Fare) -> Value {
    let set = |rollout: &Rollout| format!("ReplicaSet \"{}-{}\"", app.name, rollout.template_hash(app));
    let new = set(newest);
    let (status, reason, message) = match fare.progress {
        Progress::Unnoticed if app.is_blocked() && previous.is_some_and(|previous| previous.cycle > 1) => {
            ("False", "ProgressDeadlineExceeded", format!("{} has timed out progressing.", previous.map_or(new, set)))
        }
        Progress::Unnoticed => {
            ("True", "NewReplicaSetAvailable", format!("{} has successfully progressed.", previous.map_or(new, set)))
        }
        Progress::Paused => ("Unknown", "DeploymentPaused", "Deployment is paused".to_owned()),
        Progress::Underway => ("True", "ReplicaSetUpdated", format!("{new} is progressing.")),
        Progress::Complete => ("True", "NewReplicaSetAvailable", format!("{new} has successfully progressed.")),
        Progress::TimedOut => ("False", "ProgressDeadlineExceeded", format!("{new} has timed out progressing.")),
    };
    let (is_available, why, what) = if fare.is_available {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let condition = |kind: &str, status: &str, at, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": status,
            "lastUpdateTime": time(at),
            "lastTransitionTime": time(at),
            "reason": reason,
            "message": message,
        })
    };
    let mut conditions = vec![
        condition("Available", is_available, fare.available_changed_at, why, what),
        condition("Progressing", status, fare.progress_changed_at, reason, &message),
    ];
    let is_noticed = fare.progress != Progress::Unnoticed;
    if app.ailment() == Some(Ailment::QuotaExceeded) && is_noticed {
        let message = super::revision::quota_message(app, newest);
        let at = newest.observed_at();
        conditions.push(condition("ReplicaFailure", "True", at, "FailedCreate", &message));
    }
    Value::Array(conditions)
}
