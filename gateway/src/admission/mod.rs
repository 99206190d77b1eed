//! Admission: how many operations are executed at once, and who is next. As many as the gateway and its database keep up with
//! (`pace`), one tenant not before another (`queue`) and none in the places of others (`State::has_share`), people before machines
//! (`config::Class`), and nobody when memory runs out (`memory`). Whoever is refused is refused at once.

mod config;
mod memory;
mod pace;
mod queue;
mod watch;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ahash::RandomState;
use tokio::{sync::oneshot, time::Instant};

pub use config::{Class, Config};
pub use memory::Memory;
use queue::{FairQueue, Ticket, Turn};
pub use watch::run;

/// Whoever would likely wait longer than this part of the longest wait is refused: places may become fewer meanwhile, and hardly anybody
/// who was let in is to wait in vain.
const LIKELY_WAIT: f64 = 0.5;
/// For so long after something of it was executed a tenant counts among those that share places: as long as a person thinks between two
/// pages.
const LATELY_EXECUTED: Duration = Duration::from_secs(3);
/// How much the latest operation counts in how long a place is held.
const LATELY: f64 = 0.05;

/// Who may go on.
pub struct Admission {
    config: Config,
    state: Mutex<State>,
}

struct State {
    /// Of each class those who wait, and how many are executed.
    queues: [FairQueue; 2],
    running: [usize; 2],
    /// How many may be executed.
    limit: f64,
    /// How late work is, over some looks, in seconds.
    mean_delay: f64,
    /// How many places tenants share that ask at the same time: all, or fewer where work was late.
    shared: f64,
    /// How many of those may be taken so far: few after a quiet time.
    warm: f64,
    /// How long a place is held, lately and of each class, in seconds.
    held: [f64; 2],
    /// What each tenant has in progress; those of which nothing was executed lately are not there.
    tenants: HashMap<Arc<str>, Own, RandomState>,
    /// The weights of those that are there.
    weights: u64,
    memory: Memory,
}

/// What one tenant has in progress.
struct Own {
    /// Requests, with those that are not executed yet.
    requests: usize,
    /// Operations that are executed, of each class.
    running: [usize; 2],
    /// When something of it was executed last.
    executed: Instant,
    weight: u32,
}

/// Why a request is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too many wait already.
    Full,
    /// The room was given to another tenant, or the turn did not come in time.
    Waited,
    /// Memory runs out.
    Memory,
}

/// The right to execute one operation.
pub struct Place<'a> {
    admission: &'a Admission,
    tenant: Arc<str>,
    class: Class,
    begun: Instant,
}

/// A request in progress.
pub struct Arrival<'a> {
    admission: &'a Admission,
    tenant: Arc<str>,
}

/// One who waits; whoever gives up leaves the queue.
struct Waiting<'a> {
    admission: &'a Admission,
    tenant: Arc<str>,
    class: Class,
    ticket: Option<Ticket>,
    turn: oneshot::Receiver<Turn>,
}

impl Admission {
    /// Nothing is executed yet.
    pub fn new(config: Config) -> Self {
        let state = State {
            queues: Default::default(),
            running: [0, 0],
            limit: config.running_max as f64,
            mean_delay: 0.0,
            shared: config.running_max as f64,
            warm: config.shared_min as f64 * pace::START,
            held: [0.0; 2],
            tenants: HashMap::default(),
            weights: 0,
            memory: Memory::Enough,
        };
        Self { config, state: Mutex::new(state) }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many of this class are executed, and how many wait.
    pub fn counts(&self, class: Class) -> (usize, usize) {
        let mut state = self.state();
        (state.running_of(class), state.queue(class).len())
    }

    /// Refuses whoever would be refused anyway, before more of the request is read.
    pub fn check(&self, tenant: &str, class: Class) -> Result<(), Refused> {
        let state = self.state();
        state.check_memory(class)?;
        let is_free = state.may_run(tenant, class, &self.config) || self.has_room(&state, tenant, class);
        if is_free { Ok(()) } else { Err(Refused::Full) }
    }

    /// Waits for a place, fairly among tenants.
    pub async fn enter(&self, tenant: &str, class: Class, points: u64) -> Result<Place<'_>, Refused> {
        let tenant: Arc<str> = tenant.into();
        let (ticket, turn) = {
            let mut state = self.state();
            state.check_memory(class)?;
            if state.may_run(&tenant, class, &self.config) {
                state.count_running(&tenant, class, &self.config, 1);
                return Ok(Place { admission: self, tenant, class, begun: Instant::now() });
            }
            if !self.has_room(&state, &tenant, class) {
                return Err(Refused::Full);
            }
            let (weight, most) = (self.config.weight(&tenant), self.config.waiting_max);
            let queue = state.queue(class);
            queue.push(&tenant, points, weight, most).ok_or(Refused::Full)?
        };
        let begun = Instant::now();
        let mut waiting = Waiting { admission: self, tenant: Arc::clone(&tenant), class, ticket: Some(ticket), turn };
        let turned = tokio::time::timeout(self.config.wait_max, &mut waiting.turn).await;
        let waited = begun.elapsed().as_secs_f64();
        metrics::histogram!("weft_admission_wait_seconds", "class" => class.as_str()).record(waited);
        match turned {
            Ok(Ok(Turn::Go)) => {
                waiting.ticket = None;
                Ok(Place { admission: self, tenant, class, begun: Instant::now() })
            }
            _ => Err(Refused::Waited),
        }
    }

