//! `AutomationJobConnection`: runs of some templates, newest first.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use schema::{AutomationJobRecord, Cursor, CursorError, EntityRecord, Page, PageInfo};
use sources::{
    SourceError,
    awx::{JobsKey, TemplateKey},
};

use super::AutomationJob;
use crate::{
    connection::{needs_page, nested_page},
    error::{OrFieldError, Result},
    request::RequestData,
};

/// Numbers of runs grow with time, and are unique over all kinds.
const ORDER: &str = "number.desc";

/// A page of automation jobs.
pub struct AutomationJobConnection {
    page: Page<Arc<AutomationJobRecord>>,
    total: Option<usize>,
}

impl AutomationJobConnection {
    /// The runs of the templates that an entity names; none when AWX is not in use.
    pub async fn of_entity(
        ctx: &Context<'_>,
        entity: &EntityRecord,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Self>> {
        let request = RequestData::of(ctx);
        let Some(awx) = request.sources().awx() else { return Ok(None) };
        let templates = awx.template_keys(request.visibility(), entity);
        Self::load(ctx, &templates, first, after).await.map(Some)
    }

    /// The runs of these templates; empty without any.
    pub async fn load(
        ctx: &Context<'_>,
        templates: &[TemplateKey],
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Self> {
        let args = nested_page(ctx, first, after)?;
        let before = args.after.as_deref().map(number_of).transpose().map_err(SourceError::from).or_field_error()?;
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let (rows, tells_more) = if needs_page(ctx) { (limit, true) } else { (1, false) };
        let Some(key) = JobsKey::new(templates, before, rows, tells_more) else {
            return Ok(Self { page: Page::default(), total: Some(0) });
        };
        let jobs = RequestData::of(ctx).live(ctx, key).await?;
        let (rows, has_next, total) =
            jobs.map(|jobs| (jobs.jobs.clone(), jobs.has_more, jobs.total)).unwrap_or_default();
        let cursor = |job: &Arc<AutomationJobRecord>| Cursor::new(ORDER, [job.number.to_string()]).encode();
        Ok(Self { page: Page { has_next, ..Page::of_rows(rows, &args, true, cursor) }, total })
    }
}

fn number_of(cursor: &str) -> std::result::Result<i32, CursorError> {
    let [number] = Cursor::decode::<1>(cursor, ORDER)?;
    number.parse().ok().filter(|number| *number > 0).ok_or(CursorError)
}

/// A page of automation jobs.
#[Object]
impl AutomationJobConnection {
    /// The items, each with its cursor.
    async fn edges(&self) -> Vec<AutomationJobEdge> {
        let edge = |(cursor, row): &(String, _)| AutomationJobEdge {
            cursor: cursor.clone(),
            node: AutomationJob::from_row(row),
        };
        self.page.rows.iter().map(edge).collect()
    }
    /// The items.
    async fn nodes(&self) -> Vec<AutomationJob> {
        self.page.rows.iter().map(|(_, row)| AutomationJob::from_row(row)).collect()
    }
    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        self.page.info()
    }
    /// All items, on every page. Counted only when selected; null when that would take too long.
    #[graphql(directive = crate::cost::cost::apply(10))]
    async fn total_count(&self) -> Option<i32> {
        // AWX would count them over its whole table: only what is known anyway is told.
        self.total.and_then(|total| i32::try_from(total).ok())
    }
}

/// An item of a page of automation jobs.
#[derive(SimpleObject)]
pub struct AutomationJobEdge {
    /// Continue after or before this item with it.
    cursor: String,
    /// The item.
    node: AutomationJob,
}
