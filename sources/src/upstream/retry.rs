//! The one place where calls are tried again: with growing, uneven pauses, and never more than a share of all calls.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Each call earns a tenth of a retry, so that a dead upstream gets at most 1.1 calls for each one asked.
const EARNED: f64 = 0.1;
/// Most retries saved up.
const SAVED_MAX: f64 = 10.0;
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// What calls have earned and retries have spent.
#[derive(Debug, Default)]
pub(super) struct RetryBudget(Mutex<f64>);

impl RetryBudget {
    /// A call is made.
    pub(super) fn earn(&self) {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *saved = (*saved + EARNED).min(SAVED_MAX);
    }

    /// Whether one more try is in it.
    pub(super) fn spend(&self) -> bool {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Tenths do not add up to one exactly.
        let may = *saved >= 1.0 - 1e-9;
        if may {
            *saved -= 1.0;
        }
        may
    }
}

/// The pause before the next try, from the one before it: decorrelated jitter.
pub(super) fn pause(before: Option<Duration>) -> Duration {
    let most = before.unwrap_or(PAUSE_MIN) * 3;
    let share = rand::random::<f64>();
    (PAUSE_MIN + most.saturating_sub(PAUSE_MIN).mul_f64(share)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_takes_ten_calls_to_earn_and_few_are_saved() {
        let budget = RetryBudget::default();
        let tries = |calls: usize| {
            (0..calls)
                .filter(|_| {
                    budget.earn();
                    budget.spend()
                })
                .count()
        };
        assert_eq!(tries(9), 0);
        assert_eq!(tries(991), 100);
        (0..1_000).for_each(|_| budget.earn());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
    }

    #[test]
    fn pauses_stay_within_their_bounds() {
        let mut before = None;
        for _ in 0..1_000 {
            let next = pause(before);
            assert!((PAUSE_MIN..=PAUSE_MAX).contains(&next));
            assert!(next <= before.unwrap_or(PAUSE_MIN) * 3);
            before = Some(next);
        }
    }
}
