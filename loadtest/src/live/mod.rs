//! `weft-load live`: subscriptions of many.
//!
//! `fanout`: one event to all, beside a server that does nothing else. `filters`: as many filters as subscribers. `slow`: subscribers that
//! stop to read. `drain`: a replica goes, and its subscribers go on at the other. `rolling`: two replicas are restarted in turns under load.
//! `webhooks`: who takes them is killed at each step of their lives. `fold`: everything at once, and what subscribers make of it is what the
//! tables say. A `crowd` of clients speaks over a `wire` of its own and tells a `board` what it sees; a `publisher` changes the catalog.

mod bare;
mod board;
mod client;
mod crowd;
mod descriptors;
mod drain;
mod fanout;
mod figures;
mod filters;
mod fold;
mod publish;
mod rolling;
mod slow;
mod stage;
mod webhooks;
mod wire;

use std::path::PathBuf;

use anyhow::ensure;

pub(crate) use bare::serve as serve_broadcast;

use crate::{place::Place, platform::with_postgres};

const PARTS: [&str; 7] = ["fanout", "filters", "slow", "drain", "rolling", "webhooks", "fold"];

/// What is run, and how large.
pub(crate) struct LiveArgs {
    /// Only this part.
    pub(crate) part: Option<String>,
    pub(crate) subscribers: usize,
    pub(crate) rounds: usize,
    /// How long slow ones do not read.
    pub(crate) seconds: u64,
    /// Changes that `fold` makes, and how often it kills a replica.
    pub(crate) changes: usize,
    /// At most so many of them a second.
    pub(crate) rate: f64,
    pub(crate) kills: usize,
    /// Whether `fold` fails where something heals late; else only where it does not.
    pub(crate) judges_times: bool,
    /// Webhooks that are sent.
    pub(crate) hooks: usize,
    /// Another program of the gateway than the release build.
    pub(crate) program: Option<PathBuf>,
}

/// Runs the parts; an error when one does not show what it should.
pub(crate) async fn run(mut args: LiveArgs) -> anyhow::Result<()> {
    // Before anything is started: this process may begin anew.
    args.subscribers = descriptors::allowed(args.subscribers)?;
    let place = Place::find()?.with_program(args.program.clone());
    if let Some(part) = args.part.as_deref() {
        ensure!(PARTS.contains(&part), "there is no part `{part}`: {}", PARTS.join(", "));
    }
    let is_wanted = |name: &str| args.part.as_deref().is_none_or(|part| part == name);
    let bad = with_postgres(&place, async |cluster| {
        let mut bad = Vec::new();
        if is_wanted("fanout") {
            bad.extend(fanout::run(&place, cluster, &args).await?);
        }
        if is_wanted("filters") {
            bad.extend(filters::run(&place, cluster, &args).await?);
        }
        if is_wanted("slow") {
            bad.extend(slow::run(&place, cluster, &args).await?);
        }
        if is_wanted("drain") {
            bad.extend(drain::run(&place, cluster, &args).await?);
        }
        if is_wanted("rolling") {
            bad.extend(rolling::run(&place, cluster, &args).await?);
        }
        if is_wanted("webhooks") {
            bad.extend(webhooks::run(&place, cluster, &args).await?);
        }
        // Ten minutes of its own: only where it is asked for.
        if args.part.as_deref() == Some("fold") {
            bad.extend(fold::run(&place, cluster, &args).await?);
        }
        Ok(bad)
    })
    .await?;
    ensure!(bad.is_empty(), "{}", bad.join("; "));
    Ok(())
}
