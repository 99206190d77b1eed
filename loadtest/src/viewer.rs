//! Through whose eyes everything is read: an engineer of the demo, who sees what all see and what is for the own team.

use demo::{
    estate::{Role, roles},
    platform::claims,
};
use simulator::issuer::Claims;

/// The scope that lets a caller ask past every cache.
const BYPASS: &str = "cache:bypass";

/// The engineer, as `direct` needs to know it.
#[derive(Clone)]
pub(crate) struct Viewer {
    pub(crate) tenant: String,
    /// The caller and the caller's teams, as references.
    pub(crate) own_refs: Vec<String>,
}

impl Viewer {
    /// The demo's engineer.
    pub(crate) fn engineer() -> anyhow::Result<Self> {
        let role = engineer()?;
        let mut own_refs = vec![format!("user:default/{}", role.user)];
        own_refs.extend(role.teams.iter().map(|team| format!("group:default/{team}")));
        Ok(Self { tenant: role.tenant.to_owned(), own_refs })
    }
}

/// What the engineer's tokens say, with the scope to pass caches.
pub(crate) fn engineer_claims() -> anyhow::Result<Claims> {
    let mut claims = claims(&engineer()?);
    claims.scopes.push(BYPASS.to_owned());
    Ok(claims)
}

fn engineer() -> anyhow::Result<Role> {
    roles().into_iter().find(|role| role.name == "engineer").ok_or_else(|| anyhow::anyhow!("there is no engineer"))
}
