//! ReplicaSets of Deployments and ReplicationControllers of DeploymentConfigs: one per rollout that still shows.

use serde_json::{Value, json};

use super::{
    super::{
        Ailment, App, Kind,
        draft::{Draft, Meta, time},
        moment::Moment,
        pod::Workload,
        rollout::{DEADLINE, Rollout},
        slot,
    },
    owner,
    template::{labels, template},
    workload_type,
};

pub(super) fn drafts<'a>(app: &'a App, moment: &Moment) -> Vec<Draft<'a>> {
    let own = moment.apart();
    let workload = Workload::at(app, &own);
    let mut drafts = Vec::new();
    for (place, rollout) in workload.rollouts.iter().enumerate() {
        // A paused rollout has no revision of its own yet.
        let is_held = place == 0 && app.ailment() == Some(Ailment::Paused);
        if !own.passed(rollout.observed_at()) || is_held {
            continue;
        }
        let pods: Vec<_> = workload.of(rollout).collect();
        let ready = pods.iter().filter(|pod| pod.life.is_ready).count();
        drafts.push(draft(app, rollout, (place, workload.rollouts.len()), (pods.len(), ready), &own));
    }
    // All share one version: the sets of an app change together, while pods move between them.
    let changed_at = own.changed_at();
    moment.awaits(&own);
    drafts.into_iter().map(|draft| Draft { version: super::super::version::number_at(changed_at), ..draft }).collect()
}

/// The message of a quota that has no room left.
pub(super) fn quota_message(app: &App, rollout: &Rollout) -> String {
    let pod = format!("{}-{}-{}", app.name, rollout.template_hash(app), "x7k2p");
    format!(
        "pods \"{pod}\" is forbidden: exceeded quota: compute, requested: limits.memory=256Mi, used: limits.memory=8Gi, \
         limited: limits.memory=8Gi"
    )
}

fn draft<'a>(
    app: &'a App,
    rollout: &Rollout,
    (place, count): (usize, usize),
    (pods, ready): (usize, usize),
    moment: &Moment,
) -> Draft<'a> {
    let is_set = app.kind == Kind::Deployment;
    let hash = rollout.template_hash(app);
    let (kind, name, own_label) = if is_set {
        ("ReplicaSet", format!("{}-{hash}", app.name), ("pod-template-hash", hash))
    } else {
        let name = format!("{}-{}", app.name, rollout.revision);
        ("ReplicationController", name.clone(), ("deployment", name))
    };
    let mut meta = Meta::of(app, kind, name, rollout.observed_at());
    meta.labels = labels(app, std::slice::from_ref(&own_label));
    meta.owner = Some(owner(app, workload_type(app), &app.name));
    meta.generation = Some(if place == 0 { 1 } else { 2 });
    let annotation = |meta: &mut Meta, key: &str, value: String| {
        meta.annotations.insert(key.to_owned(), value);
    };
    if is_set {
        // The controller copies what the Deployment carries.
        meta.annotations.extend(app.annotations.clone());
        annotation(&mut meta, "deployment.kubernetes.io/revision", rollout.revision.to_string());
        annotation(&mut meta, "deployment.kubernetes.io/desired-replicas", app.replicas.to_string());
    } else {
        annotation(&mut meta, "openshift.io/deployment-config.latest-version", rollout.revision.to_string());
        annotation(&mut meta, "openshift.io/deployment-config.name", app.name.clone());
        let phase = phase(app, rollout, (place, count), moment);
        annotation(&mut meta, "openshift.io/deployment.phase", phase.to_owned());
    }
    let is_refused = place == 0 && app.ailment() == Some(Ailment::QuotaExceeded);
    let wanted = if is_refused { pods + 1 } else { pods };
    let rollout = rollout.clone();
    Draft::new(meta, moment.changed_at(), move || {
        let more = std::slice::from_ref(&own_label);
        let selector = json!({ "app": app.name, own_label.0: own_label.1 });
        let selector = if is_set { json!({ "matchLabels": selector }) } else { selector };
        let template = template(app, rollout.cycle, more);
        let mut status = json!({ "replicas": pods, "fullyLabeledReplicas": pods, "readyReplicas": ready, "availableReplicas": ready, "observedGeneration": if place == 0 { 1 } else { 2 } });
        if let Some(status) = status.as_object_mut() {
            status.retain(|key, value| key == "replicas" || value != &json!(0));
            if is_refused {
                status.insert("conditions".to_owned(), failure(app, &rollout));
            }
        }
        json!({ "spec": { "replicas": wanted, "selector": selector, "template": template }, "status": status })
    })
}

fn failure(app: &App, rollout: &Rollout) -> Value {
    json!([{
        "type": "ReplicaFailure",
        "status": "True",
        "lastTransitionTime": time(rollout.observed_at()),
        "reason": "FailedCreate",
        "message": quota_message(app, rollout),
    }])
}

fn phase(app: &App, rollout: &Rollout, (place, count): (usize, usize), moment: &Moment) -> &'static str {
    let is_serving = place + 1 == count && count > 1;
    if app.is_blocked() && !is_serving {
        if place > 0 || moment.passed(rollout.observed_at() + DEADLINE) { "Failed" } else { "Running" }
    } else if moment.passed(slot::completed_at(app, rollout)) {
        "Complete"
    } else {
        "Running"
    }
}
