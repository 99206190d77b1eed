//! Webhooks while the gateway that takes them is killed, between every two steps of their lives, again and again.
//!
//! A `plan` says what is sent, a `sender` sends it until it is answered, a `victim` is killed at a `step`: by the sender, by a `gate`
//! before the fake GitLab, or by a `watch` on Postgres. `found` looks what stands in the end.

mod found;
mod gate;
mod message;
mod plan;
mod sender;
mod step;
mod tally;
mod victim;
mod watch;
mod world;

use std::{collections::VecDeque, sync::Arc, time::Instant};

use anyhow::Context;
use demo::postgres::Cluster;
use futures::future::try_join_all;
use simulator::Clock;
use tokio::sync::mpsc;

use self::{
    found::Found,
    plan::{Message, Plan},
    step::Step,
    tally::Tally,
    victim::{Start, Victim},
    watch::Watch,
};
use super::{LiveArgs, board::lock};
use crate::place::Place;

/// Webhooks of a round, in each of which it is killed once; and how often at each step.
const ROUND: usize = 70;
const KILLS: (usize, usize) = (2, 12);
/// Who sends at once.
const SENDERS: usize = 8;

pub(super) async fn run(place: &Place, cluster: &Cluster, args: &LiveArgs) -> anyhow::Result<Vec<String>> {
    let hooks = args.hooks;
    let rounds = (hooks / ROUND / Step::ALL.len()).clamp(KILLS.0, KILLS.1) * Step::ALL.len();
    println!("{hooks} webhooks to a gateway that is killed {rounds} times …");
    let simulator = world::start(hooks).await?;
    let database_url = world::catalog(place, cluster, hooks).await?;
    let bound = gate::Bound::bind().await?;
    let variables = [
        ("DATABASE_URL", database_url.as_str()),
        ("GITLAB_TOKEN", simulator.gitlab_token()),
        ("HOOK_TOKEN", plan::TOKEN),
        ("HOOK_SIGNING", plan::SIGNING),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let config = world::write_config(place, bound.1)?;
    let victim = Arc::new(Victim::new(Start { config, variables }));
    let upstream = simulator.gitlab_url().trim_start_matches("http://").parse().context("the address of GitLab")?;
    let (asked, waiting) = mpsc::channel(1);
    let gate = bound.open(upstream, Arc::clone(&victim), asked);
    victim.start(place).await?;
    let found = Found::connect(&database_url).await?;
    found.first_scan().await?;
    let story = world::story(simulator.gitlab(), hooks)?;
    let plan = Plan::new(story.good, story.decoys, rounds);
    let mut watch = Watch::connect(&database_url, waiting).await?;

    let (mut tally, started) = (Tally::default(), Instant::now());
    for (number, step) in (0..rounds).zip(Step::ALL.into_iter().cycle()) {
        let messages = plan.round(number, Clock::system().now())?;
        round(step, messages, &victim, &mut watch, &mut tally, place)
            .await
            .with_context(|| format!("round {number}, killed where a webhook is: {}", step.name()))?;
        found.short_queue().await?;
    }
    let sent = started.elapsed();
    found.empty_queue().await?;
    let emptied = started.elapsed();
    tally.print();
    let (again, most) = found.attempts().await?;
    let downtimes = victim.downtimes();
    let mean = downtimes.iter().sum::<std::time::Duration>().as_secs_f64() / downtimes.len().max(1) as f64;
    println!(
        "  {:.0} s until all were answered, {:.1} s more until the queue was empty; a start took {mean:.2} s; {again} attempts did not \
         come to their end, at most {most} for a webhook",
        sent.as_secs_f64(),
        (emptied - sent).as_secs_f64()
    );
    let mut bad = Vec::new();
    for (what, count) in found.wrong(&story.expected, &tally.answered).await? {
        println!("  {count:>6} {what}");
        if count > 0 {
            bad.push(format!("webhooks: {count} {what}"));
        }
    }
    victim.stop().await;
    drop(gate);
    simulator.stop().await;
    Ok(bad)
}

/// Sends all of a round, while the gateway is killed once and starts again.
async fn round(
    step: Step,
    messages: Vec<Message>,
    victim: &Victim,
    watch: &mut Watch,
    tally: &mut Tally,
    place: &Place,
) -> anyhow::Result<()> {
    let before = watch.hold(step).await?;
    victim.arm(step);
    let killing = async {
        tokio::try_join!(watch.kill_at(step, before, victim), victim.ended(step))?;
        watch.release().await?;
        tally.killed(step);
        victim.start(place).await
    };
    let (waiting, answered) = (std::sync::Mutex::new(VecDeque::from(messages)), std::sync::Mutex::new(Vec::new()));
    let sending = try_join_all((0..SENDERS).map(async |_| {
        loop {
            let next = lock(&waiting).pop_front();
            let Some(message) = next else { return anyhow::Ok(()) };
            let outcome = sender::deliver(&message, victim).await?;
            sender::check(message.kind, &outcome)?;
            lock(&answered).push((message, outcome));
        }
    }));
    tokio::try_join!(killing, sending)?;
    for (message, outcome) in answered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        tally.add(&message, &outcome);
    }
    Ok(())
}
