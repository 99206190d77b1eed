//! Connections: pages with cursors, counts and facets. A page is read where it is selected; counts and facets cost nothing
//! unless they are.

use std::sync::Arc;

use async_graphql::Context;
use schema::{EntityFacet, EntityRecord, EntityRef, FacetCountRecord, PAGE_DEFAULT, Page, PageArgs};
use sources::postgres::{Edge, EntityQuery, RelatedQuery};

use crate::{
    error::{OrFieldError, Result, bad_input},
    loaders::{RelatedCountKey, RelatedFacetKey, RelatedPageKey},
    records,
    request::RequestData,
};

/// Reads the arguments `first` and `after` of a nested list.
pub fn nested_page(ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> Result<PageArgs> {
    let default = i32::try_from(PAGE_DEFAULT).unwrap_or(i32::MAX);
    let max = RequestData::of(ctx).page_max();
    PageArgs::read(max, Some(first.unwrap_or(default)), after, None, None).map_err(|error| bad_input(error.to_string()))
}

/// Whether the selection of a connection needs its page, and not only counts.
pub fn needs_page(ctx: &Context<'_>) -> bool {
    ["edges", "nodes", "pageInfo"].iter().any(|field| ctx.look_ahead().field(field).exists())
}

/// A count as the graph shows it.
pub fn shown_count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A list of entities: how to count it, and its page where that was selected.
#[derive(Clone)]
pub struct EntityList {
    scope: Scope,
    page: Arc<Page<Arc<EntityRecord>>>,
}

#[derive(Clone)]
enum Scope {
    Root(Arc<EntityQuery>),
    Related { list: Arc<RelatedQuery>, parent: EntityRef },
}

impl EntityList {
    /// A list at a root of the graph.
    pub async fn of_root(ctx: &Context<'_>, list: EntityQuery, page: PageArgs) -> Result<Self> {
        let request = RequestData::of(ctx);
        let page = match records::of_connection(ctx.item) {
            Some(projection) => {
                let read = request.sources().database().entities_page(request.visibility(), &list, &page, projection);
                Arc::new(read.await.or_field_error()?)
            }
            None => Arc::default(),
        };
        Ok(Self { scope: Scope::Root(Arc::new(list)), page })
    }

    /// What hangs on `parent`.
    pub async fn of_parent(
        ctx: &Context<'_>,
        parent: &EntityRef,
        list: RelatedQuery,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Self> {
        let page = nested_page(ctx, first, after)?;
        let list = Arc::new(list);
        let page = match records::of_connection(ctx.item) {
            Some(projection) => {
                let key = RelatedPageKey { list: Arc::clone(&list), page, parent: parent.clone(), projection };
                let loaded = RequestData::of(ctx).load_one(key).await.or_field_error()?;
                loaded.transpose().or_field_error()?.unwrap_or_default()
            }
            None => Arc::default(),
        };
        Ok(Self { scope: Scope::Related { list, parent: parent.clone() }, page })
    }

    /// What `parent` has this relation to.
    pub async fn of_relation(
        ctx: &Context<'_>,
        parent: &EntityRef,
        relation: &'static str,
        kind: Option<&'static str>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Self> {
        let list = RelatedQuery { edge: Edge::Relation(relation), kind, filter: None };
        Self::of_parent(ctx, parent, list, first, after).await
    }

    /// The page.
    pub fn page(&self) -> &Arc<Page<Arc<EntityRecord>>> {
        &self.page
    }

    /// How many there are on all pages.
    pub async fn count(&self, ctx: &Context<'_>) -> Result<i32> {
        let request = RequestData::of(ctx);
        let count = match &self.scope {
            Scope::Root(list) => request.sources().database().entities_count(request.visibility(), list).await,
            Scope::Related { list, parent } => {
                let key = RelatedCountKey { list: Arc::clone(list), parent: parent.clone() };
                request.load_one(key).await.or_field_error()?.transpose().map(Option::unwrap_or_default)
            }
        };
        Ok(shown_count(count.or_field_error()?))
    }

    /// How often each value occurs on all pages.
    pub async fn facets(&self, ctx: &Context<'_>, by: Vec<EntityFacet>) -> Result<Vec<FacetCountRecord>> {
        if by.len() > EntityFacet::ALL.len() {
            return Err(bad_input("`by` names a facet twice"));
        }
        let request = RequestData::of(ctx);
        let facets = match &self.scope {
            Scope::Root(list) => {
                let facets = request.sources().database().entity_facets(request.visibility(), list, &by).await;
                facets.map(|facets| Vec::clone(&facets))
            }
            Scope::Related { list, parent } => {
                let key = RelatedFacetKey { list: Arc::clone(list), by, parent: parent.clone() };
                request.load_one(key).await.or_field_error()?.transpose().map(Option::unwrap_or_default)
            }
        };
        facets.or_field_error()
    }
}

/// Writes the connection and edge types of one kind of entity.
macro_rules! entity_connection {
    ($connection:ident, $edge:ident, $node:ident, $page:literal, $item:literal) => {
        #[doc = $page]
        pub struct $connection($crate::connection::EntityList);

        impl From<$crate::connection::EntityList> for $connection {
            fn from(list: $crate::connection::EntityList) -> Self {
                Self(list)
            }
        }

        #[doc = $page]
        #[async_graphql::Object]
        impl $connection {
            /// The items, each with its cursor.
            async fn edges(&self) -> $crate::records::Edges<$edge> {
                $crate::records::Edges::new(std::sync::Arc::clone(self.0.page()))
            }
            /// The items.
            async fn nodes(&self) -> $crate::records::Records<$node> {
                $crate::records::Records::new(std::sync::Arc::clone(self.0.page()))
            }
            /// Where this page stands.
            async fn page_info(&self) -> schema::PageInfo {
                self.0.page().info()
            }
            /// All items, on every page. Counted only when selected; null when that would take too long.
            #[graphql(directive = $crate::cost::cost::apply(10))]
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> $crate::error::Nullable<i32> {
                Some(Box::pin(self.0.count(ctx)).await)
            }
            /// How often each value occurs among all items, on every page. Most frequent first, at most 100 values each.
            #[graphql(directive = $crate::cost::cost::apply(100), directive = $crate::cost::each_of_by::apply())]
            async fn facets(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "What to count.")] by: Vec<schema::EntityFacet>,
            ) -> $crate::error::Nullable<Vec<$crate::objects::FacetCount>> {
                let counts = Box::pin(self.0.facets(ctx, by)).await;
                Some(counts.map(|counts| counts.into_iter().map($crate::objects::FacetCount::from).collect()))
            }
        }

        #[doc = $item]
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Continue after or before this item with it.
            cursor: String,
            /// The item.
            node: $node,
        }

        impl $crate::records::EntityEdge for $edge {
            type Node = $node;

            fn new(cursor: String, node: $node) -> Self {
                Self { cursor, node }
            }
        }
    };
}

/// Writes the connection and edge types of a list that is not of entities. `$count` counts all items.
macro_rules! plain_connection {
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
        #[async_graphql::Object]
        impl $connection {
            /// The items, each with its cursor.
            async fn edges(&self) -> Vec<$edge> {
                let edge = |(cursor, row): &(String, _)| $edge { cursor: cursor.clone(), node: $node::from_row(row) };
                self.page.rows.iter().map(edge).collect()
            }
            /// The items.
            async fn nodes(&self) -> Vec<$node> {
                self.page.rows.iter().map(|(_, row)| $node::from_row(row)).collect()
            }
            /// Where this page stands.
            async fn page_info(&self) -> schema::PageInfo {
                self.page.info()
            }
            /// All items, on every page. Counted only when selected; null when that would take too long.
            #[graphql(directive = $crate::cost::cost::apply(10))]
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> $crate::error::Nullable<i32> {
                self.count(ctx).await.map(Into::into).transpose()
            }
        }
    };
}

pub(crate) use {entity_connection, plain_connection};