    /// Adjusts how many may be executed to how long work waits for its turn: for a processor, or for a connection. `missed`: so many looks this
    /// one came too late for.
    pub fn adjust(&self, delay: Duration, missed: u8, memory: Memory) {
        let mut state = self.state();
        let running: usize = state.running.iter().sum();
        // Whether somebody waits whose tenant has its share, or has not.
        let waits = |within_share: bool| {
            let mut queues = Class::ALL.into_iter().filter_map(|class| Some((class, state.queues.get(class.index())?)));
            queues
                .any(|(class, queue)| queue.any(|tenant| state.has_share(tenant, class, &self.config) == within_share))
        };
        let (is_wanted, is_held_back) = (waits(true), waits(false));
        state.limit = pace::next(state.limit, delay, pace::Use { running, is_wanted }, &self.config);
        state.mean_delay += (delay.as_secs_f64() - state.mean_delay) * pace::MEAN_OF;
        let mean = Duration::from_secs_f64(state.mean_delay.max(0.0));
        let delays = pace::Delays { latest: delay, mean, missed };
        state.shared = pace::next_shared(state.shared, delays, running, state.limit, &self.config);
        state.warm = pace::next_warm(state.warm, delays, running, is_held_back, state.shared, &self.config);
        state.memory = memory;
        state.forget_idle(Instant::now());
        // Where more may run now, those who wait are next.
        state.give_turns(&self.config);
        metrics::gauge!("weft_admission_limit").set(state.limit);
        metrics::gauge!("weft_admission_shared").set(state.shared.min(state.warm));
        for class in Class::ALL {
            let (running, waiting) = (state.running_of(class), state.queue(class).len());
            metrics::gauge!("weft_admission_running", "class" => class.as_str()).set(running as f64);
            metrics::gauge!("weft_admission_waiting", "class" => class.as_str()).set(waiting as f64);
        }
    }

    /// Whether the tenant may wait: there is room, and the wait would not be too long.
    fn has_room(&self, state: &State, tenant: &str, class: Class) -> bool {
        let Some(queue) = state.queues.get(class.index()) else { return false };
        let held = state.held.get(class.index()).copied().unwrap_or_default();
        // All wait for all places, and each tenant's own for its part of them.
        let places = class_places(state.limit, class, &self.config).max(1.0);
        // Of what is there once it is warm: that takes a moment only.
        let share = state.share_of(state.shared, tenant, class, &self.config).min(places);
        let wait = ((queue.len() + 1) as f64 / places).max((queue.waiting_of(tenant) + 1) as f64 / share) * held;
        let is_long = wait > self.config.wait_max.as_secs_f64() * LIKELY_WAIT;
        let most = if is_long { queue.len() } else { self.config.waiting_max };
        queue.has_room(tenant, most.min(self.config.waiting_max))
    }

    /// A request of this tenant is in progress until what is answered is dropped. None where the tenant has its part of all places.
    pub fn arrive(&self, tenant: &str) -> Result<Arrival<'_>, Refused> {
        let mut state = self.state();
        let most = (self.config.requests_max / 2).max(1);
        let tenant: Arc<str> = match state.tenants.get_key_value(tenant) {
            Some((_, own)) if own.requests >= most => return Err(Refused::Full),
            Some((known, _)) => Arc::clone(known),
            None => tenant.into(),
        };
        let own = state.own(&tenant, &self.config);
        own.requests += 1;
        Ok(Arrival { admission: self, tenant })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queue(&mut self, class: Class) -> &mut FairQueue {
        let [interactive, batch] = &mut self.queues;
        match class {
            Class::Interactive => interactive,
            Class::Batch => batch,
        }
    }

    fn running_of(&self, class: Class) -> usize {
        self.running.get(class.index()).copied().unwrap_or_default()
    }

    fn own(&mut self, tenant: &Arc<str>, config: &Config) -> &mut Own {
        let weights = &mut self.weights;
        self.tenants.entry(Arc::clone(tenant)).or_insert_with(|| {
            let weight = config.weight(tenant);
            *weights += u64::from(weight);
            Own { requests: 0, running: [0, 0], executed: Instant::now(), weight }
        })
    }

    fn count_running(&mut self, tenant: &Arc<str>, class: Class, config: &Config, difference: isize) {
        let count = |running: &mut [usize; 2]| {
            if let Some(running) = running.get_mut(class.index()) {
                *running = running.saturating_add_signed(difference);
            }
        };
        let own = self.own(tenant, config);
        count(&mut own.running);
        own.executed = Instant::now();
        count(&mut self.running);
    }

