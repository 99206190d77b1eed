//! `FairQueue`: who waits for a place, and whose turn it is. Weighted fair queueing by points: each tenant's work is written down on a
//! clock of its own, and whoever is furthest behind is next. A tenant that asks much waits for itself.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use tokio::sync::oneshot;

/// Parts of a point that tags are counted in, so that weights divide well.
const FINE: u64 = 1_000;

/// Requests that wait, by the moment at which their tenant would be done with them had it the gateway to itself.
#[derive(Default)]
pub struct FairQueue {
    tenants: HashMap<Arc<str>, Tenant>,
    waiting: usize,
    /// The tag of the latest request that had its turn.
    now: u64,
    number: u64,
}

/// A place in the queue: its tag, and a number for those with the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64, u64);

/// One who waits.
struct Waiter {
    ticket: Ticket,
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
    /// In the order of their tickets.
    waiting: VecDeque<Waiter>,
    /// The tag of its latest request.
    latest: u64,
}

impl FairQueue {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many of this tenant wait.
    pub fn waiting_of(&self, tenant: &str) -> usize {
        self.tenants.get(tenant).map_or(0, |own| own.waiting.len())
    }

    /// Whether somebody waits of such a tenant.
    pub fn any(&self, is_such: impl Fn(&Arc<str>) -> bool) -> bool {
        self.tenants.iter().any(|(name, own)| !own.waiting.is_empty() && is_such(name))
    }

    /// Whether a tenant could wait, where at most so many may: if there is room, or another has more than it would have.
    pub fn has_room(&self, tenant: &str, most: usize) -> bool {
        let own = self.waiting_of(tenant);
        self.len() < most || self.tenants.values().any(|other| other.waiting.len() > own + 1)
    }

    /// Waits for a turn; none where there is no room. The room may be that of the latest request of whoever has most.
    pub fn push(
        &mut self,
        tenant: &Arc<str>,
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
        let own = self.tenants.entry(Arc::clone(tenant)).or_default();
        let cost = points.max(1).saturating_mul(FINE) / u64::from(weight.max(1));
        own.latest = own.latest.max(self.now).saturating_add(cost);
        self.number += 1;
        let ticket = Ticket(own.latest, self.number);
        let (turn, waiting) = oneshot::channel();
        own.waiting.push_back(Waiter { ticket, turn });
        self.waiting += 1;
        Some((ticket, waiting))
    }

    /// Gives the next one of a tenant that may have a turn its turn; tells whose it was, nobody's when no such one waits.
    pub fn next(&mut self, may: impl Fn(&Arc<str>) -> bool) -> Option<Arc<str>> {
        loop {
            let mut first: Option<(Ticket, &Arc<str>)> = None;
            for (name, own) in &self.tenants {
                let Some(waiter) = own.waiting.front() else { continue };
                if first.is_none_or(|(ticket, _)| waiter.ticket < ticket) && may(name) {
                    first = Some((waiter.ticket, name));
                }
            }
            let name = Arc::clone(first?.1);
            let waiter = self.tenants.get_mut(&name)?.waiting.pop_front()?;
            self.now = self.now.max(waiter.ticket.0);
            self.left(&name);
            // Whoever has gone meanwhile leaves its turn to the next.
            if waiter.turn.send(Turn::Go).is_ok() {
                return Some(name);
            }
        }
    }

    /// One who waited has gone.
    pub fn remove(&mut self, tenant: &Arc<str>, ticket: Ticket) {
        let Some(own) = self.tenants.get_mut(tenant) else { return };
        if let Ok(at) = own.waiting.binary_search_by_key(&ticket, |waiter| waiter.ticket) {
            own.waiting.remove(at);
            self.left(tenant);
        }
    }

    /// Sends the latest request of the tenant with most of them away.
    fn push_out(&mut self) {
        let most = self.tenants.iter_mut().max_by_key(|(_, tenant)| tenant.waiting.len());
        let Some((name, waiter)) = most.and_then(|(name, own)| Some((Arc::clone(name), own.waiting.pop_back()?)))
        else {
            return;
        };
        self.left(&name);
        let _ = waiter.turn.send(Turn::PushedOut);
    }

    /// One fewer waits. Tenants of whom nobody waits are forgotten: there is nothing to be fair about.
    fn left(&mut self, tenant: &Arc<str>) {
        self.waiting -= 1;
        if self.tenants.get(tenant).is_some_and(|own| own.waiting.is_empty() && own.latest <= self.now) {
            self.tenants.remove(tenant);
        }
        if self.waiting == 0 {
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
        while queue.next(|_| true).is_some() {
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
            waiting.push(("noisy", queue.push(&"noisy".into(), 10, 1, 100).unwrap().1));
        }
        waiting.push(("quiet", queue.push(&"quiet".into(), 10, 1, 100).unwrap().1));
        waiting.push(("quiet", queue.push(&"quiet".into(), 10, 1, 100).unwrap().1));
        assert_eq!(
            order(&mut queue, waiting),
            ["noisy", "quiet", "noisy", "quiet", "noisy", "noisy", "noisy", "noisy"]
        );
        assert!(queue.tenants.is_empty(), "a tenant is remembered without need");
    }

    #[test]
    fn who_may_not_have_a_turn_is_passed_over_and_keeps_its_place() {
        let mut queue = FairQueue::default();
        let (_, mut noisy) = queue.push(&"noisy".into(), 1, 1, 4).unwrap();
        let (_, mut quiet) = queue.push(&"quiet".into(), 10, 1, 4).unwrap();
        let is_quiet = |name: &Arc<str>| **name == *"quiet";
        assert_eq!(queue.next(is_quiet).as_deref(), Some("quiet"));
        assert_eq!(queue.next(is_quiet), None);
        assert!(quiet.try_recv() == Ok(Turn::Go) && noisy.try_recv().is_err() && queue.waiting_of("noisy") == 1);
        assert_eq!(queue.next(|_| true).as_deref(), Some("noisy"));
    }

    #[test]
    fn a_weight_is_a_share() {
        let mut queue = FairQueue::default();
        let mut waiting = Vec::new();
        for _ in 0..30 {
            waiting.push(("heavy", queue.push(&"heavy".into(), 10, 2, 100).unwrap().1));
            waiting.push(("light", queue.push(&"light".into(), 10, 1, 100).unwrap().1));
        }
        let first = order(&mut queue, waiting).into_iter().take(30).filter(|who| *who == "heavy").count();
        assert_eq!(first, 20);
    }

    #[test]
    fn who_has_most_makes_room_and_who_has_gone_leaves_the_turn() {
        let mut queue = FairQueue::default();
        let mut noisy: Vec<_> = (0..4).map(|_| queue.push(&"noisy".into(), 1, 1, 4).unwrap()).collect();
        assert!(queue.push(&"noisy".into(), 1, 1, 4).is_none(), "nobody pushes itself out");
        let (_, quiet) = queue.push(&"quiet".into(), 1, 1, 4).unwrap();
        let (_, mut last) = noisy.pop().unwrap();
        assert_eq!(last.try_recv(), Ok(Turn::PushedOut));
        assert_eq!(queue.len(), 4);
        let (ticket, gone) = noisy.remove(0);
        drop(gone);
        queue.remove(&"noisy".into(), ticket);
        drop(quiet);
        assert!(queue.next(|_| true).is_some() && queue.next(|_| true).is_some(), "two of the noisy tenant are left");
        assert_eq!(queue.next(|_| true), None);
    }
}
