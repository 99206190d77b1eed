//! Runs: from JSON:API to the record.

use chrono::{DateTime, Utc};
use schema::{
    Decimal, TerraformCostEstimate, TerraformPlanSummary, TerraformRunDetails, TerraformRunRecord, TerraformRunStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    key::is_id,
    status::run_status,
    wire::{Document, Included, Link, Resource},
};

/// Terraform estimates in US dollars and names no currency.
const CURRENCY: &str = "USD";

/// Moments of `status-timestamps` at which a run is at work for the first time.
const STARTS: [&str; 4] = ["fetching-at", "pre-plan-running-at", "planning-at", "assessing-at"];

/// A page of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPageRecord {
    /// The runs, newest first, each with its place among all of them, from 0. Plan-only ones are left out.
    pub runs: Vec<(u64, TerraformRunRecord)>,
    /// There is another page after this one.
    pub has_next: bool,
    /// How many runs there are on all pages; none when Terraform does not say, or counts plan-only ones.
    pub total: Option<u64>,
}

/// A page of runs; `skipped` come before it.
pub(super) fn page(document: &Document<Vec<Resource>>, skipped: u64, now: DateTime<Utc>) -> RunPageRecord {
    let included = document.included();
    let runs = (skipped..).zip(&document.data).filter_map(|(place, run)| Some((place, detailed(run, &included, now)?)));
    let all: Vec<_> = runs.collect();
    let count = all.len();
    let runs: Vec<_> = all.into_iter().filter(|(_, run)| run.is_plan_only != Some(true)).collect();
    let total = document.total().filter(|_| runs.len() == count);
    RunPageRecord { runs, has_next: document.has_next(), total }
}

/// The record of a run that was read with everything beside it.
pub(super) fn detailed(run: &Resource, included: &Included<'_>, now: DateTime<Utc>) -> Option<TerraformRunRecord> {
    let cost_estimate = match run.link("cost-estimate") {
        Link::None | Link::Unsaid => None,
        link @ Link::To(..) => Some(included.get(link).map_or_else(unknown_estimate, cost_estimate)),
    };
    let created_by = included.get(run.link("created-by")).and_then(|user| user.text("username")).map(str::to_owned);
    let details = Some(TerraformRunDetails { created_by, cost_estimate });
    Some(TerraformRunRecord { details, ..record(run, included, now)? })
}

/// The record of a run, with what is beside it; none when it has no id.
pub(super) fn record(run: &Resource, included: &Included<'_>, now: DateTime<Utc>) -> Option<TerraformRunRecord> {
    let id = run.id().filter(|id| is_id(id))?.to_owned();
    let upstream_status = run.text("status").unwrap_or_default().to_owned();
    let is_confirmable = run.value("actions").and_then(|actions| actions.get("is-confirmable")?.as_bool());
    let status = run_status(&upstream_status, is_confirmable);
    let started_at = STARTS.iter().filter_map(|name| run.reached(name)).min();
    let finished_at = ended_at(run, &upstream_status, status);
    let configuration = included.get(run.link("configuration-version"));
    let ingress = configuration.and_then(|version| included.get(version.link("ingress-attributes")));
    Some(TerraformRunRecord {
        id,
        workspace_id: match run.link("workspace") {
            Link::To(_, id) => Some(id.to_owned()),
            Link::None | Link::Unsaid => None,
        },
        status,
        upstream_status,
        message: run.text("message").map(str::to_owned),
        trigger: run.text("source").map(str::to_owned),
        is_destroy: run.flag("is-destroy"),
        is_plan_only: run.flag("plan-only"),
        commit_sha: ingress.and_then(|ingress| ingress.text("commit-sha")).map(str::to_owned),
        plan: included.get(run.link("plan")).and_then(plan),
        is_without_estimate: run.link("cost-estimate") == Link::None,
        details: None,
        created_at: run.moment("created-at").map(Into::into),
        started_at: started_at.map(Into::into),
        finished_at: finished_at.map(Into::into),
        duration_seconds: started_at.and_then(|started| duration(started, finished_at, status, now)),
    })
}

