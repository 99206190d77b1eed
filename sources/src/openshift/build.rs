//! Builds: what is kept of each, and whose image it makes.

use chrono::{DateTime, Utc};
use schema::{BuildPhase, BuildRecord};
use serde::{Deserialize, Serialize};

use super::{
    list::Placed,
    wire::{self, moment},
    workload::Workload,
};

/// A build as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Build {
    namespace: String,
    /// The BuildConfig that it was made from.
    config: Option<String>,
    /// Where its image goes, without tag.
    image: Option<String>,
    pub(super) created_at: Option<DateTime<Utc>>,
    record: BuildRecord,
}

impl Placed for Build {
    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.record.name)
    }
}

impl Build {
    pub(super) fn of_object(object: wire::Build) -> Option<Self> {
        let meta = object.metadata?;
        let status = object.status.unwrap_or_default();
        let commit = object.spec.unwrap_or_default().revision.and_then(|revision| revision.git?.commit);
        let labels = meta.labels.unwrap_or_default();
        let named = labels.get("openshift.io/build-config.name").or_else(|| labels.get("buildconfig")).cloned();
        let started_at = status.start_timestamp.as_ref().and_then(moment);
        let finished_at = status.completion_timestamp.as_ref().and_then(moment);
        let measured = status.duration.filter(|nanos| *nanos > 0).map(|nanos| nanos as f64 / 1e9);
        let between = || Some((finished_at? - started_at?).num_milliseconds() as f64 / 1e3);
        Some(Self {
            namespace: meta.namespace?,
            config: status.config.and_then(|config| config.name).or(named),
            image: status.output_docker_image_reference.as_deref().map(|image| repository(image).to_owned()),
            created_at: meta.creation_timestamp.as_ref().and_then(moment),
            record: BuildRecord {
                name: meta.name?,
                phase: phase(status.phase.as_deref().unwrap_or_default()),
                message: status.message.or(status.reason).filter(|text| !text.is_empty()),
                commit_sha: commit,
                started_at: started_at.map(Into::into),
                finished_at: finished_at.map(Into::into),
                duration_seconds: measured.or_else(between),
            },
        })
    }

    /// Whether it makes the image of a workload. Where its image goes is the surest sign; a BuildConfig of the workload's own
    /// name is the other, within a namespace.
    pub(super) fn is_of(&self, workload: &Workload) -> bool {
        let record = &workload.record;
        let makes = |image: &str| record.containers.iter().any(|container| repository(&container.image) == image);
        let is_namesake = self.namespace == record.namespace && self.config.as_ref() == Some(&record.name);
        self.image.as_deref().is_some_and(makes) || is_namesake
    }

    /// The record, where a build that runs has run until now.
    pub(super) fn record(&self, now: DateTime<Utc>) -> BuildRecord {
        let so_far = || Some((now - self.record.started_at?.0).num_milliseconds().max(0) as f64 / 1e3);
        let is_running = self.record.phase == BuildPhase::Running;
        let duration_seconds = self.record.duration_seconds.or_else(|| is_running.then(so_far).flatten());
        BuildRecord { duration_seconds, ..self.record.clone() }
    }
}

/// An image without tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        // Before the last slash it is the port of a registry.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

fn phase(word: &str) -> BuildPhase {
    match word {
        "New" => BuildPhase::New,
        "Pending" => BuildPhase::Pending,
        "Running" => BuildPhase::Running,
        "Complete" => BuildPhase::Complete,
        "Failed" => BuildPhase::Failed,
        "Error" => BuildPhase::Error,
        "Cancelled" => BuildPhase::Canceled,
        _ => BuildPhase::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_the_same_whatever_its_tag() {
        for image in ["reg:5000/a/web:1", "reg:5000/a/web@sha256:ab", "reg:5000/a/web:1@sha256:ab", "reg:5000/a/web"] {
            assert_eq!(repository(image), "reg:5000/a/web");
        }
        assert_eq!(repository("web:latest"), "web");
    }

    #[test]
    fn a_build_that_runs_has_run_until_now() {
        let build = |phase: &str| {
            let object = serde_json::json!({
                "metadata": { "name": "web-1", "namespace": "shop" },
                "status": { "phase": phase, "startTimestamp": "2026-11-25T10:00:00Z", "duration": 0 },
            });
            Build::of_object(serde_json::from_value(object).unwrap()).unwrap()
        };
        let now = "2026-11-25T10:01:30.500Z".parse().unwrap();
        assert_eq!(build("Running").record(now).duration_seconds, Some(90.5));
        assert_eq!(build("Cancelled").record(now).duration_seconds, None);
        assert_eq!(build("Cancelled").record(now).phase, BuildPhase::Canceled);
        assert_eq!(build("Exploded").record(now).phase, BuildPhase::Unknown);
    }
}
