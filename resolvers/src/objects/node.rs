//! `Node`: any object by its id.

use std::borrow::Cow;

use async_graphql::{
    Context, ContextSelectionSet, ID, Interface, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};
use schema::{NodeId, scope};
use uuid::Uuid;

use super::{
    Api, AuditObject, AutomationJob, AutomationTemplate, CloudResource, Commit, Component, CostLine, CustomEntity,
    Deployment, Domain, Entity, Location, MergeRequest, Pipeline, Release, Repository, Resource, Source, System, Team,
    Template, TerraformRun, TerraformWorkspace, User, Workload,
};
use crate::{
    error::{OrFieldError, Result},
    loaders::IdKey,
    request::RequestData,
};

/// An object that can be fetched again by its id.
#[derive(Interface, Clone)]
#[graphql(name = "Node", field(name = "id", ty = "ID", desc = "Opaque, unique in the whole graph, stable for good."))]
pub enum NodeKind {
    /// A component.
    Component(Component),
    /// An API.
    Api(Api),
    /// A resource.
    Resource(Resource),
    /// A system.
    System(System),
    /// A domain.
    Domain(Domain),
    /// A team.
    Team(Team),
    /// A person.
    User(User),
    /// A location.
    Location(Location),
    /// A template.
    Template(Template),
    /// An entity of another kind.
    CustomEntity(CustomEntity),
    /// A GitLab project.
    Repository(Repository),
    /// A run of CI/CD.
    Pipeline(Pipeline),
    /// A proposed change.
    MergeRequest(MergeRequest),
    /// A released version.
    Release(Release),
    /// A commit.
    Commit(Commit),
    /// A template in AWX.
    AutomationTemplate(AutomationTemplate),
    /// A run in AWX.
    AutomationJob(AutomationJob),
    /// A workload on a cluster.
    Workload(Workload),
    /// A Terraform workspace.
    TerraformWorkspace(TerraformWorkspace),
    /// A run of one.
    TerraformRun(TerraformRun),
    /// A resource in Azure.
    CloudResource(CloudResource),
    /// A deployment.
    Deployment(Deployment),
    /// A charge.
    CostLine(CostLine),
    /// A source.
    Source(Source),
    /// An audit record.
    AuditRecord(AuditObject),
}

impl From<Entity> for NodeKind {
    fn from(entity: Entity) -> Self {
        match entity {
            Entity::Component(component) => Self::Component(component),
            Entity::Api(api) => Self::Api(api),
            Entity::Resource(resource) => Self::Resource(resource),
            Entity::System(system) => Self::System(system),
            Entity::Domain(domain) => Self::Domain(domain),
            Entity::Team(team) => Self::Team(team),
            Entity::User(user) => Self::User(user),
            Entity::Location(location) => Self::Location(location),
            Entity::Template(template) => Self::Template(template),
            Entity::CustomEntity(custom) => Self::CustomEntity(custom),
        }
    }
}

/// As [`NodeKind`]; it also makes the interface `Entity` implement `Node`, which the derive cannot say.
pub struct Node(NodeKind);

impl Node {
    /// The object with this id; none when Weft did not give the id out, or when the object is gone or hidden.
    pub async fn load(ctx: &Context<'_>, id: &ID) -> Result<Option<Self>> {
        let Some(NodeId { type_name, key }) = NodeId::decode(id) else { return Ok(None) };
        let request = RequestData::of(ctx);
        let node = match type_name.as_str() {
            "Source" => Source::of_name(request.sources(), &key).map(NodeKind::Source),
            "AuditRecord" if request.visibility().has(scope::AUDIT_READ) => {
                // As with `auditLog`, before anything is told.
                request.record_audit_reading().await?;
                AuditObject::of_key(ctx, &key).await?.map(NodeKind::AuditRecord)
            }
            "Deployment" if request.visibility().has(scope::DEPLOYMENTS_READ) => {
                Deployment::of_key(ctx, &key).await?.map(NodeKind::Deployment)
            }
            "CostLine" if request.visibility().has(scope::COST_READ) => {
                CostLine::of_key(ctx, &key).await?.map(NodeKind::CostLine)
            }
            _ if !request.visibility().has(scope::CATALOG_READ) => None,
            _ => match Box::pin(of_upstream(ctx, &type_name, &key)).await? {
                Some(node) => Some(node),
                None => entity(ctx, &type_name, &key).await?,
            },
        };
        Ok(node.map(Self))
    }
}

/// What is read live: found again by its id when some entity that the caller sees names it.
async fn of_upstream(ctx: &Context<'_>, type_name: &str, key: &str) -> Result<Option<NodeKind>> {
    Ok(match type_name {
        "Repository" => Repository::of_path(ctx, key).await?.map(NodeKind::Repository),
        "Pipeline" => Pipeline::of_key(ctx, key).await?.map(NodeKind::Pipeline),
        "MergeRequest" => MergeRequest::of_key(ctx, key).await?.map(NodeKind::MergeRequest),
        "Commit" => Commit::of_key(ctx, key).await?.map(NodeKind::Commit),
        "Release" => Release::of_key(ctx, key).await?.map(NodeKind::Release),
        "Workload" => Workload::of_key(ctx, key).await?.map(NodeKind::Workload),
        "AutomationTemplate" => AutomationTemplate::of_key(ctx, key).await?.map(NodeKind::AutomationTemplate),
        "AutomationJob" => AutomationJob::of_key(ctx, key).await?.map(NodeKind::AutomationJob),
        "TerraformWorkspace" => TerraformWorkspace::of_path(ctx, key).await?.map(NodeKind::TerraformWorkspace),
        "TerraformRun" => TerraformRun::of_key(ctx, key).await?.map(NodeKind::TerraformRun),
        "CloudResource" => CloudResource::of_key(ctx, key).await?.map(NodeKind::CloudResource),
        _ => None,
    })
}

async fn entity(ctx: &Context<'_>, type_name: &str, key: &str) -> Result<Option<NodeKind>> {
    let request = RequestData::of(ctx);
    let Ok(id) = Uuid::try_parse(key) else { return Ok(None) };
    let Some(record) = request.load_one(IdKey(id)).await.or_field_error()? else { return Ok(None) };
    let entity = Entity::of(record);
    Ok((entity.introspection_type_name() == type_name).then(|| entity.into()))
}

impl OutputType for Node {
    fn type_name() -> Cow<'static, str> {
        <NodeKind as OutputType>::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = NodeKind::create_type_info(registry);
        Entity::create_type_info(registry);
        registry.add_implements("Entity", "Node");
        name
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}
