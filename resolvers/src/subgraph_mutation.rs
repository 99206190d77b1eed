//! Subgraphs published and removed through the graph.

use async_graphql::{Context, Object, SimpleObject};
use schema::{AuditEntry, PublishSubgraphInput, SubgraphDiagnostic, UserError, UserErrorCode};

use crate::{
    error::{Nullable, OrFieldError, Result},
    request::RequestData,
    subgraph_registry::{ChangedBy, SubgraphChange},
};

/// What is audited, as for the commands.
const PUBLISH: &str = "subgraph.publish";
const REMOVE: &str = "subgraph.remove";

/// The longest name that is audited, in characters: one that is longer is none.
const NAME_SHOWN_MAX: usize = 200;

/// The fields of `Mutation` that change subgraphs.
#[derive(Default)]
pub struct SubgraphMutation;

/// What became of `publishSubgraph`.
#[derive(SimpleObject)]
pub struct PublishSubgraphPayload {
    /// The version of the graph now; null when it was refused or only tried.
    version: Option<i32>,
    /// The graph is another one now; false: it was published just so already, or refused, or only tried.
    changed: bool,
    /// Every reason why it cannot be part of the graph. When there is any, nothing was changed.
    diagnostics: Vec<SubgraphDiagnostic>,
    /// The same in the words of all mutations. When there is any, nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of `removeSubgraph`.
#[derive(SimpleObject)]
pub struct RemoveSubgraphPayload {
    /// The version of the graph now; null when it was refused.
    version: Option<i32>,
    /// The graph is another one now; false: there is no such subgraph, or it was refused.
    changed: bool,
    /// Every reason why the others make no graph without it. When there is any, nothing was changed.
    diagnostics: Vec<SubgraphDiagnostic>,
    /// The same in the words of all mutations. When there is any, nothing was changed.
    user_errors: Vec<UserError>,
}

#[Object]
impl SubgraphMutation {
    /// Makes a team's GraphQL service part of the graph, if it fits the others; replicas follow within seconds. Needs the
    /// scope `admin`, in the tenant that the installation is run for.
    async fn publish_subgraph(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to publish.")] input: PublishSubgraphInput,
    ) -> Nullable<PublishSubgraphPayload> {
        Some(Box::pin(publish(ctx, input)).await)
    }

    /// Takes a team's GraphQL service out of the graph, if the others make one without it. Needs the scope `admin`, in the
    /// tenant that the installation is run for.
    async fn remove_subgraph(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name it is published by.")] name: String,
    ) -> Nullable<RemoveSubgraphPayload> {
        Some(Box::pin(remove(ctx, name)).await)
    }
}

async fn publish(ctx: &Context<'_>, input: PublishSubgraphInput) -> Result<PublishSubgraphPayload> {
    let request = RequestData::of(ctx);
    let entry = permitted(request, PUBLISH, &input.name).await?;
    let input = PublishSubgraphInput { owner: input.owner.map(|owner| owner.or_kind("group")), ..input };
    let by = ChangedBy { audit: entry.clone(), tenant: &request.visibility().tenant };
    let change = request.subgraphs().publish(&input, by).await.or_field_error()?;
    if !input.dry_run {
        audit_refusal(request, &change, entry).await?;
    }
    let Told { version, changed, diagnostics, user_errors } = told(change);
    Ok(PublishSubgraphPayload { version, changed, diagnostics, user_errors })
}

async fn remove(ctx: &Context<'_>, name: String) -> Result<RemoveSubgraphPayload> {
    let request = RequestData::of(ctx);
    let entry = permitted(request, REMOVE, &name).await?;
    let by = ChangedBy { audit: entry.clone(), tenant: &request.visibility().tenant };
    let change = request.subgraphs().remove(&name, by).await.or_field_error()?;
    audit_refusal(request, &change, entry).await?;
    let Told { version, changed, diagnostics, user_errors } = told(change);
    Ok(RemoveSubgraphPayload { version, changed, diagnostics, user_errors })
}

/// Lets administrators of the installation pass, with the record of what they do: the graph is that of all tenants.
async fn permitted(request: &RequestData, action: &str, name: &str) -> Result<AuditEntry> {
    let target = Some(format!("subgraph {}", name.chars().take(NAME_SHOWN_MAX).collect::<String>()));
    request.require_operator(action, target.clone()).await?;
    Ok(request.audit_entry(action, target))
}

/// What was changed was audited with the change; what was refused is here.
async fn audit_refusal(request: &RequestData, change: &SubgraphChange, entry: AuditEntry) -> Result<()> {
    let SubgraphChange::Refused(code, _) = change else { return Ok(()) };
    let denied = match code {
        UserErrorCode::Conflict => "CONFLICT",
        UserErrorCode::ReadOnly => "READ_ONLY",
        _ => "INVALID",
    };
    let refused = AuditEntry { denied: Some(denied), ..entry };
    request.sources().database().audit_append(&request.visibility().tenant, &refused).await.or_field_error()
}

/// What both payloads tell.
struct Told {
    version: Option<i32>,
    changed: bool,
    diagnostics: Vec<SubgraphDiagnostic>,
    user_errors: Vec<UserError>,
}

fn told(change: SubgraphChange) -> Told {
    let (version, changed, code, diagnostics) = match change {
        SubgraphChange::Changed(version) => (Some(version), true, UserErrorCode::Invalid, Vec::new()),
        SubgraphChange::Same(version) => (Some(version), false, UserErrorCode::Invalid, Vec::new()),
        SubgraphChange::Fits => (None, false, UserErrorCode::Invalid, Vec::new()),
        SubgraphChange::Refused(code, diagnostics) => (None, false, code, diagnostics),
    };
    let user_error = |diagnostic: &SubgraphDiagnostic| {
        let place = [&diagnostic.subgraph, &diagnostic.place].into_iter().flatten().map(|part| format!("{part}: "));
        UserError { field: None, message: format!("{}{}", place.collect::<String>(), diagnostic.message), code }
    };
    let user_errors = diagnostics.iter().map(user_error).collect();
    Told { version: version.and_then(|version| i32::try_from(version).ok()), changed, diagnostics, user_errors }
}
