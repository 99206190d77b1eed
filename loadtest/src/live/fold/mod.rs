//! Everything at once: writers, webhooks of which a part is lost, replicas and a Redis that are killed, sockets that are cut. What each
//! subscriber has folded from a snapshot and the changes after it is what the tables say at the end, and no cursor came twice.
//!
//! `ground` is what it runs on, `world` and `network` are GitLab and its webhooks, `writer` and `trouble` what happens, `subscriber` who
//! looks on, `healing` how long the table lacks something. It ends with `end`.

mod end;
mod folded;
mod ground;
mod healing;
mod network;
mod subscriber;
mod table;
mod trouble;
mod watching;
mod world;
mod writer;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use demo::postgres::Cluster;
use futures::future::try_join_all;
use rand::{SeedableRng, rngs::StdRng};
use serde_json::json;
use tokio::task::JoinSet;

use self::{
    ground::{Ground, addresses},
    healing::Ledger,
    subscriber::Subscriber,
    table::Table,
    trouble::Fleet,
    watching::{Eyes, Watching},
    world::World,
    writer::{Pace, WRITERS},
};
use super::LiveArgs;
use crate::place::Place;

const SEED: u64 = 20_261_129;
/// Longest wait until all that GitLab had before is in the table.
const READ_MAX: Duration = Duration::from_secs(120);

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let (changes, kills) = (args.changes, args.kills);
    let world = Arc::new(World::start().await?);
    let (ground, mut redis) = Ground::prepare(place, cluster, &world).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let addresses = [addresses(&mut random).await?, addresses(&mut random).await?];
    let callers = addresses.map(|[callers, _]| callers);
    let mut fleet = Fleet::start(&ground, addresses).await?;
    let table = Table::open(&ground.database_url).await?;
    let known = table.until_known(&world, READ_MAX).await?;
    println!("{changes} changes by {WRITERS} writers over 2 replicas that know {known} deployments …");

    // All of these end with it.
    let mut tasks = JoinSet::new();
    let subscribers = subscribers(&world)?;
    for (number, subscriber) in (SEED..).zip(&subscribers) {
        tasks.spawn(Arc::clone(subscriber).run(callers, number));
    }
    let ledger = Arc::new(Ledger::default());
    tasks.spawn(healing::run(Arc::clone(&ledger), ground.database_url.clone()));
    let mut network = JoinSet::new();
    network.spawn(network::run(Arc::clone(&world), callers, Arc::clone(&ledger), SEED));

    let started = Instant::now();
    let pace = Arc::new(Pace::new(trouble::step(changes, kills)));
    let writers = (0..WRITERS).map(|writer| {
        // What does not go up is done by the first.
        let own = changes / WRITERS + if writer == 0 { changes % WRITERS } else { 0 };
        writer::run(&ground, &pace, writer, own, args.rate)
    });
    let course = async {
        let trouble = trouble::run(&ground, &mut fleet, &mut redis, &ledger, &pace, changes, kills);
        let (done, _) = tokio::try_join!(trouble, try_join_all(writers))?;
        anyhow::Ok((done, started.elapsed()))
    };
    let (done, wrote) = tokio::select! {
        outcome = course => outcome?,
        failed = failed(&mut tasks) => return Err(failed),
    };
    network.shutdown().await;
    world.halt();
    let ending = end::run(&ground, &world, &table, &ledger, &subscribers, callers[0], args.judges_times);
    let mut bad = tokio::select! {
        outcome = ending => outcome?,
        failed = failed(&mut tasks) => return Err(failed),
    };
    println!(
        "  {} changes in {:.0} s, {:.0} a second; {} lines of entities in the change log, {} of deployments; replicas killed {} times, \
         Redis {} times; all of it took {:.0} s",
        pace.done(),
        wrote.as_secs_f64(),
        pace.done() as f64 / wrote.as_secs_f64(),
        table.lines("entity").await?,
        table.lines("deployment").await?,
        done.kills,
        done.redis_kills,
        started.elapsed().as_secs_f64()
    );
    bad.extend(end::judge(&ledger, &subscribers, args.judges_times));
    tasks.shutdown().await;
    fleet.stop().await;
    redis.stop().await?;
    if let Some(world) = Arc::into_inner(world) {
        world.simulator.stop().await;
    }
    Ok(bad.into_iter().map(|what| format!("fold: {what}")).collect())
}

/// Through several eyes, with several filters; each twice.
fn subscribers(world: &World) -> anyhow::Result<Vec<Arc<Subscriber>>> {
    let (engineer, admin) = (Eyes::of(&world.simulator, "engineer")?, Eyes::of(&world.simulator, "admin")?);
    let payments = json!({ "owner": ["group:default/payments"] });
    let all = [
        (Watching::entities("all entities an engineer sees", json!({})), &engineer),
        (Watching::entities("an engineer's team's entities", payments), &engineer),
        (Watching::entities("all entities", json!({})), &admin),
        (Watching::deployments("all deployments", json!({})), &engineer),
        (Watching::deployments("running deployments", json!({ "status": ["RUNNING"] })), &admin),
    ];
    let twice = all.iter().flat_map(|one| [one, one]);
    Ok(twice.map(|(watching, eyes)| Subscriber::new(watching.clone(), (*eyes).clone())).collect())
}

/// None of them ends but by a failure.
async fn failed(tasks: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Error {
    match tasks.join_next().await.context("nobody looks on") {
        Ok(Ok(Ok(()))) => anyhow::anyhow!("somebody looks on no more"),
        Ok(Ok(Err(error))) | Err(error) => error,
        Ok(Err(error)) => error.into(),
    }
}