/// When a run that ended reached the state it ended in.
fn ended_at(run: &Resource, word: &str, status: TerraformRunStatus) -> Option<DateTime<Utc>> {
    if !status.is_final() {
        return None;
    }
    let reached = run.reached(&format!("{}-at", word.replace('_', "-")));
    reached.or_else(|| run.moment("canceled-at").filter(|_| status == TerraformRunStatus::Canceled))
}

fn duration(
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    status: TerraformRunStatus,
    now: DateTime<Utc>,
) -> Option<f64> {
    // How long a run took that ended nobody knows when is not known either.
    let until = if status.is_final() { finished_at? } else { now };
    Some((until - started_at).to_std().unwrap_or_default().as_secs_f64())
}

/// What a plan that came to its end would do; its counts are zero or null before.
fn plan(plan: &Resource) -> Option<TerraformPlanSummary> {
    if plan.text("status") != Some("finished") {
        return None;
    }
    Some(TerraformPlanSummary {
        additions: plan.count("resource-additions")?,
        changes: plan.count("resource-changes")?,
        destructions: plan.count("resource-destructions")?,
        // Versions of Terraform without imports do not count them.
        imports: plan.count("resource-imports").unwrap_or_default(),
    })
}

/// The estimate. Its amounts are zero until it is finished, which is not what anything would cost.
fn cost_estimate(estimate: &Resource) -> TerraformCostEstimate {
    if estimate.text("status") != Some("finished") {
        return unknown_estimate();
    }
    TerraformCostEstimate {
        currency: CURRENCY.to_owned(),
        prior_monthly: amount(estimate, "prior-monthly-cost"),
        proposed_monthly: amount(estimate, "proposed-monthly-cost"),
        delta_monthly: amount(estimate, "delta-monthly-cost"),
        matched_resource_count: estimate.count("matched-resources-count"),
        unmatched_resource_count: estimate.count("unmatched-resources-count"),
    }
}

fn unknown_estimate() -> TerraformCostEstimate {
    TerraformCostEstimate {
        currency: CURRENCY.to_owned(),
        prior_monthly: None,
        proposed_monthly: None,
        delta_monthly: None,
        matched_resource_count: None,
        unmatched_resource_count: None,
    }
}

