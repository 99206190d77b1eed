//! Answers of the Query API as a file of FOCUS, so that they go through the same checks as every other file. What Azure does not say there
//! is said by nobody: list and contracted cost stand at the effective cost, the kind of a charge at usage, and the account at the
//! subscription.

use std::{collections::BTreeMap, path::Path};

use chrono::{Datelike, Months, NaiveDate};

use super::{
    QueryScope,
    query::{BothCosts, CostOf},
};
use crate::cost::{Basis, Export, ExportProblem};

/// The columns that are written.
const HEADER: [&str; 17] = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
    "InvoiceIssuerName",
    "BillingAccountId",
    "SubAccountId",
    "ProviderName",
    "ServiceName",
    "ServiceCategory",
    "ResourceId",
];

/// What stands for a service that has no name.
const NO_NAME: &str = "Other";

/// Writes what was answered into a folder; what is taken over of it is one export.
pub fn write(folder: &Path, scope: &QueryScope, costs: &BTreeMap<CostOf, BothCosts>) -> Result<Export, ExportProblem> {
    let path = folder.join("query.csv");
    let unwritable =
        |error: csv::Error| ExportProblem::Unreadable { path: path.display().to_string(), cause: error.into() };
    let mut file = csv::Writer::from_path(&path).map_err(unwritable)?;
    file.write_record(HEADER).map_err(unwritable)?;
    let account = format!("/subscriptions/{}", scope.subscription);
    for (of, both) in costs {
        let Some((month, next, tomorrow)) = bounds(of.day) else { continue };
        let moments = [month, next, of.day, tomorrow].map(|day| format!("{day}T00:00:00Z"));
        // One of each as a rule. Where Azure says one twice, each is a charge.
        for at in 0..both.billed.len().max(both.effective.len()) {
            let [billed, effective] =
                [&both.billed, &both.effective].map(|costs| costs.get(at).map_or("0", String::as_str));
            let service = if of.service.is_empty() { NO_NAME } else { &of.service };
            let costs = [billed, effective, effective, effective, &of.currency];
            let rest = ["Usage", "Microsoft", &account, &account, "Microsoft", service, "Other", &of.resource];
            let cells = costs.into_iter().chain(moments.iter().map(String::as_str)).chain(rest);
            file.write_record(cells).map_err(unwritable)?;
        }
    }
    file.flush().map_err(|error| unwritable(error.into()))?;
    drop(file);
    let mut found = Export::find(&path)?;
    let mut export = found.pop().ok_or_else(|| ExportProblem::Nothing(path.display().to_string()))?;
    export.name = scope.path();
    export.scope = Some(format!("azure-query:{}", scope.path().to_lowercase()));
    export.basis = Basis::AzureQuery;
    Ok(export)
}

/// The first day of a day's month and of the next one, and the day after.
fn bounds(day: NaiveDate) -> Option<(NaiveDate, NaiveDate, NaiveDate)> {
    let month = day.with_day(1)?;
    Some((month, month.checked_add_months(Months::new(1))?, day.succ_opt()?))
}

/// The months that the last `days` days touch, each with its first day and the last one that may be asked for, oldest first.
pub fn months(today: NaiveDate, days: u32) -> Vec<(NaiveDate, NaiveDate)> {
    let first = today.checked_sub_days(chrono::Days::new(u64::from(days.saturating_sub(1)))).unwrap_or(today);
    let mut months = Vec::new();
    let mut next = first.with_day(1);
    while let Some(month) = next.filter(|month| *month <= today) {
        next = month.checked_add_months(Months::new(1));
        let last = next.and_then(|next| next.pred_opt()).map_or(today, |last| last.min(today));
        months.push((month, last));
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_months_are_asked_for_up_to_today() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let asked = |today: &str, days: u32| months(day(today), days);
        assert_eq!(asked("2026-03-20", 7), [(day("2026-03-01"), day("2026-03-20"))]);
        assert_eq!(asked("2026-03-07", 7), [(day("2026-03-01"), day("2026-03-07"))]);
        assert_eq!(
            asked("2026-03-06", 7),
            [(day("2026-02-01"), day("2026-02-28")), (day("2026-03-01"), day("2026-03-06"))]
        );
        assert_eq!(asked("2026-03-01", 31).len(), 3);
    }
}
