//! `Steps`: the steps in time of a range, and which of them are complete.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schema::{CostGranularity, CostPoint, CostQuery, Date, Decimal};

/// The steps of a report.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    granularity: CostGranularity,
    from: NaiveDate,
    to: NaiveDate,
    complete_until: Option<NaiveDate>,
}

impl Steps {
    /// Those of a query, with the last day whose data is complete.
    pub fn of(query: &CostQuery, complete_until: Option<NaiveDate>) -> Self {
        Self { granularity: query.granularity, from: query.range.from.0, to: query.range.to.0, complete_until }
    }

    /// Every step that has an amount or is complete, oldest first; without a charge it is 0.
    pub fn points(&self, amounts: &BTreeMap<NaiveDate, Decimal>) -> Vec<CostPoint> {
        let mut points = Vec::new();
        for (first, last) in self.all() {
            let is_complete = self.complete_until.is_some_and(|until| last <= until);
            let amount = amounts.get(&first).cloned();
            if let Some(amount) = amount.or_else(|| is_complete.then(Decimal::default)) {
                points.push(CostPoint { date: Date(first), amount, is_complete });
            }
        }
        points
    }

    /// First and last day of each step, oldest first.
    pub fn all(&self) -> Vec<(NaiveDate, NaiveDate)> {
        let mut steps = Vec::new();
        let mut day = self.from;
        while day <= self.to {
            let last = self.last_of(day);
            steps.push((self.granularity.step(day, self.from), last));
            let Some(next) = last.succ_opt() else { break };
            day = next;
        }
        steps
    }

    /// Last day of the step that a day lies in, as far as the range goes.
    fn last_of(&self, day: NaiveDate) -> NaiveDate {
        let step = self.granularity.step(day, self.from);
        let mut last = match self.granularity {
            CostGranularity::Total => self.to,
            CostGranularity::Day => day,
            CostGranularity::Week => day + chrono::TimeDelta::days(6),
            CostGranularity::Month => day + chrono::TimeDelta::days(31),
        };
        while last > day && self.granularity.step(last, self.from) != step {
            last = last.pred_opt().unwrap_or(day);
        }
        last.min(self.to)
    }
}

#[cfg(test)]
mod tests {
    use schema::DateRange;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn points(
        granularity: CostGranularity,
        until: Option<&str>,
        amounts: &[(&str, &str)],
    ) -> Vec<(String, String, bool)> {
        let query = CostQuery {
            granularity,
            ..CostQuery::over(DateRange { from: Date(day("2026-01-07")), to: Date(day("2026-03-04")) })
        };
        let amounts = amounts.iter().map(|(date, amount)| (day(date), Decimal::read(amount).unwrap())).collect();
        let points = Steps::of(&query, until.map(day)).points(&amounts);
        points
            .into_iter()
            .map(|point| (point.date.0.to_string(), point.amount.to_string(), point.is_complete))
            .collect()
    }

    fn point(date: &str, amount: &str, is_complete: bool) -> (String, String, bool) {
        (date.to_owned(), amount.to_owned(), is_complete)
    }

    #[test]
    fn complete_steps_are_there_and_others_only_with_charges() {
        let months = points(CostGranularity::Month, Some("2026-02-10"), &[("2026-02-01", "3.5")]);
        assert_eq!(months, [point("2026-01-07", "0", true), point("2026-02-01", "3.5", false)]);
        let all = points(CostGranularity::Month, Some("2026-03-31"), &[]);
        assert_eq!(
            all.iter().map(|(date, ..)| date.as_str()).collect::<Vec<_>>(),
            ["2026-01-07", "2026-02-01", "2026-03-01"]
        );
        assert!(points(CostGranularity::Day, None, &[]).is_empty());
        assert_eq!(points(CostGranularity::Day, Some("2026-01-08"), &[]).len(), 2);
        // From Wednesday on; the next Monday is the twelfth.
        let weeks = points(CostGranularity::Week, Some("2026-01-18"), &[("2026-01-12", "1"), ("2026-03-02", "2")]);
        assert_eq!(
            weeks,
            [point("2026-01-07", "0", true), point("2026-01-12", "1", true), point("2026-03-02", "2", false)]
        );
        assert_eq!(points(CostGranularity::Total, Some("2026-03-04"), &[]), [point("2026-01-07", "0", true)]);
    }
}
