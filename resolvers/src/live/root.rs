//! `EventRoot`: the fields of `Subscription`. Each says what it wants when it is asked, and gives the event when there is one.

use std::{borrow::Cow, pin::Pin};

use async_graphql::{Context, ID, Object, OutputType, Response, SubscriptionType, registry::Registry};
use futures::Stream;
use schema::{CostFilter, DeploymentFilter, EntityFilter, FilterError, NodeId, scope};

use super::{
    Delivery, Topic, Wanted, delivery,
    job::JobEvent,
    unions::{CostEvent, DeploymentEvent, EntityEvent, SourceEvent},
};
use crate::{
    error::{Nullable, Result, bad_input},
    objects::Job,
    request::RequestData,
};

/// The root of subscriptions.
pub struct EventRoot;

// What clients read:
/// What changes while one looks on. Every event has a cursor: a client that passes the last one it saw as `after`
/// gets each later change once, or a `Gap` that says what is lost. Any query can return the cursor of its answer in
/// `extensions.cursor`; a subscription from there continues it exactly. Losing access to an object looks like its
/// deletion, gaining access like its creation.
#[Object(name = "Subscription")]
impl EventRoot {
    /// Changes of catalog entities.
    async fn entity_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only entities that match. One that stops matching is sent as `DELETED`.")] filter: Option<
            EntityFilter,
        >,
        #[graphql(
            desc = "Continue after this cursor: the last one seen, or one from `extensions.cursor`. From now on without it."
        )]
        after: Option<String>,
        #[graphql(
            default,
            desc = "First send all that matches now as `SNAPSHOT` events and a `SnapshotEnd`, then what changes. Not together with\n`after`."
        )]
        snapshot: bool,
    ) -> Nullable<EntityEvent> {
        let wanted = match delivery(ctx) {
            Delivery::Event(event) => return EntityEvent::of(event).map(Ok),
            Delivery::Asked(wanted) => wanted,
        };
        let ask = async || {
            RequestData::of(ctx).require(scope::CATALOG_READ, "entityChanged", None).await?;
            if snapshot && after.is_some() {
                return Err(bad_input("`snapshot` and `after` exclude each other: the first begins anew"));
            }
            let filter = filter.unwrap_or_default();
            let checked = filter.validate().map_err(|error: FilterError| error.to_string());
            checked.and_then(|()| watchable(&filter)).map_err(bad_input)?;
            let _ = wanted.set(Box::new(Wanted { topic: Topic::Entities(filter), after, snapshot }));
            Ok(())
        };
        ask().await.err().map(Err)
    }

    /// Changes of deployments. Needs the scope `deployments:read`.
    async fn deployment_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only deployments that match.")] filter: Option<DeploymentFilter>,
        #[graphql(
            desc = "Continue after this cursor: the last one seen, or one from `extensions.cursor`. From now on without it."
        )]
        after: Option<String>,
    ) -> Nullable<DeploymentEvent> {
        let wanted = match delivery(ctx) {
            Delivery::Event(event) => return DeploymentEvent::of(event).map(Ok),
            Delivery::Asked(wanted) => wanted,
        };
        let ask = async || -> Result<()> {
            RequestData::of(ctx).require(scope::DEPLOYMENTS_READ, "deploymentChanged", None).await?;
            let filter = filter.unwrap_or_default();
            filter.validate().map_err(|error| bad_input(error.to_string()))?;
            let _ = wanted.set(Box::new(Wanted { topic: Topic::Deployments(filter), after, snapshot: false }));
            Ok(())
        };
        ask().await.err().map(Err)
    }

    /// New cost data, closed periods, budgets and anomalies. Needs the scope `cost:read`.
    async fn cost_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only events that touch these charges.")] filter: Option<CostFilter>,
        #[graphql(
            desc = "Continue after this cursor: the last one seen, or one from `extensions.cursor`. From now on without it."
        )]
        after: Option<String>,
    ) -> Nullable<CostEvent> {
        let wanted = match delivery(ctx) {
            Delivery::Event(event) => return CostEvent::of(event).map(Ok),
            Delivery::Asked(wanted) => wanted,
        };
        let ask = async || -> Result<()> {
            RequestData::of(ctx).require(scope::COST_READ, "costChanged", None).await?;
            let filter = filter.unwrap_or_default();
            filter.checked().map_err(|error| bad_input(error.to_string()))?;
            let _ = wanted.set(Box::new(Wanted { topic: Topic::Costs(filter), after, snapshot: false }));
            Ok(())
        };
        ask().await.err().map(Err)
    }

    /// Changes of health, version or quota of a source.
    async fn source_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Continue after this cursor: the last one seen, or one from `extensions.cursor`. From now on without it."
        )]
        after: Option<String>,
    ) -> Option<SourceEvent> {
        match delivery(ctx) {
            Delivery::Event(event) => SourceEvent::of(event),
            Delivery::Asked(wanted) => {
                let _ = wanted.set(Box::new(Wanted { topic: Topic::Sources, after, snapshot: false }));
                None
            }
        }
    }

    /// The course of one job until it has ended; then the stream completes. Needs the scope `deployments:read`.
    async fn job_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `id` of a pipeline, automation job or Terraform run.")] id: ID,
        #[graphql(
            desc = "Continue after this cursor: the last one seen, or one from `extensions.cursor`. From now on without it."
        )]
        after: Option<String>,
    ) -> Nullable<JobEvent> {
        let wanted = match delivery(ctx) {
            Delivery::Event(event) => return JobEvent::of(ctx, event).await,
            Delivery::Asked(wanted) => wanted,
        };
        let ask = async || -> Result<()> {
            let request = RequestData::of(ctx);
            request.require(scope::DEPLOYMENTS_READ, "jobProgress", None).await?;
            request.require(scope::CATALOG_READ, "jobProgress", None).await?;
            let is_job = |id: &NodeId| Job::TYPES.contains(&id.type_name.as_str());
            if !NodeId::decode(&id).as_ref().is_some_and(is_job) {
                return Err(bad_input("`id` is not that of a pipeline, automation job or Terraform run"));
            }
            let _ = wanted.set(Box::new(Wanted { topic: Topic::Job(id.0.clone()), after, snapshot: false }));
            Ok(())
        };
        ask().await.err().map(Err)
    }
}

/// Whether every condition of the filter is told with a change of the entity itself. What depends on others changes without one, and
/// nobody would hear of it.
fn watchable(filter: &EntityFilter) -> std::result::Result<(), String> {
    for (name, is_there) in
        [("ownership", filter.ownership.is_some()), ("hasProcessingErrors", filter.has_processing_errors.is_some())]
    {
        if is_there {
            return Err(format!(
                "`{name}` cannot be watched, because it changes without the entity: leave it out and read it from the entity"
            ));
        }
    }
    filter.any.iter().flatten().chain(filter.not.as_deref()).try_for_each(watchable)
}

/// `Subscription` as the SDL names it. It is never streamed from: see the head of this module.
pub struct Subscription;

impl SubscriptionType for Subscription {
    fn type_name() -> Cow<'static, str> {
        <EventRoot as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <EventRoot as OutputType>::create_type_info(registry)
    }

    fn create_field_stream<'a>(
        &'a self,
        _: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        None
    }
}
