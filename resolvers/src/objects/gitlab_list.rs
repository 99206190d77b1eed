//! Pages of GitLab's lists, as connections.

use async_graphql::Context;
use schema::{Cursor, Page};
use sources::gitlab::{Item, ListKey, ListKind, ListPage, Place, RepositoryKey};

use crate::{
    connection::{needs_page, nested_page},
    error::{OrFieldError, Result},
    request::RequestData,
};

/// A page, and how many items all pages have, where that was asked for.
pub struct LoadedList {
    pub page: Page<Item>,
    pub count: Option<i32>,
}

impl LoadedList {
    /// The one page of a list without items.
    pub fn empty() -> Self {
        Self { page: Page::default(), count: Some(0) }
    }
}

/// Reads a page of a list; none when the project is gone.
pub async fn load(
    ctx: &Context<'_>,
    repository: &RepositoryKey,
    kind: ListKind,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Option<LoadedList>> {
    let args = nested_page(ctx, first, after)?;
    let order = format!("{}:{}", order(&kind), repository.path());
    let after = match &args.after {
        Some(text) => {
            let [place] = Cursor::decode::<1>(text, &order).map_err(sources::SourceError::from).or_field_error()?;
            let place = Place::read(&place).ok_or(schema::CursorError).map_err(sources::SourceError::from);
            Some(place.or_field_error()?)
        }
        None => None,
    };
    let is_counted = ctx.look_ahead().field("totalCount").exists();
    if !is_counted && !needs_page(ctx) {
        return Ok(Some(LoadedList { page: Page::default(), count: None }));
    }
    let has_previous = after.is_some();
    let page = ListPage { kind, first: args.limit, after, is_counted };
    let Some(record) = RequestData::of(ctx).live(ctx, ListKey { repository: repository.clone(), page }).await? else {
        return Ok(None);
    };
    let row = |(place, item): &(Place, Item)| (Cursor::new(&order, [place.to_string()]).encode(), item.clone());
    let page = Page { rows: record.items.iter().map(row).collect(), has_next: record.has_next, has_previous };
    Ok(Some(LoadedList { page, count: record.count }))
}

/// What cursors of a list belong to: another list, or other states, take none of them.
fn order(kind: &ListKind) -> String {
    match kind {
        ListKind::Pipelines => "pipelines".to_owned(),
        ListKind::Releases => "releases".to_owned(),
        ListKind::MergeRequests(states) => format!("mergeRequests{states:?}"),
    }
}

/// Writes the connection and edge types of one of GitLab's lists. `$node` has `from_item`.
macro_rules! live_connection {
    ($connection:ident, $edge:ident, $node:ident, $page:literal, $item:literal) => {
        #[doc = $item]
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Continue after or before this item with it.
            cursor: String,
            /// The item.
            node: $node,
        }

        #[doc = $page]
        pub struct $connection {
            repository: sources::gitlab::RepositoryKey,
            list: $crate::objects::gitlab_list::LoadedList,
        }

        impl $connection {
            /// A page of a project's list.
            pub fn of(
                repository: &sources::gitlab::RepositoryKey,
                list: $crate::objects::gitlab_list::LoadedList,
            ) -> Self {
                Self { repository: repository.clone(), list }
            }

            fn rows(&self) -> impl Iterator<Item = (&String, $node)> {
                let node = |(cursor, item)| Some((cursor, $node::from_item(&self.repository, item)?));
                self.list.page.rows.iter().map(|(cursor, item)| (cursor, item)).filter_map(node)
            }
        }

        #[doc = $page]
        #[async_graphql::Object]
        impl $connection {
            /// The items, each with its cursor.
            async fn edges(&self) -> Vec<$edge> {
                self.rows().map(|(cursor, node)| $edge { cursor: cursor.clone(), node }).collect()
            }
            /// The items.
            async fn nodes(&self) -> Vec<$node> {
                self.rows().map(|(_, node)| node).collect()
            }
            /// Where this page stands.
            async fn page_info(&self) -> schema::PageInfo {
                self.list.page.info()
            }
            /// All items, on every page. Counted only when selected; null when that would take too long.
            #[graphql(directive = $crate::cost::cost::apply(10))]
            async fn total_count(&self) -> Option<i32> {
                self.list.count
            }
        }
    };
}

pub(super) use live_connection;
