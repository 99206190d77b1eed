//! What the project asks of itself, and whether this run shows it.

use serde::Serialize;

use crate::report::Report;

/// What `direct` must reach of its parts, or it is no ceiling: of the requests that are left when every one of them costs the
/// machine a statement of `pgbench` and a request to `bare`.
pub(crate) const DIRECT_MIN: f64 = 0.85;
/// From so many entities on the goals for large catalogs count.
pub(crate) const LARGE: usize = 100_000;

/// One goal.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Goal {
    name: String,
    value: f64,
    limit: f64,
    /// Whether the value must not be below the limit; else it must not be above.
    is_least: bool,
    pub(crate) met: bool,
}

impl Goal {
    /// A value that must not be above the limit.
    pub(crate) fn at_most(name: impl Into<String>, value: f64, limit: f64) -> Self {
        Self { name: name.into(), value, limit, is_least: false, met: value <= limit }
    }

    /// A value that must not be below the limit.
    pub(crate) fn at_least(name: impl Into<String>, value: f64, limit: f64) -> Self {
        Self { name: name.into(), value, limit, is_least: true, met: value >= limit }
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let word = if self.met { "met   " } else { "MISSED" };
        let bound = if self.is_least { "at least" } else { "at most" };
        format!("{word}  {}: {:.2}, {bound} {}", self.name, self.value, self.limit)
    }
}

/// The goals that this run can speak of.
pub(crate) fn goals(report: &Report) -> Vec<Goal> {
    let mut goals = vec![Goal::at_least("direct over pgbench and bare together", report.direct_over_parts, DIRECT_MIN)];
    if let Some(stitched) = &report.stitched {
        let most = stitched.chain_ms + 8.0;
        goals.push(Goal::at_most("stitched page, cold, one caller, p50 ms", stitched.cold_one_p50_ms, most));
        let ratio = stitched.warm_cpu_us / stitched.plain_cpu_us;
        goals.push(Goal::at_most("stitched page, warm, processor over that without upstreams", ratio, 2.0));
    }
    if report.estate < LARGE {
        return goals;
    }
    for (name, limit) in [("entity", 0.5), ("page50", 0.55), ("list1000", 0.6)] {
        if let Some(ratio) = report.operation(name).and_then(|operation| operation.ratio_to_direct) {
            goals.push(Goal::at_least(format!("{name}, requests/s over direct"), ratio, limit));
        }
    }
    // With caches every answer is one that is kept: what is left is the way of the request.
    for (name, cpu_limit) in [("entity", 3.0), ("list1000", 1.5)] {
        let Some(operation) = report.operation(name) else { continue };
        let Some(warm) = &operation.warm else { continue };
        let cpu = warm.server_cpu_us / operation.bare.server_cpu_us;
        goals.push(Goal::at_most(format!("{name} kept, processor over that of bare"), cpu, cpu_limit));
        let rate = warm.rate / operation.bare.rate;
        goals.push(Goal::at_least(format!("{name} kept, requests/s over bare"), rate, 0.4));
    }
    if let Some(ns) = report.operation("list1000").and_then(|operation| operation.server_cpu_ns_per_scalar) {
        goals.push(Goal::at_most("list1000, ns of processor for each scalar field", ns, 200.0));
    }
    for (name, limit) in [("page_plain", 60.0), ("search", 80.0), ("facets", 300.0), ("count", 300.0)] {
        if let Some(operation) = report.operation(name) {
            let clients = report.clients;
            goals.push(Goal::at_most(format!("{name}, {clients} clients, p99 ms"), operation.gateway.p99_ms, limit));
            goals.push(Goal::at_most(format!("{name}, one client, p99 ms"), operation.alone.p99_ms, limit));
        }
    }
    if let Some(pages) = report.plain_pages {
        let ratio = pages.large_p99_ms / pages.small_p99_ms;
        goals.push(Goal::at_most("page_plain p99 over that at 10,000", ratio, 1.3));
    }
    if let Some(import) = &report.import {
        goals.push(Goal::at_least("import, entities a second", import.entities_per_second, 1_500.0));
        goals.push(Goal::at_most("import, peak MiB", import.peak_mib, 300.0));
    }
    goals
}
