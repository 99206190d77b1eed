//! Admission: how many operations are executed at once, and who is next. As many as the gateway and its database keep up with
//! (`pace`), one tenant not before another (`queue`), people before machines (`config::Class`), and nobody when memory runs out
//! (`memory`). Whoever is refused is refused at once.

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

use tokio::{sync::oneshot, time::Instant};

pub use config::{Class, Config};
pub use memory::Memory;
use queue::{FairQueue, Ticket, Turn};
pub use watch::run;

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
    /// How long a place is held, lately and of each class, in seconds.
    held: [f64; 2],
    /// What each tenant has in progress; those with nothing are not there.
    tenants: HashMap<Arc<str>, Own>,
    memory: Memory,
}

/// What one tenant has in progress.
#[derive(Default)]
struct Own {
    /// Requests, with those that are not executed yet.
    requests: usize,
    /// Operations of people that are executed.
    running: usize,
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
            held: [0.0; 2],
            tenants: HashMap::new(),
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
                state.count_running(&tenant, class, 1);
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

    /// Adjusts how many may be executed to how long work waits for its turn: for a processor, or for a connection.
    pub fn adjust(&self, delay: Duration, memory: Memory) {
        let mut state = self.state();
        let running: usize = state.running.iter().sum();
        state.limit = pace::next(state.limit, delay, running, &self.config);
        state.memory = memory;
        // Where more may run now, those who wait are next.
        state.give_turns(&self.config);
        metrics::gauge!("weft_admission_limit").set(state.limit);
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
        let places = match class {
            Class::Interactive => state.limit,
            Class::Batch => (state.limit * self.config.batch_share).max(1.0),
        };
        let wait = (queue.len() + 1) as f64 * held / places;
        // Half of it, so that hardly anybody who was let in waits in vain.
        let most = if wait > self.config.wait_max.as_secs_f64() / 2.0 { queue.len() } else { self.config.waiting_max };
        queue.has_room(tenant, most.min(self.config.waiting_max))
    }

    /// A request of this tenant is in progress until what is answered is dropped. None where the tenant has its part of all places.
    pub fn arrive(&self, tenant: &str) -> Result<Arrival<'_>, Refused> {
        let mut state = self.state();
        let most = (self.config.requests_max / 2).max(1);
        let tenant: Arc<str> = tenant.into();
        if state.tenants.get(&tenant).is_some_and(|own| own.requests >= most) {
            return Err(Refused::Full);
        }
        state.tenants.entry(Arc::clone(&tenant)).or_default().requests += 1;
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

    fn count_running(&mut self, tenant: &Arc<str>, class: Class, difference: isize) {
        if class == Class::Interactive {
            let own = self.tenants.entry(Arc::clone(tenant)).or_default();
            own.running = own.running.saturating_add_signed(difference);
            self.forget(tenant);
        }
        if let Some(running) = self.running.get_mut(class.index()) {
            *running = running.saturating_add_signed(difference);
        }
    }

    /// Whether one more of this class may be executed, and nobody waits who would be before it.
    fn may_run(&self, tenant: &str, class: Class, config: &Config) -> bool {
        // Whoever has nothing running need not wait until those who have much are done: one of each tenant always is.
        let total: usize = self.running.iter().sum();
        let is_first = class == Class::Interactive && self.tenants.get(tenant).is_none_or(|own| own.running == 0);
        if is_first && total < config.running_max {
            return true;
        }
        let has_waiting = self.queues.get(class.index()).is_some_and(|queue| !queue.is_empty());
        !has_waiting && self.has_place(class, config)
    }

    fn has_place(&self, class: Class, config: &Config) -> bool {
        let running: usize = self.running.iter().sum();
        let is_within = (running as f64) < self.limit;
        match class {
            Class::Interactive => is_within,
            // One always, so that machines get on, if slowly.
            Class::Batch => {
                let own = self.running_of(class);
                own == 0 || is_within && (own as f64) < self.limit * config.batch_share
            }
        }
    }

    /// Gives turns to those who wait while there are places, to people first.
    fn give_turns(&mut self, config: &Config) {
        for class in Class::ALL {
            while self.has_place(class, config)
                && let Some(tenant) = self.queue(class).next()
            {
                self.count_running(&tenant, class, 1);
            }
        }
    }

    /// A tenant with nothing in progress is not remembered.
    fn forget(&mut self, tenant: &Arc<str>) {
        if self.tenants.get(tenant).is_some_and(|own| own.requests == 0 && own.running == 0) {
            self.tenants.remove(tenant);
        }
    }

    fn check_memory(&self, class: Class) -> Result<(), Refused> {
        match (self.memory, class) {
            (Memory::Enough, _) | (Memory::Short, Class::Interactive) => Ok(()),
            (Memory::Short, Class::Batch) | (Memory::Out, _) => Err(Refused::Memory),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.count_running(&self.tenant, self.class, -1);
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
        state.forget(&self.tenant);
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
                state.count_running(&self.tenant, self.class, -1);
                state.give_turns(&self.admission.config);
            }
            _ => state.queue(self.class).remove(ticket),
        }
    }
}
