//! DeploymentConfigs.

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
        let mut meta = Meta::of(app, "DeploymentConfig", app.name.clone(), app.first_cycle_at());
        meta.generation = Some(newest.revision + 1);
        meta.annotations.clone_from(&app.annotations);
        let previous = workload.rollouts.get(1).map_or(0, |previous| previous.revision);
        Draft::new(
            meta,
            own.changed_at(),
            move || json!({ "spec": spec(app, &newest), "status": status(app, &newest, previous, &fare) }),
        )
    });
    moment.awaits(&own);
    drafted
}

fn spec(app: &App, newest: &Rollout) -> Value {
    let mut spec = json!({
        "strategy": {
            "type": "Rolling",
            "rollingParams": {
                "updatePeriodSeconds": 1,
                "intervalSeconds": 1,
                "timeoutSeconds": 600,
                // The specification calls these strings, though either form is read.
                "maxUnavailable": "0%",
                "maxSurge": "25%",
            },
            "resources": {},
            "activeDeadlineSeconds": 21600,
        },
        "triggers": [{ "type": "ConfigChange" }],
        "replicas": app.replicas,
        "revisionHistoryLimit": 10,
        "test": false,
        "selector": { "app": app.name },
        "template": template(app, newest.cycle, &[]),
    });
    if let (Some(Ailment::Paused), Some(spec)) = (app.ailment(), spec.as_object_mut()) {
        spec.insert("paused".to_owned(), json!(true));
    }
    spec
}

fn status(app: &App, newest: &Rollout, previous: i64, fare: &Fare) -> Value {
    let is_noticed = fare.progress != Progress::Unnoticed;
    let is_held = fare.progress == Progress::Paused;
    let latest = if is_noticed && !is_held { newest.revision } else { previous };
    let wanted = usize::try_from(app.replicas).unwrap_or(0);
    let set = format!("replication controller \"{}-{latest}\"", app.name);
    let (progressing, reason, message) = match fare.progress {
        Progress::Underway => ("True", Some("ReplicationControllerUpdated"), format!("{set} is progressing")),
        Progress::TimedOut => ("False", Some("ProgressDeadlineExceeded"), format!("{set} has failed progressing")),
        Progress::Paused => ("Unknown", Some("DeploymentConfigPaused"), "deployment config is paused".to_owned()),
        _ => ("True", Some("NewReplicationControllerAvailable"), format!("{set} successfully rolled out")),
    };
    let (available, what) = if fare.is_available {
        ("True", "Deployment config has minimum availability.")
    } else {
        ("False", "Deployment config does not have minimum availability.")
    };
    let condition = |kind: &str, status: &str, at, reason: Option<&str>, message: &str| {
        let mut condition = json!({
            "type": kind,
            "status": status,
            "lastUpdateTime": time(at),
            "lastTransitionTime": time(at),
            "message": message,
        });
        if let (Some(reason), Some(condition)) = (reason, condition.as_object_mut()) {
            condition.insert("reason".to_owned(), json!(reason));
        }
        condition
    };
    json!({
        "latestVersion": latest,
        "observedGeneration": if is_noticed { newest.revision + 1 } else { previous + 1 },
        "replicas": fare.replicas,
        "updatedReplicas": if is_noticed { fare.updated } else { fare.replicas },
        "availableReplicas": fare.ready,
        "unavailableReplicas": fare.replicas.max(wanted) - fare.ready,
        "readyReplicas": fare.ready,
        "details": { "message": "config change", "causes": [{ "type": "ConfigChange" }] },
        "conditions": [
            condition("Available", available, fare.available_changed_at, None, what),
            condition("Progressing", progressing, fare.progress_changed_at, reason, &message),
        ],
    })
}
