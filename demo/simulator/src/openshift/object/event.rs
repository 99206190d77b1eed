//! Events: what controllers, scheduler and kubelet say about an app, for an hour.
//!
//! The scheduler writes them in the newer form: `eventTime` and maybe a `series`, and a null `lastTimestamp`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        Ailment, App, Kind,
        draft::{Draft, Meta, micro_time, time, uid},
        moment::Moment,
        pod::{Container, Pod, Workload},
        rollout::{self, Rollout},
    },
    pod::pod_uid,
    pod_status::UNSCHEDULABLE,
    revision::quota_message,
    workload_type,
};
use crate::seed::draw;

const LIFE: TimeDelta = TimeDelta::hours(1);

/// What is said, by whom, about what; said `every` so often from `first_at` on, or once.
struct Said {
    about: About,
    kind: &'static str,
    by: &'static str,
    reason: &'static str,
    message: String,
    first_at: DateTime<Utc>,
    every: Option<TimeDelta>,
}

#[derive(Clone)]
struct About {
    api_version: &'static str,
    kind: &'static str,
    name: String,
    uid: String,
}

pub(super) fn drafts<'a>(app: &'a App, moment: &Moment) -> Vec<Draft<'a>> {
    let workload = Workload::at(app, moment);
    let mut said = Vec::new();
    for rollout in &workload.rollouts {
        about_rollout(
            app,
            rollout,
            rollout.cycle == workload.rollouts.first().map_or(0, |first| first.cycle),
            &mut said,
        );
    }
    for pod in &workload.pods {
        about_pod(app, pod, &mut said);
    }
    said.into_iter().filter_map(|said| draft(app, said, moment)).collect()
}

fn about_rollout(app: &App, rollout: &Rollout, is_newest: bool, said: &mut Vec<Said>) {
    let (api_version, kind) = workload_type(app);
    let about = About { api_version, kind, name: app.name.clone(), uid: uid(kind, &app.namespace, &app.name) };
    let set = format!("{}-{}", app.name, rollout.template_hash(app));
    let first_at = rollout.observed_at();
    if app.kind == Kind::Deployment && app.ailment() != Some(Ailment::Paused) {
        let message = format!("Scaled up replica set {set} from 0 to 1");
        let by = "deployment-controller";
        said.push(Said {
            about: about.clone(),
            kind: "Normal",
            by,
            reason: "ScalingReplicaSet",
            message,
            first_at,
            every: None,
        });
    }
    if app.ailment() == Some(Ailment::QuotaExceeded) && is_newest {
        let about = match app.kind {
            Kind::Deployment => About {
                api_version: "apps/v1",
                kind: "ReplicaSet",
                uid: uid("ReplicaSet", &app.namespace, &set),
                name: set,
            },
            _ => about,
        };
        let message = format!("Error creating: {}", quota_message(app, rollout));
        let every = Some(TimeDelta::seconds(90));
        said.push(Said {
            about,
            kind: "Warning",
            by: "replicaset-controller",
            reason: "FailedCreate",
            message,
            first_at,
            every,
        });
    }
}

