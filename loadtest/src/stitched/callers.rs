//! Who asks: somebody of each of the two tenants, with and without the right to pass caches.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use demo::{estate::roles, platform::claims};
use simulator::Simulator;

use crate::{
    client::{Shot, Target},
    gateway::headers,
};

/// One role of each tenant.
const ROLES: [&str; 2] = ["admin", "other_tenant_engineer"];

/// The same request by a caller of each tenant, at each of these gateways in turn. `is_cold`: past every cache.
pub(crate) fn of_each_tenant(
    simulator: &Simulator,
    gateways: &[SocketAddr],
    shots: &[Shot],
    is_cold: bool,
) -> anyhow::Result<Vec<Arc<Target>>> {
    let mut targets = Vec::new();
    for address in gateways {
        for name in ROLES {
            let role = roles().into_iter().find(|role| role.name == name).context("there is no such role")?;
            let mut claims = claims(&role);
            claims.scopes.push("cache:bypass".to_owned());
            let headers = headers(&simulator.issuer().token(&claims), is_cold)?;
            targets.push(Target::new(*address, headers, shots.to_vec())?);
        }
    }
    Ok(targets)
}
