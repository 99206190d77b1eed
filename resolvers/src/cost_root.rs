//! Roots of cost. Not called CostQuery, as the other roots are: that is the name of an input.

use async_graphql::{Context, Object};
use schema::CostQuery;
use sources::postgres::CostParent;

use crate::{error::Nullable, objects::CostReport};

/// The fields of `Query` that read cost.
#[derive(Default)]
pub struct CostRoot;

#[Object]
impl CostRoot {
    /// What was spent, by whom, on what. With the scope `cost:read`, the cost of the viewer's own teams and the teams
    /// below them; with `cost:read:all`, of everyone.
    #[graphql(directive = crate::cost::cost::apply(20))]
    async fn cost(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which charges, and how to group them.")] query: CostQuery,
    ) -> Nullable<CostReport> {
        Some(Box::pin(CostReport::load(ctx, query, CostParent::None, None)).await)
    }
}
