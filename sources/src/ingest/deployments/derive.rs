//! What follows from what one source deployed in one place, a component in an environment, taken together: what stood there before each,
//! which brought an older version back, which needed a remedy, and which was one. A pure function of the rows and the rules, so
//! that it does not matter in which order they came.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use schema::{DeploymentStatus, RemedyReason};
use serde::Deserialize;
use uuid::Uuid;

/// Which deployments needed a remedy: the section `[delivery]` of the configuration.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct DeliveryRules {
    /// One that failed itself.
    pub failed_rollout: bool,
    /// One after which an older version was brought back.
    pub rollback: bool,
    /// One that a hotfix followed within `remedy_within`.
    pub hotfix: bool,
    /// One that the source marks as the cause of an incident.
    pub incident: bool,
    /// How soon a hotfix must follow to be a remedy.
    #[serde(with = "humantime_serde")]
    pub remedy_within: Duration,
    /// Branches and tags of hotfixes, or how they begin: `hotfix/*`.
    pub hotfix_refs: Vec<String>,
    /// Labels of merge requests and objects that mark a hotfix.
    pub hotfix_labels: Vec<String>,
    /// Labels that mark the cause of an incident.
    pub incident_labels: Vec<String>,
}

impl DeliveryRules {
    /// Whether what comes from this branch or tag, or bears these labels, is a hotfix.
    pub(super) fn is_hotfix(&self, git_ref: Option<&str>, labels: &[String]) -> bool {
        let matches = |pattern: &String, name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        let by_ref = git_ref.is_some_and(|name| self.hotfix_refs.iter().any(|pattern| matches(pattern, name)));
        by_ref || labels.iter().any(|label| self.hotfix_labels.contains(label))
    }

    /// Whether what bears these labels caused an incident.
    pub(super) fn is_incident(&self, labels: &[String]) -> bool {
        labels.iter().any(|label| self.incident_labels.contains(label))
    }
}

/// A deployment of the place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) id: Uuid,
    pub(super) created_at: DateTime<Utc>,
    pub(super) status: DeploymentStatus,
    pub(super) artifact: Option<String>,
    pub(super) has_commit: bool,
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) is_hotfix: bool,
    pub(super) is_incident: bool,
}

/// What follows for one deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Derived {
    pub(super) previous: Option<Uuid>,
    pub(super) is_rollback: bool,
    pub(super) is_first_of_commit: bool,
    pub(super) is_rework: bool,
    pub(super) remedy: Remedy,
}

/// What became of one that needed a remedy.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Remedy {
    pub(super) reason: Option<RemedyReason>,
    pub(super) by: Option<Uuid>,
    pub(super) recovery_seconds: Option<f64>,
}

impl Placed {
    fn succeeded(&self) -> bool {
        self.status == DeploymentStatus::Succeeded
    }

    /// When it ended, as far as is known.
    fn end(&self) -> DateTime<Utc> {
        self.finished_at.unwrap_or(self.created_at)
    }
}

/// What follows for each of `rows`, which are all deployments of the place from some successful one on, oldest first.
/// `earlier` are those of their artifacts that succeeded there before the first of them.
pub(super) fn derive(rows: &[Placed], earlier: &HashSet<String>, rules: &DeliveryRules) -> Vec<Derived> {
    let mut seen: HashSet<&str> = earlier.iter().map(String::as_str).collect();
    let mut standing: Option<&Placed> = None;
    let mut derived: Vec<Derived> = Vec::with_capacity(rows.len());
    for row in rows {
        let artifact = row.artifact.as_deref();
        let came_before = artifact.is_some_and(|artifact| seen.contains(artifact));
        let stands = standing.is_some_and(|standing| standing.artifact.as_deref() == artifact);
        let is_rollback = came_before && standing.is_some() && !stands;
        derived.push(Derived {
            previous: standing.map(|standing| standing.id),
            is_rollback,
            is_first_of_commit: row.succeeded() && row.has_commit && !came_before,
            is_rework: row.status.has_ended() && (is_rollback || row.is_hotfix),
            remedy: Remedy::default(),
        });
        if row.succeeded() {
            seen.extend(artifact);
            standing = Some(row);
        }
    }
    let mut next: Option<usize> = None;
    for at in (0..rows.len()).rev() {
        let Some(row) = rows.get(at) else { continue };
        let after = next.and_then(|next| Some((rows.get(next)?, derived.get(next)?.is_rollback)));
        let remedy = remedy(row, after, rules);
        if let Some(derived) = derived.get_mut(at) {
            derived.remedy = remedy;
        }
        if row.succeeded() {
            next = Some(at);
        }
    }
    derived
}

/// `next` is the first successful deployment after `row`, and whether it is a rollback.
fn remedy(row: &Placed, next: Option<(&Placed, bool)>, rules: &DeliveryRules) -> Remedy {
    let is_rolled_back = next.is_some_and(|(_, is_rollback)| is_rollback);
    let within = TimeDelta::from_std(rules.remedy_within).unwrap_or(TimeDelta::MAX);
    let is_fixed = next.is_some_and(|(next, _)| next.is_hotfix && next.created_at - row.end() <= within);
    let reason = match row.status {
        DeploymentStatus::Failed => rules.failed_rollout.then_some(RemedyReason::FailedRollout),
        DeploymentStatus::Succeeded if row.is_incident && rules.incident => Some(RemedyReason::Incident),
        DeploymentStatus::Succeeded if is_rolled_back && rules.rollback => Some(RemedyReason::Rollback),
        DeploymentStatus::Succeeded if is_fixed && rules.hotfix => Some(RemedyReason::Hotfix),
        _ => None,
    };
    let by = next.filter(|_| reason.is_some()).map(|(next, _)| next);
    let seconds = |end: TimeDelta| end.as_seconds_f64().max(0.0);
    Remedy { reason, by: by.map(|by| by.id), recovery_seconds: by.map(|by| seconds(by.end() - row.end())) }
}
