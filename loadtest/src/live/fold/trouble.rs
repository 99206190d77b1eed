//! What happens to replicas and to Redis while writers write: one thing after the other, evenly over all changes.

use std::net::SocketAddr;

use anyhow::Context;
use demo::redis::RedisServer;

use super::{ground::Ground, healing::Ledger, writer::Pace};
use crate::gateway::Gateway;

/// How often Redis is killed, and comes back empty.
pub(super) const REDIS_KILLS: usize = 3;

/// The replicas, each at its addresses.
pub(super) struct Fleet {
    pub(super) addresses: [[SocketAddr; 2]; 2],
    gateways: Vec<Gateway>,
    starts: usize,
}

/// What has been done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) kills: usize,
    pub(super) redis_kills: usize,
}

impl Fleet {
    pub(super) async fn start(ground: &Ground<'_>, addresses: [[SocketAddr; 2]; 2]) -> anyhow::Result<Self> {
        let mut gateways = Vec::new();
        for (number, addresses) in addresses.iter().enumerate() {
            gateways.push(ground.replica(&format!("{number}-0"), *addresses).await?);
        }
        Ok(Self { addresses, gateways, starts: 1 })
    }

    /// Kills the replica that has lived longest, and starts it again once `meanwhile` is over.
    async fn kill(
        &mut self,
        ground: &Ground<'_>,
        meanwhile: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let number = (self.starts + 1) % 2;
        self.gateways.swap_remove(number).kill().await?;
        meanwhile.await?;
        let addresses = self.addresses.get(number).context("a replica has addresses")?;
        self.gateways.push(ground.replica(&format!("{number}-{}", self.starts), *addresses).await?);
        if number == 0 {
            self.gateways.swap(0, 1);
        }
        self.starts += 1;
        Ok(())
    }

    pub(super) async fn stop(self) {
        for gateway in self.gateways {
            gateway.stop().await;
        }
    }
}

/// How many changes lie between two troubles.
pub(super) fn step(changes: usize, kills: usize) -> usize {
    (changes / (kills + REDIS_KILLS + 1)).max(1)
}

/// Makes all the trouble, and lets writers go on from one to the next.
pub(super) async fn run(
    ground: &Ground<'_>,
    fleet: &mut Fleet,
    redis: &mut RedisServer,
    ledger: &Ledger,
    pace: &Pace,
    changes: usize,
    kills: usize,
) -> anyhow::Result<Done> {
    let mut done = Done::default();
    let (all, step) = (kills + REDIS_KILLS, step(changes, kills));
    for turn in 0..all {
        let at = step * turn + step / 2;
        pace.until(at).await?;
        // Some is written while it lacks.
        let meanwhile = pace.until(at + step / 4);
        if (turn + 1) * REDIS_KILLS / all > turn * REDIS_KILLS / all {
            redis.kill().await?;
            meanwhile.await?;
            redis.revive().await?;
            done.redis_kills += 1;
        } else {
            ledger.killed();
            fleet.kill(ground, meanwhile).await?;
            done.kills += 1;
        }
        pace.allow(step * (turn + 2));
    }
    pace.allow(usize::MAX);
    Ok(done)
}
