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

/// How much a look counts in how late work is: some ten of them, a fifth of a second.
pub const MEAN_OF: f64 = 0.1;
/// Work is late when it is so by this part of what one moment may be, over some looks: one late moment among many says little, and each of
/// the many steps of an operation is that late.
const MEAN_LATE: f64 = 0.25;
/// What is left of what tenants share after a look at which work is late. Faster than the limit falls: a dozen operations become two in a
/// tenth of a second.
const SHARED_DOWN: f64 = 0.7;
/// How much a look at which nothing is late adds to what tenants share: a half in two seconds.
const CALM: f64 = 0.004;
/// After a quiet time tenants share this many times the least.
pub const START: f64 = 2.0;
/// How much more they share after a look at which somebody waited and nothing was late.
const WARMER: f64 = 2.0;
/// Used less than this part of it, it is too much.
const UNUSED: f64 = 0.25;
/// What is left of it after a look at which it was: half after two thirds of a second.
const COOLER: f64 = 0.98;

/// What is made of the limit.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// How many are executed.
    pub running: usize,
    /// Somebody waits who would be executed were there more places.
    pub is_wanted: bool,
}

/// How late work is.
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    /// At this look.
    pub latest: Duration,
    /// Over some looks.
    pub mean: Duration,
    /// How many looks this one came too late for.
    pub missed: u8,
}

/// The limit after one look.
pub fn next(limit: f64, delay: Duration, Use { running, is_wanted }: Use, config: &Config) -> f64 {
    let (least, most) = (config.running_min as f64, config.running_max as f64);
    let next = if delay > config.delay_target {
        // From what is really executed: a limit far above that would take long to matter. Where few are, they are not what is late.
        if running as f64 <= least { limit } else { limit.min(running as f64) * DOWN }
    } else if is_wanted || running as f64 >= limit * USED || limit < least {
        limit + (limit * UP).max(1.0)
    } else {
        limit
    };
    next.clamp(least, most)
}

/// How many places tenants share, after one look. While work is late soon as few as keep the processors busy: each operation more makes
/// every step of the others late, so that whoever asks little would wait for whoever asks much. Then slowly more again.
pub fn next_shared(places: f64, delays: Delays, running: usize, limit: f64, config: &Config) -> f64 {
    let is_late = delays.mean > config.delay_target.mul_f64(MEAN_LATE);
    // The later all work is, the later comes the look itself, and meanwhile whoever asks little waits for what was let in.
    let down = SHARED_DOWN.powi(1 + i32::from(delays.missed));
    let next = if is_late { places.min(running as f64) * down } else { places * (1.0 + CALM) };
    next.min(limit).max(config.shared_min as f64)
}