    /// Whether one more of this tenant and class may be executed, and nobody waits who would be before it. Others who wait and may not
    /// have a place are not before it.
    fn may_run(&self, tenant: &str, class: Class, config: &Config) -> bool {
        let has_waiting = self.queues.get(class.index()).is_some_and(|queue| queue.waiting_of(tenant) > 0);
        !has_waiting && self.is_free(tenant, class, config)
    }

    /// Whether there is a place for one more of this tenant and class.
    fn is_free(&self, tenant: &str, class: Class, config: &Config) -> bool {
        // Whoever has nothing running need not wait until those who have much are done: one of each tenant always is.
        let total: usize = self.running.iter().sum();
        let is_first = class == Class::Interactive && self.running_by(tenant, class) == 0 && total < config.running_max;
        is_first || self.has_place(class, config) && self.has_share(tenant, class, config)
    }

    /// Whether a tenant has fewer places than its part of all, beside the tenants that something was executed of lately. What the others leave free stays
    /// free for a moment: whoever comes next is not to wait until long work has ended.
    fn has_share(&self, tenant: &str, class: Class, config: &Config) -> bool {
        // Whole ones: a place and a bit are one.
        (self.running_by(tenant, class) + 1) as f64 <= self.share(tenant, class, config)
    }

    /// How many places a tenant may have.
    fn share(&self, tenant: &str, class: Class, config: &Config) -> f64 {
        self.share_of(self.shared.min(self.warm), tenant, class, config)
    }

    /// How many places a tenant may have where tenants share so many.
    fn share_of(&self, shared: f64, tenant: &str, class: Class, config: &Config) -> f64 {
        let known = self.tenants.get(tenant).map(|own| own.weight);
        let own = known.unwrap_or_else(|| config.weight(tenant));
        let all = self.weights + if known.is_some() { 0 } else { u64::from(own) };
        // Whoever is alone shares with nobody, and nobody does once all are warm and nothing is late.
        let part = match all == u64::from(own) || shared >= self.limit {
            true => class_places(self.limit, class, config),
            false => class_places(shared, class, config) * f64::from(own) / all as f64,
        };
        part.max(1.0)
    }

    fn running_by(&self, tenant: &str, class: Class) -> usize {
        self.tenants.get(tenant).and_then(|own| own.running.get(class.index()).copied()).unwrap_or_default()
    }

    fn has_place(&self, class: Class, config: &Config) -> bool {
        let running: usize = self.running.iter().sum();
        let is_within = (running as f64) < self.limit;
        match class {
            Class::Interactive => is_within,
            // One always, so that machines get on, if slowly.
            Class::Batch => {
                let own = self.running_of(class);
                own == 0 || is_within && (own as f64) < class_places(self.limit, class, config)
            }
        }
    }

    /// Gives turns to those who wait while there are places, to people first.
    fn give_turns(&mut self, config: &Config) {
        for class in Class::ALL {
            while let Some(tenant) = self.next_turn(class, config) {
                self.count_running(&tenant, class, config, 1);
            }
        }
    }

    fn next_turn(&mut self, class: Class, config: &Config) -> Option<Arc<str>> {
        if self.queue(class).is_empty() {
            return None;
        }
        let mut queue = std::mem::take(self.queue(class));
        let tenant = queue.next(|tenant| self.is_free(tenant, class, config));
        *self.queue(class) = queue;
        tenant
    }

    /// Tenants that have nothing in progress, and of which nothing was executed lately, are forgotten.
    fn forget_idle(&mut self, now: Instant) {
        self.tenants.retain(|_, own| own.requests > 0 || own.running != [0, 0] || now - own.executed < LATELY_EXECUTED);
        self.weights = self.tenants.values().map(|own| u64::from(own.weight)).sum();
    }

    fn check_memory(&self, class: Class) -> Result<(), Refused> {
        match (self.memory, class) {
            (Memory::Enough, _) | (Memory::Short, Class::Interactive) => Ok(()),
            (Memory::Short, Class::Batch) | (Memory::Out, _) => Err(Refused::Memory),
        }
    }
}

/// How many places there are for a class.
fn class_places(limit: f64, class: Class, config: &Config) -> f64 {
    match class {
        Class::Interactive => limit,
        Class::Batch => limit * config.batch_share,
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.count_running(&self.tenant, self.class, &self.admission.config, -1);
        if let Some(held) = state.held.get_mut(self.class.index()) {
            *held += (self.begun.elapsed().as_secs_f64() - *held) * LATELY;
        }
        state.give_turns(&self.admission.config);
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        if let Some(own) = state.tenants.get_mut(&self.tenant) {
            own.requests -= 1;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut state = self.admission.state();
        self.turn.close();
        match self.turn.try_recv() {
            // Its turn came at this very moment: the place it was given is for the next.
            Ok(Turn::Go) => {
                state.count_running(&self.tenant, self.class, &self.admission.config, -1);
                state.give_turns(&self.admission.config);
            }
            _ => state.queue(self.class).remove(&self.tenant, ticket),
        }
    }
}

#[cfg(test)]
mod tests;
