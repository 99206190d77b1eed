//! How objects look: one file per family, each from facts about an app at a moment.

mod build;
mod condition;
mod daemon_set;
mod deployment;
mod deployment_config;
mod event;
mod network;
mod pod;
mod pod_status;
mod revision;
mod stateful_set;
mod template;

use serde_json::{Value, json};

use super::{
    App, Kind,
    draft::{Draft, uid},
    moment::Moment,
    resource::What,
};

/// The objects of `app` at a moment; none before it was created.
pub(super) fn drafts<'a>(app: &'a App, what: What, moment: &Moment) -> Vec<Draft<'a>> {
    if !moment.passed(app.first_cycle_at()) {
        return Vec::new();
    }
    match what {
        What::Pod => pod::drafts(app, moment),
        What::Event => event::drafts(app, moment),
        What::Service => vec![network::service(app)],
        What::Route => network::route(app).into_iter().collect(),
        What::Build => build::builds(app, moment),
        What::BuildConfig => build::config(app, moment).into_iter().collect(),
        What::Deployment if app.kind == Kind::Deployment => deployment::draft(app, moment).into_iter().collect(),
        What::ReplicaSet if app.kind == Kind::Deployment => revision::drafts(app, moment),
        What::StatefulSet if app.kind == Kind::StatefulSet => stateful_set::draft(app, moment).into_iter().collect(),
        What::DaemonSet if app.kind == Kind::DaemonSet => daemon_set::draft(app, moment).into_iter().collect(),
        What::DeploymentConfig if app.kind == Kind::DeploymentConfig => {
            deployment_config::draft(app, moment).into_iter().collect()
        }
        What::ReplicationController if app.kind == Kind::DeploymentConfig => revision::drafts(app, moment),
        _ => Vec::new(),
    }
}

/// The `apiVersion` and `kind` of an app's workload.
fn workload_type(app: &App) -> (&'static str, &'static str) {
    match app.kind {
        Kind::Deployment => ("apps/v1", "Deployment"),
        Kind::StatefulSet => ("apps/v1", "StatefulSet"),
        Kind::DaemonSet => ("apps/v1", "DaemonSet"),
        Kind::DeploymentConfig => ("apps.openshift.io/v1", "DeploymentConfig"),
    }
}

/// An `ownerReferences` entry.
fn owner(app: &App, (api_version, kind): (&str, &str), name: &str) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid(kind, &app.namespace, name),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}
