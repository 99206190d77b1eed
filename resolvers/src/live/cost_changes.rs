//! Changes of charges: which days to ask for again, and billing periods.

use async_graphql::{Context, Object};
use schema::{BillingPeriod, ChangeKind, CostQuery, Date, DateRange, DateTime};

use super::{Change, changes::change_object};
use crate::{
    error::{Nullable, OrFieldError},
    request::RequestData,
};

/// Charges were imported, corrected or attributed anew. Ask again for what touches these days.
pub struct CostDataChange {
    pub(super) change: Change,
    pub(super) days: DateRange,
}

change_object! {
    /// Charges were imported, corrected or attributed anew. Ask again for what touches these days.
    CostDataChange {
        /// First day with a change.
        async fn from(&self) -> Date {
            self.days.from
        }

        /// Last day with a change.
        async fn to(&self) -> Date {
            self.days.to
        }
    }
}

/// A billing period was opened, closed or opened again.
pub struct BillingPeriodChange {
    pub(super) change: Change,
    pub(super) invoice_issuer: String,
    pub(super) days: DateRange,
}

change_object! {
    /// A billing period was opened, closed or opened again.
    BillingPeriodChange {
        /// The period as it is now.
        async fn billing_period(&self, ctx: &Context<'_>) -> Nullable<BillingPeriod> {
            let request = RequestData::of(ctx);
            let query = CostQuery::over(self.days);
            let read = request.sources().database().cost_periods(request.visibility(), &query).await.or_field_error();
            let is_meant = |period: &BillingPeriod| {
                period.from == self.days.from && period.invoice_issuer == self.invoice_issuer
            };
            read.map(|found| found.periods.into_iter().find(is_meant)).transpose()
        }
    }
}
