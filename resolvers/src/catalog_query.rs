//! Roots of the catalog.

use async_graphql::{Context, Object};
use schema::{EntityFilter, EntityOrder, EntityRef, PageArgs, scope};
use sources::postgres::EntityQuery;

use crate::{
    connection::EntityList,
    error::{Nullable, Result, bad_input},
    objects::{Component, ComponentConnection, Entity, EntityConnection, Team, TeamConnection},
    records::One,
    request::RequestData,
};

/// The fields of `Query` that read the catalog.
#[derive(Default)]
pub struct CatalogQuery;

/// The arguments of a list of entities.
struct ListArgs {
    filter: Option<EntityFilter>,
    search: Option<String>,
    order_by: Option<EntityOrder>,
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
}

#[Object]
impl CatalogQuery {
    /// One catalog entity of any kind.
    async fn entity(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref", desc = "For example `component:default/payments-api`.")] entity_ref: EntityRef,
    ) -> Nullable<One<Entity>> {
        async {
            may_read(ctx, "entity").await?;
            let entity_ref = entity_ref.whole().map_err(|error| bad_input(error.to_string()))?;
            Ok(Entity::load(ctx, &entity_ref).await?.map(One))
        }
        .await
        .transpose()
    }

    /// Catalog entities of every kind. Ordered by reference unless `orderBy` or `search` is given.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    #[graphql(directive = crate::cost::page_of_either_end::apply())]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<EntityFilter>,
        #[graphql(
            desc = "Words to find in name, title, description and tags; best match first. At most 200 characters."
        )]
        search: Option<String>,
        #[graphql(desc = "Another order.")] order_by: Option<EntityOrder>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 when `last` is not given either.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100. Not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Nullable<EntityConnection> {
        let args = ListArgs { filter, search, order_by, first, after, last, before };
        Some(Box::pin(list(ctx, "entities", None, args)).await.map(Into::into))
    }

    /// One component.
    async fn component(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref", desc = "For example `component:default/payments-api`; the kind may be left out.")]
        entity_ref: EntityRef,
    ) -> Nullable<One<Component>> {
        async {
            may_read(ctx, "component").await?;
            Ok(Component::load(ctx, &entity_ref.or_kind("component")).await?.map(One))
        }
        .await
        .transpose()
    }

    /// Catalog entities of kind Component.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    #[graphql(directive = crate::cost::page_of_either_end::apply())]
    async fn components(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<EntityFilter>,
        #[graphql(
            desc = "Words to find in name, title, description and tags; best match first. At most 200 characters."
        )]
        search: Option<String>,
        #[graphql(desc = "Another order.")] order_by: Option<EntityOrder>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 when `last` is not given either.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100. Not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Nullable<ComponentConnection> {
        let args = ListArgs { filter, search, order_by, first, after, last, before };
        Some(Box::pin(list(ctx, "components", Some("component"), args)).await.map(Into::into))
    }

    /// One team.
    async fn team(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "ref", desc = "For example `group:default/payments`; the kind may be left out.")]
        entity_ref: EntityRef,
    ) -> Nullable<One<Team>> {
        async {
            may_read(ctx, "team").await?;
            Ok(Team::load(ctx, &entity_ref.or_kind("group")).await?.map(One))
        }
        .await
        .transpose()
    }

    /// Catalog entities of kind Group.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field")]
    #[graphql(directive = crate::cost::page_of_either_end::apply())]
    async fn teams(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] filter: Option<EntityFilter>,
        #[graphql(
            desc = "Words to find in name, title, description and tags; best match first. At most 200 characters."
        )]
        search: Option<String>,
        #[graphql(desc = "Another order.")] order_by: Option<EntityOrder>,
        #[graphql(desc = "How many from the start: 1 to 100; 20 when `last` is not given either.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100. Not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Nullable<TeamConnection> {
        let args = ListArgs { filter, search, order_by, first, after, last, before };
        Some(Box::pin(list(ctx, "teams", Some("group"), args)).await.map(Into::into))
    }
}

/// Lets a caller pass who may read the catalog.
pub(crate) async fn may_read(ctx: &Context<'_>, field: &str) -> Result<()> {
    RequestData::of(ctx).require(scope::CATALOG_READ, field, None).await
}

async fn list(ctx: &Context<'_>, field: &str, kind: Option<&'static str>, args: ListArgs) -> Result<EntityList> {
    may_read(ctx, field).await?;
    let ListArgs { filter, search, order_by, first, after, last, before } = args;
    let max = RequestData::of(ctx).page_max();
    let page = PageArgs::read(max, first, after, last, before).map_err(|error| bad_input(error.to_string()))?;
    let query = EntityQuery { kind, filter, search, order: order_by };
    EntityList::of_root(ctx, query, page).await
}
