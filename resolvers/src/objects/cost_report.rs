//! `CostReport`: what was spent, by whom, on what.

use std::sync::Arc;

use async_graphql::{Context, Object};
use schema::{
    BillingPeriod, CostGroupOrder, CostPoint, CostQuery, CostRowKind, Date, Decimal, EntityRef, SharedCostSplit, scope,
};
use sources::postgres::{CostParent, CostQuestion};

use super::{
    cost_group::CostGroupConnection,
    cost_row::{self, CostRows},
};
use crate::{
    connection::nested_page,
    costs::{Report, change_ratio},
    error::{Nullable, OrFieldError, Result, bad_input},
    loaders::CostKey,
    request::RequestData,
};

/// Most groups that are told apart from the others.
const TOP_MAX: i32 = 100;

/// The answer to a CostQuery, over the charges that the viewer may see.
pub struct CostReport(Arc<Report>);

impl CostReport {
    /// The report of a question; `parent` is whose charges, where it is not asked at the root.
    pub async fn load(ctx: &Context<'_>, query: CostQuery, of: CostParent, parent: Option<&EntityRef>) -> Result<Self> {
        let request = RequestData::of(ctx);
        let target = || parent.map(|parent| parent.as_str().to_owned());
        request.require(scope::COST_READ, "cost", target()).await?;
        if query.shared_costs != SharedCostSplit::Separate {
            request.require(scope::COST_READ_ALL, "cost(sharedCosts:)", target()).await?;
        }
        query.checked().map_err(|error| bad_input(error.to_string()))?;
        let key = CostKey { question: CostQuestion { query: query.clone(), parent: of }, parent: parent.cloned() };
        let loaded = request.loaders().load_one(key).await.or_field_error()?;
        let (cells, periods) = loaded.transpose().or_field_error()?.unwrap_or_default();
        let report = Report::of(&query, Vec::clone(&cells), (*periods).clone()).map_err(bad_input)?;
        Ok(Self(Arc::new(report)))
    }
}

/// The answer to a CostQuery, over the charges that the viewer may see.
#[Object]
impl CostReport {
    /// ISO 4217 code of all amounts; `XXX` where there are none.
    async fn currency(&self) -> &str {
        &self.0.currency
    }
    /// All that the viewer may see: owned + shared + unallocated + restricted.
    async fn total(&self) -> Decimal {
        self.0.total(None)
    }
    /// Charges with an owner, shared costs that were split included.
    async fn owned(&self) -> Decimal {
        self.0.total(Some(CostRowKind::Owned))
    }
    /// Charges that several teams share and that were not split.
    async fn shared(&self) -> Decimal {
        self.0.total(Some(CostRowKind::Shared))
    }
    /// Charges for which no owner was found.
    async fn unallocated(&self) -> Decimal {
        self.0.total(Some(CostRowKind::Unallocated))
    }
    /// Charges whose owners the viewer may not see, as one sum. 0 unless the viewer may know the total; then `total` is
    /// without them.
    async fn restricted(&self) -> Decimal {
        self.0.total(Some(CostRowKind::Restricted))
    }
    /// What rounding left over when shared costs were split; contained in the largest share, so it never adds to
    /// `total`.
    async fn residual(&self) -> Decimal {
        self.0.residual.clone()
    }
    /// `total` of as many days before; null without `compareToPrevious` or without data.
    async fn previous_total(&self) -> Option<Decimal> {
        self.0.previous_total()
    }
    /// The change from `previousTotal`, 0.1 for 10 % more; null when that is null or 0.
    async fn change_ratio(&self) -> Option<f64> {
        change_ratio(&self.0.total(None), self.0.previous_total().as_ref())
    }
    /// The newest day whose data is complete, from every source that has charges here.
    async fn complete_until(&self) -> Option<Date> {
        self.0.periods.complete_until.map(Date)
    }
    /// Billing periods that the range touches, oldest first.
    async fn periods(&self) -> &[BillingPeriod] {
        &self.0.periods.periods
    }
    /// The groups that `groupBy` makes, for each kind of charges by itself. They add up to `total`.
    #[graphql(directive = crate::cost::page::apply())]
    async fn groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Keep this many `OWNED` groups, 1 to 100, and add up the others of them in one `REMAINDER` group."
        )]
        top: Option<i32>,
        #[graphql(desc = "Which groups come first.", default_with = "CostGroupOrder::TotalDesc")]
        order_by: CostGroupOrder,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<CostGroupConnection> {
        let page = || {
            if let Some(top) = top.filter(|top| !(1..=TOP_MAX).contains(top)) {
                return Err(bad_input(format!("`top` is {top}: ask for 1 to {TOP_MAX}")));
            }
            let top = top.and_then(|top| usize::try_from(top).ok());
            CostGroupConnection::page(&self.0, top, order_by, nested_page(ctx, first, after)?)
        };
        Some(page())
    }
    /// The total by steps of `granularity`, oldest first. A step without a charge is 0 up to `completeUntil` and
    /// missing after it.
    async fn series(&self) -> Option<Vec<CostPoint>> {
        Some(self.0.steps().points(&self.0.total_by_step()))
    }
    /// Groups and steps as flat rows, for dashboards that read tables. By date, then by keys; steps without a charge
    /// are left out. The rows add up to `total`.
    #[graphql(directive = crate::cost::cost::apply(100), directive = crate::cost::flat::apply())]
    async fn rows(
        &self,
        #[graphql(desc = "1 to 10,000 rows.", default = 1000)] first: Option<i32>,
        #[graphql(desc = "Continue after this row's `cursor`.")] after: Option<String>,
    ) -> Nullable<CostRows> {
        Some(cost_row::page(&self.0, first, after))
    }
}
