//! `Live`: who listens to what on this replica, and how far the change log has been read for them.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use resolvers::live::{GapReason, Topic};
use sources::{
    SourceError,
    postgres::{ChangePosition, ChangeTopic, Database},
};
use tokio::sync::{Notify, OnceCell, Semaphore};

use super::{
    cursor::{Cursors, Place},
    deployments, entities,
    facts::Told,
    group::{Group, Plan},
    index::Index,
    matching::{Facts, Read, Viewer},
    operation::GroupKey,
    queue::{Queue, Waiting},
    sent::Sent,
};
use crate::{App, auth::Principal};

pub use crate::config::LiveConfig as Config;

/// Who listens.
pub struct Live {
    /// The section of the configuration.
    pub config: Config,
    /// Told when something may have been written to the log.
    pub came: Notify,
    /// Told when a subscription begins.
    pub began: Notify,
    /// Places for beginning.
    pub beginning: Semaphore,
    /// Places for reading what subscribers missed, and snapshots.
    pub catching_up: Semaphore,
    /// Places for executing events.
    pub executing: Semaphore,
    cursors: OnceCell<Cursors>,
    state: Mutex<State>,
    seats: Mutex<Seats>,
    ids: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Everything up to here has been given out; none while nobody listens.
    position: Option<ChangePosition>,
    /// Nothing lies between here and there. Whoever has seen everything up to here can join, however often it is looked in vain.
    given: Option<ChangePosition>,
    groups: HashMap<u64, Arc<Group>>,
    /// Who is in them.
    members: usize,
    by_key: HashMap<GroupKey, u64>,
    indexes: HashMap<(String, ChangeTopic), Index>,
    /// By tenant, how often it was given out that a team or a person changed: whoever looked before that has to look again.
    sight_epochs: HashMap<String, u64>,
}

/// Who sits where.
#[derive(Default)]
struct Seats {
    taken: usize,
    by_principal: HashMap<Arc<str>, usize>,
    by_tenant: HashMap<String, usize>,
}

/// A place for one subscription; free again when dropped.
pub struct Seat {
    app: Arc<App>,
    principal: Arc<Principal>,
}

/// Whether somebody could be let into a group.
pub enum Joined {
    /// The group's events come from here on.
    In(Member),
    /// The log has been read further for the others: what is between has to be read first.
    Behind,
    /// Who sees what has changed meanwhile.
    Stale,
}

/// One subscriber in a group; out of it when dropped.
pub struct Member {
    /// What comes.
    pub queue: Arc<Queue<Arc<Sent>>>,
    /// What the group executes: the same as the member's own, which need not be held any more.
    pub plan: Arc<Plan>,
    app: Arc<App>,
    group: u64,
    id: u64,
}

impl Live {
    /// Nobody listens yet.
    pub fn new(config: Config) -> Self {
        Self {
            beginning: Semaphore::new(config.catching_up_max),
            catching_up: Semaphore::new(config.catching_up_max),
            executing: Semaphore::new(config.executing_max),
            config,
            came: Notify::new(),
            began: Notify::new(),
            cursors: OnceCell::new(),
            state: Mutex::default(),
            seats: Mutex::default(),
            ids: AtomicU64::new(1),
        }
    }

    /// Cursors of this database's log.
    pub async fn cursors(&self, database: &Database) -> Result<&Cursors, SourceError> {
        let read = async || {
            let state = database.change_log_state().await?;
            Cursors::new(state.epoch, &state.signing_key)
        };
        self.cursors.get_or_try_init(read).await
    }

    /// A cursor, once they were read; empty before.
    pub fn written(&self, principal: &Principal, place: &Place) -> String {
        self.cursors.get().map(|cursors| cursors.write(principal.sight(), place)).unwrap_or_default()
    }

