//! `Resource`: what belongs to a piece of infrastructure.

use async_graphql::Context;
use schema::EntityRef;

use super::{CloudResourceConnection, EntityConnection, System, TerraformWorkspace};
use crate::{
    connection::entity_connection,
    error::Nullable,
    objects::entity::{entity_object, related},
};

entity_object! {
    /// Infrastructure that components need: a database, bucket, topic or cluster.
    Resource of "resource" {
        /// What it is, such as `database`, `s3-bucket` or `kafka-topic`.
        async fn r#type(&self) -> String {
            self.record.entity_type.clone().unwrap_or_default()
        }
        /// The system that it is part of, as declared.
        async fn system_ref(&self) -> Option<EntityRef> {
            self.record.system_ref.clone()
        }
        /// The system that it is part of.
        async fn system(&self, ctx: &Context<'_>) -> Nullable<System> {
            System::load(ctx, &self.record.system_ref.clone()?).await.transpose()
        }
        /// What it needs, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn depends_on(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<EntityConnection> {
            related!(self, ctx, "dependsOn", None, first, after)
        }
        /// What needs it, by reference.
        #[graphql(directive = crate::cost::page::apply())]
        async fn dependents(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<EntityConnection> {
            related!(self, ctx, "dependencyOf", None, first, after)
        }
        /// Its Terraform workspaces, live, by organization and name; at most 100.
        #[graphql(directive = crate::cost::list_size::apply(Some(3), None, None, Some(false)))]
        async fn workspaces(&self, ctx: &Context<'_>) -> Nullable<Vec<TerraformWorkspace>> {
            TerraformWorkspace::of_entity(ctx, &self.record).await.transpose()
        }
        /// What belongs to it in Azure, live, by resource id.
        #[graphql(directive = crate::cost::page::apply())]
        async fn cloud_resources(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Only of these types, such as `microsoft.storage/storageaccounts`.")] r#type: Option<
                Vec<String>,
            >,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<CloudResourceConnection> {
            CloudResourceConnection::of_entity(ctx, &self.record, r#type, first, after).await.transpose()
        }
    }
}

entity_connection!(
    ResourceConnection,
    ResourceEdge,
    Resource,
    "A page of resources.",
    "An item of a page of resources."
);
