//! Hosts of playbook runs: those of a run that is over and settled are kept for long, the others shortly.

use std::collections::HashMap;

use schema::AutomationHostSummary;

use super::{Awx, HostsKey, host::Hosts, key::of_one};
use crate::{
    SourceError,
    cache::{Access, CacheMode, Served},
};

impl Awx {
    /// One outcome for each run: two calls for a run whose hosts are not known, none for one that is over and settled.
    pub async fn hosts_by_keys(
        &self,
        keys: &[HostsKey],
        access: &Access,
    ) -> HashMap<HostsKey, Result<Served<AutomationHostSummary>, SourceError>> {
        let mut outcomes = HashMap::with_capacity(keys.len());
        let mut open: Vec<&HostsKey> = keys.iter().collect();
        // What is settled stays true, but who asks past the caches wants it from AWX.
        if access.mode == CacheMode::Use {
            let over: Vec<String> = keys.iter().filter(|key| key.is_over).map(name).collect();
            let mut settled = self.caches.settled_hosts.get_many(over, access).await;
            open.retain(|key| match settled.remove(&name(key)) {
                Some(Ok(served)) if served.value.is_none() => true,
                Some(outcome) => {
                    outcomes.insert((*key).clone(), outcome.map(|served| shown(&served)));
                    false
                }
                None => true,
            });
        }
        let mut rest = self.caches.hosts.get_many(open.iter().map(|key| name(key)).collect(), access).await;
        for key in open {
            if let Some(outcome) = rest.remove(&name(key)) {
                outcomes.insert(key.clone(), outcome.map(|served| shown(&served)));
            }
        }
        outcomes
    }
}

fn name(key: &HostsKey) -> String {
    of_one(&key.tenant, key.number)
}

fn shown(served: &Served<Hosts>) -> Served<AutomationHostSummary> {
    served.map(|hosts| hosts.summary.clone())
}