    /// A place for one more subscription; none where there are too many: of this principal, of all, or of its tenant, which may have half.
    pub fn seat(app: &Arc<App>, principal: &Arc<Principal>) -> Result<Seat, &'static str> {
        let live = &app.live;
        let mut seats = live.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let of_tenant = seats.by_tenant.get(&principal.tenant).copied().unwrap_or(0);
        if seats.taken >= live.config.subscriptions_max || of_tenant >= live.config.subscriptions_max.div_ceil(2) {
            return Err("this gateway has as many subscriptions as it can serve: try again shortly");
        }
        let own = seats.by_principal.entry(Arc::clone(&principal.key)).or_default();
        if *own >= live.config.subscriptions_per_principal_max {
            return Err("you have as many subscriptions as you may: end some first");
        }
        *own += 1;
        *seats.by_tenant.entry(principal.tenant.clone()).or_default() += 1;
        seats.taken += 1;
        live.began.notify_one();
        metrics::gauge!("weft_live_subscriptions").set(seats.taken as f64);
        Ok(Seat { app: Arc::clone(app), principal: Arc::clone(principal) })
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner).taken
    }

    /// How many of them are in their groups: what changes now comes to them at once.
    pub fn up_to_date(&self) -> usize {
        self.lock().members
    }

    /// How often who sees what in a tenant may have changed. Asked for before the guardians are.
    pub fn sight_epoch(&self, tenant: &str) -> u64 {
        self.lock().sight_epochs.get(tenant).copied().unwrap_or(0)
    }

    /// Lets somebody into the group of this plan who has seen everything up to `from`, through eyes as they were at `epoch`. Without a
    /// group there is one now.
    pub fn join(app: &Arc<App>, plan: &Arc<Plan>, from: &ChangePosition, viewer: &Viewer, epoch: u64) -> Joined {
        let live = &app.live;
        let mut state = live.lock();
        let is_behind = state.given.as_ref().is_some_and(|given| !from.holds(given));
        // Jobs are in no log.
        if is_behind && topic_of(&plan.topic).is_some() {
            return Joined::Behind;
        }
        if state.sight_epochs.get(&plan.principal.tenant).copied().unwrap_or(0) != epoch {
            return Joined::Stale;
        }
        // Nobody else listens: the log is read on from where this one stands.
        if state.position.is_none() {
            state.position = Some(from.clone());
            state.given = Some(from.clone());
        }
        let id = match state.by_key.get(&plan.key) {
            Some(id) => *id,
            None => {
                let id = live.ids.fetch_add(1, Ordering::Relaxed);
                let group = Group::begin(app, Arc::clone(plan), viewer, from);
                if let Some(topic) = topic_of(&plan.topic) {
                    let index = state.indexes.entry((plan.principal.tenant.clone(), topic)).or_default();
                    index.insert(id, group.anchors());
                }
                state.groups.insert(id, group);
                state.by_key.insert(plan.key, id);
                metrics::gauge!("weft_live_groups").set(state.groups.len() as f64);
                id
            }
        };
        let queue = Arc::new(live.queue());
        let member = live.ids.fetch_add(1, Ordering::Relaxed);
        let mut shared = Arc::clone(plan);
        if let Some(group) = state.groups.get(&id) {
            group.enter(member, from.clone(), Arc::clone(&queue));
            shared = group.shared_plan();
        }
        state.members += 1;
        metrics::gauge!("weft_live_up_to_date").set(state.members as f64);
        drop(state);
        live.came.notify_one();
        Joined::In(Member { queue, plan: shared, app: Arc::clone(app), group: id, id: member })
    }

    /// A queue as the configuration bounds it.
    pub(super) fn queue<T: Waiting>(&self) -> Queue<T> {
        let bytes = usize::try_from(self.config.buffer_bytes_max.as_u64()).unwrap_or(usize::MAX);
        Queue::new(self.config.buffer, bytes)
    }

    /// From where the log is to be read on; none while nobody listens. For the feed alone, which begins anew then.
    pub(super) fn position(&self) -> Option<ChangePosition> {
        let mut state = self.lock();
        if state.groups.is_empty() {
            state.position = None;
            state.given = None;
        }
        state.position.clone()
    }

    /// What was written up to `to` may be gone: everybody is told so, and the log is read on from there.
    pub(super) fn lose_all(&self, to: &ChangePosition) {
        let mut state = self.lock();
        for group in state.groups.values() {
            group.lose(to, GapReason::CursorExpired);
        }
        state.position = Some(to.clone());
        state.given = Some(to.clone());
    }

    /// Gives changes after `from` out to whoever asks for them: everything up to `position` has been read. False: somebody has begun at
    /// another place meanwhile, and nothing was given out.
    pub(super) fn give_out(&self, from: &ChangePosition, reads: &[Arc<Read>], position: ChangePosition) -> bool {
        let mut state = self.lock();
        if state.position.as_ref() != Some(from) {
            return false;
        }
        let mut asking = HashSet::new();
        for read in reads {
            asking.clear();
            if let Facts::Unreadable = read.facts {
                let is_meant = |group: &&Arc<Group>| {
                    group.tenant() == read.change.tenant && topic_of(&group.plan().topic) == Some(read.change.topic)
                };
                state.groups.values().filter(is_meant).for_each(|group| group.offer(read));
                continue;
            }
            if read.moves_deployments() {
                // They go along without lines of their own.
                let follows = |group: &&Arc<Group>| {
                    group.tenant() == read.change.tenant && matches!(group.plan().topic, Topic::Deployments(_))
                };
                state.groups.values().filter(follows).for_each(|group| group.offer(read));
            }
            let Some(index) = state.indexes.get(&(read.change.tenant.clone(), read.change.topic)) else { continue };
            asking.extend(index.others());
            let mut add = |field: &'static str, value: &str| index.add_asking(field, value, &mut asking);
            match &read.facts {
                Facts::Entity(told) => {
                    each(told, |facts| entities::keys(&read.change.object_ref, facts, &mut add));
                }
                Facts::Deployment(told) => {
                    each(told, |facts| deployments::keys(&read.change.object_ref, facts, &mut add));
                }
                // Everybody who follows these is asked.
                Facts::Cost(_) | Facts::Source(_) | Facts::Unreadable => {}
            }
            for group in asking.iter().filter_map(|id| state.groups.get(id)) {
                group.offer(read);
            }
        }
        for read in reads.iter().filter(|read| read.may_change_sight()) {
            *state.sight_epochs.entry(read.change.tenant.clone()).or_default() += 1;
        }
        if !reads.is_empty() {
            state.given = Some(position.clone());
        }
        state.position = Some(position);
        true
    }

    /// Groups of these tenants, whose sight may have changed.
    pub(super) fn groups_of(&self, tenants: &HashSet<&str>) -> HashMap<u64, Arc<Group>> {
        let state = self.lock();
        let is_of = |(_, group): &(&u64, &Arc<Group>)| tenants.contains(group.tenant());
        state.groups.iter().filter(is_of).map(|(id, group)| (*id, Arc::clone(group))).collect()
    }

    /// Somebody has left; the last one takes the group along.
    fn leave(&self, id: u64, member: u64) {
        let mut state = self.lock();
        state.members = state.members.saturating_sub(1);
        metrics::gauge!("weft_live_up_to_date").set(state.members as f64);
        let Some(group) = state.groups.get(&id) else { return };
        if !group.leave(member) {
            return;
        }
        let Some(group) = state.groups.remove(&id) else { return };
        let plan = group.plan();
        state.by_key.remove(&plan.key);
        let key = topic_of(&plan.topic).map(|topic| (plan.principal.tenant.clone(), topic));
        if let Some(key) = key
            && let Some(index) = state.indexes.get_mut(&key)
        {
            index.remove(id, group.anchors());
            if index.is_empty() {
                state.indexes.remove(&key);
            }
        }
        metrics::gauge!("weft_live_groups").set(state.groups.len() as f64);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The facts of before and of now.
fn each<F>(told: &Told<F>, mut take: impl FnMut(&F)) {
    told.before.iter().chain([&told.now]).for_each(&mut take);
}

/// Under which topic of the log the changes stand; jobs are looked at where they run.
fn topic_of(topic: &Topic) -> Option<ChangeTopic> {
    Some(match topic {
        Topic::Entities(_) => ChangeTopic::Entity,
        Topic::Deployments(_) => ChangeTopic::Deployment,
        Topic::Costs(_) => ChangeTopic::Cost,
        Topic::Sources => ChangeTopic::Source,
        Topic::Job(_) => return None,
    })
}

impl Drop for Member {
    fn drop(&mut self) {
        self.app.live.leave(self.group, self.id);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.app.live.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.taken = seats.taken.saturating_sub(1);
        if let Some(own) = seats.by_principal.get_mut(&self.principal.key) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                seats.by_principal.remove(&self.principal.key);
            }
        }
        if let Some(own) = seats.by_tenant.get_mut(&self.principal.tenant) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                seats.by_tenant.remove(&self.principal.tenant);
            }
        }
        metrics::gauge!("weft_live_subscriptions").set(seats.taken as f64);
    }
}
