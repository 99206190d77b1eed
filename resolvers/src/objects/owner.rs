//! `Owner`: who can own things.

use async_graphql::{Context, Union};
use schema::EntityRef;

use super::{Entity, Team, User};
use crate::error::Result;

/// Who can own things.
#[derive(Union, Clone)]
pub enum Owner {
    /// A team.
    Team(Team),
    /// A person.
    User(User),
}

impl Owner {
    /// Loads the owner with this reference; none when it is not there, hidden, or neither a team nor a person.
    pub async fn load(ctx: &Context<'_>, owner_ref: &EntityRef) -> Result<Option<Self>> {
        Ok(match Entity::load(ctx, owner_ref).await? {
            Some(Entity::Team(team)) => Some(Self::Team(team)),
            Some(Entity::User(user)) => Some(Self::User(user)),
            _ => None,
        })
    }
}
