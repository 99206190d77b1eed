//! `weft-load fair`: what becomes of callers when more is asked than is granted or can be done.
//!
//! `limits`: callers at three times their points over two replicas, Redis killed in the middle. `noisy`: one tenant asks ten times as
//! much as another. `overload`: ten times as much arrives as can be answered.

mod limits;
mod load;
mod noisy;
mod overload;
mod wire;

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use serde_json::{Value, json};

use crate::{place::Place, platform::with_postgres};

/// What is run, and how long.
pub(crate) struct FairArgs {
    /// Only this part.
    pub(crate) part: Option<String>,
    /// How long each load lasts.
    pub(crate) lasting: Duration,
    /// Another program of the gateway than the release build.
    pub(crate) program: Option<PathBuf>,
}

/// Nobody is refused for asking much.
const UNLIMITED: [(&str, &str); 1] = [("WEFT_SERVER__RESPONSE_CACHE", "0")];

/// A page that takes some milliseconds, so that the load itself takes little of the machine beside it.
const PAGE: &str = "query($first: Int!) { components(first: $first) { nodes { ref title description tags \
    owner { __typename ... on Team { ref title } } system { ref title domain { ref } } relations(first: 10) { nodes { type target { ref title } } } } } }";
/// Lengths of pages, so that what is asked at the same time is not the same, which would be read once for all.
const LENGTHS: std::ops::RangeInclusive<u32> = 81..=100;

/// Requests for pages.
fn pages() -> Vec<Value> {
    LENGTHS.map(|first| json!({ "query": PAGE, "variables": { "first": first } })).collect()
}

/// Runs the parts; an error when one does not show what it should.
pub(crate) async fn run(args: FairArgs) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(args.program);
    let is_wanted = |name: &str| args.part.as_deref().is_none_or(|part| part == name);
    let lasting = args.lasting;
    let bad = with_postgres(&place, async |cluster| {
        let mut bad = Vec::new();
        if is_wanted("limits") {
            bad.extend(limits::run(&place, cluster, lasting, false).await?);
            bad.extend(limits::run(&place, cluster, lasting, true).await?);
        }
        if is_wanted("noisy") {
            bad.extend(noisy::run(&place, cluster, lasting / 4).await?);
        }
        if is_wanted("overload") {
            bad.extend(overload::run(&place, cluster, lasting).await?);
        }
        Ok(bad)
    })
    .await?;
    ensure!(bad.is_empty(), "{}", bad.join("; "));
    Ok(())
}
