//! The sums of owners by day and by month: counted anew, from the days of places, for every day of theirs that was touched.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use sqlx::PgConnection;

/// A day of what somebody, or nobody, owned in an environment.
pub(super) type OwnerDay = (Option<String>, String, NaiveDate);

pub(super) async fn write(
    connection: &mut PgConnection,
    tenant: &str,
    touched: impl IntoIterator<Item = OwnerDay>,
) -> Result<(), sqlx::Error> {
    let owned = |(owner, environment, day): OwnerDay| Some((owner?, environment, day));
    let days: BTreeSet<_> = touched.into_iter().filter_map(owned).collect();
    if days.is_empty() {
        return Ok(());
    }
    let first_of_month = |day: &NaiveDate| day.with_day(1).unwrap_or(*day);
    let months = days.iter().map(|(owner, environment, day)| (owner.clone(), environment.clone(), first_of_month(day)));
    let months: BTreeSet<_> = months.collect();
    for (statement, dates) in [
        (include_str!("../../../queries/deployments/delivery_owner_days_remove.sql"), &days),
        (include_str!("../../../queries/deployments/delivery_owner_days_write.sql"), &days),
        (include_str!("../../../queries/deployments/delivery_owner_months_remove.sql"), &months),
        (include_str!("../../../queries/deployments/delivery_owner_months_write.sql"), &months),
    ] {
        sqlx::query(statement)
            .bind(tenant)
            .bind(dates.iter().map(|(owner, ..)| owner.as_str()).collect::<Vec<_>>())
            .bind(dates.iter().map(|(_, environment, _)| environment.as_str()).collect::<Vec<_>>())
            .bind(dates.iter().map(|(.., date)| *date).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
