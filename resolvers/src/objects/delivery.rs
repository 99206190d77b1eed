//! DORA's measures of a component or a team.

use async_graphql::Context;
use schema::{DELIVERY_DAYS_MAX, DateRange, DeliveryMetrics, EntityRef, FILTER_VALUES_MAX, scope};
use sources::postgres::{DeliveryQuery, Measured};

use crate::{
    error::{OrFieldError, Result, bad_input},
    loaders::DeliveryKey,
    request::RequestData,
};

/// The measures of `parent` over `range`.
pub async fn measure(
    ctx: &Context<'_>,
    of: Measured,
    parent: &EntityRef,
    range: DateRange,
    environments: Option<Vec<String>>,
) -> Result<DeliveryMetrics> {
    let request = RequestData::of(ctx);
    request.require(scope::DEPLOYMENTS_READ, "delivery", Some(parent.as_str().to_owned())).await?;
    let days = range.days(DELIVERY_DAYS_MAX).map_err(|error| bad_input(error.to_string()))?;
    if let Some(count) = environments.as_ref().map(Vec::len).filter(|count| *count > FILTER_VALUES_MAX) {
        return Err(bad_input(format!("`environment` holds {count} values: at most {FILTER_VALUES_MAX} are allowed")));
    }
    if environments.iter().flatten().any(|name| name.contains('\0')) {
        return Err(bad_input("`environment` holds a NUL character"));
    }
    let query = DeliveryQuery { of, range, environments };
    let key = DeliveryKey { query, parent: parent.clone() };
    let counts = request.load_one(key).await.or_field_error()?.unwrap_or_default();
    Ok(DeliveryMetrics::of(range, days, counts))
}
