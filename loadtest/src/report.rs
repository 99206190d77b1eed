//! What a run found: told on the terminal, and written to `target/load/result.json` and `target/load/chart.svg`.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::{
    chart, estate::Import, figures::OperationResult, goals::Goal, machine::Machine, place::Place,
    stitched::StitchedPage,
};

/// Everything a run found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) command: String,
    pub(crate) commit: String,
    pub(crate) machine: Machine,
    pub(crate) postgres: String,
    /// Generated entities.
    pub(crate) estate: usize,
    pub(crate) clients: usize,
    pub(crate) rounds: usize,
    pub(crate) seconds_each: f64,
    /// Of the database alone: the statement of `entity` by `pgbench`.
    pub(crate) pgbench_rate: f64,
    /// What `direct` reaches of it, which has no HTTP to do.
    pub(crate) direct_over_pgbench: f64,
    /// What `direct` reaches of what is left when each request costs what one of `pgbench` and one to `bare` cost; below 0.85
    /// the run is void.
    pub(crate) direct_over_parts: f64,
    /// Processor time of a statement with `pgbench` over that of a request with `direct`, clients and Postgres included: the
    /// same comparison, on which other work of the machine has less influence.
    pub(crate) pgbench_cpu_over_direct: f64,
    pub(crate) is_void: bool,
    /// Memory of the gateway after the run, and the most it held, in MiB.
    pub(crate) gateway_rss_mib: f64,
    pub(crate) gateway_peak_mib: f64,
    /// How the estate was imported, whenever that was.
    pub(crate) import: Option<Import>,
    /// `page_plain` beside itself over a small estate; for large estates only.
    pub(crate) plain_pages: Option<PlainPages>,
    pub(crate) operations: Vec<OperationResult>,
    /// The page of five upstreams; not where single operations were named.
    pub(crate) stitched: Option<StitchedPage>,
    pub(crate) goals: Vec<Goal>,
}

/// The 99th percentile of `page_plain` at all clients over this estate and over one of 10,000 generated entities, in turns.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct PlainPages {
    pub(crate) small_p99_ms: f64,
    pub(crate) large_p99_ms: f64,
}

impl Report {
    /// Figures of an operation.
    pub(crate) fn operation(&self, name: &str) -> Option<&OperationResult> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// Writes both files.
    pub(crate) fn write(&self, place: &Place) -> anyhow::Result<()> {
        let file = place.load.join("result.json");
        write_json(&file, self)?;
        std::fs::write(place.load.join("chart.svg"), chart::svg(self))?;
        println!("\nWritten: {} and chart.svg beside it.", file.display());
        Ok(())
    }

    /// Tells it.
    pub(crate) fn print(&self) {
        println!(
            "\n{:<11}{:>9}{:>9}{:>9} |{:>9}{:>9} |{:>9}{:>9} |{:>9}{:>9}{:>6}{:>6} |{:>9}{:>7}{:>7} |{:>9}{:>7}",
            "operation",
            "req/s",
            "p50 ms",
            "p99 ms",
            "half p50",
            "half p99",
            "one p50",
            "one p99",
            "cpu us",
            "pg us",
            "SQL",
            "calls",
            "direct/s",
            "ratio",
            "cpu x",
            "bare/s",
            "ratio"
        );
        for operation in &self.operations {
            let (gateway, direct) = (&operation.gateway, &operation.direct);
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            println!(
                "{:<11}{:>9.0}{:>9.2}{:>9.2} |{:>9.2}{:>9.2} |{:>9.2}{:>9.2} |{:>9.0}{:>9.0}{:>6.2}{:>6.2} |{:>9}{:>7}{:>7} |{:>9.0}{:>7.3}",
                operation.name,
                gateway.rate,
                gateway.p50_ms,
                gateway.p99_ms,
                operation.half_load.p50_ms,
                operation.half_load.p99_ms,
                operation.alone.p50_ms,
                operation.alone.p99_ms,
                gateway.server_cpu_us,
                gateway.postgres_cpu_us,
                gateway.statements,
                gateway.upstream_calls,
                or_dash(direct.map(|direct| format!("{:.0}", direct.rate))),
                or_dash(operation.ratio_to_direct.map(|ratio| format!("{ratio:.3}"))),
                or_dash(operation.cpu_over_direct.map(|ratio| format!("{ratio:.2}"))),
                operation.bare.rate,
                operation.ratio_to_bare,
            );
        }
        for operation in &self.operations {
            if let (Some(ours), Some(direct)) = (operation.server_cpu_ns_per_scalar, operation.direct_cpu_ns_per_scalar)
            {
                println!(
                    "\n{}: {ours:.0} ns of processor for each scalar field; direct {direct:.0} ns",
                    operation.name
                );
            }
            if let Some(warm) = operation.warm {
                let times = warm.rate / operation.gateway.rate;
                println!("{}: with caches {:.0}/s, {times:.2} times as many as without", operation.name, warm.rate);
            }
        }
        if let Some(stitched) = &self.stitched {
            println!("\n{}", stitched.lines());
        }
        println!(
            "\npgbench {:.0}/s on the statement of `entity`; direct reaches {:.3} of it, {:.3} by processor time, and {:.3} of \
             pgbench and bare one after the other. Gateway: {:.0} MiB, at most {:.0} MiB.",
            self.pgbench_rate,
            self.direct_over_pgbench,
            self.pgbench_cpu_over_direct,
            self.direct_over_parts,
            self.gateway_rss_mib,
            self.gateway_peak_mib
        );
        println!("Load average {:.2} before, {:.2} after.\n", self.machine.load_before, self.machine.load_after);
        for goal in &self.goals {
            println!("{}", goal.line());
        }
    }
}

/// Writes what was found, each figure as exact as it was measured.
pub(crate) fn write_json(file: &Path, found: &impl Serialize) -> anyhow::Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(&rounded(serde_json::to_value(found)?))?);
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// Four digits say all that was measured.
fn rounded(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Number(number) if number.is_f64() => {
            let exact = number.as_f64().unwrap_or(0.0);
            let short = format!("{exact:.3e}").parse::<f64>().unwrap_or(exact);
            if short.fract() == 0.0 && short.abs() < 1e15 { Value::from(short as i64) } else { Value::from(short) }
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, field)| (key, rounded(field))).collect(),
        other => other,
    }
}
