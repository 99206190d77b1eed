//! `Viewer`: who is asking.

use async_graphql::{Context, Object};
use futures::future::try_join_all;
use schema::DateTime;

use super::{Team, User};
use crate::{
    error::Nullable,
    request::{RequestData, Standing},
};

/// Most teams of a viewer that are looked up.
const TEAMS_MAX: usize = 200;

/// Who is asking.
pub struct Viewer;

/// Who is asking.
#[Object]
impl Viewer {
    /// The subject of the access token; stable, and unique within its issuer.
    async fn subject<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &RequestData::of(ctx).visibility().subject
    }
    /// The tenant whose data this graph shows.
    async fn tenant<'a>(&self, ctx: &Context<'a>) -> &'a str {
        &RequestData::of(ctx).visibility().tenant
    }
    /// The viewer in the catalog; null when not there.
    async fn user(&self, ctx: &Context<'_>) -> Nullable<User> {
        let user = RequestData::of(ctx).visibility().user.as_ref()?;
        User::load(ctx, user).await.transpose()
    }
    /// The viewer's teams that are in the catalog, by reference; at most 200.
    async fn teams(&self, ctx: &Context<'_>) -> Nullable<Vec<Team>> {
        let mut refs = RequestData::of(ctx).visibility().teams.clone();
        refs.sort_unstable();
        refs.dedup();
        refs.truncate(TEAMS_MAX);
        let teams = try_join_all(refs.iter().map(|team| Team::load(ctx, team))).await;
        Some(teams.map(|teams| teams.into_iter().flatten().collect()))
    }
    /// What the viewer may do, such as `catalog:read`.
    async fn scopes<'a>(&self, ctx: &Context<'a>) -> Vec<&'a str> {
        RequestData::of(ctx).visibility().scopes.iter().map(String::as_str).collect()
    }
    /// What the viewer may still ask.
    async fn rate_limit(&self, ctx: &Context<'_>) -> Option<RateLimit> {
        RequestData::of(ctx).standing().cloned().map(RateLimit)
    }
}

/// What a viewer may ask. Each operation costs points by what it selects.
pub struct RateLimit(Standing);

/// What a viewer may ask. Each operation costs points by what it selects.
#[Object]
impl RateLimit {
    /// Points in each window.
    async fn limit(&self) -> i32 {
        self.0.limit
    }
    /// Points left, this operation deducted by its estimate.
    async fn remaining(&self) -> i32 {
        self.0.remaining
    }
    /// The estimate for this operation, in points.
    async fn cost(&self) -> i32 {
        self.0.cost
    }
    /// Length of the window, in seconds.
    async fn window_seconds(&self) -> i32 {
        self.0.window_seconds
    }
    /// When all points are back.
    async fn reset_at(&self) -> DateTime {
        self.0.reset_at
    }
}