/// How many of these places may be taken so far, after one look: few after a quiet time, then soon more while somebody is held back by their
/// number. That work is late
/// is seen only once it is, and until those who were let in at one moment are done, whoever asks little would wait for all of them.
pub fn next_warm(warm: f64, delays: Delays, running: usize, is_held_back: bool, shared: f64, config: &Config) -> f64 {
    let (running, start) = (running as f64, config.shared_min as f64 * START);
    let is_late = delays.latest.max(delays.mean) > config.delay_target.mul_f64(MEAN_LATE);
    let next = if !is_late && (is_held_back || running >= warm * USED) {
        warm * WARMER
    } else if running < warm * UNUSED {
        (warm * COOLER).max(start)
    } else {
        warm
    };
    next.min(shared).max(config.shared_min as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config { running_min: 8, running_max: 512, delay_target: Duration::from_millis(5), ..Config::default() }
    }

    fn busy(running: usize) -> Use {
        Use { running, is_wanted: false }
    }

    const LATE: Duration = Duration::from_millis(6);
    const PUNCTUAL: Duration = Duration::ZERO;

    fn always(delay: Duration) -> Delays {
        Delays { latest: delay, mean: delay, missed: 0 }
    }

    #[test]
    fn it_falls_to_what_is_kept_up_with_and_comes_back() {
        let config = config();
        // Thirty at once are kept up with, more are not.
        let mut limit = 512.0;
        let mut seen = Vec::new();
        for _ in 0..400 {
            let running = limit as usize;
            limit = next(limit, if running > 30 { LATE } else { PUNCTUAL }, busy(running), &config);
            seen.push(limit);
        }
        let late = seen.iter().skip(100);
        assert!(late.clone().all(|limit| (20.0..=34.0).contains(limit)), "{:?}", late.collect::<Vec<_>>());
        // Nothing waits any more, as when everybody waits for an upstream: it grows to the most there may be.
        for _ in 0..200 {
            limit = next(limit, PUNCTUAL, busy(limit as usize), &config);
        }
        assert_eq!(limit, 512.0);
    }

    #[test]
    fn what_is_shared_falls_soon_and_comes_back_slowly() {
        let config = Config { shared_min: 4, ..config() };
        let once = next_shared(512.0, always(LATE), 100, 512.0, &config);
        assert_eq!(once, 70.0, "one late moment is not the end of whoever waits for an upstream");
        let (mut by_looks, very_late) = (512.0, Delays { missed: 3, ..always(LATE) });
        for _ in 0..4 {
            by_looks = next_shared(by_looks, always(LATE), 100, 512.0, &config);
        }
        let at_once = next_shared(512.0, very_late, 100, 512.0, &config);
        assert!((at_once - by_looks).abs() < 1e-6, "looks that were missed count: {at_once} and {by_looks}");
        let mut places = 512.0;
        for _ in 0..5 {
            places = next_shared(places, always(LATE), 10, 512.0, &config);
        }
        assert_eq!(places, 4.0);
        for _ in 0..100 {
            places = next_shared(places, always(PUNCTUAL), 10, 512.0, &config);
        }
        assert!((5.0..7.0).contains(&places), "{places} after two seconds");
        for _ in 0..2_000 {
            places = next_shared(places, always(PUNCTUAL), 10, 512.0, &config);
        }
        assert_eq!(places, 512.0);
        assert_eq!(next_shared(100.0, always(PUNCTUAL), 10, 50.0, &config), 50.0, "not more than there are");
    }

    #[test]
    fn after_a_quiet_time_few_are_let_in_and_soon_more_unless_work_is_late() {
        let config = Config { shared_min: 4, ..config() };
        let look = |warm, delay, running, waits| next_warm(warm, always(delay), running, waits, 300.0, &config);
        let mut warm = 300.0;
        for _ in 0..300 {
            warm = look(warm, PUNCTUAL, 0, false);
        }
        assert_eq!(warm, 8.0, "six quiet seconds");
        assert_eq!(look(warm, LATE, 4, true), 8.0, "what was let in is late already");
        let mut looks = 0;
        while warm < 300.0 {
            (warm, looks) = (look(warm, PUNCTUAL, 4, true), looks + 1);
        }
        assert_eq!((warm, looks), (300.0, 6), "all there are, after an eighth of a second");
        assert_eq!(look(warm, PUNCTUAL, 100, false), 300.0, "used");
        assert_eq!(next_warm(4.0, always(PUNCTUAL), 0, false, 4.0, &config), 4.0, "work was late: not up by itself");
    }

    #[test]
    fn it_keeps_within_its_bounds_and_does_not_grow_unused() {
        let config = config();
        assert_eq!(next(8.0, LATE, busy(500), &config), 8.0);
        assert_eq!(next(100.0, PUNCTUAL, busy(10), &config), 100.0);
        let wanted = Use { running: 10, is_wanted: true };
        assert_eq!(
            next(100.0, PUNCTUAL, wanted, &config),
            105.0,
            "tenants have parts of the limit: their work waits for more"
        );
        assert_eq!(next(512.0, LATE, busy(0), &config), 512.0, "few that run are not what is late");
        assert_eq!(next(512.0, LATE, busy(100), &config), 85.0);
    }
}
