//! `Rate` and `Count`: points that come back evenly, by the generic cell rate algorithm. A count is one moment, at which all points
//! are back; nothing has to be done while time passes.

use std::time::Duration;

use tokio::time::Instant;

/// So many points in a window; all of them at once for whoever took none for as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Points; more than zero.
    pub points: u64,
    /// The window; more than zero.
    pub window: Duration,
}

/// What was taken of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    full_at: Instant,
}

impl Rate {
    /// What one of so many replicas may spend when it cannot ask the others.
    pub fn shared_by(self, replicas: u32) -> Self {
        Self { points: (self.points / u64::from(replicas.max(1))).max(1), ..self }
    }

    /// How long it takes until this many points are back.
    fn time_of(self, points: u64) -> Duration {
        self.window.mul_f64(points as f64 / self.points as f64)
    }

    /// How many points come back in this time, rounded down.
    fn points_of(self, time: Duration) -> u64 {
        // A millionth for what a division loses.
        let points = time.as_secs_f64() / self.window.as_secs_f64() * self.points as f64 + 1e-6;
        // Positive, and at most the points of a window.
        points.min(self.points as f64) as u64
    }
}

impl Count {
    /// All points are there.
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// All points will be there after this long.
    pub fn full_in(after: Duration, now: Instant) -> Self {
        Self { full_at: now + after }
    }

    /// How long until all points are there.
    pub fn until_full(&self, now: Instant) -> Duration {
        self.full_at.saturating_duration_since(now)
    }

    /// Points that are there.
    pub fn left(&self, rate: Rate, now: Instant) -> u64 {
        rate.points_of(rate.window.saturating_sub(self.until_full(now)))
    }

    /// How long until so many points are there; none when they are. More than a window has count as a whole one: whoever asks for
    /// more than there ever is waits until all are there, and longer afterwards.
    pub fn wait_for(&self, points: u64, rate: Rate, now: Instant) -> Option<Duration> {
        let points = points.min(rate.points);
        if self.left(rate, now) >= points {
            return None;
        }
        let late = self.until_full(now) + rate.time_of(points);
        Some(late.saturating_sub(rate.window).max(Duration::from_micros(1)))
    }

    /// Takes points, whether or not they are there.
    pub fn take(&mut self, points: u64, rate: Rate, now: Instant) {
        self.full_at = self.full_at.max(now) + rate.time_of(points);
    }

    /// Gives points back.
    pub fn give(&mut self, points: u64, rate: Rate, now: Instant) {
        self.full_at = self.full_at.checked_sub(rate.time_of(points)).unwrap_or(now).max(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Rate = Rate { points: 600, window: Duration::from_secs(60) };

    #[test]
    fn a_burst_is_let_through_and_then_what_comes_back() {
        let now = Instant::now();
        let mut count = Count::full(now);
        assert_eq!((count.left(RATE, now), count.wait_for(600, RATE, now)), (600, None));
        count.take(600, RATE, now);
        assert_eq!(count.left(RATE, now), 0);
        assert_eq!(count.wait_for(5, RATE, now), Some(Duration::from_millis(500)));
        let later = now + Duration::from_millis(500);
        assert_eq!((count.left(RATE, later), count.wait_for(5, RATE, later)), (5, None));
    }

    #[test]
    fn more_than_there_ever_is_waits_for_all_and_pays_for_it() {
        let now = Instant::now();
        let mut count = Count::full(now);
        assert_eq!(count.wait_for(900, RATE, now), None);
        count.take(900, RATE, now);
        assert_eq!(count.left(RATE, now), 0);
        assert_eq!(count.wait_for(600, RATE, now), Some(Duration::from_secs(90)));
    }

    proptest! {
        /// Whatever is asked when: never more than the rate over the time and one burst, and what is given back can be spent again.
        #[test]
        fn no_more_is_let_through_than_the_rate_and_one_burst(asked in prop::collection::vec((1u64..300, 0u64..3_000, 0u64..300), 1..200)) {
            let begin = Instant::now();
            let (mut count, mut now, mut spent) = (Count::full(begin), begin, 0);
            for (points, pause, unused) in asked {
                now += Duration::from_millis(pause);
                if count.wait_for(points, RATE, now).is_none() {
                    count.take(points, RATE, now);
                    let unused = unused.min(points);
                    count.give(unused, RATE, now);
                    spent += points - unused;
                }
                let most = 600.0 + 10.0 * (now - begin).as_secs_f64() + 0.01;
                prop_assert!(spent as f64 <= most, "{spent} of {most}");
            }
        }
    }
}
