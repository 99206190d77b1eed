//! What was found: told on the terminal, written to `target/load/federated.json`, and judged.

use serde::Serialize;

use super::{
    own::OwnResult,
    passing::{PassingResult, per_scalar},
};
use crate::{figures::Figures, goals::Goal, machine::Machine, place::Place, report::write_json};

/// Noise above which a run says nothing, in percent.
const NOISE_MAX: f64 = 10.0;
/// Processor time of a point query over that of `bare`.
const POINT_MAX: f64 = 20.0;
/// Processor time for each scalar field that passes through.
const SCALAR_MAX_NS: f64 = 150.0;

/// Everything a run found.
#[derive(Debug, Serialize)]
pub(super) struct FederatedReport {
    pub(super) date: String,
    pub(super) command: String,
    pub(super) commit: String,
    pub(super) machine: Machine,
    /// Generated entities.
    pub(super) estate: usize,
    pub(super) clients: usize,
    pub(super) rounds: usize,
    pub(super) seconds_each: f64,
    pub(super) own: Vec<OwnResult>,
    pub(super) point: PassingResult,
    /// The point query without `no-cache`.
    pub(super) usual_point: PassingResult,
    pub(super) list: PassingResult,
    /// Processor time of the gateway for each scalar field of the list: of all, and of what is more than a point query.
    pub(super) cpu_us_per_scalar: f64,
    pub(super) cpu_us_per_scalar_besides_point: f64,
    pub(super) goals: Vec<Goal>,
}

/// What the project asks of itself.
pub(super) fn goals(
    own: &[OwnResult],
    point: &PassingResult,
    usual_point: &PassingResult,
    list: &PassingResult,
) -> Vec<Goal> {
    let (mut goals, mut most_noise) = (Vec::new(), 0.0_f64);
    for result in own {
        let name = title(result);
        for (figure, compared, less) in [
            ("requests/s, % below those without subgraphs", &result.rate, 1.0 - result.rate.ratio),
            ("processor, % above that without subgraphs", &result.cpu, result.cpu.ratio - 1.0),
        ] {
            let noise = (compared.noise * 10_000.0).round() / 100.0;
            goals.push(Goal::at_most(format!("{name}: {figure}"), less * 100.0, noise));
            most_noise = most_noise.max(noise);
        }
    }
    goals.push(Goal::at_most("most noise, %", most_noise, NOISE_MAX));
    for result in [point, usual_point] {
        let name = format!("{}: processor over that of bare", result.name);
        goals.push(Goal::at_most(name, result.cpu_over_bare, POINT_MAX));
    }
    let ns = per_scalar(list, None) * 1e3;
    goals.push(Goal::at_most(format!("{}: ns of processor for each scalar field", list.name), ns, SCALAR_MAX_NS));
    goals
}

fn title(result: &OwnResult) -> String {
    format!("{}, {}", result.operation, if result.with_caches { "with caches" } else { "past caches" })
}

impl FederatedReport {
    /// Writes it.
    pub(super) fn write(&self, place: &Place) -> anyhow::Result<()> {
        let file = place.load.join("federated.json");
        write_json(&file, self)?;
        println!("\nWritten: {}", file.display());
        Ok(())
    }

    /// Tells it.
    pub(super) fn print(&self) {
        println!("\nOwn types, without and with a subgraph in the graph");
        println!("{}", heading());
        for result in &self.own {
            println!("{:<22} {}", title(result), line("without", &result.plain));
            println!("{:<22} {}", "", line("with", &result.federated));
            println!("{:<22}   requests/s {}", "", result.rate.line());
            println!("{:<22}   processor  {}", "", result.cpu.line());
        }
        println!("\nPassed through, of a subgraph that answers at once");
        println!("{}", heading());
        for result in [&self.point, &self.usual_point, &self.list] {
            println!("{:<22} {}", result.name, line("gateway", &result.gateway));
            println!("{:<22} {}", "", line("bare", &result.bare));
            let (rate, cpu) = (result.rate_over_bare, result.cpu_over_bare);
            println!("{:<22}   over bare: requests/s {rate:.3}, processor {cpu:.2}", "");
        }
        println!(
            "{}: {:.3} us of processor for each scalar field, {:.3} without what a point query takes; bare {:.3}",
            self.list.name,
            self.cpu_us_per_scalar,
            self.cpu_us_per_scalar_besides_point,
            self.list.bare.server_cpu_us / super::service::SCALARS
        );
        println!("\nLoad average {:.2} before, {:.2} after.\n", self.machine.load_before, self.machine.load_after);
        for goal in &self.goals {
            println!("{}", goal.line());
        }
    }
}

fn heading() -> String {
    format!(
        "{:<22} {:<8}{:>9}{:>9}{:>9}{:>10}{:>9}{:>7}{:>7}{:>10}",
        "", "", "req/s", "p50 ms", "p99 ms", "cpu us", "pg us", "SQL", "calls", "bytes"
    )
}

fn line(who: &str, figures: &Figures) -> String {
    let Figures { rate, p50_ms, p99_ms, server_cpu_us, postgres_cpu_us, statements, upstream_calls, bytes, .. } =
        figures;
    format!(
        "{who:<8}{rate:>9.0}{p50_ms:>9.2}{p99_ms:>9.2}{server_cpu_us:>10.1}{postgres_cpu_us:>9.1}{statements:>7.2}{upstream_calls:>7.2}{bytes:>10.0}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federated::compared::{Compared, Pair};

    fn passing(name: &'static str, cpu_us: f64, cpu_over_bare: f64) -> PassingResult {
        let gateway = Figures { server_cpu_us: cpu_us, ..Figures::default() };
        PassingResult { name, gateway, bare: gateway, cpu_over_bare, rate_over_bare: 1.0 }
    }

    fn missed(federated: f64, noise: f64, point: f64, list_us: f64) -> Vec<String> {
        let compared = |part: f64| {
            let plain = [100.0 - noise / 2.0, 100.0 + noise / 2.0];
            Compared::of(&[Pair { plain, federated: [100.0 * part; 2] }])
        };
        let own = OwnResult {
            operation: "entity",
            with_caches: true,
            plain: Figures::default(),
            federated: Figures::default(),
            rate: compared(federated),
            cpu: compared(1.0 / federated),
        };
        let (point, list) = (passing("point", 100.0, point), passing("list", list_us, 1.0));
        let all = goals(&[own], &point, &point, &list);
        all.iter().filter(|goal| !goal.met).map(Goal::line).collect()
    }

    #[test]
    fn each_goal_is_judged() {
        assert_eq!(missed(0.98, 3.0, 20.0, 1_500.0), Vec::<String>::new());
        assert_eq!(missed(1.2, 3.0, 20.0, 1_500.0), Vec::<String>::new(), "to be faster is no harm");
        assert_eq!(missed(0.96, 3.0, 20.0, 1_500.0).len(), 2);
        assert_eq!(missed(0.96, 12.0, 20.0, 1_500.0).len(), 1, "so much noise says nothing");
        assert_eq!(missed(1.0, 3.0, 20.1, 1_500.0).len(), 2);
        assert_eq!(missed(1.0, 3.0, 20.0, 1_501.0).len(), 1);
    }
}
