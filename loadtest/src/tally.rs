//! What one run of the client counted.

use std::time::Duration;

/// Requests of one run, all of them answered well.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) count: usize,
    pub(crate) elapsed: Duration,
    /// Bytes of all answers.
    pub(crate) bytes: usize,
    /// Sorted.
    latencies: Vec<Duration>,
}

impl Tally {
    /// Sums up what each caller saw: latencies, and bytes.
    pub(crate) fn of(elapsed: Duration, parts: Vec<(Vec<Duration>, usize)>) -> Self {
        let bytes = parts.iter().map(|(_, bytes)| bytes).sum();
        let mut latencies: Vec<Duration> = parts.into_iter().flat_map(|(latencies, _)| latencies).collect();
        latencies.sort_unstable();
        Self { count: latencies.len(), elapsed, bytes, latencies }
    }

    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The latency that this share of requests does not exceed, in milliseconds.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let place = (self.latencies.len() as f64 * share).ceil() as usize;
        let found = self.latencies.get(place.clamp(1, self.latencies.len().max(1)) - 1);
        found.map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// The middle one of these; the mean of the middle two where their number is even.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |place: usize| values.get(place).copied().unwrap_or(0.0);
    if values.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_name_a_latency_that_was_seen() {
        let latencies = (1..=100).map(Duration::from_millis).collect();
        let tally = Tally::of(Duration::from_secs(1), vec![(latencies, 7)]);
        assert_eq!((tally.quantile_ms(0.5), tally.quantile_ms(0.99), tally.quantile_ms(1.0)), (50.0, 99.0, 100.0));
        assert_eq!((tally.count, tally.bytes, tally.rate()), (100, 7, 100.0));
        assert_eq!(Tally::of(Duration::ZERO, Vec::new()).quantile_ms(0.99), 0.0);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
