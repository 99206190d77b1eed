//! The jobs of a pipeline: they follow from its status.

use super::pipeline::{Pipeline, Status};
use crate::seed::between;

const NAMES: [&str; 8] =
    ["build", "lint", "unit", "integration", "scan", "package", "deploy-staging", "deploy-production"];

pub(super) struct Job {
    pub(super) name: &'static str,
    /// GitLab's `CiJobStatus`.
    pub(super) status: &'static str,
}

/// The jobs of a pipeline in their order; retried ones are not among them.
pub(super) fn jobs(pipeline: &Pipeline) -> Vec<Job> {
    let subject = format!("pipeline {}", pipeline.id);
    let count = usize::try_from(between(&subject, "jobs", 3, 8)).unwrap_or(3);
    let turn = usize::try_from(between(&subject, "turn", 0, count as u64 - 1)).unwrap_or(0);
    let status = |place: usize| match pipeline.status {
        Status::Success | Status::Manual if place + 1 < count || pipeline.status == Status::Success => "SUCCESS",
        Status::Manual => "MANUAL",
        Status::Failed if place < turn => "SUCCESS",
        Status::Failed if place == turn => "FAILED",
        Status::Failed | Status::Skipped => "SKIPPED",
        Status::Canceled | Status::Canceling if place < turn => "SUCCESS",
        Status::Canceled | Status::Canceling => "CANCELED",
        Status::Running if place < turn => "SUCCESS",
        Status::Running if place == turn => "RUNNING",
        Status::Pending if place == 0 => "PENDING",
        _ => "CREATED",
    };
    NAMES.iter().take(count).enumerate().map(|(place, name)| Job { name, status: status(place) }).collect()
}
