//! `Visibility`: who asks, as every read needs to know it. It is made from a verified token and never from anything else.

use std::collections::BTreeSet;

use crate::EntityRef;

/// What a caller may be allowed to do. The values are those of the token's scope claim.
pub mod scope {
    /// Read the catalog.
    pub const CATALOG_READ: &str = "catalog:read";
    /// Change the catalog.
    pub const CATALOG_WRITE: &str = "catalog:write";
    /// Read deployments and what is measured by them.
    pub const DEPLOYMENTS_READ: &str = "deployments:read";
    /// Read the cost of the caller's own teams, and of the teams below them.
    pub const COST_READ: &str = "cost:read";
    /// Read everybody's cost.
    pub const COST_READ_ALL: &str = "cost:read:all";
    /// Read the audit log.
    pub const AUDIT_READ: &str = "audit:read";
    /// Ask the sources anew, past every cache.
    pub const CACHE_BYPASS: &str = "cache:bypass";
    /// Everything, and sight of everything in the tenant.
    pub const ADMIN: &str = "admin";
}

/// Whose eyes a read looks through. The first argument of every read; its predicate stands in the SQL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visibility {
    /// The tenant whose data is read; nothing of another one exists.
    pub tenant: String,
    /// The subject of the token.
    pub subject: String,
    /// The caller's own entity, whether or not the catalog has it.
    pub user: Option<EntityRef>,
    /// The caller's teams, as the token says; whether or not the catalog has them.
    pub teams: Vec<EntityRef>,
    /// The caller's scopes.
    pub scopes: BTreeSet<String>,
}

impl Visibility {
    /// The caller sees all of the tenant, team-only entities too.
    pub fn sees_all(&self) -> bool {
        self.scopes.contains(scope::ADMIN)
    }

    /// The caller has this scope; `admin` has every one.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.contains(scope) || self.sees_all()
    }

    /// References of the caller and of the caller's teams, as texts for a statement.
    pub fn own_refs(&self) -> Vec<String> {
        self.user.iter().chain(&self.teams).map(|own| own.as_str().to_owned()).collect()
    }
}
