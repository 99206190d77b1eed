//! Assessments: what the newest one says of drift and checks, and when that no longer counts.

use schema::{
    DateTime, TerraformAssessmentRecord, TerraformCheckStatus, TerraformChecks, TerraformDrift, TerraformDriftStatus,
    TerraformRunStatus, TerraformWorkspaceRecord,
};

use super::wire::Resource;

/// The record of an assessment.
pub(super) fn record(result: &Resource) -> TerraformAssessmentRecord {
    TerraformAssessmentRecord {
        created_at: result.moment("created-at").map(Into::into),
        has_succeeded: result.flag("succeeded"),
        has_drifted: result.flag("drifted"),
        resources_drifted: result.count("resources-drifted"),
        have_checks_succeeded: result.flag("all-checks-succeeded"),
        checks_passed: result.count("checks-passed"),
        checks_failed: result.count("checks-failed"),
        checks_errored: result.count("checks-errored"),
        checks_unknown: result.count("checks-unknown"),
    }
}

/// Whether reality matches the configuration. No assessment: they are off, or none was made yet.
pub fn drift(workspace: &TerraformWorkspaceRecord, newest: Option<&TerraformAssessmentRecord>) -> TerraformDrift {
    let Some(result) = newest else {
        return TerraformDrift {
            status: TerraformDriftStatus::Unknown,
            drifted_resource_count: None,
            checked_at: None,
            unknown_since: None,
        };
    };
    let state = State::of(workspace, result);
    TerraformDrift {
        status: match result.has_drifted.filter(|_| state.is_known) {
            Some(true) => TerraformDriftStatus::Drifted,
            Some(false) => TerraformDriftStatus::InSync,
            None => TerraformDriftStatus::Unknown,
        },
        drifted_resource_count: result.resources_drifted.filter(|_| state.is_known),
        checked_at: result.created_at,
        unknown_since: state.unknown_since,
    }
}

/// The continuous validation. No assessment: they are off, or none was made yet.
pub fn checks(workspace: &TerraformWorkspaceRecord, newest: Option<&TerraformAssessmentRecord>) -> TerraformChecks {
    let Some(result) = newest else {
        return TerraformChecks {
            status: TerraformCheckStatus::Unknown,
            passed: None,
            failed: None,
            errored: None,
            unknown: None,
            checked_at: None,
            unknown_since: None,
        };
    };
    let state = State::of(workspace, result);
    let known = |count: Option<i32>| count.filter(|_| state.is_known);
    TerraformChecks {
        status: if state.is_known { gravest(result) } else { TerraformCheckStatus::Unknown },
        passed: known(result.checks_passed),
        failed: known(result.checks_failed),
        errored: known(result.checks_errored),
        unknown: known(result.checks_unknown),
        checked_at: result.created_at,
        unknown_since: state.unknown_since,
    }
}

/// Whether an assessment still counts.
struct State {
    is_known: bool,
    unknown_since: Option<DateTime>,
}

impl State {
    /// Terraform assesses no more while the newest run is one that failed, was canceled or discarded, and says so nowhere.
    fn of(workspace: &TerraformWorkspaceRecord, result: &TerraformAssessmentRecord) -> Self {
        if result.has_succeeded == Some(false) {
            return Self { is_known: false, unknown_since: result.created_at };
        }
        let pauses = |status| {
            matches!(status, TerraformRunStatus::Errored | TerraformRunStatus::Canceled | TerraformRunStatus::Discarded)
        };
        let paused_at = workspace.current_run.as_ref().filter(|run| pauses(run.status)).and_then(|run| run.finished_at);
        // An assessment made later says that they go on all the same.
        let unknown_since = paused_at.filter(|paused_at| result.created_at.is_some_and(|made_at| made_at < *paused_at));
        Self { is_known: unknown_since.is_none(), unknown_since }
    }
}

