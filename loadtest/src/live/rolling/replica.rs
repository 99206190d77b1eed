//! `Replica`: a gateway that ends in order and starts again at the same address.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::net::TcpListener;

use crate::{gateway::Gateway, place::Place};

/// Longer than it may take to go.
const ENDED_MAX: Duration = Duration::from_secs(20);

/// Nobody connects from here: while a replica is down, a port of the usual address might become that of a client.
const HOST: Ipv4Addr = Ipv4Addr::new(127, 2, 0, 1);

/// A gateway that can come back to where it listens.
pub(super) async fn start(place: &Place, variables: &[(String, String)], number: usize) -> anyhow::Result<Gateway> {
    let addresses = (free_address().await?, free_address().await?);
    Gateway::start_at(place, &place.config(), variables, &name(number), addresses).await
}

async fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((HOST, 0)).await?.local_addr()?)
}

fn name(number: usize) -> String {
    format!("rolling-{number}")
}

pub(super) struct Replica {
    name: String,
    gateway: Option<Gateway>,
}

impl Replica {
    pub(super) fn new(number: usize, gateway: Gateway) -> Self {
        Self { name: name(number), gateway: Some(gateway) }
    }

    /// Has it end and start again, and waits until it is ready; how long it took to end, and to start.
    pub(super) async fn restart(
        &mut self,
        place: &Place,
        variables: &[(String, String)],
    ) -> anyhow::Result<(Duration, Duration)> {
        let gateway = self.gateway.take().context("a gateway")?;
        let (addresses, asked) = (gateway.addresses(), Instant::now());
        gateway.ended_in_order(ENDED_MAX).await?;
        let (ended, started) = (asked.elapsed(), Instant::now());
        let gateway = Gateway::start_at(place, &place.config(), variables, &self.name, addresses).await?;
        self.gateway = Some(gateway);
        Ok((ended, started.elapsed()))
    }

    pub(super) async fn stop(self) {
        if let Some(gateway) = self.gateway {
            gateway.stop().await;
        }
    }
}
