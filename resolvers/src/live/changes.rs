//! The changes themselves: what happened, and the object as it is now, by the loaders of its own request.

use async_graphql::{Context, ID, Object};
use schema::{ChangeKind, DateTime, EntityRef, NodeId};
use uuid::Uuid;

use super::Change;
use crate::{
    error::Nullable,
    objects::{Deployment, Entity, Source, type_of_kind},
    request::RequestData,
};

/// Writes the object of one kind of change: what all changes have, then its own.
macro_rules! change_object {
    ($(#[doc = $description:literal])+ $name:ident { $($own:tt)* }) => {
        $(#[doc = $description])+
        #[Object]
        impl $name {
            /// Pass it as `after` to continue right after this event.
            pub async fn cursor(&self) -> &str {
                &self.change.cursor
            }

            /// When the change was recorded.
            pub async fn at(&self) -> DateTime {
                self.change.at
            }

            /// What happened.
            pub async fn kind(&self) -> ChangeKind {
                self.change.kind
            }

            /// Fields that changed, as paths with dots; empty unless `UPDATED`.
            pub async fn changed_fields(&self) -> &[String] {
                &self.change.changed_fields
            }

            /// No event had announced it; reconciliation with the source found it.
            pub async fn healed(&self) -> bool {
                self.change.healed
            }

            $($own)*
        }
    };
}

pub(super) use change_object;

/// A change of a catalog entity.
pub struct EntityChange {
    pub(super) change: Change,
    pub(super) key: Uuid,
    pub(super) entity_ref: EntityRef,
}

change_object! {
    /// A change of a catalog entity.
    EntityChange {
        /// The entity's `id`.
        async fn id(&self) -> ID {
            ID(NodeId::of(type_of_kind(self.entity_ref.kind()), self.key).encode())
        }

        /// The entity's reference.
        #[graphql(name = "ref")]
        async fn entity_ref(&self) -> &EntityRef {
            &self.entity_ref
        }

        /// The entity as it is now; null when it is gone.
        async fn entity(&self, ctx: &Context<'_>) -> Nullable<Entity> {
            if self.change.kind == ChangeKind::Deleted {
                return None;
            }
            // Another entity may stand under its name by now.
            Entity::load_same(ctx, &self.entity_ref, self.key).await.transpose()
        }
    }
}

/// A change of a deployment.
pub struct DeploymentChange {
    pub(super) change: Change,
    pub(super) key: Uuid,
}

change_object! {
    /// A change of a deployment.
    DeploymentChange {
        /// The deployment's `id`.
        async fn id(&self) -> ID {
            ID(NodeId::of("Deployment", self.key).encode())
        }

        /// The deployment as it is now; null when it is gone.
        async fn deployment(&self, ctx: &Context<'_>) -> Nullable<Deployment> {
            if self.change.kind == ChangeKind::Deleted {
                return None;
            }
            Deployment::of_uuid(ctx, self.key).await.transpose()
        }
    }
}

/// A change of a source's health, version or quota.
pub struct SourceChange {
    pub(super) change: Change,
    pub(super) name: String,
}

change_object! {
    /// A change of a source's health, version or quota.
    SourceChange {
        /// The source's `id`.
        async fn id(&self) -> ID {
            ID(NodeId::of("Source", &self.name).encode())
        }

        /// The source as it is now; null when it is no longer configured.
        async fn source(&self, ctx: &Context<'_>) -> Option<Source> {
            Source::of_name(RequestData::of(ctx).sources(), &self.name)
        }
    }
}
