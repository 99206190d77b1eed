//! Roots of deployments.

use async_graphql::{Context, ID, Object};
use schema::{DeploymentFilter, NodeId, PageArgs, scope};

use crate::{
    error::{Nullable, Result, bad_input},
    objects::{Deployment, DeploymentConnection},
    request::RequestData,
};

/// The fields of `Query` that read deployments.
#[derive(Default)]
pub struct DeploymentQuery;

#[Object]
impl DeploymentQuery {
    /// One deployment. Needs the scope `deployments:read`.
    async fn deployment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The deployment's `id`.")] id: ID,
    ) -> Nullable<Deployment> {
        let load = async {
            may_read(ctx, "deployment").await?;
            match NodeId::decode(&id).filter(|id| id.type_name == "Deployment") {
                Some(id) => Deployment::of_key(ctx, &id.key).await,
                None => Ok(None),
            }
        };
        Box::pin(load).await.transpose()
    }

    /// Deployments from every source, newest first. Needs the scope `deployments:read`.
    #[graphql(directive = crate::cost::page_of_either_end::apply())]
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<DeploymentFilter>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 when `last` is not given either.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100. Not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Nullable<DeploymentConnection> {
        let load = async {
            may_read(ctx, "deployments").await?;
            let page = page(ctx, first, after, last, before)?;
            DeploymentConnection::load(ctx, filter.unwrap_or_default(), page).await
        };
        Some(Box::pin(load).await)
    }
}

async fn may_read(ctx: &Context<'_>, field: &str) -> Result<()> {
    RequestData::of(ctx).require(scope::DEPLOYMENTS_READ, field, None).await
}

/// Reads the arguments of a list that can be read from both ends.
pub fn page(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> Result<PageArgs> {
    let max = RequestData::of(ctx).page_max();
    PageArgs::read(max, first, after, last, before).map_err(|error| bad_input(error.to_string()))
}
