//! `Worker`: executes what waits in a group, and gives it to all members.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use resolvers::live::GapReason;
use schema::ChangeKind;
use sources::postgres::{Change, ChangePosition, Changes};

use super::{
    execution::{AGAIN_AFTER, execute},
    group::Plan,
    matching::{Read, Verdict, Viewer, judge},
    members::Members,
    queue::{Item, Lost, Queue, Waiting},
};
use crate::App;

/// How long, and how often at most, a group that has much to give waits for its members.
const PAUSE: Duration = Duration::from_millis(5);
const PAUSES_MAX: u32 = 40;

/// A change, and what it is to this group.
pub(super) struct Matched {
    pub(super) read: Arc<Read>,
    pub(super) kind: ChangeKind,
}

impl Waiting for Matched {
    /// What finds no room is read from the log again.
    fn replaces(&self, _: &Self) -> bool {
        false
    }
}

/// Executes what waits, and gives it to all members.
pub(super) struct Worker {
    pub(super) app: Arc<App>,
    pub(super) plan: Arc<Plan>,
    pub(super) viewer: Arc<RwLock<Viewer>>,
    pub(super) members: Arc<Members>,
    pub(super) waiting: Arc<Queue<Matched>>,
    /// Everything up to here has been given.
    pub(super) done: ChangePosition,
}

impl Worker {
    /// Works until nothing more comes.
    pub(super) async fn run(mut self) {
        loop {
            let mut batch = Vec::new();
            let mut lost = None;
            let mut next = Some(self.waiting.next().await);
            while let Some(item) = next {
                match item {
                    Item::Sent(matched) => batch.push(matched),
                    Item::Lost(found) => {
                        lost = Some(found);
                        break;
                    }
                    Item::End => return,
                }
                next = if batch.len() < self.app.live.config.batch { self.waiting.take() } else { None };
            }
            let changes = batch.iter().map(|matched| (&matched.read, matched.kind)).collect();
            self.members.give(&execute(&self.app, &self.plan, changes).await);
            if let Some(last) = batch.last() {
                self.done = last.read.change.position.clone();
            }
            if lost.is_some() || batch.len() >= self.app.live.config.batch {
                self.wait_for_members().await;
            }
            match lost {
                // More came at once than waits here; it stands in the log.
                Some(Lost { to, reason: GapReason::SlowConsumer }) => self.read_again(&to).await,
                Some(Lost { to, reason }) => {
                    self.members.lose(&to, reason);
                    self.done = to;
                }
                None => {}
            }
        }
    }

    /// Reads what did not wait, up to `to`.
    async fn read_again(&mut self, to: &ChangePosition) {
        let limit = u32::try_from(self.app.live.config.batch).unwrap_or(u32::MAX);
        while !self.done.holds(to) {
            let found = self.app.sources.database().changes_unless_lost(&self.done, Some(to), limit).await;
            let Ok(found) = found else {
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            };
            let Some(Changes { changes, read }) = found else {
                self.members.lose(to, GapReason::CursorExpired);
                break;
            };
            let is_meant =
                |change: &Change| to.has(change.position.row()) && change.tenant == self.plan.principal.tenant;
            let mut matched = Vec::new();
            for read in changes.into_iter().filter(is_meant).map(Read::of) {
                let viewer = self.viewer.read().unwrap_or_else(PoisonError::into_inner).clone();
                match judge(&self.plan.topic, &viewer, &read) {
                    Verdict::Nothing => {}
                    Verdict::Change(kind) => matched.push((read, kind)),
                    Verdict::Unknown => {
                        self.give(&std::mem::take(&mut matched)).await;
                        self.members.lose(&read.change.position, GapReason::Reset);
                    }
                }
            }
            self.give(&matched).await;
            self.wait_for_members().await;
            self.done = read;
        }
        // Read to the end of the page, given up to here.
        self.done = to.clone();
    }

    /// Where there is much to come, whoever reads on is given the time to; and whoever does not keeps nobody for long.
    async fn wait_for_members(&self) {
        for _ in 0..PAUSES_MAX {
            if !self.members.are_crowded() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn give(&self, matched: &[(Arc<Read>, ChangeKind)]) {
        let changes = matched.iter().map(|(read, kind)| (read, *kind)).collect();
        self.members.give(&execute(&self.app, &self.plan, changes).await);
    }
}
