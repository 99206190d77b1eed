//! Whole months of a range of days.

use chrono::{Datelike, Months, NaiveDate};

/// The first days of the first whole month of a range, and of the one after the last; none where it has none.
pub(super) fn whole_months(from: NaiveDate, to: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let first = if from.day() == 1 { from } else { from.with_day(1)?.checked_add_months(Months::new(1))? };
    let end = to.succ_opt()?.with_day(1)?;
    (first < end).then_some((first, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn whole_months_lie_within_the_range() {
        for (from, to, expected) in [
            ("2026-01-01", "2026-12-31", Some(("2026-01-01", "2027-01-01"))),
            ("2026-01-02", "2026-12-30", Some(("2026-02-01", "2026-12-01"))),
            ("2026-01-31", "2026-02-28", Some(("2026-02-01", "2026-03-01"))),
            ("2026-02-01", "2026-02-27", None),
            ("2026-02-02", "2026-03-30", None),
            ("2026-02-10", "2026-02-10", None),
        ] {
            let expected = expected.map(|(first, end)| (day(first), day(end)));
            assert_eq!(whole_months(day(from), day(to)), expected, "{from} to {to}");
        }
    }
}
