//! `Compared`: whether one figure of two gateways differs by more than that of one gateway does from itself.

use serde::Serialize;

use crate::tally::median;

/// One figure in one round. Each gateway has two turns in a round, in the order of A B B A, so that a machine that becomes slower or
/// faster meanwhile does it to both alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) plain: [f64; 2],
    pub(super) federated: [f64; 2],
}

/// What all rounds say of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Compared {
    /// The figure with a subgraph over that without: the median of the rounds, the least and the most.
    pub(super) ratio: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    /// The noise: how far apart the two turns of the gateway without subgraphs were, in the round in which that was most.
    pub(super) noise: f64,
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.federated.iter().sum::<f64>() / self.plain.iter().sum::<f64>().max(1e-9)
    }

    fn noise(&self) -> f64 {
        let [one, other] = self.plain;
        (one - other).abs() / ((one + other) / 2.0).max(1e-9)
    }
}

impl Compared {
    pub(super) fn of(rounds: &[Pair]) -> Self {
        let ratios: Vec<f64> = rounds.iter().map(Pair::ratio).collect();
        Self {
            least: ratios.iter().copied().fold(f64::MAX, f64::min),
            most: ratios.iter().copied().fold(0.0, f64::max),
            ratio: median(ratios),
            noise: rounds.iter().map(Pair::noise).fold(0.0, f64::max),
        }
    }

    /// For people: the ratio with its spread, the noise, and whether it is within.
    pub(super) fn line(&self) -> String {
        let Self { ratio, least, most, noise } = self;
        let verdict = if (ratio - 1.0).abs() <= *noise { "within" } else { "NOT within" };
        format!("{ratio:.3} ({least:.3} to {most:.3}), {verdict} the noise of {noise:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_slows_down_is_noise_and_no_difference() {
        // A B B A, slower by two each turn.
        let rounds = [Pair { plain: [100.0, 94.0], federated: [98.0, 96.0] }; 3];
        let compared = Compared::of(&rounds);
        assert_eq!((compared.ratio, compared.least, compared.most), (1.0, 1.0, 1.0));
        assert!((compared.noise - 6.0 / 97.0).abs() < 1e-9);
        assert!(compared.line().contains(", within"));
    }

    #[test]
    fn a_difference_in_every_round_is_told_as_such() {
        let rounds = [0.90, 0.95, 0.80].map(|part| Pair { plain: [99.0, 101.0], federated: [100.0 * part; 2] });
        let compared = Compared::of(&rounds);
        assert!((compared.ratio - 0.9).abs() < 1e-9 && (compared.noise - 0.02).abs() < 1e-9);
        assert!(compared.line().contains("0.900 (0.800 to 0.950), NOT within"), "{}", compared.line());
    }
}
