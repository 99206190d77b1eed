//! Weft as a subgraph of a company's supergraph: `_service` and `_entities`, for the catalog kinds by `id` or by `ref`, and for
//! deployments by `id`.

use async_graphql::{
    Context, ID, InputValueError, InputValueResult, Object, Scalar, ScalarType, SimpleObject, Union, Value,
};
use futures::future::join_all;
use schema::{EntityRef, NodeId, scope};
use sources::postgres::Columns;
use uuid::Uuid;

use crate::{
    error::{Nullable, OrFieldError, Result, bad_input},
    loaders::IdKey,
    objects::{
        Api, Component, CustomEntity, Deployment, Domain, Entity, Location, Resource, System, Team, Template, User,
    },
    request::RequestData,
};

/// Most representations of one request.
pub const REPRESENTATIONS_MAX: usize = 1_000;

/// The types that a supergraph may ask for by key: their names in the graph, and the kind in a reference. A custom entity has
/// any kind.
pub const KEYED: [(&str, Option<&str>); 10] = [
    ("Component", Some("component")),
    ("Api", Some("api")),
    ("Resource", Some("resource")),
    ("System", Some("system")),
    ("Domain", Some("domain")),
    ("Team", Some("group")),
    ("User", Some("user")),
    ("Location", Some("location")),
    ("Template", Some("template")),
    ("CustomEntity", None),
];

/// The type that a supergraph may ask for by `id` alone.
pub const DEPLOYMENT: &str = "Deployment";

/// The fields of `Query` that a supergraph uses.
#[derive(Default)]
pub struct FederationQuery;

/// What this subgraph is.
#[derive(SimpleObject)]
#[graphql(name = "_Service")]
struct Service {
    /// Its schema, with the directives of federation.
    sdl: String,
}

/// A type's name, and one of its keys.
struct Representation(Value);

/// A type's name as `__typename`, and the fields of one of its keys.
#[Scalar(name = "_Any")]
impl ScalarType for Representation {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::Object(_) => Ok(Self(value)),
            _ => Err(InputValueError::custom("write an object with `__typename` and a key")),
        }
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

/// Whatever has a key.
#[derive(Union)]
#[graphql(name = "_Entity")]
#[expect(clippy::large_enum_variant, reason = "few are made, and each goes into the answer at once")]
enum Keyed {
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
    /// Anything else.
    CustomEntity(CustomEntity),
    /// A deployment.
    Deployment(Deployment),
}

impl From<Entity> for Keyed {
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

#[Object]
impl FederationQuery {
    /// What this subgraph is.
    #[graphql(name = "_service")]
    async fn service(&self) -> Service {
        Service { sdl: crate::sdl::federation() }
    }

    /// The objects with these keys, in their order; null for each that the viewer cannot see.
    #[graphql(
        name = "_entities",
        directive = crate::cost::list_size::apply(None, Some(vec!["representations".to_owned()]), None, Some(false))
    )]
    async fn entities(&self, ctx: &Context<'_>, representations: Vec<Representation>) -> Vec<Nullable<Keyed>> {
        if representations.len() > REPRESENTATIONS_MAX {
            let count = representations.len();
            let refusal = bad_input(format!("{count} representations: at most {REPRESENTATIONS_MAX} are allowed"));
            return std::iter::once(Some(Err(refusal))).chain((1..count).map(|_| None)).collect();
        }
        let loads = representations.iter().map(|representation| load(ctx, &representation.0));
        join_all(loads).await.into_iter().map(Result::transpose).collect()
    }
}

async fn load(ctx: &Context<'_>, representation: &Value) -> Result<Option<Keyed>> {
    let request = RequestData::of(ctx);
    let text = |key: &str| match representation {
        Value::Object(fields) => match fields.get(key) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    };
    let type_name = text("__typename").unwrap_or_default();
    if type_name == DEPLOYMENT {
        request.require(scope::DEPLOYMENTS_READ, "_entities", None).await?;
        let Some(id) = text("id") else { return Err(bad_input("the key of `Deployment` is needed: `id`")) };
        return match NodeId::decode(id).filter(|id| id.type_name == type_name) {
            Some(id) => Ok(Deployment::of_key(ctx, &id.key).await?.map(Keyed::Deployment)),
            None => Ok(None),
        };
    }
    request.require(scope::CATALOG_READ, "_entities", None).await?;
    let Some((_, kind)) = KEYED.iter().find(|(name, _)| *name == type_name) else {
        let name: String = type_name.chars().take(60).collect();
        return Err(bad_input(format!("`{name}` is no type that this subgraph has by key")));
    };
    let record = match (text("id"), text("ref")) {
        (Some(id), _) => {
            let key = NodeId::decode(&ID::from(id)).filter(|id| id.type_name == type_name);
            match key.and_then(|id| Uuid::try_parse(&id.key).ok()) {
                Some(id) => request.load_one(IdKey(id)).await.or_field_error()?,
                None => None,
            }
        }
        (None, Some(entity_ref)) => {
            let entity_ref = EntityRef::parse(entity_ref).map_err(|error| bad_input(error.to_string()))?;
            let entity_ref = match kind {
                Some(kind) => entity_ref.or_kind(kind),
                None => entity_ref.whole().map_err(|error| bad_input(error.to_string()))?,
            };
            request.references().load_one(&entity_ref, Columns::ALL).await.or_field_error()?
        }
        (None, None) => return Err(bad_input(format!("a key of `{type_name}` is needed: `id` or `ref`"))),
    };
    let entity = record.map(Entity::of);
    let entity = entity.filter(|entity| async_graphql::OutputType::introspection_type_name(entity) == type_name);
    Ok(entity.map(Keyed::from))
}
