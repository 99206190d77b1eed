//! `Queue`: what waits for one reader, bounded. Where there is no room, what is outdated makes some; whoever reads too slowly even so loses
//! what comes next and is told from where to where, at the place where it is missing. What was put in before is kept.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use resolvers::live::GapReason;
use sources::postgres::ChangePosition;
use tokio::sync::Notify;

/// What a reader gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<T> {
    /// Something that was put in.
    Sent(T),
    /// Something is missing.
    Lost(Lost),
    /// Nothing more comes.
    End,
}

/// What is missing: everything up to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The last place that is.
    pub to: ChangePosition,
    /// Why.
    pub reason: GapReason,
}

/// What can wait.
pub trait Waiting {
    /// Whether nobody needs the earlier one any more who gets this one.
    fn replaces(&self, earlier: &Self) -> bool;
}

/// A queue with one reader.
#[derive(Debug)]
pub struct Queue<T> {
    inner: Mutex<Inner<T>>,
    came: Notify,
    max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Inner<T> {
    /// Each with its bytes.
    items: VecDeque<(Item<T>, usize)>,
    bytes: usize,
}

impl<T: Waiting> Queue<T> {
    /// A queue of at most `max` items with `bytes_max` bytes, or one that is larger; and the places where others are missing.
    pub fn new(max: usize, bytes_max: usize) -> Self {
        let inner = Inner { items: VecDeque::new(), bytes: 0 };
        Self { inner: Mutex::new(inner), came: Notify::new(), max, bytes_max }
    }

    /// Puts something in that stands at `position` and holds so many bytes. Where there is no room, what it replaces goes; where there is
    /// none even so it is lost, which the reader is told. True: it was put in.
    pub fn push(&self, item: T, bytes: usize, position: &ChangePosition) -> bool {
        let mut inner = self.lock();
        if self.has_no_room(&inner, bytes) {
            self.make_room(&mut inner, &item, bytes);
        }
        if self.has_no_room(&inner, bytes) {
            lose(&mut inner.items, position, GapReason::SlowConsumer);
            return false;
        }
        inner.bytes += bytes;
        inner.items.push_back((Item::Sent(item), bytes));
        drop(inner);
        self.came.notify_one();
        true
    }

    fn has_no_room(&self, inner: &Inner<T>, bytes: usize) -> bool {
        self.are_too_many(inner.items.len(), inner.bytes.saturating_add(bytes))
    }

    fn are_too_many(&self, items: usize, bytes: usize) -> bool {
        items > 0 && (items >= self.max || bytes > self.bytes_max)
    }

    /// Takes out what this item replaces, if there is room for it then. Not from before something that is missing: there it is uncertain
    /// anyway, and what comes after is told as missing too as long as there is no room.
    fn make_room(&self, inner: &mut Inner<T>, item: &T, bytes: usize) {
        if matches!(inner.items.back(), Some((Item::Lost(_), _))) {
            return;
        }
        let is_kept = |earlier: &Item<T>| !matches!(earlier, Item::Sent(earlier) if item.replaces(earlier));
        let kept = || inner.items.iter().filter(|(earlier, _)| is_kept(earlier));
        let kept_bytes: usize = kept().map(|(_, bytes)| bytes).sum();
        if self.are_too_many(kept().count(), kept_bytes.saturating_add(bytes)) {
            return;
        }
        inner.items.retain(|(earlier, _)| is_kept(earlier));
        inner.bytes = kept_bytes;
    }

    /// Whether more than half of it is taken.
    pub fn is_crowded(&self) -> bool {
        let inner = self.lock();
        inner.items.len() > self.max / 2 || inner.bytes > self.bytes_max / 2
    }

    /// Puts in what makes everything before it needless.
    pub fn replace(&self, item: T, bytes: usize) {
        let mut inner = self.lock();
        inner.items.clear();
        inner.bytes = bytes;
        inner.items.push_back((Item::Sent(item), bytes));
        drop(inner);
        self.came.notify_one();
    }

    /// Everything up to `to` is lost.
    pub fn lose(&self, to: &ChangePosition, reason: GapReason) {
        lose(&mut self.lock().items, to, reason);
        self.came.notify_one();
    }

    /// Nothing more comes after what is in it.
    pub fn end(&self) {
        self.lock().items.push_back((Item::End, 0));
        self.came.notify_one();
    }

    /// The next item. Given up without harm at any time.
    pub async fn next(&self) -> Item<T> {
        loop {
            let came = self.came.notified();
            if let Some(item) = self.take() {
                return item;
            }
            came.await;
        }
    }

