//! Records of the ownership report.

use async_graphql::SimpleObject;

use crate::EntityRef;

/// Entities by state of ownership. The four states add up to `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, SimpleObject)]
pub struct OwnershipSummary {
    /// All entities counted.
    pub total: i32,
    /// With an owner that can act: a person, or a team with people in it or below it.
    pub owned: i32,
    /// Without a declared owner.
    pub unowned: i32,
    /// With a declared owner that is not in the catalog.
    pub owner_unknown: i32,
    /// Owned by a team with nobody in it or below it.
    pub owner_empty: i32,
}

/// Ownership of one kind.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct OwnershipByKind {
    /// The kind, such as `Component`.
    pub kind: String,
    /// Its entities by state of ownership.
    pub summary: OwnershipSummary,
}

/// Ownership by one team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipByTeamRecord {
    /// The team, as declared.
    pub team_ref: EntityRef,
    /// Its entities by state of ownership.
    pub summary: OwnershipSummary,
}

/// The state of ownership over all kinds that can have an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnershipReportRecord {
    /// When it was counted.
    pub at: crate::DateTime,
    /// All entities that the filter matches.
    pub totals: OwnershipSummary,
    /// The same for each kind, by kind.
    pub by_kind: Vec<OwnershipByKind>,
    /// The same for each team that is declared as an owner, most entities first; at most 1,000.
    pub by_team: Vec<OwnershipByTeamRecord>,
}
