//! `CostReport`: what was spent, by whom, on what.

use std::sync::Arc;

use async_graphql::{Context, Object};
use schema::{
    BillingPeriod, CommitmentSummary, CostGroupOrder, CostPoint, CostQuery, CostRowKind, Date, Decimal, EntityRef,
    SharedCostSplit, TagCoverage, UnitCost, scope,
};
use sources::postgres::{CostParent, CostQuestion, SplitWeights};

use super::{
    cost_group::CostGroupConnection,
    cost_line::CostLineConnection,
    cost_measures,
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
pub struct CostReport {
    report: Arc<Report>,
    /// What was asked, for what is only read when it is selected.
    key: CostKey,
}

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
        let weights = match &query.split_rule {
            Some(rule) => Some(weights(request, rule)?),
            None => None,
        };
        let question = CostQuestion { query: query.clone(), parent: of, weights };
        let key = CostKey { question, parent: parent.cloned() };
        let loaded = request.load_one(key.clone()).await.or_field_error()?;
        let (cells, periods) = loaded.transpose().or_field_error()?.unwrap_or_default();
        let report = Report::of(&query, Vec::clone(&cells), (*periods).clone()).map_err(bad_input)?;
        Ok(Self { report: Arc::new(report), key })
    }
}

/// What each team carries, as the rule of this name says.
fn weights(request: &RequestData, rule: &str) -> Result<Arc<SplitWeights>> {
    let splits = &request.cost_options().splits;
    splits.get(rule).cloned().ok_or_else(|| {
        let known: Vec<&str> = splits.keys().map(String::as_str).collect();
        let known =
            if known.is_empty() { "none is configured".to_owned() } else { format!("one of `{}`", known.join("`, `")) };
        bad_input(format!("`splitRule` names no rule: {known}"))
    })
}

/// The answer to a CostQuery, over the charges that the viewer may see.
#[Object]
impl CostReport {
    /// ISO 4217 code of all amounts; `XXX` where there are none.
    async fn currency(&self) -> &str {
        &self.report.currency
    }
    /// All that the viewer may see: owned + shared + unallocated + restricted.
    async fn total(&self) -> Decimal {
        self.report.total(None)
    }
    /// Charges with an owner, shared costs that were split included.
    async fn owned(&self) -> Decimal {
        self.report.total(Some(CostRowKind::Owned))
    }
    /// Charges that several teams share and that were not split.
    async fn shared(&self) -> Decimal {
        self.report.total(Some(CostRowKind::Shared))
    }
    /// Charges for which no owner was found.
    async fn unallocated(&self) -> Decimal {
        self.report.total(Some(CostRowKind::Unallocated))
    }
    /// Charges whose owners the viewer may not see, as one sum. 0 unless the viewer may know the total; then `total` is
    /// without them.
    async fn restricted(&self) -> Decimal {
        self.report.total(Some(CostRowKind::Restricted))
    }
    /// What rounding left over when shared costs were split; contained in the largest share, so it never adds to
    /// `total`.
    async fn residual(&self) -> Decimal {
        self.report.residual.clone()
    }
    /// `total` of as many days before; null without `compareToPrevious` or without data.
    async fn previous_total(&self) -> Option<Decimal> {
        self.report.previous_total()
    }
    /// The change from `previousTotal`, 0.1 for 10 % more; null when that is null or 0.
    async fn change_ratio(&self) -> Option<f64> {
        change_ratio(&self.report.total(None), self.report.previous_total().as_ref())
    }
    /// The newest day whose data is complete, from every source that has charges here.
    async fn complete_until(&self) -> Option<Date> {
        self.report.periods.complete_until.map(Date)
    }
    /// Billing periods that the range touches, oldest first.
    async fn periods(&self) -> &[BillingPeriod] {
        &self.report.periods.periods
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
            CostGroupConnection::page(&self.report, top, order_by, nested_page(ctx, first, after)?)
        };
        Some(page())
    }
    /// The total by steps of `granularity`, oldest first. A step without a charge is 0 up to `completeUntil` and
    /// missing after it.
    #[graphql(directive = crate::cost::cost::apply(10), directive = crate::cost::flat::apply())]
    async fn series(&self) -> Option<Vec<CostPoint>> {
        Some(self.report.steps().points(&self.report.total_by_step()))
    }
    /// Groups and steps as flat rows, for dashboards that read tables. By date, then by keys; steps without a charge
    /// are left out. The rows add up to `total`.
    #[graphql(directive = crate::cost::cost::apply(100), directive = crate::cost::flat::apply())]
    async fn rows(
        &self,
        #[graphql(desc = "1 to 10,000 rows.", default = 1000)] first: Option<i32>,
        #[graphql(desc = "Continue after this row's `cursor`.")] after: Option<String>,
    ) -> Nullable<CostRows> {
        Some(cost_row::page(&self.report, first, after))
    }
    /// Cost for each unit of something that the business counts. Needs the scope `deployments:read` for deployments; only
    /// those that succeeded count.
    #[graphql(directive = crate::cost::cost::apply(10))]
    async fn unit_cost(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`deployment`, or the name of a configured business metric.")] by: String,
    ) -> Nullable<UnitCost> {
        Some(Box::pin(cost_measures::unit_cost(ctx, &self.report, &self.key, &by)).await)
    }
    /// Commitment discounts: what of them was used. Shared costs count as they were charged, not split.
    #[graphql(directive = crate::cost::cost::apply(100))]
    async fn commitments(&self, ctx: &Context<'_>) -> Nullable<CommitmentSummary> {
        Some(Box::pin(cost_measures::commitments(ctx, &self.key)).await)
    }
    /// How much of the spend that can carry tags does. Shared costs count as they were charged, not split.
    #[graphql(directive = crate::cost::cost::apply(100))]
    async fn tag_coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Keys that have to be there; the configured ones unless given. At most 20.")] tags: Option<
            Vec<String>,
        >,
    ) -> Nullable<TagCoverage> {
        Some(Box::pin(cost_measures::tag_coverage(ctx, &self.key, tags)).await)
    }
    /// The charges themselves, newest first.
    #[graphql(directive = crate::cost::page::apply(), directive = crate::cost::cost::apply(50))]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<CostLineConnection> {
        let page = nested_page(ctx, first, after);
        let load = async { CostLineConnection::load(ctx, self.key.clone(), page?).await };
        Some(Box::pin(load).await)
    }
}
