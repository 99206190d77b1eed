//! `Component`: what belongs to a piece of software.

use async_graphql::Context;
use schema::{CostQuery, DateRange, DeliveryMetrics, DeploymentFilter, EntityRef};
use sources::postgres::{CostParent, Measured};

use super::{
    ApiConnection, AutomationJobConnection, AutomationTemplate, CloudResourceConnection, CostReport,
    DeploymentConnection, EntityConnection, EnvironmentState, Repository, System, TerraformWorkspace,
    WorkloadConnection, delivery,
};
use crate::{
    connection::entity_connection,
    deployment_query,
    error::Nullable,
    objects::entity::{entity_object, related},
};

entity_object! {
    /// A piece of software: a service, website, library or job.
    Component of "component" {
        /// What it is, such as `service`, `website` or `library`.
        async fn r#type(&self) -> String {
            self.record.entity_type.clone().unwrap_or_default()
        }
        /// How mature it is, such as `experimental`, `production` or `deprecated`.
        async fn lifecycle(&self) -> Option<String> {
            self.record.lifecycle.clone()
        }
        /// The system that it is part of, as declared.
        async fn system_ref(&self) -> Option<EntityRef> {
            self.record.system_ref.clone()
        }
        /// The system that it is part of.
        async fn system(&self, ctx: &Context<'_>) -> Nullable<System> {
            System::load(ctx, &self.record.system_ref.clone()?).await.transpose()
        }
        /// The component that this one is part of, as declared.
        async fn subcomponent_of_ref(&self) -> Option<EntityRef> {
            self.record.spec_ref("subcomponentOf", "component")
        }
        /// The component that this one is part of.
        async fn subcomponent_of(&self, ctx: &Context<'_>) -> Nullable<Component> {
            Component::load(ctx, &self.record.spec_ref("subcomponentOf", "component")?).await.transpose()
        }
        /// APIs that this component offers.
        #[graphql(directive = crate::cost::page::apply())]
        async fn provides_apis(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ApiConnection> {
            related!(self, ctx, "providesApi", Some("api"), first, after)
        }
        /// APIs that this component calls.
        #[graphql(directive = crate::cost::page::apply())]
        async fn consumes_apis(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<ApiConnection> {
            related!(self, ctx, "consumesApi", Some("api"), first, after)
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
        /// Its repository in GitLab, live.
        async fn repository(&self, ctx: &Context<'_>) -> Nullable<Repository> {
            Repository::of_entity(ctx, &self.record).await.transpose()
        }
        /// Its job and workflow templates in AWX, live; at most 100.
        async fn automation_templates(&self, ctx: &Context<'_>) -> Nullable<Vec<AutomationTemplate>> {
            AutomationTemplate::of_entity(ctx, &self.record).await.transpose()
        }
        /// Runs of its templates in AWX, live, newest first.
        #[graphql(directive = crate::cost::page::apply())]
        async fn automation_jobs(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<AutomationJobConnection> {
            AutomationJobConnection::of_entity(ctx, &self.record, first, after).await.transpose()
        }
        /// What runs of it on OpenShift, live. Ordered by cluster, namespace and name.
        #[graphql(directive = crate::cost::page::apply())]
        async fn workloads(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Only workloads of this environment, such as `production`.")] environment: Option<String>,
            #[graphql(desc = "How many: 1 to 100; 20 unless given.", default = 20)] first: Option<i32>,
            #[graphql(desc = "Continue after this cursor.")] after: Option<String>,
        ) -> Nullable<WorkloadConnection> {
            Box::pin(WorkloadConnection::of_entity(ctx, &self.record, environment, first, after)).await.transpose()
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
        /// Its deployments, newest first. Needs the scope `deployments:read`.
        #[graphql(directive = crate::cost::page_of_either_end::apply())]
        async fn deployments(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Only these; `component` is given already.")] filter: Option<DeploymentFilter>,
            #[graphql(desc = "How many from the start: 1 to 100; 20 when `last` is not given either.")] first: Option<i32>,
            #[graphql(desc = "Start after this cursor.")] after: Option<String>,
            #[graphql(desc = "How many from the end: 1 to 100. Not together with `first`.")] last: Option<i32>,
            #[graphql(desc = "End before this cursor.")] before: Option<String>,
        ) -> Nullable<DeploymentConnection> {
            let load = async {
                let page = deployment_query::page(ctx, first, after, last, before)?;
                let filter = filter.unwrap_or_default();
                DeploymentConnection::of_component(ctx, &self.record.entity_ref, filter, page).await
            };
            Some(Box::pin(load).await)
        }
        /// What runs where now, one entry for each environment it was ever deployed to. Needs the scope `deployments:read`.
        #[graphql(directive = crate::cost::list_size::apply(Some(3), None, None, Some(false)))]
        async fn environments(&self, ctx: &Context<'_>) -> Nullable<Vec<EnvironmentState>> {
            Some(EnvironmentState::of_component(ctx, &self.record.entity_ref).await)
        }
        /// DORA's five measures. Needs the scope `deployments:read`.
        #[graphql(directive = crate::cost::cost::apply(2))]
        async fn delivery(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Days to measure, at most 400.")] range: DateRange,
            #[graphql(desc = "Only these environments; those of the tier `PRODUCTION` unless given.")] environment: Option<
                Vec<String>,
            >,
        ) -> Nullable<DeliveryMetrics> {
            Some(delivery::measure(ctx, Measured::Component, &self.record.entity_ref, range, environment).await)
        }
        /// What it costs. Needs the scope `cost:read`.
        #[graphql(directive = crate::cost::cost::apply(20))]
        async fn cost(
            &self,
            ctx: &Context<'_>,
            #[graphql(desc = "Which charges, and how to group them; `component` is given already.")] query: CostQuery,
        ) -> Nullable<CostReport> {
            Some(Box::pin(CostReport::load(ctx, query, CostParent::Component, Some(&self.record.entity_ref))).await)
        }
    }
}

entity_connection!(
    ComponentConnection,
    ComponentEdge,
    Component,
    "A page of components.",
    "An item of a page of components."
);
