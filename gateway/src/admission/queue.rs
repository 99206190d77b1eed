//! `FairQueue`: who waits for a place, and whose turn it is. Weighted fair queueing by points: each tenant's work is written down on a
//! clock of its own, and whoever is furthest behind is next. A tenant that asks much waits for itself.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tokio::sync::oneshot;

/// Parts of a point that tags are counted in, so that weights divide well.
const FINE: u64 = 1_000;

/// Requests that wait, by the moment at which their tenant would be done with them had it the gateway to itself.
#[derive(Default)]
pub struct FairQueue {
    waiting: BTreeMap<Ticket, Waiter>,
    tenants: HashMap<Arc<str>, Tenant>,
    /// The tag of the latest request that had its turn.
    now: u64,
    number: u64,
}

/// A place in the queue: its tag, and a number for those with the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64, u64);

/// One who waits.
struct Waiter {
    tenant: Arc<str>,
    turn: oneshot::Sender<Turn>,
}

/// What becomes of one who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is the waiter's turn.
    Go,
    /// Another tenant, which has less in the queue, took the room.
    PushedOut,
}

#[derive(Default)]
struct Tenant {
    waiting: usize,
    /// The tag of its latest request.
    latest: u64,
}

impl FairQueue {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a tenant could wait, where at most so many may: if there is room, or another has more than it would have.
    pub fn has_room(&self, tenant: &str, most: usize) -> bool {
        let own = self.tenants.get(tenant).map_or(0, |tenant| tenant.waiting);
        self.len() < most || self.tenants.values().any(|other| other.waiting > own + 1)
    }

    /// Waits for a turn; none where there is no room. The room may be that of the latest request of whoever has most.
    pub fn push(
        &mut self,
        tenant: &str,
        points: u64,
        weight: u32,
        most: usize,
    ) -> Option<(Ticket, oneshot::Receiver<Turn>)> {
        if self.len() >= most {
            if !self.has_room(tenant, most) {
                return None;
            }
            self.push_out();
        }
        let name: Arc<str> = tenant.into();
        let own = self.tenants.entry(Arc::clone(&name)).or_default();
        own.waiting += 1;
        let cost = points.max(1).saturating_mul(FINE) / u64::from(weight.max(1));
        own.latest = own.latest.max(self.now).saturating_add(cost);
        self.number += 1;
        let ticket = Ticket(own.latest, self.number);
        let (turn, waiting) = oneshot::channel();
        self.waiting.insert(ticket, Waiter { tenant: name, turn });
        Some((ticket, waiting))
    }

    /// Gives the next one its turn; tells whose it was, nobody's when nobody waits.
    pub fn next(&mut self) -> Option<Arc<str>> {
        while let Some((ticket, waiter)) = self.waiting.pop_first() {
            self.now = self.now.max(ticket.0);
            self.left(&waiter.tenant);
            // Whoever has gone meanwhile leaves its turn to the next.
            if waiter.turn.send(Turn::Go).is_ok() {
                return Some(waiter.tenant);
            }
        }
        None
    }

    /// One who waited has gone.
    pub fn remove(&mut self, ticket: Ticket) {
        if let Some(waiter) = self.waiting.remove(&ticket) {
            self.left(&waiter.tenant);
        }
    }

    /// Sends the latest request of the tenant with most of them away.
    fn push_out(&mut self) {
        let most = self.tenants.iter().max_by_key(|(_, tenant)| tenant.waiting).map(|(name, _)| Arc::clone(name));
        let Some(most) = most else { return };
        let latest = self.waiting.iter().rev().find(|(_, waiter)| waiter.tenant == most).map(|(ticket, _)| *ticket);
        if let Some(waiter) = latest.and_then(|ticket| self.waiting.remove(&ticket)) {
            self.left(&waiter.tenant);
            let _ = waiter.turn.send(Turn::PushedOut);
        }
    }

    /// Forgets tenants of whom nobody waits: there is nothing to be fair about.
    fn left(&mut self, tenant: &Arc<str>) {
        if let Some(own) = self.tenants.get_mut(tenant) {
            own.waiting -= 1;
            if own.waiting == 0 && own.latest <= self.now {
                self.tenants.remove(tenant);
            }
        }
        if self.waiting.is_empty() {
            self.tenants.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives turns until nobody waits, and tells in which order.
    fn order(queue: &mut FairQueue, mut waiting: Vec<(&'static str, oneshot::Receiver<Turn>)>) -> Vec<&'static str> {
        let mut order = Vec::new();
        while queue.next().is_some() {
            let at = waiting.iter_mut().position(|(_, turn)| turn.try_recv() == Ok(Turn::Go)).unwrap();
            order.push(waiting.remove(at).0);
        }
        order
    }

    #[test]
    fn a_tenant_that_asks_much_waits_for_itself() {
        let mut queue = FairQueue::default();
        let mut waiting = Vec::new();
        for _ in 0..6 {
            waiting.push(("noisy", queue.push("noisy", 10, 1, 100).unwrap().1));
        }
        waiting.push(("quiet", queue.push("quiet", 10, 1, 100).unwrap().1));
        waiting.push(("quiet", queue.push("quiet", 10, 1, 100).unwrap().1));
        assert_eq!(
            order(&mut queue, waiting),
            ["noisy", "quiet", "noisy", "quiet", "noisy", "noisy", "noisy", "noisy"]
        );
        assert!(queue.tenants.is_empty(), "a tenant is remembered without need");
    }

    #[test]
    fn a_weight_is_a_share() {
        let mut queue = FairQueue::default();
        let mut waiting = Vec::new();
        for _ in 0..30 {
            waiting.push(("heavy", queue.push("heavy", 10, 2, 100).unwrap().1));
            waiting.push(("light", queue.push("light", 10, 1, 100).unwrap().1));
        }
        let first = order(&mut queue, waiting).into_iter().take(30).filter(|who| *who == "heavy").count();
        assert_eq!(first, 20);
    }

    #[test]
    fn who_has_most_makes_room_and_who_has_gone_leaves_the_turn() {
        let mut queue = FairQueue::default();
        let mut noisy: Vec<_> = (0..4).map(|_| queue.push("noisy", 1, 1, 4).unwrap()).collect();
        assert!(queue.push("noisy", 1, 1, 4).is_none(), "nobody pushes itself out");
        let (_, quiet) = queue.push("quiet", 1, 1, 4).unwrap();
        let (_, mut last) = noisy.pop().unwrap();
        assert_eq!(last.try_recv(), Ok(Turn::PushedOut));
        assert_eq!(queue.len(), 4);
        let (ticket, gone) = noisy.remove(0);
        drop(gone);
        queue.remove(ticket);
        drop(quiet);
        assert!(queue.next().is_some() && queue.next().is_some(), "two of the noisy tenant are left");
        assert_eq!(queue.next(), None);
    }
}
