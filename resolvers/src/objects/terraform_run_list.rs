//! `TerraformRunConnection`: a workspace's runs. Terraform pages by number and new runs push the others on, so a cursor holds the
//! run it stands behind and the place where that was: reading begins there, and skips what was seen already.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use schema::{Cursor, Page, PageInfo, TerraformRunRecord, TerraformWorkspaceRecord};
use sources::{
    SourceError,
    terraform::{RunPageKey, RunPageRecord},
};

use super::TerraformRun;
use crate::{
    connection::{needs_page, nested_page, shown_count},
    error::{Nullable, OrFieldError, Result},
    request::RequestData,
};

const ORDER: &str = "terraform_run.desc";
/// Sizes of the pages that Terraform is asked for: few, so that equal questions find each other in the cache.
const SIZES: [u32; 2] = [20, 100];
/// Most pages that are read for one of ours, which takes more than one only where runs came or went between two of them.
const PAGES_MAX: usize = 5;

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

/// What a cursor says of the run it stands behind.
struct Seen {
    created_at: String,
    id: String,
    /// Runs that came before it and itself.
    place: u64,
}

impl Seen {
    fn read(after: &str) -> std::result::Result<Self, SourceError> {
        let [created_at, id, place] = Cursor::decode::<3>(after, ORDER)?;
        let place = place.parse().map_err(|_| schema::CursorError)?;
        Ok(Self { created_at, id, place })
    }

    fn of(place: u64, run: &TerraformRunRecord) -> Self {
        Self { created_at: created_at(run), id: run.id.clone(), place: place.saturating_add(1) }
    }

    fn encode(self) -> String {
        Cursor::new(ORDER, [self.created_at, self.id, self.place.to_string()]).encode()
    }
}

/// When a run was created, as a text that sorts as moments do: Terraform tells milliseconds.
fn created_at(run: &TerraformRunRecord) -> String {
    run.created_at.map(|moment| moment.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()).unwrap_or_default()
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
        let seen = args.after.as_deref().map(Seen::read).transpose().or_field_error()?;
        let mut runs = Runs::new(ctx, workspace, args.limit);
        if needs_page(ctx) {
            if !runs.read(seen).await? {
                return Ok(None);
            }
        } else if ctx.look_ahead().field("totalCount").exists() && runs.page(1).await?.is_none() {
            return Ok(None);
        }
        let page = Page {
            rows: runs.rows.into_iter().map(|(place, run)| (Seen::of(place, &run).encode(), run)).collect(),
            has_next: runs.has_next,
            has_previous: args.after.is_some(),
        };
        Ok(Some(Self { workspace: Arc::clone(workspace), page, total: runs.total }))
    }
}

/// Reads one page of ours from as few of Terraform's as it takes.
struct Runs<'c, 'a> {
    ctx: &'c Context<'a>,
    workspace: &'c TerraformWorkspaceRecord,
    limit: usize,
    size: u32,
    rows: Vec<(u64, TerraformRunRecord)>,
    has_next: bool,
    total: Option<u64>,
}

impl<'c, 'a> Runs<'c, 'a> {
    fn new(ctx: &'c Context<'a>, workspace: &'c TerraformWorkspaceRecord, limit: u32) -> Self {
        let size = SIZES.into_iter().find(|size| limit <= *size).unwrap_or(100);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { ctx, workspace, limit, size, rows: Vec::new(), has_next: false, total: None }
    }

    /// Reads what comes after `seen`; false when there is no such workspace.
    async fn read(&mut self, mut seen: Option<Seen>) -> Result<bool> {
        let before = seen.as_ref().map_or(0, |seen| seen.place / u64::from(self.size));
        let mut number = u32::try_from(before).unwrap_or(u32::MAX - 1).saturating_add(1);
        for _ in 0..PAGES_MAX {
            let Some(page) = self.page(number).await? else { return Ok(false) };
            if let Some(cursor) = &seen
                && number > 1
                && has_moved_up(&page, cursor)
            {
                number -= 1;
                continue;
            }
            for (place, run) in &page.runs {
                if seen.as_ref().is_some_and(|seen| !is_after(run, seen)) {
                    continue;
                }
                if self.rows.len() == self.limit {
                    self.has_next = true;
                    return Ok(true);
                }
                self.rows.push((*place, run.clone()));
                // A run that came meanwhile may have pushed the last one onto the next page.
                seen = Some(Seen::of(*place, run));
            }
            self.has_next = page.has_next;
            if !page.has_next || self.rows.len() == self.limit {
                return Ok(true);
            }
            number = number.saturating_add(1);
        }
        Ok(true)
    }

    async fn page(&mut self, number: u32) -> Result<Option<Arc<RunPageRecord>>> {
        let key = RunPageKey::new(self.workspace, self.size, number);
        let page = RequestData::of(self.ctx).live(self.ctx, key).await?;
        self.total = page.as_ref().and_then(|page| page.total);
        Ok(page)
    }
}

/// Whether a run is older than the one that was seen. Of the same moment, those with a smaller id are taken to be.
fn is_after(run: &TerraformRunRecord, seen: &Seen) -> bool {
    (created_at(run).as_str(), run.id.as_str()) < (&seen.created_at, &seen.id)
}

/// Whether the page begins behind what was seen and more: runs went, so something unseen may stand on the page before.
fn has_moved_up(page: &RunPageRecord, seen: &Seen) -> bool {
    page.runs.first().is_none_or(|(place, run)| *place >= seen.place.saturating_add(1) && is_after(run, seen))
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