fn gravest(result: &TerraformAssessmentRecord) -> TerraformCheckStatus {
    let has = |count: Option<i32>| count.is_some_and(|count| count > 0);
    if has(result.checks_errored) {
        TerraformCheckStatus::Errored
    } else if has(result.checks_failed) {
        TerraformCheckStatus::Failed
    } else if has(result.checks_unknown) {
        TerraformCheckStatus::Unknown
    } else if has(result.checks_passed) {
        TerraformCheckStatus::Passed
    } else if result.checks_passed.is_none() {
        // Older versions do not count them.
        match result.have_checks_succeeded {
            Some(true) => TerraformCheckStatus::Passed,
            Some(false) => TerraformCheckStatus::Failed,
            None => TerraformCheckStatus::Unknown,
        }
    } else {
        // Without checks nothing was found to be well.
        TerraformCheckStatus::Unknown
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::terraform::{snapshot::Snapshot, wire::Document};

    fn assessment(attributes: Value) -> TerraformAssessmentRecord {
        let body = json!({ "data": { "id": "asmtres-1", "type": "assessment-results", "attributes": attributes } });
        record(&serde_json::from_value::<Document<Resource>>(body).unwrap().data)
    }

    /// A workspace whose newest run came to this end on 2026-11-02.
    fn workspace(status: &str) -> TerraformWorkspaceRecord {
        let page = json!({
            "data": [{
                "id": "ws-1", "type": "workspaces", "attributes": { "name": "web" },
                "relationships": { "current-run": { "data": { "type": "runs", "id": "run-1" } } },
            }],
            "included": [{ "id": "run-1", "type": "runs", "attributes": {
                "status": status, "status-timestamps": { (format!("{status}-at")): "2026-11-02T00:00:00+00:00" },
            } }],
        });
        let mut snapshot = Snapshot::default();
        let base_url = "https://terraform.example.com".parse().unwrap();
        snapshot.add(&serde_json::from_value(page).unwrap(), "acme", &base_url, chrono::DateTime::UNIX_EPOCH);
        TerraformWorkspaceRecord::clone(snapshot.get("web").unwrap())
    }

    fn good() -> Value {
        json!({
            "succeeded": true, "drifted": true, "resources-drifted": 3, "all-checks-succeeded": false,
            "checks-passed": 2, "checks-failed": 1, "checks-errored": 0, "checks-unknown": 0,
            "created-at": "2026-11-01T00:00:00Z",
        })
    }

    #[test]
    fn an_assessment_says_what_it_found() {
        let (workspace, result) = (workspace("applied"), assessment(good()));
        let drift = drift(&workspace, Some(&result));
        assert_eq!((drift.status, drift.drifted_resource_count), (TerraformDriftStatus::Drifted, Some(3)));
        assert_eq!(drift.checked_at.unwrap().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(drift.unknown_since, None);
        let checks = checks(&workspace, Some(&result));
        assert_eq!((checks.status, checks.passed), (TerraformCheckStatus::Failed, Some(2)));
    }

    #[test]
    fn nothing_is_in_sync_that_nobody_looked_at() {
        let without = drift(&workspace("applied"), None);
        assert_eq!((without.status, without.unknown_since), (TerraformDriftStatus::Unknown, None));
        let mut failed = good();
        failed["succeeded"] = json!(false);
        failed["drifted"] = json!(false);
        let failed = assessment(failed);
        let drift = drift(&workspace("applied"), Some(&failed));
        assert_eq!((drift.status, drift.drifted_resource_count), (TerraformDriftStatus::Unknown, None));
        assert_eq!(drift.unknown_since, failed.created_at, "since the assessment that failed");
        assert_eq!(checks(&workspace("applied"), Some(&failed)).status, TerraformCheckStatus::Unknown);
    }

    #[test]
    fn a_run_that_failed_after_the_assessment_pauses_it() {
        for status in ["errored", "canceled", "discarded"] {
            let drift = drift(&workspace(status), Some(&assessment(good())));
            assert_eq!(drift.status, TerraformDriftStatus::Unknown, "{status}");
            assert_eq!(drift.unknown_since.unwrap().to_string(), "2026-11-02T00:00:00Z");
            assert_eq!(drift.checked_at.unwrap().to_string(), "2026-11-01T00:00:00Z");
        }
        let mut later = good();
        later["created-at"] = json!("2026-11-03T00:00:00Z");
        let drift = drift(&workspace("errored"), Some(&assessment(later)));
        assert_eq!(drift.status, TerraformDriftStatus::Drifted, "assessed since, so not paused");
    }

    #[test]
    fn the_gravest_check_counts_and_none_is_not_well() {
        let status = |passed, failed, errored, unknown| {
            let mut result = good();
            for (name, count) in [("passed", passed), ("failed", failed), ("errored", errored), ("unknown", unknown)] {
                result[format!("checks-{name}")] = json!(count);
            }
            checks(&workspace("applied"), Some(&assessment(result))).status
        };
        assert_eq!(status(1, 1, 1, 1), TerraformCheckStatus::Errored);
        assert_eq!(status(1, 1, 0, 1), TerraformCheckStatus::Failed);
        assert_eq!(status(1, 0, 0, 1), TerraformCheckStatus::Unknown);
        assert_eq!(status(1, 0, 0, 0), TerraformCheckStatus::Passed);
        assert_eq!(status(0, 0, 0, 0), TerraformCheckStatus::Unknown);
    }
}
