//! Pods.

use serde_json::json;

use super::{
    super::{
        App, Kind,
        draft::{Draft, Meta, uid},
        moment::Moment,
        pod::{Pod, Workload},
        version::number_at,
    },
    owner, pod_status,
    template::{labels, pod_spec},
    workload_type,
};

pub(super) fn drafts<'a>(app: &'a App, moment: &Moment) -> Vec<Draft<'a>> {
    let pods = Workload::at(app, moment).pods;
    pods.into_iter().map(|pod| draft(app, pod)).collect()
}

fn draft(app: &App, pod: Pod) -> Draft<'_> {
    let rollout = pod.rollout().clone();
    let mut meta = Meta::of(app, "Pod", pod.name.clone(), pod.slot.created_at);
    let hash = rollout.template_hash(app);
    let (owned_by, more) = match app.kind {
        Kind::Deployment => {
            let set = format!("{}-{hash}", app.name);
            (owner(app, ("apps/v1", "ReplicaSet"), &set), vec![("pod-template-hash", hash)])
        }
        Kind::DeploymentConfig => {
            let controller = format!("{}-{}", app.name, rollout.revision);
            let more = vec![("deployment", controller.clone()), ("deploymentconfig", app.name.clone())];
            (owner(app, ("v1", "ReplicationController"), &controller), more)
        }
        Kind::StatefulSet => {
            let more = vec![
                ("controller-revision-hash", format!("{}-{hash}", app.name)),
                ("apps.kubernetes.io/pod-index", pod.slot.ordinal.to_string()),
                ("statefulset.kubernetes.io/pod-name", pod.name.clone()),
            ];
            (owner(app, workload_type(app), &app.name), more)
        }
        Kind::DaemonSet => (owner(app, workload_type(app), &app.name), vec![("controller-revision-hash", hash)]),
    };
    meta.uid = pod_uid(app, &pod);
    meta.labels = labels(app, &more);
    meta.generate_name = pod.name.rsplit_once('-').map(|(stem, _)| format!("{stem}-"));
    meta.owner = Some(owned_by);
    meta.deleted_at = pod.slot.deleted_at.filter(|_| pod.is_terminating);
    let version = number_at(pod.changed_at);
    let body = move || {
        let node = pod.is_scheduled.then(|| pod.node());
        json!({ "spec": pod_spec(app, rollout.cycle, node), "status": pod_status::status(app, &pod) })
    };
    Draft { meta, version, body: Box::new(body) }
}

/// Unlike its name, never used twice.
pub(super) fn pod_uid(app: &App, pod: &Pod) -> String {
    uid("Pod", &app.namespace, &pod.subject(app))
}
