//! Rollouts of Deployments as deployments, for the synchronisation. Two lists of a cluster tell all: its Deployments, and
//! their ReplicaSets, of which each new version has one of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schema::{DeploymentStatus, EntityRef, EnvironmentTier, RolloutStatus, SourceKind, WorkloadKind};

use super::{
    cluster::{Cluster, Lists, Want},
    list::Listing,
    replica_set::ReplicaSet,
    resource::Resource,
    selection::{By, Selection},
    workload::Workload,
};
use crate::{
    Connector, SourceError,
    cache::{Access, CacheMode},
    ingest::DeploymentEvent,
    sync::{DeploymentSource, Mapped, Member, Part, Place, Step},
};

/// The one part of a tenant.
const PART: &str = "rollouts";

/// What components select, with the component: by the value of the label that names one, or under none by selectors.
#[derive(Default)]
struct Selected(HashMap<Option<String>, Vec<(Selection, EntityRef)>>);

impl Selected {
    /// The components whose selection means this workload; `label` is the one that names a component.
    fn components_of(&self, workload: &Workload, label: &str) -> Vec<EntityRef> {
        // One without the label is looked for under none, as all that is selected otherwise is.
        let named = workload.labels.get(label).map(|id| Some(id.clone()));
        let candidates = named.into_iter().chain([None]).filter_map(|id| self.0.get(&id)).flatten();
        let meant = candidates.filter(|(selection, _)| selection.means(workload, label));
        meant.map(|(_, component)| component.clone()).collect()
    }
}

#[async_trait]
impl DeploymentSource for Cluster {
    fn kind(&self) -> SourceKind {
        SourceKind::Openshift
    }

    fn name(&self) -> &str {
        Connector::name(self)
    }

    fn annotations(&self) -> Vec<&str> {
        vec![&self.annotations.id, &self.annotations.namespace, &self.annotations.label_selector]
    }

    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part> {
        if !self.may_read_any(tenant) {
            return Vec::new();
        }
        let member = |mapped: &Mapped| {
            Selection::of_texts(&self.annotations, tenant, |name| mapped.value(name))?;
            let value = serde_json::to_string(&mapped.values).ok()?;
            Some(Member { component: mapped.component.clone(), value })
        };
        let members: Vec<Member> = mapped.iter().filter_map(member).collect();
        let is_mapped = !members.is_empty();
        is_mapped.then(|| Part { tenant: tenant.to_owned(), name: PART.to_owned(), members }).into_iter().collect()
    }

    fn parts_at_once(&self) -> usize {
        1
    }

    async fn read(&self, part: &Part, place: Place<'_>) -> Result<Step, SourceError> {
        let now = self.clock.now();
        let deployments: Want = (Resource::Workloads(WorkloadKind::Deployment), None);
        let sets: Want = (Resource::ReplicaSets, None);
        let wants = BTreeSet::from([deployments.clone(), sets.clone()]);
        let mut outcomes = self.lists(&wants, &Access::new(CacheMode::Use), now).await;
        let deployments = outcomes.remove(&deployments).transpose()?;
        let sets = outcomes.remove(&sets).transpose()?;
        let deployments = deployments.iter().flat_map(Lists::parts).flat_map(workloads_of);
        let events = self.rollouts(part, place.since, deployments, sets.iter().flat_map(Lists::parts));
        Ok(Step { events, read_to: Some(now), has_more: false, cursor: None })
    }
}

