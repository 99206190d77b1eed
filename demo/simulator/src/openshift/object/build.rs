//! Builds and build configs.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    super::{
        App,
        draft::{Draft, Meta, time},
        moment::Moment,
        rollout::{self, Build},
    },
    owner,
};
use crate::seed::draw;

const AUTHORS: [&str; 4] = ["Ada Lindqvist", "Bruno Castell", "Chidi Okafor", "Dana Petrov"];

pub(super) fn builds<'a>(app: &'a App, moment: &Moment) -> Vec<Draft<'a>> {
    let builds = rollout::builds(app, moment);
    builds.into_iter().filter_map(|build| draft(app, build, moment)).collect()
}

pub(super) fn config<'a>(app: &'a App, moment: &Moment) -> Option<Draft<'a>> {
    let repository = app.build_from.as_ref()?;
    let own = moment.apart();
    let last_version = rollout::builds(app, &own).first().map_or(0, |build| build.number);
    let mut meta = Meta::of(app, "BuildConfig", app.name.clone(), app.first_cycle_at());
    meta.generation = Some(last_version + 1);
    moment.awaits(&own);
    own.passed(app.first_cycle_at());
    Some(Draft::new(meta, own.changed_at(), move || {
        json!({
            "spec": {
                "triggers": [{ "type": "GitLab", "gitlab": { "secretReference": { "name": "webhook" } } }],
                "runPolicy": "Serial",
                "source": source(repository),
                "strategy": { "type": "Docker", "dockerStrategy": {} },
                "output": { "to": { "kind": "DockerImage", "name": format!("{}:latest", app.image) } },
                "resources": {},
                "postCommit": {},
                "nodeSelector": null,
                "successfulBuildsHistoryLimit": 5,
                "failedBuildsHistoryLimit": 5,
            },
            "status": { "lastVersion": last_version },
        })
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Pending,
    Running,
    Complete,
    Failed,
}

fn draft<'a>(app: &'a App, build: Build, moment: &Moment) -> Option<Draft<'a>> {
    let own = moment.apart();
    let exists = own.passed(build.created_at);
    let phase = if own.passed(build.ended_at) {
        if build.fails { Phase::Failed } else { Phase::Complete }
    } else if own.passed(build.running_at) {
        Phase::Running
    } else if own.passed(build.pending_at) {
        Phase::Pending
    } else {
        Phase::New
    };
    moment.awaits(&own);
    let repository = app.build_from.as_ref().filter(|_| exists)?;
    let name = format!("{}-{}", app.name, build.number);
    let mut meta = Meta::of(app, "Build", name.clone(), build.created_at);
    for (key, value) in [
        ("buildconfig", app.name.clone()),
        ("openshift.io/build-config.name", app.name.clone()),
        ("openshift.io/build.start-policy", "Serial".to_owned()),
    ] {
        meta.labels.insert(key.to_owned(), value);
    }
    meta.annotations.insert("openshift.io/build-config.name".to_owned(), app.name.clone());
    meta.annotations.insert("openshift.io/build.number".to_owned(), build.number.to_string());
    if phase != Phase::New {
        meta.annotations.insert("openshift.io/build.pod-name".to_owned(), format!("{name}-build"));
    }
    meta.generation = Some(2);
    meta.owner = Some(owner(app, ("build.openshift.io/v1", "BuildConfig"), &app.name));
    Some(Draft::new(
        meta,
        own.changed_at(),
        move || json!({ "spec": spec(app, repository, &build), "status": status(app, &build, phase) }),
    ))
}

fn source(repository: &str) -> Value {
    json!({ "type": "Git", "git": { "uri": repository, "ref": "main" } })
}

fn spec(app: &App, repository: &str, build: &Build) -> Value {
    let commit = rollout::commit(app, build.number);
    let place = usize::try_from(draw(&commit, "author") % AUTHORS.len() as u64).unwrap_or(0);
    let name = AUTHORS.iter().cycle().nth(place).copied().unwrap_or_default();
    let author = json!({ "name": name, "email": format!("{}@example.com", name.to_lowercase().replace(' ', ".")) });
    let message = format!("Change {} for the better", draw(&commit, "message") % 1_000);
    let revision = json!({
        "type": "Git",
        "git": { "commit": commit, "author": author, "committer": author, "message": message },
    });
    json!({
        "serviceAccount": "builder",
        "source": source(repository),
        "revision": revision,
        "strategy": { "type": "Docker", "dockerStrategy": {} },
        "output": { "to": { "kind": "DockerImage", "name": rollout::image(app, build.number) } },
        "resources": {},
        "postCommit": {},
        "nodeSelector": null,
        "triggeredBy": [{ "message": "GitLab WebHook", "gitlabWebHook": { "revision": revision, "secret": "<secret>" } }],
    })
}

fn status(app: &App, build: &Build, phase: Phase) -> Value {
    let mut status = json!({
        "phase": format!("{phase:?}"),
        "config": { "kind": "BuildConfig", "namespace": app.namespace, "name": app.name },
        "output": {},
        "outputDockerImageReference": rollout::image(app, build.number),
        "conditions": conditions(build, phase),
    });
    let Some(fields) = status.as_object_mut() else { return status };
    let is_over = matches!(phase, Phase::Complete | Phase::Failed);
    if is_over || phase == Phase::Running {
        fields.insert("startTimestamp".to_owned(), time(build.running_at));
    }
    if is_over {
        fields.insert("completionTimestamp".to_owned(), time(build.ended_at));
        // Nanoseconds, as Go's `time.Duration` counts.
        let duration = (build.ended_at - build.running_at).num_nanoseconds().unwrap_or(0);
        fields.insert("duration".to_owned(), json!(duration));
    }
    if phase == Phase::Complete {
        let digest = format!("sha256:{}{:024x}", rollout::commit(app, build.number), build.number);
        fields.insert("output".to_owned(), json!({ "to": { "imageDigest": digest } }));
    }
    if phase == Phase::Failed {
        fields.insert("reason".to_owned(), json!("DockerBuildFailed"));
        fields.insert("message".to_owned(), json!("Dockerfile build strategy has failed."));
        fields
            .insert("logSnippet".to_owned(), json!("error: build error: building at STEP \"RUN make\": exit status 2"));
    }
    status
}

fn conditions(build: &Build, phase: Phase) -> Value {
    let condition = |kind: Phase, at: DateTime<Utc>| {
        let status = if kind == phase { "True" } else { "False" };
        json!({ "type": format!("{kind:?}"), "status": status, "lastUpdateTime": time(at), "lastTransitionTime": time(at) })
    };
    let reached =
        [(Phase::New, build.created_at), (Phase::Pending, build.pending_at), (Phase::Running, build.running_at)];
    let place = reached.iter().position(|(known, _)| *known == phase).unwrap_or(reached.len());
    let mut conditions: Vec<_> = reached.iter().take(place + 1).map(|(kind, at)| condition(*kind, *at)).collect();
    if place == reached.len() {
        conditions.push(condition(phase, build.ended_at));
    }
    Value::Array(conditions)
}
