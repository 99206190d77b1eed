//! The demo's roles: who one can be.

use super::{DEFAULT_TENANT, OTHER_TENANT, people::person};

/// Who one can be.
#[derive(Debug, Clone)]
pub struct Role {
    /// What it is called in `demo.json`.
    pub name: &'static str,
    /// The subject of its tokens.
    pub subject: String,
    /// Its user in the catalog, by name: the same as the subject.
    pub user: String,
    /// Its tenant.
    pub tenant: &'static str,
    /// Its teams.
    pub teams: Vec<&'static str>,
    /// Its scopes.
    pub scopes: Vec<&'static str>,
}

/// All roles.
pub fn roles() -> Vec<Role> {
    let engineer = ["catalog:read", "deployments:read", "cost:read"];
    let role = |name, number, tenant, team, scopes: &[&'static str]| Role {
        name,
        subject: person(number),
        user: person(number),
        tenant,
        teams: vec![team],
        scopes: scopes.to_vec(),
    };
    // The numbers are those of the people whom `organisation` puts into these teams.
    vec![
        role("engineer", 10, DEFAULT_TENANT, "payments", &engineer),
        role(
            "finops",
            19,
            DEFAULT_TENANT,
            "finance",
            &["catalog:read", "cost:read", "cost:read:all", "deployments:read"],
        ),
        role(
            "admin",
            35,
            DEFAULT_TENANT,
            "developer-platform",
            &[
                "catalog:read",
                "catalog:write",
                "deployments:read",
                "cost:read",
                "cost:read:all",
                "budget:write",
                "audit:read",
                "cache:bypass",
                "admin",
            ],
        ),
        role("other_tenant_engineer", 106, OTHER_TENANT, "payments", &engineer),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::Estate;
    use super::*;

    #[test]
    fn every_role_is_somebody_in_the_team_it_names() {
        let estate = Estate::standard();
        for role in roles() {
            let user = estate.entities(role.tenant).find(|entity| entity.kind == "User" && entity.name == role.user);
            let user = user.unwrap_or_else(|| panic!("{} is not there", role.subject));
            let team = role.teams.first().copied().unwrap_or_default();
            assert!(
                user.targets.contains(&("group", team.to_owned())),
                "{} is not in {team}: {:?}",
                role.subject,
                user.targets
            );
        }
    }
}
