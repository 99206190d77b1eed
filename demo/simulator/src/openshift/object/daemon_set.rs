//! DaemonSets.

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
        let mut meta = Meta::of(app, "DaemonSet", app.name.clone(), app.first_cycle_at());
        meta.generation = Some(newest.revision);
        meta.annotations.clone_from(&app.annotations);
        meta.annotations.insert("deprecated.daemonset.template.generation".to_owned(), newest.revision.to_string());
        let previous = workload.rollouts.get(1).map_or(0, |previous| previous.revision);
        Draft::new(meta, own.changed_at(), move || {
            let is_noticed = fare.progress != Progress::Unnoticed;
            let wanted = usize::try_from(app.replicas).unwrap_or(0);
            json!({
                "spec": {
                    "selector": { "matchLabels": { "app": app.name } },
                    "template": template(app, newest.cycle, &[]),
                    "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 } },
                    "revisionHistoryLimit": 10,
                },
                "status": {
                    "currentNumberScheduled": fare.replicas,
                    "numberMisscheduled": 0,
                    "desiredNumberScheduled": app.replicas,
                    "numberReady": fare.ready,
                    "observedGeneration": if is_noticed { newest.revision } else { previous },
                    "updatedNumberScheduled": if is_noticed { fare.updated } else { fare.replicas },
                    "numberAvailable": fare.ready,
                    "numberUnavailable": wanted.saturating_sub(fare.ready),
                },
            })
        })
    });
    moment.awaits(&own);
    drafted
}
