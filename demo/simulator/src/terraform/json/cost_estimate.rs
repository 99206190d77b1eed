//! Cost estimates. Amounts are decimal strings.

use serde_json::{Value, json};

use super::{
    super::{
        cost::{self, decimal},
        run::Run,
        timeline::Status,
    },
    stamps,
};
use crate::seed::between;

/// The estimate of a run; `None` when cost estimation is off.
pub(in super::super) fn show(run: &Run<'_>) -> Option<Value> {
    let cost = cost::of(run)?;
    let id = run.part("ce");
    let finished_at = run.reached(Status::CostEstimated);
    let queued_at = run.reached(Status::CostEstimating);
    let status = match (finished_at, queued_at) {
        (Some(_), _) => "finished",
        (None, Some(_)) => "queued",
        // A plan without changes, or none at all, is never estimated.
        _ if run.status().is_final() => "canceled",
        _ => "pending",
    };
    let (count, matched) = if finished_at.is_some() { matched(run) } else { (0, 0) };
    let amount = |milli: i64| if finished_at.is_some() { decimal(milli) } else { decimal(0) };
    Some(json!({
        "id": id,
        "type": "cost-estimates",
        "attributes": {
            "error-message": null,
            "status": status,
            "status-timestamps": stamps([
                ("pending-at", Some(run.created_at)),
                ("queued-at", queued_at),
                ("finished-at", finished_at),
            ]),
            "resources": { "matched": [], "unmatched": [] },
            "resources-count": count,
            "matched-resources-count": matched,
            "unmatched-resources-count": count - matched,
            "prior-monthly-cost": amount(cost.prior),
            "proposed-monthly-cost": amount(cost.proposed),
            "delta-monthly-cost": amount(cost.proposed - cost.prior),
        },
        "links": { "self": format!("/api/v2/cost-estimates/{id}") },
    }))
}

/// How many resources there are, and how many of them have a known price.
fn matched(run: &Run<'_>) -> (u64, u64) {
    let count = u64::from(run.workspace.resources);
    (count, count * between(&run.subject, "priced", 40, 90) / 100)
}