/// An amount: a text, or a number as some versions write it.
fn amount(estimate: &Resource, name: &str) -> Option<Decimal> {
    match estimate.value(name)? {
        Value::String(text) => Decimal::read(text),
        Value::Number(number) => Decimal::read(&number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-23T08:00:30Z".parse().unwrap()
    }

    fn read(attributes: &Value, included: &Value) -> TerraformRunRecord {
        let to = |kind: &str, id: &str| json!({ "data": { "type": kind, "id": id } });
        let body = json!({
            "data": { "id": "run-1", "type": "runs", "attributes": attributes, "relationships": {
                "workspace": to("workspaces", "ws-1"), "plan": to("plans", "plan-1"),
                "cost-estimate": to("cost-estimates", "ce-1"), "created-by": to("users", "user-1"),
                "configuration-version": to("configuration-versions", "cv-1"),
            } },
            "included": included,
        });
        let document: Document<Resource> = serde_json::from_value(body).unwrap();
        detailed(&document.data, &document.included(), now()).unwrap()
    }

    fn estimate(status: &str, proposed: &Value) -> Value {
        json!({ "id": "ce-1", "type": "cost-estimates", "attributes": {
            "status": status, "prior-monthly-cost": "0.0", "proposed-monthly-cost": proposed,
            "delta-monthly-cost": "25.488", "matched-resources-count": 3, "unmatched-resources-count": 1,
        } })
    }

    #[test]
    fn a_run_is_read_with_what_stands_beside_it() {
        let attributes = json!({
            "status": "applied", "message": "deploy", "source": "tfe-api", "is-destroy": false, "plan-only": false,
            "created-at": "2026-11-23T07:59:00Z",
            "status-timestamps": { "planning-at": "2026-11-23T07:59:10+00:00", "applied-at": "2026-11-23T08:00:10+00:00" },
        });
        let included = json!([
            { "id": "plan-1", "type": "plans", "attributes": { "status": "finished", "resource-additions": 1,
                "resource-changes": 2, "resource-destructions": 3 } },
            estimate("finished", &json!("25.488")),
            { "id": "user-1", "type": "users", "attributes": { "username": "amber" } },
            { "id": "cv-1", "type": "configuration-versions",
                "relationships": { "ingress-attributes": { "data": { "type": "ingress-attributes", "id": "ia-1" } } } },
            { "id": "ia-1", "type": "ingress-attributes", "attributes": { "commit-sha": "c0ffee" } },
        ]);
        let run = read(&attributes, &included);
        assert_eq!((run.status, run.upstream_status.as_str()), (TerraformRunStatus::Applied, "applied"));
        assert_eq!((run.workspace_id.as_deref(), run.commit_sha.as_deref()), (Some("ws-1"), Some("c0ffee")));
        assert_eq!(run.plan, Some(TerraformPlanSummary { additions: 1, changes: 2, destructions: 3, imports: 0 }));
        assert_eq!(run.duration_seconds, Some(60.0));
        let details = run.details.unwrap();
        assert_eq!(details.created_by.as_deref(), Some("amber"));
        let cost = details.cost_estimate.unwrap();
        assert_eq!(cost.prior_monthly.unwrap().to_string(), "0.0");
        assert_eq!(cost.proposed_monthly.unwrap().to_string(), "25.488");
        assert_eq!((cost.currency.as_str(), cost.matched_resource_count), ("USD", Some(3)));
    }

    #[test]
    fn a_run_under_way_has_run_so_far() {
        let timestamps = json!({ "plan-queueable-at": "2026-11-23T07:59:00Z", "planning-at": "2026-11-23T08:00:00Z" });
        let run = read(&json!({ "status": "planning", "status-timestamps": timestamps }), &Value::Null);
        assert_eq!((run.duration_seconds, run.finished_at), (Some(30.0), None));
        assert_eq!(read(&json!({ "status": "pending" }), &Value::Null).duration_seconds, None);
    }

    #[test]
    fn what_is_not_estimated_yet_costs_nobody_knows_what() {
        for (status, proposed) in [("queued", json!("0.0")), ("errored", json!("0.0")), ("finished", json!("free"))] {
            let run = read(&json!({ "status": "cost_estimating" }), &json!([estimate(status, &proposed)]));
            assert_eq!(run.details.unwrap().cost_estimate.unwrap().proposed_monthly, None, "{status}");
        }
        let run = read(&json!({}), &json!([estimate("finished", &json!(25.5))]));
        assert_eq!(run.details.unwrap().cost_estimate.unwrap().proposed_monthly.unwrap().to_string(), "25.5");
    }

    #[test]
    fn a_plan_that_is_not_finished_plans_nothing_yet() {
        let plan = json!([{ "id": "plan-1", "type": "plans", "attributes": { "status": "running",
            "resource-additions": 0, "resource-changes": 0, "resource-destructions": 0 } }]);
        assert_eq!(read(&json!({ "status": "planning" }), &plan).plan, None);
    }

    #[test]
    fn the_documented_page_of_runs_is_read() {
        let body = json!({
            "data": [
                { "id": "run-2", "type": "runs", "attributes": { "status": "pending", "plan-only": true } },
                { "id": "run-1", "type": "runs", "attributes": { "status": "applied", "plan-only": false } },
            ],
            "meta": { "pagination": { "current-page": 2, "next-page": 3, "total-count": 384_105 } },
        });
        let record = page(&serde_json::from_value(body).unwrap(), 20, now());
        assert_eq!(
            record.runs.iter().map(|(place, run)| (*place, run.id.as_str())).collect::<Vec<_>>(),
            [(21, "run-1")]
        );
        assert!(record.has_next);
        assert_eq!(record.total, None, "a count of plan-only runs too is no count of ours");
    }
}
