//! `Hints`: what changed and has led to nothing yet. However often an object changes, it waits once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{super::resource::Resource, target::tells_rollouts, wire::Named};

/// Objects of a list that cost one pause between two times that it is forgotten.
const OBJECTS_PER_PAUSE: usize = 500;

/// A Deployment by namespace and name.
pub(super) type Place = (String, String);

/// What waits.
pub(super) struct Hints {
    state: Mutex<State>,
    waiting_max: usize,
    forget_every: Duration,
    /// A list is to be forgotten.
    pub(super) forgetting: Notify,
    /// A rollout is to be read.
    pub(super) reading: Notify,
}

#[derive(Default)]
struct State {
    kinds: BTreeMap<Resource, Kind>,
    reading: Reading,
}

#[derive(Default)]
struct Kind {
    has_changed: bool,
    not_before: Option<Instant>,
    /// Objects in its lists, as far as they are known.
    objects: usize,
}

/// What is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The cluster as a whole, whatever else.
    pub(super) is_whole: bool,
    pub(super) places: BTreeSet<Place>,
    /// Since when the first of it waits.
    pub(super) since: Option<Instant>,
}

impl Hints {
    pub(super) fn new(waiting_max: usize, forget_every: Duration) -> Self {
        let (forgetting, reading) = (Notify::new(), Notify::new());
        Self { state: Mutex::default(), waiting_max, forget_every, forgetting, reading }
    }

    /// An object came or changed.
    pub(super) fn changed(&self, resource: Resource, named: Named) {
        self.kind(resource);
        let deployment = match resource {
            Resource::ReplicaSets => named.deployment,
            _ if tells_rollouts(resource) => Some(named.name),
            _ => None,
        };
        if let Some(deployment) = deployment {
            let places = BTreeSet::from([(named.namespace, deployment)]);
            self.read(Reading { is_whole: false, places, since: Some(Instant::now()) });
        }
    }

    /// Nobody can tell what changed.
    pub(super) fn everything(&self, resource: Resource) {
        self.kind(resource);
        if tells_rollouts(resource) {
            self.read(Reading { is_whole: true, places: BTreeSet::new(), since: Some(Instant::now()) });
        }
    }

    /// Something of a kind changed that no rollout is made of, such as that it went.
    pub(super) fn kind(&self, resource: Resource) {
        self.lock().kinds.entry(resource).or_default().has_changed = true;
        self.forgetting.notify_one();
    }

    /// So many objects are in the lists of a kind.
    pub(super) fn sized(&self, resource: Resource, objects: usize) {
        self.lock().kinds.entry(resource).or_default().objects = objects;
    }

    /// Has this read, or read again.
    pub(super) fn read(&self, more: Reading) {
        let mut state = self.lock();
        let reading = &mut state.reading;
        reading.since = [reading.since, more.since].into_iter().flatten().min();
        reading.is_whole |= more.is_whole;
        reading.places.extend(more.places);
        if reading.places.len() > self.waiting_max {
            reading.is_whole = true;
        }
        if reading.is_whole {
            reading.places = BTreeSet::new();
        }
        drop(state);
        self.reading.notify_one();
    }

    /// What is to be read now; whoever takes it reads it.
    pub(super) fn take(&self) -> Option<Reading> {
        let mut state = self.lock();
        let is_empty = !state.reading.is_whole && state.reading.places.is_empty();
        (!is_empty).then(|| std::mem::take(&mut state.reading))
    }

    /// The kinds whose lists are to be forgotten now, and when the next ones are due. Lists that are long to read are forgotten
    /// seldomer, or a busy cluster would be listed all the time.
    pub(super) fn due(&self, now: Instant) -> (Vec<Resource>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        for (resource, kind) in self.lock().kinds.iter_mut().filter(|(_, kind)| kind.has_changed) {
            if let Some(later) = kind.not_before.filter(|not_before| *not_before > now) {
                next = Some(next.map_or(later, |next| next.min(later)));
                continue;
            }
            let pauses = u32::try_from(kind.objects / OBJECTS_PER_PAUSE + 1).unwrap_or(u32::MAX);
            (kind.has_changed, kind.not_before) = (false, Some(now + self.forget_every.saturating_mul(pauses)));
            due.push(*resource);
        }
        (due, next)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use schema::WorkloadKind;

    use super::*;

    const DEPLOYMENTS: Resource = Resource::Workloads(WorkloadKind::Deployment);

    fn named(name: &str, owner: Option<&str>) -> Named {
        let (namespace, version) = ("shop".to_owned(), "1".to_owned());
        Named { namespace, name: name.to_owned(), version, deployment: owner.map(str::to_owned) }
    }

    #[test]
    fn an_object_waits_once_however_often_it_changes_until_there_are_too_many() {
        let hints = Hints::new(2, Duration::from_secs(1));
        assert_eq!(hints.take(), None);
        for _ in 0..3 {
            hints.changed(DEPLOYMENTS, named("web", None));
            hints.changed(Resource::ReplicaSets, named("web-1", Some("web")));
            hints.changed(Resource::ReplicaSets, named("alone", None));
            hints.changed(Resource::Workloads(WorkloadKind::StatefulSet), named("db", None));
            hints.changed(DEPLOYMENTS, named("api", None));
        }
        let taken = hints.take().unwrap();
        let place = |name: &str| ("shop".to_owned(), name.to_owned());
        assert_eq!((taken.is_whole, taken.places.clone()), (false, BTreeSet::from([place("api"), place("web")])));
        assert_eq!(hints.take(), None);
        // What failed comes back beside what is new, and is then too much.
        hints.changed(DEPLOYMENTS, named("third", None));
        hints.read(taken.clone());
        let whole = hints.take().unwrap();
        assert!(whole.is_whole && whole.places.is_empty());
        assert_eq!(whole.since, taken.since, "the oldest counts");
    }

    #[test]
    fn lists_are_forgotten_at_once_and_then_seldomer_the_longer_they_are() {
        let hints = Hints::new(10, Duration::from_secs(1));
        let now = Instant::now();
        hints.sized(DEPLOYMENTS, 1_000);
        hints.kind(DEPLOYMENTS);
        assert_eq!(hints.due(now), (vec![DEPLOYMENTS], None));
        assert_eq!(hints.due(now), (vec![], None), "nothing changed since");
        hints.kind(DEPLOYMENTS);
        let later = now + Duration::from_secs(3);
        assert_eq!(hints.due(later - Duration::from_millis(1)), (vec![], Some(later)));
        assert_eq!(hints.due(later), (vec![DEPLOYMENTS], None));
    }
}
