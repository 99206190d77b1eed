//! `Viewer`: who is asking.

use async_graphql::{Context, Object};
use futures::future::try_join_all;

use super::{Team, User};
use crate::{error::Nullable, request::RequestData};

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
}
