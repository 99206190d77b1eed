//! How many operations may be executed at once: as many as do not wait for each other. Where work waits longer for a processor or for a
//! connection than it should, fewer; where all places are taken and nothing waits, more. Operations that wait for an upstream cost
//! neither, so a slow upstream does not make it fewer.

use std::time::Duration;

use super::Config;

/// What is left of the limit after a step down.
const DOWN: f64 = 0.85;
/// How much a step up adds: this part of the limit, and one at least.
const UP: f64 = 0.05;
/// Used so far, a limit is worth raising.
const USED: f64 = 0.75;

/// The limit after one look.
pub fn next(limit: f64, delay: Duration, running: usize, config: &Config) -> f64 {
    let (least, most) = (config.running_min as f64, config.running_max as f64);
    let next = if delay > config.delay_target {
        // From what is really executed: a limit far above that would take long to matter. Where few are, they are not what is late.
        if running as f64 <= least { limit } else { limit.min(running as f64) * DOWN }
    } else if running as f64 >= limit * USED || limit < least {
        limit + (limit * UP).max(1.0)
    } else {
        limit
    };
    next.clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config { running_min: 8, running_max: 512, delay_target: Duration::from_millis(5), ..Config::default() }
    }

    const LATE: Duration = Duration::from_millis(6);
    const PUNCTUAL: Duration = Duration::ZERO;

    #[test]
    fn it_falls_to_what_is_kept_up_with_and_comes_back() {
        let config = config();
        // Thirty at once are kept up with, more are not.
        let mut limit = 512.0;
        let mut seen = Vec::new();
        for _ in 0..400 {
            let running = limit as usize;
            limit = next(limit, if running > 30 { LATE } else { PUNCTUAL }, running, &config);
            seen.push(limit);
        }
        let late = seen.iter().skip(100);
        assert!(late.clone().all(|limit| (20.0..=34.0).contains(limit)), "{:?}", late.collect::<Vec<_>>());
        // Nothing waits any more, as when everybody waits for an upstream: it grows to the most there may be.
        for _ in 0..200 {
            limit = next(limit, PUNCTUAL, limit as usize, &config);
        }
        assert_eq!(limit, 512.0);
    }

    #[test]
    fn it_keeps_within_its_bounds_and_does_not_grow_unused() {
        let config = config();
        assert_eq!(next(8.0, LATE, 500, &config), 8.0);
        assert_eq!(next(100.0, PUNCTUAL, 10, &config), 100.0);
        assert_eq!(next(512.0, LATE, 0, &config), 512.0, "few that run are not what is late");
        assert_eq!(next(512.0, LATE, 100, &config), 85.0);
    }
}
