//! OpenShift and Kubernetes, several clusters, read live: what runs of a component, and how it is.
//!
//! A cluster is asked for whole lists, one for each kind of objects, and never for one component: there is no call for many
//! components, and a list costs the cluster the same however many ask (docs/decisions/0009). `client` makes the calls, `wire` is
//! the JSON, the files named for a kind of objects say what is kept of it, `cluster` keeps it, and `find` and
//! `near` look in what is kept. `watch` has what is kept forgotten, and rollouts read, as soon as a cluster tells of a change.

mod build;
mod client;
mod cluster;
mod config;
#[cfg(test)]
mod contract;
mod event;
mod fetch;
mod find;
mod list;
mod look;
mod near;
mod network;
mod pattern;
mod pod;
mod replica_set;
mod resource;
mod rollout;
mod rollout_events;
mod selection;
mod selector;
mod trouble;
mod watch;
mod wire;
mod workload;

use schema::SourceKind;

use crate::About;

pub use config::{Annotations, Config};
pub use find::{FoundWorkloads, Openshift};
pub use selection::{Selection, WorkloadKey, WorkloadPlace};
pub use watch::{ClusterWatch, WatchConfig, WatchedInto};
pub use workload::Workload;

/// What this connector is.
pub const ABOUT: About = About {
    kind: SourceKind::Openshift,
    connector_version: "1.0.0",
    // Versions of the Kubernetes API that it is tested with, first and last; OpenShift 4.12 has the first.
    tested_versions: ("1.25", "1.36"),
};
