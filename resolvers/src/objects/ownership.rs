//! `OwnershipReport`: how much has an owner that can act.

use async_graphql::{Context, Object};
use schema::{DateTime, EntityRef, OwnershipByKind, OwnershipByTeamRecord, OwnershipReportRecord, OwnershipSummary};

use super::Team;
use crate::error::Nullable;

/// The state of ownership over all kinds that can have an owner.
pub struct OwnershipReport(pub OwnershipReportRecord);

/// The state of ownership over all kinds that can have an owner.
#[Object]
impl OwnershipReport {
    /// When it was counted.
    async fn at(&self) -> DateTime {
        self.0.at
    }
    /// All entities that the filter matches.
    async fn totals(&self) -> OwnershipSummary {
        self.0.totals
    }
    /// The same for each kind, by kind.
    async fn by_kind(&self) -> &[OwnershipByKind] {
        &self.0.by_kind
    }
    /// The same for each team that is declared as an owner, most entities first; at most 1,000.
    #[graphql(directive = crate::cost::list_size::apply(Some(1_000), None, None, Some(false)))]
    async fn by_team(&self) -> Vec<OwnershipByTeam> {
        self.0.by_team.iter().cloned().map(OwnershipByTeam).collect()
    }
}

/// Ownership by one team.
pub struct OwnershipByTeam(OwnershipByTeamRecord);

/// Ownership by one team.
#[Object]
impl OwnershipByTeam {
    /// The team, as declared.
    async fn team_ref(&self) -> EntityRef {
        self.0.team_ref.clone()
    }
    /// The team; null when it is not in the catalog.
    async fn team(&self, ctx: &Context<'_>) -> Nullable<Team> {
        Team::load(ctx, &self.0.team_ref).await.transpose()
    }
    /// Its entities by state of ownership.
    async fn summary(&self) -> OwnershipSummary {
        self.0.summary
    }
}
