//! StatefulSets.

use serde_json::json;

use super::{
    super::{
        App,
        draft::{Draft, Meta},
        moment::Moment,
        pod::Workload,
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
        // What it counts as current is the last revision that all pods had.
        let before = if app.is_blocked() { workload.rollouts.last() } else { workload.rollouts.get(1) };
        let before = before.unwrap_or(&newest).clone();
        let mut meta = Meta::of(app, "StatefulSet", app.name.clone(), app.first_cycle_at());
        meta.generation = Some(newest.revision);
        meta.annotations.clone_from(&app.annotations);
        let previous = workload.rollouts.get(1).cloned();
        let old = workload.of(&before).count();
        Draft::new(meta, own.changed_at(), move || {
            let is_noticed = fare.progress != Progress::Unnoticed;
            let noticed = if is_noticed { Some(&newest) } else { previous.as_ref() };
            let name = |hash: String| format!("{}-{hash}", app.name);
            let update = name(noticed.unwrap_or(&newest).template_hash(app));
            let is_settled = fare.progress == Progress::Complete;
            let current = if is_settled { update.clone() } else { name(before.template_hash(app)) };
            json!({
                "spec": {
                    "replicas": app.replicas,
                    "selector": { "matchLabels": { "app": app.name } },
                    "template": template(app, newest.cycle, &[]),
                    "serviceName": app.name,
                    "podManagementPolicy": "OrderedReady",
                    "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } },
                    "revisionHistoryLimit": 10,
                    "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Retain" },
                },
                "status": {
                    "observedGeneration": noticed.map_or(0, |noticed| noticed.revision),
                    "replicas": fare.replicas,
                    "readyReplicas": fare.ready,
                    "availableReplicas": fare.ready,
                    "currentReplicas": if is_settled { fare.updated } else { old },
                    "updatedReplicas": if is_noticed { fare.updated } else { fare.replicas },
                    "currentRevision": current,
                    "updateRevision": update,
                    "collisionCount": 0,
                },
            })
        })
    });
    moment.awaits(&own);
    drafted
}