fn about_pod(app: &App, pod: &Pod, said: &mut Vec<Said>) {
    let about = About { api_version: "v1", kind: "Pod", name: pod.name.clone(), uid: pod_uid(app, pod) };
    let after = |seconds| pod.slot.created_at + TimeDelta::seconds(seconds);
    let image = rollout::image(app, pod.rollout().cycle);
    let mut say = |kind, by, reason, message: String, first_at, every: Option<i64>| {
        let every = every.map(TimeDelta::seconds);
        said.push(Said { about: about.clone(), kind, by, reason, message, first_at, every });
    };
    if !pod.is_scheduled {
        if app.ailment() == Some(Ailment::Unschedulable) && pod.slot.is_blocked {
            say("Warning", "default-scheduler", "FailedScheduling", UNSCHEDULABLE.to_owned(), after(0), Some(300));
        }
        return;
    }
    let path = format!("{}/{}", app.namespace, pod.name);
    let assigned = format!("Successfully assigned {path} to {}", pod.node());
    say("Normal", "default-scheduler", "Scheduled", assigned, after(1), None);
    if !pod.slot.is_blocked || app.ailment() != Some(Ailment::MissingSecret) {
        say("Normal", "kubelet", "Pulling", format!("Pulling image \"{image}\""), after(2), None);
    }
    let runs_at = pod.slot.created_at + pod.slot.warm_up / 2;
    let has_run = pod.life.restarts > 0
        || pod.life.last.is_some()
        || matches!(pod.life.container, Container::Running { .. } | Container::Terminated(_));
    if has_run {
        say("Normal", "kubelet", "Pulled", format!("Successfully pulled image \"{image}\""), runs_at, None);
        say("Normal", "kubelet", "Started", format!("Started container {}", app.name), runs_at, None);
    }
    if pod.is_terminating {
        let at = pod.slot.deleted_at.unwrap_or(runs_at);
        say("Normal", "kubelet", "Killing", format!("Stopping container {}", app.name), at, None);
    }
    match app.ailment().filter(|_| pod.slot.is_blocked || app.ailment() == Some(Ailment::OutOfMemory)) {
        Some(Ailment::ImagePullBackOff) => {
            let failed = format!("Failed to pull image \"{image}\": manifest unknown");
            say("Warning", "kubelet", "Failed", failed, after(5), Some(300));
            say("Normal", "kubelet", "BackOff", format!("Back-off pulling image \"{image}\""), after(8), Some(60));
        }
        Some(Ailment::CrashLoop | Ailment::OutOfMemory) if pod.life.last.is_some() => {
            let message = format!("Back-off restarting failed container {} in pod {path}", app.name);
            let first_at = pod.life.last.as_ref().map_or(runs_at, |ended| ended.finished_at + TimeDelta::seconds(2));
            say("Warning", "kubelet", "BackOff", message, first_at, None);
        }
        Some(Ailment::MissingConfigMap) => {
            let message = format!("Error: configmap \"{}-config\" not found", app.name);
            say("Warning", "kubelet", "Failed", message, after(4), Some(60));
        }
        Some(Ailment::MissingSecret) => {
            let message = format!(
                "MountVolume.SetUp failed for volume \"credentials\" : secret \"{}-credentials\" not found",
                app.name
            );
            say("Warning", "kubelet", "FailedMount", message, after(3), Some(120));
        }
        Some(Ailment::FailingReadiness) => {
            let message = "Readiness probe failed: HTTP probe failed with statuscode: 503".to_owned();
            say("Warning", "kubelet", "Unhealthy", message, runs_at + TimeDelta::seconds(10), Some(60));
        }
        _ => {}
    }
}

fn draft<'a>(app: &'a App, said: Said, moment: &Moment) -> Option<Draft<'a>> {
    let own = moment.apart();
    let count = match said.every {
        Some(every) => own.count(said.first_at, every),
        None => i64::from(own.passed(said.first_at)),
    };
    let last_at = said.first_at + said.every.unwrap_or_default() * i32::try_from((count - 1).max(0)).unwrap_or(0);
    let is_forgotten = count > 0 && own.passed(last_at + LIFE);
    moment.awaits(&own);
    if count == 0 || is_forgotten {
        return None;
    }
    let subject = format!("{}{}{}", said.about.uid, said.reason, said.first_at.timestamp());
    let name = format!("{}.{:016x}", said.about.name, draw(&subject, "event"));
    // Events carry no labels of what they are about.
    let meta = Meta::bare("Event", &app.namespace, name, said.first_at);
    Some(Draft::new(meta, own.changed_at(), move || body(app, &said, count, last_at)))
}

fn body(app: &App, said: &Said, count: i64, last_at: DateTime<Utc>) -> Value {
    let mut event = json!({
        "involvedObject": {
            "kind": said.about.kind,
            "namespace": app.namespace,
            "name": said.about.name,
            "uid": said.about.uid,
            "apiVersion": said.about.api_version,
        },
        "reason": said.reason,
        "message": said.message,
        "type": said.kind,
        "reportingComponent": said.by,
    });
    let is_newer_form = said.by == "default-scheduler";
    let mut fields = if is_newer_form {
        json!({
            "source": {},
            "firstTimestamp": null,
            "lastTimestamp": null,
            "eventTime": micro_time(said.first_at),
            "action": if said.reason == "Scheduled" { "Binding" } else { "Scheduling" },
            "reportingInstance": "default-scheduler-master-0",
        })
    } else {
        json!({
            "source": { "component": said.by },
            "firstTimestamp": time(said.first_at),
            "lastTimestamp": time(last_at),
            "count": count,
            "eventTime": null,
            "reportingInstance": "",
        })
    };
    if let (true, Some(fields)) = (is_newer_form && count > 1, fields.as_object_mut()) {
        fields.insert("series".to_owned(), json!({ "count": count, "lastObservedTime": micro_time(last_at) }));
    }
    if let (Some(event), Value::Object(fields)) = (event.as_object_mut(), fields) {
        event.extend(fields);
    }
    event
}
