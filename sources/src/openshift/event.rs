//! Events: what is kept of each, and what it is about. Clusters forget them after an hour or a few.

use k8s_openapi::api::core::v1 as core;
use schema::{WorkloadEventRecord, WorkloadKind};
use serde::{Deserialize, Serialize};

use super::{list::Placed, pod::stem, wire::moment, workload::Workload};

/// The characters of which controllers make names: no vowels, and no digits that look like letters.
const DRAWN: &str = "bcdfghjklmnpqrstvwxz2456789";

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Event {
    namespace: String,
    /// Its own name.
    name: String,
    about_kind: String,
    about_name: String,
    pub(super) record: WorkloadEventRecord,
}

impl Placed for Event {
    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

impl Event {
    pub(super) fn of_object(object: core::Event) -> Option<Self> {
        let about = object.involved_object;
        let (count, last) = object.series.map(|series| (series.count, series.last_observed_time)).unwrap_or_default();
        // Of the two forms of events, the newer leaves out the first three, and the older the others.
        let seen_at = [object.last_timestamp, object.first_timestamp, object.metadata.creation_timestamp];
        let newer = last.or(object.event_time).map(|time| k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(time.0));
        let [last, first, created] = seen_at;
        let seen_at = last.or(newer).or(first).or(created);
        Some(Self {
            namespace: object.metadata.namespace?,
            name: object.metadata.name?,
            about_kind: about.kind?,
            about_name: about.name?,
            record: WorkloadEventRecord {
                is_warning: object.type_.as_deref() == Some("Warning"),
                reason: object.reason,
                message: object.message,
                count: object.count.or(count),
                last_seen_at: seen_at.as_ref().and_then(moment).map(Into::into),
            },
        })
    }

    /// Whether it is about a workload, or about something that the workload made. Names tell: what was made may be gone by now.
    pub(super) fn is_about(&self, workload: &Workload) -> bool {
        let record = &workload.record;
        let (kind, name) = (self.about_kind.as_str(), self.about_name.as_str());
        let is_made_of = |of: &str| of == record.name;
        match (record.kind, kind) {
            (own, kind) if own.as_str() == kind => is_made_of(name),
            (WorkloadKind::Deployment, "ReplicaSet") => drawn(name).is_some_and(is_made_of),
            (WorkloadKind::Deployment, "Pod") => drawn(name).and_then(drawn).is_some_and(is_made_of),
            (WorkloadKind::DeploymentConfig, "ReplicationController") => numbered(name).is_some_and(is_made_of),
            (WorkloadKind::DeploymentConfig, "Pod") => {
                let deployer = name.strip_suffix("-deploy");
                deployer.or_else(|| drawn(name)).and_then(numbered).is_some_and(is_made_of)
            }
            (WorkloadKind::StatefulSet, "Pod") => numbered(name).is_some_and(is_made_of),
            (WorkloadKind::DaemonSet | WorkloadKind::Job, "Pod") => drawn(name).is_some_and(is_made_of),
            (WorkloadKind::CronJob, "Job") => numbered(name).is_some_and(is_made_of),
            (WorkloadKind::CronJob, "Pod") => drawn(name).and_then(numbered).is_some_and(is_made_of),
            _ => false,
        }
    }
}

/// A name without its last part, where a controller drew that.
fn drawn(name: &str) -> Option<&str> {
    let stem = stem(name)?;
    let last = name.get(stem.len() + 1..)?;
    (!last.is_empty() && last.chars().all(|c| DRAWN.contains(c))).then_some(stem)
}

/// A name without its last part, where that is a number.
fn numbered(name: &str) -> Option<&str> {
    let stem = stem(name)?;
    let last = name.get(stem.len() + 1..)?;
    (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_what_made_them_and_not_to_a_neighbour() {
        assert_eq!(drawn("web-7d9c8b6f5d").unwrap(), "web");
        assert_eq!(drawn("web-7d9c8b6f5d-x2k4z").and_then(drawn), Some("web"));
        assert_eq!(drawn("web-admin"), None, "a name of its own was taken to be drawn");
        assert_eq!(numbered("web-0"), Some("web"));
        assert_eq!((numbered("web"), numbered("web-a"), drawn("web-")), (None, None, None));
    }
}
