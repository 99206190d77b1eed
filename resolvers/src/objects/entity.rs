//! `Entity`: what all kinds share, written once. Each kind adds its own fields in a file of its own.

use std::sync::Arc;

use async_graphql::{ContainerType, Context, ID, Interface, ServerResult, Value};
use schema::{DateTime, EntityLink, EntityRecord, EntityRef, JsonObject, NodeId, ProcessingErrorRecord};
use sources::postgres::Columns;
use uuid::Uuid;

use super::{
    Api, Component, CustomEntity, Domain, EntityRevisionConnection, Location, Owner, RelationConnection, Resource,
    System, Team, Template, User,
};
use crate::{
    connection::entity_connection,
    error::{Nullable, OrFieldError, Result},
    loaders::ProcessingErrorKey,
    records::{EntityObject, columns},
    request::RequestData,
};

/// Anything in the catalog. Component, Api, Resource, System, Domain, Team, User, Location and Template are types of
/// their own; every other kind is a CustomEntity.
#[derive(Interface, Clone)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Opaque, unique in the whole graph, stable for good."),
    field(
        name = "ref",
        method = "entity_ref",
        ty = "EntityRef",
        desc = "Its name in references: `kind:namespace/name`, in lower case."
    ),
    field(name = "kind", ty = "String", desc = "What it is, such as `Component` or `Group`."),
    field(name = "namespace", ty = "String", desc = "The namespace of its name; usually `default`."),
    field(name = "name", ty = "String", desc = "Unique within kind and namespace; case does not count."),
    field(name = "title", ty = "Option<String>", desc = "A name for people to read."),
    field(name = "description", ty = "Option<String>", desc = "What it is for, in plain text or Markdown."),
    field(name = "labels", ty = "JsonObject", desc = "Labels, by key; values are texts."),
    field(name = "annotations", ty = "JsonObject", desc = "Annotations, by key; values are texts."),
    field(name = "tags", ty = "Vec<String>", desc = "Tags, as declared."),
    field(name = "links", ty = "Vec<EntityLink>", desc = "Links to show to people."),
    field(name = "spec", ty = "JsonObject", desc = "`spec` as declared; its shape depends on `kind` and `type`."),
    field(name = "ownerRef", method = "owner_ref", ty = "Option<EntityRef>", desc = "The owner, as declared."),
    field(
        name = "owner",
        ty = "Nullable<Owner>",
        desc = "The owner; null when none is declared or it is not in the catalog."
    ),
    field(
        name = "relations",
        directive = crate::cost::page::apply(),
        ty = "Nullable<RelationConnection>",
        desc = "Relations from here, by type, then by the other end.",
        arg(name = "type", ty = "Option<Vec<String>>", desc = "Only of these types, such as `dependsOn`."),
        arg(name = "first", ty = "Option<i32>", default = 20, desc = "How many: 1 to 100; 20 unless given."),
        arg(name = "after", ty = "Option<String>", desc = "Continue after this cursor.")
    ),
    field(
        name = "processingErrors",
        method = "processing_errors",
        ty = "Nullable<Vec<ProcessingErrorRecord>>",
        desc = "What is wrong with its newest version; empty when all is well."
    ),
    field(
        name = "isOrphan",
        method = "is_orphan",
        ty = "bool",
        desc = "No location declares it any more; it goes after a grace period."
    ),
    field(name = "createdAt", method = "created_at", ty = "DateTime", desc = "When it came into the catalog."),
    field(name = "updatedAt", method = "updated_at", ty = "DateTime", desc = "When it last changed."),
    field(
        name = "history",
        directive = crate::cost::page::apply(),
        ty = "Nullable<EntityRevisionConnection>",
        desc = "Its changes, newest first.",
        arg(name = "first", ty = "Option<i32>", default = 20, desc = "How many: 1 to 100; 20 unless given."),
        arg(name = "after", ty = "Option<String>", desc = "Continue after this cursor.")
    )
)]
pub enum Entity {
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
}

impl Entity {
    /// The object of a record: its type follows from the kind.
    pub fn of(record: Arc<EntityRecord>) -> Self {
        match record.entity_ref.kind() {
            Some("component") => Self::Component(Component { record }),
            Some("api") => Self::Api(Api { record }),
            Some("resource") => Self::Resource(Resource { record }),
            Some("system") => Self::System(System { record }),
            Some("domain") => Self::Domain(Domain { record }),
            Some("group") => Self::Team(Team { record }),
            Some("user") => Self::User(User { record }),
            Some("location") => Self::Location(Location { record }),
            Some("template") => Self::Template(Template { record }),
            _ => Self::CustomEntity(CustomEntity { record }),
        }
    }

