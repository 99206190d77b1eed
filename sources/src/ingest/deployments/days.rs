//! The daily sums of places: counted anew for every day that a batch touches.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{Origin, apply::Touched};

pub(super) async fn write(
    connection: &mut PgConnection,
    origin: &Origin<'_>,
    touched: &Touched,
) -> Result<(), sqlx::Error> {
    let components: Vec<&str> = touched.days.iter().map(|((component, _), _)| component.as_str()).collect();
    let environments: Vec<&str> = touched.days.iter().map(|((_, environment), _)| environment.as_str()).collect();
    let days: Vec<NaiveDate> = touched.days.iter().map(|(_, day)| *day).collect();
    for statement in [
        include_str!("../../../queries/deployments/delivery_days_remove.sql"),
        include_str!("../../../queries/deployments/delivery_days_write.sql"),
    ] {
        sqlx::query(statement)
            .bind(origin.tenant)
            .bind(&components)
            .bind(&environments)
            .bind(&days)
            .bind(origin.source_name)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
