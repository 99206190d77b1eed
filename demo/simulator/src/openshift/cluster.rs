//! What belongs to the cluster and to no app: namespaces, the projects that are a view of them, and its own version.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    World,
    draft::{Draft, Meta, time, uid},
    moment::Moment,
    resource::What,
};
use crate::seed::{between, draw};

/// The version of OpenShift it claims to be.
pub(super) const OPENSHIFT_VERSION: &str = "4.21.7";

/// 2023-11-06, when the cluster was installed.
const INSTALLED: DateTime<Utc> = DateTime::from_timestamp(1_699_260_000, 0).expect("a constant in range");

/// What it was upgraded from, newest first, with the days since its installation.
const HISTORY: [(&str, i64); 4] = [(OPENSHIFT_VERSION, 790), ("4.20.11", 640), ("4.18.6", 330), ("4.14.2", 0)];

pub(super) fn drafts<'a>(world: &'a World, what: What, generation: u64, moment: &Moment) -> Vec<Draft<'a>> {
    match what {
        What::Namespace => {
            world.namespaces(generation).into_iter().map(|name| namespace(name, "Namespace", moment)).collect()
        }
        What::Project => {
            world.namespaces(generation).into_iter().map(|name| namespace(name, "Project", moment)).collect()
        }
        What::ClusterVersion => vec![version(moment)],
        _ => Vec::new(),
    }
}

fn namespace(name: &str, kind: &str, moment: &Moment) -> Draft<'static> {
    let minutes = i64::try_from(between(name, "namespace", 0, 40_000)).unwrap_or(0);
    let created_at = INSTALLED + TimeDelta::minutes(minutes);
    moment.passed(created_at);
    let mut meta = Meta::bare("Namespace", "", name.to_owned(), created_at);
    meta.labels = texts(&[("kubernetes.io/metadata.name", name), ("pod-security.kubernetes.io/audit", "restricted")]);
    if name != "default" {
        meta.annotations = texts(&[
            ("openshift.io/description", &format!("What {name} runs.")),
            ("openshift.io/display-name", &title(name)),
            ("openshift.io/requester", &format!("owner-{}", draw(name, "requester") % 50)),
            ("openshift.io/sa.scc.mcs", "s0:c27,c4"),
        ]);
    }
    let finalizers =
        if kind == "Project" { json!(["openshift.io/origin", "kubernetes"]) } else { json!(["kubernetes"]) };
    let body = move || json!({ "spec": { "finalizers": finalizers }, "status": { "phase": "Active" } });
    Draft::new(meta, created_at, body)
}

fn version(moment: &Moment) -> Draft<'static> {
    moment.passed(INSTALLED);
    let mut meta = Meta::bare("ClusterVersion", "", "version".to_owned(), INSTALLED);
    meta.generation = Some(5);
    let upgraded_at = INSTALLED + TimeDelta::days(HISTORY.first().map_or(0, |(_, days)| *days));
    Draft::new(meta, upgraded_at, move || cluster_version(upgraded_at))
}

fn cluster_version(upgraded_at: DateTime<Utc>) -> Value {
    let done_at = upgraded_at + TimeDelta::minutes(54);
    let image = |version: &str| {
        let digest = |topic| draw(version, topic);
        let hex = format!("{:016x}{:016x}{:016x}{:016x}", digest("a"), digest("b"), digest("c"), digest("d"));
        format!("quay.io/openshift-release-dev/ocp-release@sha256:{hex}")
    };
    let history: Vec<_> = HISTORY
        .iter()
        .map(|(version, days)| {
            let started_at = INSTALLED + TimeDelta::days(*days);
            json!({
                "state": "Completed",
                "startedTime": time(started_at),
                "completionTime": time(started_at + TimeDelta::minutes(54)),
                "version": version,
                "image": image(version),
                "verified": *days > 0,
            })
        })
        .collect();
    let condition = |kind: &str, status: &str, message: &str| json!({ "type": kind, "status": status, "lastTransitionTime": time(done_at), "message": message });
    json!({
        "spec": { "clusterID": uid("Cluster", "", "simulated"), "channel": "stable-4.21" },
        "status": {
            "desired": {
                "version": OPENSHIFT_VERSION,
                "image": image(OPENSHIFT_VERSION),
                "url": "https://access.redhat.com/errata/RHBA-2026:0001",
                "channels": ["candidate-4.21", "fast-4.21", "stable-4.21"],
            },
            "history": history,
            "observedGeneration": 5,
            "versionHash": "f00dfeedbeef0000",
            "capabilities": {
                "enabledCapabilities": ["Build", "DeploymentConfig", "ImageRegistry"],
                "knownCapabilities": ["Build", "Console", "DeploymentConfig", "ImageRegistry"],
            },
            "conditions": [
                condition("Available", "True", &format!("Done applying {OPENSHIFT_VERSION}")),
                condition("Failing", "False", ""),
                condition("Progressing", "False", &format!("Cluster version is {OPENSHIFT_VERSION}")),
                condition("RetrievedUpdates", "True", ""),
            ],
            "availableUpdates": [],
        },
    })
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn title(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}
