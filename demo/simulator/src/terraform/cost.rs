//! Money: what a month costs after a change, and how the API writes it.

use super::{run::Run, schedule, timeline::Status};
use crate::seed::between;

/// How far back an earlier state is looked for.
const LOOK_BACK: u32 = 50;

/// Monthly cost in thousandths of a dollar, before and after the changes of one run.
pub(super) struct Cost {
    pub(super) prior: i64,
    pub(super) proposed: i64,
}

/// `None` when cost estimation is off.
pub(super) fn of(run: &Run<'_>) -> Option<Cost> {
    let base = run.workspace.monthly_cost_milli?;
    let oldest = run.number.saturating_sub(LOOK_BACK).max(1);
    // What the run before left behind, so that one proposal is the next one's prior.
    let mut earlier = (oldest..run.number).rev();
    let before = earlier.find_map(|number| {
        let earlier = schedule::find(run.workspace, number, run.created_at)?;
        earlier.reached(Status::Applied).map(|_| after(&earlier, base))
    });
    Some(Cost { prior: before.unwrap_or(0), proposed: after(run, base) })
}

fn after(run: &Run<'_>, base: u64) -> i64 {
    i64::try_from(base + between(&run.subject, "cost", 0, base / 5)).unwrap_or(i64::MAX)
}

/// A decimal string with one to three places, such as `25.488` or `0.0`.
pub(super) fn decimal(milli: i64) -> String {
    let sign = if milli < 0 { "-" } else { "" };
    let (whole, rest) = (milli.unsigned_abs() / 1_000, milli.unsigned_abs() % 1_000);
    let places = format!("{rest:03}");
    let places = places.trim_end_matches('0');
    format!("{sign}{whole}.{}", if places.is_empty() { "0" } else { places })
}
