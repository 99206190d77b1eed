//! What rounds of the fan-out showed, and whether it is enough.

use crate::tally::median;

/// Deliveries a second over those of `bare`.
const RATE_MIN: f64 = 0.65;
/// The 99th percentile of the time until the last client has an event, over that of `bare`.
const LAST_MAX: f64 = 2.0;
/// Memory of the gateway for each subscriber to whom nothing comes.
const IDLE_KIB_MAX: f64 = 32.0;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) idle_kib: f64,
    /// Deliveries a second.
    pub(super) rate: f64,
    /// From publishing until a client has it, over all clients.
    pub(super) each_p50_ms: f64,
    pub(super) each_p99_ms: f64,
    /// The same until the last client has it.
    pub(super) last_p50_ms: f64,
    pub(super) last_p99_ms: f64,
    /// Processor time of the server for each delivery.
    pub(super) cpu_us: f64,
}

/// Rounds of both.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) gateway: Vec<Figures>,
    pub(super) bare: Vec<Figures>,
}

impl Sides {
    /// The last round, in short.
    pub(super) fn last(&self) -> String {
        let show = |rounds: &[Figures]| {
            rounds.last().map_or_else(String::new, |round| {
                format!("{:.0}/s, last client after {:.1} ms", round.rate, round.last_p50_ms)
            })
        };
        format!("gateway {}; bare {}", show(&self.gateway), show(&self.bare))
    }
}

/// The median of each figure over the rounds.
fn of_rounds(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median(rounds.iter().map(figure).collect());
    Figures {
        // Later rounds find memory that earlier ones have left.
        idle_kib: rounds.first().map_or(0.0, |round| round.idle_kib),
        rate: of(|round| round.rate),
        each_p50_ms: of(|round| round.each_p50_ms),
        each_p99_ms: of(|round| round.each_p99_ms),
        last_p50_ms: of(|round| round.last_p50_ms),
        last_p99_ms: of(|round| round.last_p99_ms),
        cpu_us: of(|round| round.cpu_us),
    }
}

/// Prints both, and tells what is not enough.
pub(super) fn print(sides: &Sides) -> Vec<String> {
    let (gateway, bare) = (of_rounds(&sides.gateway), of_rounds(&sides.bare));
    println!("            deliveries/s  each p50   p99 ms  last p50   p99 ms  cpu us each  idle KiB each");
    for (name, figures) in [("gateway", gateway), ("bare", bare)] {
        let Figures { idle_kib, rate, each_p50_ms, each_p99_ms, last_p50_ms, last_p99_ms, cpu_us } = figures;
        println!(
            "  {name:<8} {rate:>13.0} {each_p50_ms:>9.1} {each_p99_ms:>8.1} {last_p50_ms:>9.1} {last_p99_ms:>8.1} {cpu_us:>12.2} {idle_kib:>14.1}"
        );
    }
    judge(&gateway, &bare)
}

fn judge(gateway: &Figures, bare: &Figures) -> Vec<String> {
    let rate = gateway.rate / bare.rate.max(1e-9);
    let last = gateway.last_p99_ms / bare.last_p99_ms.max(1e-9);
    println!(
        "  over bare: deliveries {rate:.3} (goal {RATE_MIN}), p99 of the last client {last:.2} (at most {LAST_MAX}); \
         {:.1} KiB for each idle subscriber (at most {IDLE_KIB_MAX})",
        gateway.idle_kib
    );
    let mut bad = Vec::new();
    for (is_bad, what) in [
        (rate < RATE_MIN, format!("{rate:.3} of the deliveries of bare")),
        (last > LAST_MAX, format!("the last client gets an event after {last:.2} times as long")),
        (gateway.idle_kib > IDLE_KIB_MAX, format!("{:.1} KiB for each idle subscriber", gateway.idle_kib)),
    ] {
        if is_bad {
            bad.push(format!("fanout: {what}"));
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_goal_is_judged() {
        let bare = Figures { rate: 100.0, last_p99_ms: 10.0, ..Figures::default() };
        let good = Figures { rate: 65.0, last_p99_ms: 20.0, idle_kib: 32.0, ..bare };
        assert_eq!(judge(&good, &bare), Vec::<String>::new());
        for bad in
            [Figures { rate: 64.0, ..good }, Figures { last_p99_ms: 20.5, ..good }, Figures { idle_kib: 33.0, ..good }]
        {
            assert_eq!(judge(&bad, &bare).len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn idle_memory_is_that_of_the_first_round() {
        let round = |idle_kib, rate| Figures { idle_kib, rate, ..Figures::default() };
        let all = of_rounds(&[round(20.0, 3.0), round(0.0, 1.0), round(1.0, 2.0)]);
        assert_eq!((all.idle_kib, all.rate), (20.0, 2.0));
    }
}