    /// The next item, if there is one.
    pub fn take(&self) -> Option<Item<T>> {
        let mut inner = self.lock();
        let (item, bytes) = inner.items.pop_front()?;
        inner.bytes = inner.bytes.saturating_sub(bytes);
        if inner.items.is_empty() {
            // An idle reader costs nothing that a busy one needed.
            inner.items.shrink_to(0);
        }
        Some(item)
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lose<T>(items: &mut VecDeque<(Item<T>, usize)>, to: &ChangePosition, reason: GapReason) {
    match items.back_mut() {
        Some((Item::Lost(lost), _)) => {
            lost.to = to.clone();
            // What is graver is told: what a slow reader lost can be read again.
            if lost.reason == GapReason::SlowConsumer || reason == GapReason::Reset {
                lost.reason = reason;
            }
        }
        _ => items.push_back((Item::Lost(Lost { to: to.clone(), reason }), 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number is replaced by one that is a hundred more.
    impl Waiting for usize {
        fn replaces(&self, earlier: &Self) -> bool {
            *self == earlier + 100
        }
    }

    fn at(position: i64) -> ChangePosition {
        format!("1:9:1 1:1: 1 {position}").parse().unwrap()
    }

    #[tokio::test]
    async fn what_finds_no_room_is_told_as_lost_where_it_is_missing() {
        let queue = Queue::new(2, 100);
        let put: Vec<bool> = (1..=4).map(|position| queue.push(position as usize, 1, &at(position))).collect();
        assert_eq!(put, [true, true, false, false]);
        assert_eq!(queue.next().await, Item::Sent(1));
        assert_eq!(queue.next().await, Item::Sent(2));
        assert!(queue.push(5, 1, &at(5)), "there is room again");
        assert_eq!(queue.next().await, Item::Lost(Lost { to: at(4), reason: GapReason::SlowConsumer }));
        assert_eq!(queue.next().await, Item::Sent(5));
        queue.lose(&at(6), GapReason::SlowConsumer);
        queue.lose(&at(7), GapReason::Reset);
        assert_eq!(queue.next().await, Item::Lost(Lost { to: at(7), reason: GapReason::Reset }));
        assert_eq!(queue.take(), None);
    }

    #[tokio::test]
    async fn bytes_are_bounded_as_well_but_for_one_that_is_alone() {
        let queue = Queue::new(10, 100);
        let put: Vec<bool> = [500, 1].into_iter().map(|bytes| queue.push(bytes, bytes, &at(1))).collect();
        assert_eq!(put, [true, false]);
        assert_eq!(queue.next().await, Item::Sent(500));
        assert!(matches!(queue.next().await, Item::Lost(_)));
        let put: Vec<bool> = [60, 40, 1].into_iter().map(|bytes| queue.push(bytes, bytes, &at(2))).collect();
        assert_eq!(put, [true, true, false]);
        queue.replace(7, 7);
        assert_eq!(queue.take(), Some(Item::Sent(7)));
        assert_eq!(queue.take(), None);
    }

    #[tokio::test]
    async fn where_there_is_no_room_the_outdated_goes_and_order_stays() {
        let queue = Queue::new(3, 100);
        for item in [1, 2, 3] {
            assert!(queue.push(item, 30, &at(1)));
        }
        assert!(queue.push(102, 40, &at(2)), "2 is outdated");
        assert!(!queue.push(101, 90, &at(3)), "without 1 there is no room either");
        assert_eq!(queue.take(), Some(Item::Sent(1)), "and so it stays");
        let queue = Queue::new(3, 100);
        for (item, bytes) in [(1, 30), (3, 30), (102, 40)] {
            assert!(queue.push(item, bytes, &at(2)));
        }
        assert!(!queue.push(104, 1, &at(3)), "nothing is");
        assert!(!queue.push(103, 1, &at(4)), "what follows a gap without room belongs to it");
        let got: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
        let lost = Item::Lost(Lost { to: at(4), reason: GapReason::SlowConsumer });
        assert_eq!(got, [Item::Sent(1), Item::Sent(3), Item::Sent(102), lost]);
        assert!(queue.push(5, 100, &at(5)), "bytes are given back");
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken() {
        let queue = std::sync::Arc::new(Queue::new(1, 1));
        let reader = tokio::spawn({
            let queue = std::sync::Arc::clone(&queue);
            async move { queue.next().await }
        });
        tokio::task::yield_now().await;
        queue.push(1, 1, &at(1));
        assert_eq!(reader.await.unwrap(), Item::Sent(1));
    }
}
