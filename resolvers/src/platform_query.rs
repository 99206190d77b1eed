//! Roots that belong to no domain: objects by id, the viewer, the sources, subgraphs and the audit log.

use async_graphql::{Context, ID, Object};
use futures::future::join_all;
use schema::{AuditFilter, PAGE_MAX, scope};

use crate::{
    connection::nested_page,
    error::{Nullable, OrFieldError, Result, bad_input},
    objects::{AuditConnection, Node, Source, Subgraph, Viewer},
    request::RequestData,
};

/// The fields of `Query` that belong to no domain.
#[derive(Default)]
pub struct PlatformQuery;

#[Object]
impl PlatformQuery {
    /// The object with this id; null when there is none that the viewer may see.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "An `id` that Weft gave out.")] id: ID) -> Nullable<Node> {
        Box::pin(Node::load(ctx, &id)).await.transpose()
    }

    /// The objects with these ids, in the order asked; null for each that the viewer cannot see.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids.")] ids: Vec<ID>,
    ) -> Vec<Nullable<Node>> {
        if ids.len() > usize::try_from(PAGE_MAX).unwrap_or(usize::MAX) {
            // The field cannot be null itself: one error, and nothing else in the response suffers.
            let refusal = bad_input(format!("`ids` holds {} ids: at most {PAGE_MAX} are allowed", ids.len()));
            return std::iter::once(Some(Err(refusal))).chain(ids.iter().skip(1).map(|_| None)).collect();
        }
        let nodes = join_all(ids.iter().map(|id| Node::load(ctx, id))).await;
        nodes.into_iter().map(Result::transpose).collect()
    }

    /// Who is asking, and what they may do.
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// The systems behind this graph: health, version, quota and freshness. By kind, then by name.
    async fn sources(&self, ctx: &Context<'_>) -> Vec<Source> {
        Source::all(RequestData::of(ctx).sources())
    }

    /// GraphQL services of teams that are published as part of the graph, by name. Needs the scope `admin`, in
    /// the tenant that the installation is run for.
    async fn subgraphs(&self, ctx: &Context<'_>) -> Nullable<Vec<Subgraph>> {
        let published = async {
            let request = RequestData::of(ctx);
            request.require_operator("subgraphs", None).await?;
            let set = request.sources().database().subgraphs().await.or_field_error()?;
            Ok(set.subgraphs.into_iter().map(Subgraph::of_record).collect())
        };
        Some(Box::pin(published).await)
    }

    /// Who did what, newest first. Needs the scope `audit:read`; reading it is itself recorded.
    #[graphql(directive = crate::cost::page::apply())]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these records.")] filter: Option<AuditFilter>,
        #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
        #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
    ) -> Nullable<AuditConnection> {
        let log = async {
            let request = RequestData::of(ctx);
            request.require(scope::AUDIT_READ, "auditLog", None).await?;
            let page = nested_page(ctx, first, after)?;
            let entry = request.audit_entry("auditLog", None);
            request.sources().database().audit_append(&request.visibility().tenant, &entry).await.or_field_error()?;
            AuditConnection::load(ctx, filter.unwrap_or_default(), page).await
        };
        Some(Box::pin(log).await)
    }
}