impl Cluster {
    /// The rollouts of these workloads, for each component of a part that they belong to.
    pub(super) fn rollouts<'a>(
        &self,
        part: &Part,
        since: DateTime<Utc>,
        deployments: impl Iterator<Item = &'a Workload>,
        sets: impl Iterator<Item = &'a Listing>,
    ) -> Vec<DeploymentEvent> {
        let sets = by_deployment(sets);
        let selected = self.selected(part);
        let mut events = Vec::new();
        for workload in deployments {
            let record = &workload.record;
            if !self.may_read(&part.tenant, &record.namespace) {
                continue;
            }
            let components = selected.components_of(workload, &self.annotations.id);
            if components.is_empty() {
                continue;
            }
            let own = sets.get(&(record.namespace.as_str(), record.name.as_str())).map(Vec::as_slice);
            let rollouts = own.unwrap_or_default().iter().filter_map(|set| event(workload, set));
            for rollout in rollouts.filter(|rollout| rollout.created_at >= since) {
                events.extend(rollout.of_each(&components));
            }
        }
        events
    }

    fn selected(&self, part: &Part) -> Selected {
        let mut selected = Selected::default();
        for member in &part.members {
            let values: BTreeMap<String, String> = serde_json::from_str(&member.value).unwrap_or_default();
            let value = |name: &str| values.get(name).map(String::as_str);
            let Some(selection) = Selection::of_texts(&self.annotations, &part.tenant, value) else { continue };
            let id = match &selection.by {
                By::Id(id) => Some(id.clone()),
                By::Selector(_) => None,
            };
            selected.0.entry(id).or_default().push((selection, member.component.clone()));
        }
        selected
    }
}

pub(super) fn workloads_of(listing: &Listing) -> impl Iterator<Item = &Workload> {
    let list = match listing {
        Listing::Workloads(list) => list.list().all(),
        _ => &[],
    };
    list.iter().map(|workload| &**workload)
}

/// By namespace and name of their Deployment.
fn by_deployment<'a>(lists: impl Iterator<Item = &'a Listing>) -> HashMap<(&'a str, &'a str), Vec<&'a ReplicaSet>> {
    let mut sets: HashMap<(&str, &str), Vec<&ReplicaSet>> = HashMap::new();
    for listing in lists {
        let Listing::ReplicaSets(list) = listing else { continue };
        for set in list.all() {
            sets.entry((&set.namespace, &set.deployment)).or_default().push(set);
        }
    }
    sets
}

/// A rollout as an event of no component yet; none where nobody can tell when it began.
fn event(workload: &Workload, set: &ReplicaSet) -> Option<DeploymentEvent> {
    let record = &workload.record;
    let is_newest = record.revision.as_deref() == Some(&set.revision);
    let progressed_at = workload.progressed_at.filter(|_| is_newest);
    let status = match record.rollout {
        RolloutStatus::Complete if is_newest => DeploymentStatus::Succeeded,
        RolloutStatus::Stalled if is_newest => DeploymentStatus::Failed,
        RolloutStatus::Paused if is_newest => DeploymentStatus::Blocked,
        RolloutStatus::Progressing if is_newest => DeploymentStatus::Running,
        // How it ended is known only if it was seen to.
        _ => DeploymentStatus::Unknown,
    };
    let created_at: DateTime<Utc> = if set.was_another {
        // The set is from before; that it is back is told when its rollout is complete.
        progressed_at.filter(|_| status == DeploymentStatus::Succeeded)?
    } else {
        set.created_at?
    };
    let finished_at = progressed_at.filter(|_| status.has_ended());
    let environment = record.environment.clone().unwrap_or_else(|| record.namespace.clone());
    Some(DeploymentEvent {
        source_key: format!("{}/{}/{}", record.namespace, record.name, set.revision),
        component: None,
        created_at,
        is_seen_only: set.was_another,
        state_at: finished_at.unwrap_or(created_at),
        tier: EnvironmentTier::of_environment(&environment),
        environment,
        environment_url: None,
        version: set.image.as_deref().and_then(version).map(str::to_owned),
        commit_sha: None,
        committed_at: None,
        status,
        started_at: Some(created_at),
        finished_at,
        triggered_by: set.cause.clone(),
        url: None,
        job_key: None,
        git_ref: None,
        labels: set.labels.clone(),
    })
}

/// The version of an image: its tag, else its digest.
fn version(image: &str) -> Option<&str> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split_once(':').map(|(_, tag)| tag).or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_its_version_by_tag_or_digest() {
        for (image, expected) in [
            ("registry:5000/shop/api:1.2", Some("1.2")),
            ("registry:5000/shop/api", None),
            ("registry/shop/api@sha256:c0ffee", Some("sha256:c0ffee")),
            ("registry/shop/api:1.2@sha256:c0ffee", Some("1.2")),
        ] {
            assert_eq!(version(image), expected, "{image}");
        }
    }
}
