//! Pages of what a deployment brought. GitLab has pages of a hundred by number; ours may begin anywhere.

use async_graphql::Context;
use schema::{Cursor, CursorError, Page};
use sources::gitlab::{BROUGHT_ROWS, Brought, BroughtKey, BroughtRecord, CommitKey, Item, RepositoryKey};

use super::gitlab_list::LoadedList;
use crate::{
    connection::{needs_page, nested_page},
    error::{OrFieldError, Result},
    request::RequestData,
};

/// Furthest that a cursor leads: GitLab turns no more than 50,000 rows by number.
const OFFSET_MAX: usize = 50_000;

/// Reads a page; none where GitLab knows nothing of it.
pub async fn load(
    ctx: &Context<'_>,
    repository: &RepositoryKey,
    list: Brought,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Option<LoadedList>> {
    let args = nested_page(ctx, first, after)?;
    let order = format!("{list:?}:{}", repository.path());
    let offset = match &args.after {
        Some(text) => read_offset(text, &order).map_err(sources::SourceError::from).or_field_error()?,
        None => 0,
    };
    if !needs_page(ctx) && !ctx.look_ahead().field("totalCount").exists() {
        return Ok(Some(LoadedList { page: Page::default(), count: None }));
    }
    if matches!(&list, Brought::Commits { from, to } if from == to) {
        return Ok(Some(LoadedList::empty()));
    }
    let limit = usize::try_from(args.limit).unwrap_or(BROUGHT_ROWS);
    let (number, skipped) = (offset / BROUGHT_ROWS, offset % BROUGHT_ROWS);
    let page = async |number: usize| {
        let page = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let key = BroughtKey { repository: repository.clone(), list: list.clone(), page };
        RequestData::of(ctx).live(ctx, key).await
    };
    let Some(found) = page(number).await? else { return nothing(ctx, repository, &list).await };
    let mut last = (number, found.clone());
    let mut items: Vec<_> = found.items.iter().skip(skipped).cloned().collect();
    if items.len() < limit
        && found.has_next
        && let Some(next) = page(number + 1).await?
    {
        items.extend(next.items.iter().cloned());
        last = (number + 1, next);
    }
    let has_next = items.len() > limit || last.1.has_next;
    items.truncate(limit);
    let row = |(at, item): (usize, Item)| (Cursor::new(&order, [(offset + at + 1).to_string()]).encode(), item);
    let rows = items.into_iter().enumerate().map(row).collect();
    let page = Page { rows, has_next, has_previous: offset > 0 };
    Ok(Some(LoadedList { page, count: count(last.0, &last.1) }))
}

/// An empty page where nothing was brought: an older version came back, say. None where GitLab does not know what was.
async fn nothing(ctx: &Context<'_>, repository: &RepositoryKey, list: &Brought) -> Result<Option<LoadedList>> {
    let Brought::Commits { from, to } = list else { return Ok(None) };
    let keys: Vec<CommitKey> =
        [from, to].into_iter().filter_map(|sha| CommitKey::new(repository.clone(), sha)).collect();
    let asked = keys.len();
    let known = RequestData::of(ctx).live_many(ctx, keys).await?;
    Ok((known.len() == asked).then(LoadedList::empty))
}

/// All items, where the last page is known; whoever wants to know of more turns on.
fn count(number: usize, page: &BroughtRecord) -> Option<i32> {
    let all = number * BROUGHT_ROWS + page.items.len();
    i32::try_from(all).ok().filter(|_| !page.has_next)
}

/// How many items a cursor has behind it.
fn read_offset(text: &str, order: &str) -> std::result::Result<usize, CursorError> {
    let [offset] = Cursor::decode::<1>(text, order)?;
    offset.parse().ok().filter(|offset| *offset <= OFFSET_MAX).ok_or(CursorError)
}
