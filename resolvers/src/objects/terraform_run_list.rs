//! `TerraformRunConnection`: a page of a workspace's runs.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use schema::{Page, PageInfo, TerraformRunRecord, TerraformWorkspaceRecord};

use super::{
    TerraformRun,
    terraform_run_page::{self, Place},
};
use crate::{
    connection::{needs_page, nested_page, shown_count},
    error::{Nullable, OrFieldError, Result},
};

/// A page of runs.
pub struct TerraformRunConnection {
    workspace: Arc<TerraformWorkspaceRecord>,
    page: Page<TerraformRunRecord>,
    total: Option<u64>,
}

/// An item of a page of runs.
#[derive(SimpleObject)]
pub struct TerraformRunEdge {
    /// Continue after or before this item with it.
    cursor: String,
    /// The item.
    node: TerraformRun,
}

impl TerraformRunConnection {
    /// The runs of a workspace; none when it is gone.
    pub async fn load(
        ctx: &Context<'_>,
        workspace: &Arc<TerraformWorkspaceRecord>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Self>> {
        let args = nested_page(ctx, first, after)?;
        let after = args.after.as_deref().map(Place::decode).transpose().or_field_error()?;
        let needs_count = ctx.look_ahead().field("totalCount").exists();
        if !needs_page(ctx) && !needs_count {
            return Ok(Some(Self { workspace: Arc::clone(workspace), page: Page::default(), total: None }));
        }
        let Some(read) = terraform_run_page::read(ctx, workspace, args.limit, after).await? else { return Ok(None) };
        let rows = read.rows.into_iter().map(|(place, run)| (place.encode(), run)).collect();
        let page = Page { rows, has_next: read.has_next, has_previous: args.after.is_some() };
        Ok(Some(Self { workspace: Arc::clone(workspace), page, total: read.total }))
    }
}

/// A page of runs.
#[Object]
impl TerraformRunConnection {
    /// The items, each with its cursor.
    async fn edges(&self) -> Vec<TerraformRunEdge> {
        let edge = |(cursor, run): &(String, _)| TerraformRunEdge {
            cursor: cursor.clone(),
            node: TerraformRun::new(&self.workspace, run),
        };
        self.page.rows.iter().map(edge).collect()
    }
    /// The items.
    async fn nodes(&self) -> Vec<TerraformRun> {
        self.page.rows.iter().map(|(_, run)| TerraformRun::new(&self.workspace, run)).collect()
    }
    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        self.page.info()
    }
    /// All items, on every page. Counted only when selected; null when that would take too long.
    #[graphql(directive = crate::cost::cost::apply(10))]
    async fn total_count(&self) -> Nullable<i32> {
        self.total.map(|total| Ok(shown_count(i64::try_from(total).unwrap_or(i64::MAX))))
    }
}