    /// Resolves a field of the object itself, whether or not the interface has it.
    pub async fn resolve_own_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match self {
            Self::Component(object) => object.resolve_field(ctx).await,
            Self::Api(object) => object.resolve_field(ctx).await,
            Self::Resource(object) => object.resolve_field(ctx).await,
            Self::System(object) => object.resolve_field(ctx).await,
            Self::Domain(object) => object.resolve_field(ctx).await,
            Self::Team(object) => object.resolve_field(ctx).await,
            Self::User(object) => object.resolve_field(ctx).await,
            Self::Location(object) => object.resolve_field(ctx).await,
            Self::Template(object) => object.resolve_field(ctx).await,
            Self::CustomEntity(object) => object.resolve_field(ctx).await,
        }
    }

    /// Loads the entity with this reference, if it is the one with this key; none when it is not there or hidden.
    pub async fn load_same(ctx: &Context<'_>, entity_ref: &EntityRef, key: Uuid) -> Result<Option<Self>> {
        let columns = columns(&ctx.item.node.selection_set.node).and(Columns::ID);
        let found = RequestData::of(ctx).references().load_one(entity_ref, columns).await.or_field_error()?;
        Ok(found.filter(|record| record.id == key).map(Self::of))
    }

    /// Loads the entity with this reference; none when it is not there or hidden.
    pub async fn load(ctx: &Context<'_>, entity_ref: &EntityRef) -> Result<Option<Self>> {
        Ok(load_record(ctx, entity_ref).await?.map(Self::of))
    }
}

impl EntityObject for Entity {
    fn of_record(record: &Arc<EntityRecord>) -> Option<Self> {
        Some(Self::of(Arc::clone(record)))
    }

    fn record(&self) -> &Arc<EntityRecord> {
        match self {
            Self::Component(object) => &object.record,
            Self::Api(object) => &object.record,
            Self::Resource(object) => &object.record,
            Self::System(object) => &object.record,
            Self::Domain(object) => &object.record,
            Self::Team(object) => &object.record,
            Self::User(object) => &object.record,
            Self::Location(object) => &object.record,
            Self::Template(object) => &object.record,
            Self::CustomEntity(object) => &object.record,
        }
    }
}

/// The type in the graph of entities of a kind.
pub fn type_of_kind(kind: Option<&str>) -> &'static str {
    match kind {
        Some("component") => "Component",
        Some("api") => "Api",
        Some("resource") => "Resource",
        Some("system") => "System",
        Some("domain") => "Domain",
        Some("group") => "Team",
        Some("user") => "User",
        Some("location") => "Location",
        Some("template") => "Template",
        _ => "CustomEntity",
    }
}

/// Loads the record with this reference, and of it what the field's own selection needs; none when it is not there or hidden.
pub async fn load_record(ctx: &Context<'_>, entity_ref: &EntityRef) -> Result<Option<Arc<EntityRecord>>> {
    let columns = columns(&ctx.item.node.selection_set.node);
    RequestData::of(ctx).references().load_one(entity_ref, columns).await.or_field_error()
}

/// Loads what is wrong with an entity.
pub async fn load_processing_errors(ctx: &Context<'_>, entity_ref: &EntityRef) -> Result<Vec<ProcessingErrorRecord>> {
    let key = ProcessingErrorKey(entity_ref.clone());
    Ok(RequestData::of(ctx).load_one(key).await.or_field_error()?.unwrap_or_default())
}

/// The id of an entity: of its type in the graph and its key.
pub fn entity_id(type_name: &str, record: &EntityRecord) -> ID {
    ID(NodeId::of(type_name, record.id).encode())
}

entity_connection!(EntityConnection, EntityEdge, Entity, "A page of entities.", "An item of a page of entities.");

