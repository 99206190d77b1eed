//! The sums of places by day and by month: counted anew for every day that a batch touches, and its month; then those of owners.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use sqlx::PgConnection;

use super::{
    Origin,
    apply::{Place, Touched},
    owners::{self, OwnerDay},
};
use crate::postgres::SILENT_DAYS;

pub(super) async fn write(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    touched: &Touched,
) -> Result<(), sqlx::Error> {
    let (components, environments, days) = columns(&touched.days);
    let mut owner_days: Vec<OwnerDay> = Vec::new();
    for statement in [
        include_str!("../../../queries/deployments/delivery_days_remove.sql"),
        include_str!("../../../queries/deployments/delivery_days_write.sql"),
    ] {
        let of_owners: Vec<OwnerDay> = sqlx::query_as(statement)
            .bind(origin.tenant)
            .bind(&components)
            .bind(&environments)
            .bind(&days)
            .bind(origin.source_name)
            .fetch_all(&mut *connection)
            .await?;
        owner_days.extend(of_owners);
    }
    let judged: Vec<(String, String, NaiveDate, Option<String>)> =
        sqlx::query_as(include_str!("../../../queries/deployments/delivery_days_judge.sql"))
            .bind(origin.tenant)
            .bind(&components)
            .bind(&environments)
            .bind(SILENT_DAYS)
            .fetch_all(&mut *connection)
            .await?;
    let first_of_month = |day: NaiveDate| day.with_day(1).unwrap_or(day);
    let mut months: BTreeSet<_> =
        touched.days.iter().map(|(place, day)| (place.clone(), first_of_month(*day))).collect();
    for (component, environment, day, owner) in judged {
        owner_days.push((owner, environment.clone(), day));
        months.insert(((component, environment), first_of_month(day)));
    }
    write_months(connection, origin.tenant, &months).await?;
    owners::write(connection, origin.tenant, owner_days).await
}

async fn write_months(
    connection: &mut PgConnection,
    tenant: &str,
    touched: &BTreeSet<(Place, NaiveDate)>,
) -> Result<(), sqlx::Error> {
    let (components, environments, months) = columns(touched);
    for statement in [
        include_str!("../../../queries/deployments/delivery_months_remove.sql"),
        include_str!("../../../queries/deployments/delivery_months_write.sql"),
    ] {
        sqlx::query(statement)
            .bind(tenant)
            .bind(&components)
            .bind(&environments)
            .bind(&months)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Components, environments and dates, as columns of the same length.
fn columns(touched: &BTreeSet<(Place, NaiveDate)>) -> (Vec<&str>, Vec<&str>, Vec<NaiveDate>) {
    let components = touched.iter().map(|((component, _), _)| component.as_str()).collect();
    let environments = touched.iter().map(|((_, environment), _)| environment.as_str()).collect();
    (components, environments, touched.iter().map(|(_, date)| *date).collect())
}
