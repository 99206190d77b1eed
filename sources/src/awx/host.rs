//! The hosts of a playbook run, counted by result.
//!
//! The run's own address counts each host once, under the worst that befell it; here a host may count more than once, so
//! the summaries are read. Up to 200 hosts are one page; of more, each result is counted by AWX, so that the calls have a
//! bound whatever the inventory.

use schema::AutomationHostSummary;
use serde::{Deserialize, Serialize};

use super::{
    client::{Client, ROWS_MAX},
    wire::HostSummary,
};
use crate::SourceError;

/// Most names of failed hosts.
const NAMES_MAX: usize = 20;

/// The hosts of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hosts {
    pub(super) summary: AutomationHostSummary,
    /// Every event of the run is in: nothing changes any more.
    pub(super) is_settled: bool,
}

/// Reads them; none when there is no such run, or nothing is known of its hosts yet.
pub(super) async fn read(client: &Client, number: i32) -> Result<Option<Hosts>, SourceError> {
    // First whether all is in, then what: the other way round, the last events could come in between.
    let Some(is_settled) = client.is_settled(number).await? else { return Ok(None) };
    let found = client.hosts(number, &[("order_by", "host_name".to_owned())], ROWS_MAX).await?;
    if found.is_empty() && !is_settled {
        return Ok(None);
    }
    let summary = if found.len() < ROWS_MAX { count(found) } else { ask(client, number).await? };
    Ok(Some(Hosts { summary, is_settled }))
}

fn count(hosts: Vec<HostSummary>) -> AutomationHostSummary {
    let with = |has: fn(&HostSummary) -> bool| whole(hosts.iter().filter(|host| has(host)).count());
    AutomationHostSummary {
        ok: with(HostSummary::is_ok),
        changed: with(HostSummary::is_changed),
        failed: with(HostSummary::is_failed),
        unreachable: with(HostSummary::is_unreachable),
        skipped: with(HostSummary::is_skipped),
        failed_names: names(hosts.into_iter().filter(|host| host.is_failed() || host.is_unreachable())),
    }
}

async fn ask(client: &Client, number: i32) -> Result<AutomationHostSummary, SourceError> {
    let with = async |field: &'static str| client.host_count(number, (field, "0".to_owned())).await.map(whole);
    let bad =
        [("or__failures__gt", "0".to_owned()), ("or__dark__gt", "0".to_owned()), ("order_by", "host_name".to_owned())];
    Ok(AutomationHostSummary {
        ok: with("ok__gt").await?,
        changed: with("changed__gt").await?,
        failed: with("failures__gt").await?,
        unreachable: with("dark__gt").await?,
        skipped: with("skipped__gt").await?,
        failed_names: names(client.hosts(number, &bad, NAMES_MAX).await?.into_iter()),
    })
}

fn names(hosts: impl Iterator<Item = HostSummary>) -> Vec<String> {
    let mut names: Vec<String> = hosts.filter_map(HostSummary::into_name).collect();
    names.sort_unstable();
    names.truncate(NAMES_MAX);
    names
}

fn whole(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
