//! DORA's five measures, and the days that they are taken over.

use async_graphql::{InputObject, SimpleObject};
use chrono::NaiveDate;

use crate::Date;

/// Most days of a range.
pub const DELIVERY_DAYS_MAX: i64 = 400;

/// Days, both included. `from` may not be after `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, InputObject)]
pub struct DateRange {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// A range that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateRangeError {
    /// It ends before it begins.
    #[error("`range` ends on {to}, before it begins on {from}")]
    Backwards {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// It is too long.
    #[error("`range` has {days} days: at most {max} are allowed")]
    TooLong {
        /// Its days.
        days: i64,
        /// Most days.
        max: i64,
    },
}

impl DateRange {
    /// How many days; refuses a range that ends before it begins or has more than `max`.
    pub fn days(&self, max: i64) -> Result<i64, DateRangeError> {
        let (from, to) = (self.from.0, self.to.0);
        let days = (to - from).num_days() + 1;
        match days {
            ..=0 => Err(DateRangeError::Backwards { from, to }),
            _ if days > max => Err(DateRangeError::TooLong { days, max }),
            _ => Ok(days),
        }
    }
}

/// DORA's five measures over a range of days, taken from deployments that Weft has recorded. A measure is null, never
/// zero, where there is nothing to take it from; `sample` says how many events each rests on.
#[derive(Debug, Clone, PartialEq, SimpleObject)]
pub struct DeliveryMetrics {
    /// First day of the range.
    pub from: Date,
    /// Last day of the range.
    pub to: Date,
    /// Successful deployments.
    pub deployment_count: i32,
    /// Deployment frequency: successful deployments per day of the range.
    pub deployment_frequency_per_day: Option<f64>,
    /// Change lead time: median of the time from a commit to its first successful deployment.
    pub change_lead_time_seconds: Option<f64>,
    /// Change fail rate: the share of deployments that needed an immediate remedy, by rollback or fix; 0 to 1.
    pub change_fail_rate: Option<f64>,
    /// Failed deployment recovery time: median of the time from such a deployment to the one that remedied it.
    pub failed_deployment_recovery_seconds: Option<f64>,
    /// Deployment rework rate: the share of deployments that were unplanned, made to remedy an earlier one; 0 to 1.
    pub deployment_rework_rate: Option<f64>,
    /// How many events each measure rests on.
    pub sample: DeliverySample,
}

/// Events behind the measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, SimpleObject)]
pub struct DeliverySample {
    /// Deployments that ended, well or badly.
    pub deployments: i32,
    /// Commits with a known time to their deployment.
    pub changes: i32,
    /// Deployments that needed an immediate remedy.
    pub failed_deployments: i32,
    /// Of those, the ones that were remedied.
    pub recoveries: i32,
    /// Deployments made to remedy an earlier one.
    pub rework_deployments: i32,
}

/// What was counted, from which the measures follow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DeliveryCounts {
    /// Successful deployments.
    pub succeeded: i32,
    /// How many events there are of each kind.
    pub sample: DeliverySample,
    /// Median of the times from commit to deployment, in seconds.
    pub lead_seconds: Option<f64>,
    /// Median of the times to recovery, in seconds.
    pub recovery_seconds: Option<f64>,
}

impl DeliveryMetrics {
    /// The measures over a range of so many days.
    pub fn of(range: DateRange, days: i64, counts: DeliveryCounts) -> Self {
        let DeliveryCounts { succeeded, sample, lead_seconds, recovery_seconds } = counts;
        let share = |part: i32| (sample.deployments > 0).then(|| f64::from(part) / f64::from(sample.deployments));
        let days = f64::from(i32::try_from(days).unwrap_or(i32::MAX));
        Self {
            from: range.from,
            to: range.to,
            deployment_count: succeeded,
            deployment_frequency_per_day: (sample.deployments > 0).then(|| f64::from(succeeded) / days),
            change_lead_time_seconds: lead_seconds,
            change_fail_rate: share(sample.failed_deployments),
            failed_deployment_recovery_seconds: recovery_seconds,
            deployment_rework_rate: share(sample.rework_deployments),
            sample,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> DateRange {
        DateRange { from: Date(from.parse().unwrap()), to: Date(to.parse().unwrap()) }
    }

    #[test]
    fn a_range_is_bounded() {
        assert_eq!(range("2026-01-01", "2026-01-01").days(400), Ok(1));
        assert_eq!(range("2025-01-01", "2026-02-04").days(400), Ok(400));
        assert!(range("2025-01-01", "2026-02-05").days(400).is_err());
        assert!(range("2026-01-02", "2026-01-01").days(400).is_err());
    }

    #[test]
    fn nothing_known_is_null_and_not_zero() {
        let none = DeliveryMetrics::of(range("2026-01-01", "2026-01-10"), 10, DeliveryCounts::default());
        assert_eq!((none.deployment_frequency_per_day, none.change_fail_rate), (None, None));
        assert_eq!((none.deployment_rework_rate, none.change_lead_time_seconds), (None, None));
        let sample =
            DeliverySample { deployments: 4, failed_deployments: 1, rework_deployments: 2, ..Default::default() };
        let counts = DeliveryCounts { succeeded: 3, sample, ..Default::default() };
        let some = DeliveryMetrics::of(range("2026-01-01", "2026-01-10"), 10, counts);
        assert_eq!((some.deployment_frequency_per_day, some.change_fail_rate), (Some(0.3), Some(0.25)));
        assert_eq!(some.deployment_rework_rate, Some(0.5));
    }
}