/// Writes the object of one kind: the fields that all entities share, then its own.
macro_rules! entity_object {
    ($(#[doc = $description:literal])+ $name:ident of $kind:literal { $($own:tt)* }) => {
        $(#[doc = $description])+
        #[derive(Clone)]
        pub struct $name {
            pub(crate) record: std::sync::Arc<schema::EntityRecord>,
        }

        impl $crate::records::EntityObject for $name {
            fn of_record(record: &std::sync::Arc<schema::EntityRecord>) -> Option<Self> {
                (record.entity_ref.kind() == Some($kind) || $kind.is_empty()).then(|| Self { record: record.clone() })
            }

            fn record(&self) -> &std::sync::Arc<schema::EntityRecord> {
                &self.record
            }
        }

        impl $name {
            /// Loads the entity with this reference; none when it is not there, hidden, or of another kind.
            #[allow(dead_code, reason = "not every kind is looked up by its type")]
            pub async fn load(
                ctx: &async_graphql::Context<'_>,
                entity_ref: &schema::EntityRef,
            ) -> $crate::error::Result<Option<Self>> {
                let record = $crate::objects::entity::load_record(ctx, entity_ref).await?;
                Ok(record.as_ref().and_then($crate::records::EntityObject::of_record))
            }
        }

        $(#[doc = $description])+
        #[async_graphql::Object]
        impl $name {
            /// Opaque, unique in the whole graph, stable for good.
            pub async fn id(&self) -> async_graphql::ID {
                $crate::objects::entity::entity_id(stringify!($name), &self.record)
            }
            /// Its name in references: `kind:namespace/name`, in lower case.
            #[graphql(name = "ref")]
            pub async fn entity_ref(&self) -> schema::EntityRef {
                self.record.entity_ref.clone()
            }
            /// What it is, such as `Component` or `Group`.
            pub async fn kind(&self) -> String {
                self.record.kind.clone()
            }
            /// The namespace of its name; usually `default`.
            pub async fn namespace(&self) -> String {
                self.record.namespace.clone()
            }
            /// Unique within kind and namespace; case does not count.
            pub async fn name(&self) -> String {
                self.record.name.clone()
            }
            /// A name for people to read.
            pub async fn title(&self) -> Option<String> {
                self.record.title.clone()
            }
            /// What it is for, in plain text or Markdown.
            pub async fn description(&self) -> Option<String> {
                self.record.description.clone()
            }
            /// Labels, by key; values are texts.
            pub async fn labels(&self) -> schema::JsonObject {
                self.record.body().labels.clone()
            }
            /// Annotations, by key; values are texts.
            pub async fn annotations(&self) -> schema::JsonObject {
                self.record.annotations().object().clone()
            }
            /// Tags, as declared.
            pub async fn tags(&self) -> Vec<String> {
                self.record.body().tags.clone()
            }
            /// Links to show to people.
            pub async fn links(&self) -> Vec<schema::EntityLink> {
                self.record.body().links.clone()
            }
            /// `spec` as declared; its shape depends on `kind` and `type`.
            pub async fn spec(&self) -> schema::JsonObject {
                self.record.body().spec.clone()
            }
            /// The owner, as declared.
            pub async fn owner_ref(&self) -> Option<schema::EntityRef> {
                self.record.owner_ref.clone()
            }
            /// The owner; null when none is declared or it is not in the catalog.
            pub async fn owner(&self, ctx: &async_graphql::Context<'_>) -> $crate::error::Nullable<$crate::objects::Owner> {
                let owner = self.record.owner_ref.as_ref()?;
                $crate::objects::Owner::load(ctx, owner).await.transpose()
            }
            /// Relations from here, by type, then by the other end.
            #[graphql(directive = $crate::cost::page::apply())]
            pub async fn relations(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Only of these types, such as `dependsOn`.")] r#type: Option<Vec<String>>,
                #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
                #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
            ) -> $crate::error::Nullable<$crate::objects::RelationConnection> {
                let parent = &self.record.entity_ref;
                Some($crate::objects::RelationConnection::load(ctx, parent, r#type, first, after).await)
            }
            /// What is wrong with its newest version; empty when all is well.
            pub async fn processing_errors(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> $crate::error::Nullable<Vec<schema::ProcessingErrorRecord>> {
                Some($crate::objects::entity::load_processing_errors(ctx, &self.record.entity_ref).await)
            }
            /// No location declares it any more; it goes after a grace period.
            pub async fn is_orphan(&self) -> bool {
                self.record.is_orphan
            }
            /// When it came into the catalog.
            pub async fn created_at(&self) -> schema::DateTime {
                self.record.created_at.into()
            }
            /// When it last changed.
            pub async fn updated_at(&self) -> schema::DateTime {
                self.record.updated_at.into()
            }
            /// Its changes, newest first.
            #[graphql(directive = $crate::cost::page::apply())]
            pub async fn history(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
                #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
            ) -> $crate::error::Nullable<$crate::objects::EntityRevisionConnection> {
                Some($crate::objects::EntityRevisionConnection::load(ctx, self.record.id, first, after).await)
            }

            $($own)*
        }
    };
}

/// Writes a nested list of entities inside [`entity_object`]: the body of a field with the arguments `first` and `after`.
macro_rules! related {
    ($self:ident, $ctx:ident, $relation:literal, $kind:expr, $first:ident, $after:ident) => {{
        let parent = &$self.record.entity_ref;
        let list =
            Box::pin($crate::connection::EntityList::of_relation($ctx, parent, $relation, $kind, $first, $after));
        Some(list.await.map(Into::into))
    }};
}

pub(crate) use {entity_object, related};
