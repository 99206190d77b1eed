//! Writers: each changes components of its own at random, several in one transaction, as `weft import catalog` takes a folder over.

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

use anyhow::Context;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::sync::watch;

use super::ground::Ground;

pub(super) const WRITERS: usize = 8;
/// Components of a writer.
const COMPONENTS: usize = 80;
/// Most changes of a transaction.
const TOGETHER: usize = 80;
/// Longest wait for others: writers for a replica that starts, kills for writers.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// How many changes are done, and how far writers may go.
pub(super) struct Pace {
    done: watch::Sender<usize>,
    allowed: watch::Sender<usize>,
}

impl Pace {
    pub(super) fn new(allowed: usize) -> Self {
        Self { done: watch::Sender::new(0), allowed: watch::Sender::new(allowed) }
    }

    pub(super) fn done(&self) -> usize {
        *self.done.borrow()
    }

    pub(super) fn allow(&self, allowed: usize) {
        self.allowed.send_replace(allowed);
    }

    /// Waits until so many changes are done.
    pub(super) async fn until(&self, count: usize) -> anyhow::Result<()> {
        let mut done = self.done.subscribe();
        let waiting = tokio::time::timeout(WAIT_MAX, done.wait_for(|done| *done >= count));
        waiting.await.with_context(|| format!("not {count} changes within {WAIT_MAX:?}"))??;
        Ok(())
    }

    async fn may_go_on(&self) -> anyhow::Result<()> {
        let mut allowed = self.allowed.subscribe();
        let waiting = tokio::time::timeout(WAIT_MAX, allowed.wait_for(|allowed| *allowed > self.done()));
        waiting.await.context("writers wait for ever")??;
        Ok(())
    }
}

/// Makes so many changes, at most at this rate a second of all writers together.
pub(super) async fn run(
    ground: &Ground<'_>,
    pace: &Arc<Pace>,
    writer: usize,
    changes: usize,
    rate: f64,
) -> anyhow::Result<()> {
    let started = tokio::time::Instant::now();
    let mut random = StdRng::seed_from_u64(1_000 + writer as u64);
    let name = format!("writer-{writer}");
    let file = ground.folder(&name)?.join("components.yaml");
    let mut components: BTreeMap<usize, String> = BTreeMap::new();
    let mut done = 0;
    while done < changes {
        let due = Duration::from_secs_f64((done * WRITERS) as f64 / rate);
        tokio::time::sleep_until(started + due).await;
        pace.may_go_on().await?;
        let mut changed: Vec<usize> = Vec::new();
        for _ in 0..random.random_range(1..=TOGETHER.min(changes - done)) {
            let number = random.random_range(0..COMPONENTS);
            if changed.contains(&number) {
                continue;
            }
            changed.push(number);
            if components.contains_key(&number) && random.random_bool(0.15) {
                components.remove(&number);
            } else {
                components.insert(number, component(writer, number, &mut random));
            }
        }
        // A folder must say something.
        let steady = component_text(&format!("{name}-steady"), "steady", "payments", "");
        let text = components.values().fold(steady, |text, component| text + component);
        std::fs::write(&file, text)?;
        ground.import(&name).await?;
        done += changed.len();
        pace.done.send_modify(|all| *all += changed.len());
    }
    Ok(())
}

/// One that everybody's stream ends with.
pub(super) async fn write_last(ground: &Ground<'_>) -> anyhow::Result<&'static str> {
    let file = ground.folder("last")?.join("components.yaml");
    std::fs::write(file, component_text("the-end", "the end", "payments", ""))?;
    ground.import("last").await?;
    Ok("component:default/the-end")
}

/// A title, an owner and who may see it, each by chance.
fn component(writer: usize, number: usize, random: &mut StdRng) -> String {
    let owner = if random.random_bool(0.5) { "payments" } else { "search" };
    let hidden = if random.random_bool(0.2) { "  annotations:\n    weft.dev/visibility: team\n" } else { "" };
    let title = random.random::<u32>().to_string();
    component_text(&format!("w{writer}-{number}"), &title, owner, hidden)
}

fn component_text(name: &str, title: &str, owner: &str, metadata: &str) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = write!(
        text,
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  title: \"{title}\"\n{metadata}\
         spec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n"
    );
    text
}
