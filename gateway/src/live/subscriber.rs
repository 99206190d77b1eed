//! `Subscriber`: the course of one subscription: the snapshot if it was asked for, what was missed, then what comes.

use std::{collections::VecDeque, sync::Arc};

use futures::stream::BoxStream;
use resolvers::live::{self, Event, Gap, GapReason, JobState, Object, Topic};
use schema::{ChangeKind, DateTime, EntityFilter, PageArgs, SourceKind};
use sources::{
    SourceError,
    postgres::{ChangePosition, Changes, EntityQuery, Projection},
};

use super::{
    cursor::Place,
    execution::{Executed, answers, execute, execute_sign},
    group::Plan,
    matching::{Read, Verdict, Viewer, judge},
    queue::{Item, Lost},
    registry::{Joined, Live, Member, Seat},
    subscription::Frame,
    toll::Toll,
};
use crate::{App, http::Answer, rate_limit};

/// Entities of a snapshot that are read at once.
const SNAPSHOT_PAGE: u32 = 100;

/// One subscription.
pub struct Subscriber {
    app: Arc<App>,
    plan: Arc<Plan>,
    /// When the token ends of who began it; the plan may be that of another who asked the same.
    expires_at: Option<DateTime>,
    stage: Stage,
    /// What is ready to go out, with what it is worth.
    ready: VecDeque<(Frame, u64)>,
    /// What the client got last, or began after.
    last: Option<Arc<str>>,
    /// What is seen, and how often that had changed when it was looked at.
    viewer: Viewer,
    epoch: u64,
    /// What was missed has not been read up to here. What is seen was looked at after it.
    missed_until: Option<ChangePosition>,
    /// How a job stood when the client saw it last.
    known: Option<JobState>,
    toll: Toll,
    _seat: Seat,
}

/// Where a subscription begins.
pub struct Beginning {
    /// How far it has come.
    pub stage: Stage,
    /// How a job stood when the client saw it last.
    pub known: Option<JobState>,
    /// What the client has.
    pub cursor: Option<String>,
    /// What is seen.
    pub viewer: Viewer,
    /// How often that had changed when it was looked at.
    pub epoch: u64,
    /// Of a client that has been here before: up to where it may have missed that something else is seen than was then.
    pub missed_until: Option<ChangePosition>,
}

/// How far a subscription has come.
pub enum Stage {
    /// Something is missing at its beginning.
    Gap {
        /// What the client had.
        from: Option<String>,
        /// Where it goes on.
        to: ChangePosition,
        /// Why.
        reason: GapReason,
    },
    /// All that is there is being sent.
    Snapshot {
        /// What follows it.
        position: ChangePosition,
        /// A cursor of lists: what was sent last.
        last: Option<String>,
        /// Objects sent.
        count: usize,
    },
    /// Everything up to here has been seen.
    Behind(ChangePosition),
    /// Up to date.
    Live(Member),
}

impl Subscriber {
    pub(super) fn new(
        app: &Arc<App>,
        plan: Arc<Plan>,
        Beginning { stage, known, cursor, viewer, epoch, missed_until }: Beginning,
        caller: Option<rate_limit::Caller>,
        seat: Seat,
    ) -> Self {
        Self {
            app: Arc::clone(app),
            expires_at: plan.principal.expires_at,
            stage,
            ready: VecDeque::new(),
            last: cursor.map(Arc::from),
            viewer,
            epoch,
            missed_until: missed_until.filter(|_| !matches!(plan.topic, Topic::Job(_))),
            plan,
            known,
            toll: Toll::new(app, caller),
            _seat: seat,
        }
    }

    /// Everything that comes; without end, but for a job that ends. An error ends it: it cannot go on now, but from the last cursor.
    /// Waiting for the next event can be given up without harm.
    pub fn into_stream(self) -> BoxStream<'static, Result<Frame, SourceError>> {
        // In a box, since it is moved for each event.
        let next = |mut subscriber: Box<Self>| async move {
            let frame = subscriber.next().await?;
            Ok(frame.map(|frame| (frame, subscriber)))
        };
        Box::pin(futures::stream::try_unfold(Box::new(self), next))
    }

    async fn next(&mut self) -> Result<Option<Frame>, SourceError> {
        loop {
            if let Some((frame, points)) = self.ready.pop_front() {
                self.toll.owe(points).await;
                self.last.clone_from(&frame.cursor);
                return Ok(Some(frame));
            }
            match &self.stage {
                Stage::Live(member) => {
                    let queue = Arc::clone(&member.queue);
                    match queue.next().await {
                        // It is as the client saw it.
                        Item::Sent(sent) if sent.state.is_some() && sent.state == self.known.take() => {}
                        Item::Sent(sent) => {
                            let frame = Frame { payload: sent.payload.clone(), cursor: Some(sent.cursor.clone()) };
                            self.ready.push_back((frame, sent.points));
                        }
                        Item::Lost(lost) => Box::pin(self.tell_lost(lost)).await?,
                        Item::End => return Ok(None),
                    }
                }
                _ => Box::pin(self.come_closer()).await?,
            }
        }
    }

    /// One step towards being up to date.
    async fn come_closer(&mut self) -> Result<(), SourceError> {
        let app = Arc::clone(&self.app);
        match &self.stage {
            Stage::Live(_) => Ok(()),
            Stage::Gap { from, to, reason } => {
                let (from, to, reason) = (from.clone(), to.clone(), *reason);
                self.push_gap(from, &to, reason).await?;
                self.stage = Stage::Behind(to);
                Ok(())
            }
            Stage::Snapshot { position, last, count } => {
                let (position, last, count) = (position.clone(), last.clone(), *count);
                self.snapshot(position, last, count).await
            }
            Stage::Behind(position) => {
                let position = position.clone();
                if self.missed_until.is_some() {
                    return self.catch_up(position).await;
                }
                match Live::join(&app, &self.plan, &position, &self.viewer, self.epoch) {
                    Joined::In(member) => {
                        self.plan = Arc::clone(&member.plan);
                        self.stage = Stage::Live(member);
                        Ok(())
                    }
                    Joined::Stale => self.look_again(&position).await,
                    Joined::Behind => self.catch_up(position).await,
                }
            }
        }
    }

    /// Sends a page of what is there.
    async fn snapshot(
        &mut self,
        position: ChangePosition,
        last: Option<String>,
        count: usize,
    ) -> Result<(), SourceError> {
        let filter = match &self.plan.topic {
            Topic::Entities(filter) => filter.clone(),
            Topic::Deployments(_) | Topic::Costs(_) | Topic::Sources | Topic::Job(_) => EntityFilter::default(),
        };
        let (database, visibility) = (self.app.sources.database(), self.plan.principal.visibility());
        let list = EntityQuery { kind: None, filter: Some(filter), search: None, order: None };
        let after = last.filter(|last| !last.is_empty());
        let page = PageArgs { limit: SNAPSHOT_PAGE, from_end: false, after, before: None };
        let projection = Projection::WHOLE;
        let page = {
            let _place = self.app.live.catching_up.acquire().await;
            database.entities_page(visibility, &list, &page, projection).await?
        };
        let cursors = self.app.live.cursors(database).await?;
        let (mut events, mut places) = (Vec::new(), Vec::new());
        for (at, record) in &page.rows {
            let place = Place::Snapshot { position: position.clone(), last: at.clone() };
            let cursor = cursors.write(self.plan.principal.sight(), &place);
            events.push(Event::Change(live::Change {
                cursor: cursor.clone(),
                at: DateTime(record.updated_at),
                kind: ChangeKind::Snapshot,
                changed_fields: Vec::new(),
                healed: false,
                object: Object::Entity(record.id, record.entity_ref.clone()),
            }));
            places.push(cursor);
        }
        let count = count + events.len();
        let plan = &self.plan;
        let answers = answers(&self.app, plan, events).await;
        if answers.iter().any(Answer::has_no_data) {
            // None of the page is sent: it comes whole when the client goes on after the last one.
            let limit = self.app.config.server.request_timeout;
            return Err(SourceError::Timeout { upstream: SourceKind::Postgres, limit });
        }
        for (answer, cursor) in answers.into_iter().zip(places) {
            let points = answer.objects().saturating_add(1);
            self.ready.push_back((Frame { payload: answer.into_bytes(), cursor: Some(cursor.into()) }, points));
        }
        if page.has_next {
            let last = page.rows.last().map(|(cursor, _)| cursor.clone());
            self.stage = Stage::Snapshot { position, last, count };
            return Ok(());
        }
        let cursor = cursors.write(plan.principal.sight(), &Place::Change(position.clone()));
        let payload = execute_sign(&self.app, plan, Event::SnapshotEnd { cursor: cursor.clone(), count }).await;
        self.ready.push_back((Frame { payload, cursor: Some(cursor.into()) }, 1));
        self.stage = Stage::Behind(position);
        Ok(())
    }

    /// Looks anew at who sees what; where that is something else, nothing that was sent is certain any more.
    async fn look_again(&mut self, position: &ChangePosition) -> Result<(), SourceError> {
        if self.sees_otherwise().await? {
            self.push_gap(self.newest(), position, GapReason::Reset).await?;
        }
        Ok(())
    }

    /// Looks anew at who sees what. True: that is something else.
    async fn sees_otherwise(&mut self) -> Result<bool, SourceError> {
        let visibility = Arc::clone(self.plan.principal.visibility());
        self.epoch = self.app.live.sight_epoch(&visibility.tenant);
        let viewer = Viewer::new(&visibility, self.app.sources.database().guardians(&visibility).await?);
        Ok(std::mem::replace(&mut self.viewer, viewer) != self.viewer)
    }

    /// The cursor after all that is ready.
    fn newest(&self) -> Option<String> {
        let newest = self.ready.back().and_then(|(frame, _)| frame.cursor.as_ref());
        newest.or(self.last.as_ref()).map(|cursor| cursor.as_ref().to_owned())
    }

    /// Reads a part of what was missed.
    async fn catch_up(&mut self, position: ChangePosition) -> Result<(), SourceError> {
        let limit = u32::try_from(self.app.live.config.batch).unwrap_or(u32::MAX);
        let database = self.app.sources.database().clone();
        let Changes { changes, read } = {
            let _place = self.app.live.catching_up.acquire().await;
            let Some(changes) = database.changes_unless_lost(&position, None, limit).await? else {
                let to = database.change_newest().await?;
                self.stage = Stage::Gap { from: self.newest(), to, reason: GapReason::CursorExpired };
                return Ok(());
            };
            changes
        };
        let plan = Arc::clone(&self.plan);
        let mut matched = Vec::new();
        let own = changes.into_iter().filter(|change| change.tenant == plan.principal.tenant);
        let reads: Vec<Arc<Read>> = own.map(Read::of).collect();
        if reads.iter().any(|read| read.may_change_sight()) {
            // What is seen now was looked at after this change, so nobody knows what was seen before it. All until now is uncertain: whoever
            // goes on from a place before the change would be told the same again, and again.
            if self.missed_until.is_some() && !self.viewer.sees_all() {
                let to = database.change_newest().await?;
                self.sees_otherwise().await?;
                self.missed_until = None;
                self.stage = Stage::Gap { from: self.newest(), to, reason: GapReason::Reset };
                return Ok(());
            }
            self.look_again(&position).await?;
        }
        self.missed_until.take_if(|until| read.holds(until));
        for read in reads {
            let at = read.change.position.clone();
            match judge(&plan.topic, &self.viewer, &read) {
                Verdict::Nothing => {}
                Verdict::Change(kind) => matched.push((read, kind)),
                Verdict::Unknown => {
                    self.send(&matched).await?;
                    matched.clear();
                    self.push_gap(self.newest(), &at, GapReason::Reset).await?;
                }
            }
        }
        self.send(&matched).await?;
        self.stage = Stage::Behind(read);
        Ok(())
    }

    async fn send(&mut self, matched: &[(Arc<Read>, ChangeKind)]) -> Result<(), SourceError> {
        let changes = matched.iter().map(|(read, kind)| (read, *kind)).collect();
        for executed in execute(&self.app, &self.plan, changes).await {
            match executed {
                Executed::Sent(sent) => {
                    let frame = Frame { payload: sent.payload.clone(), cursor: Some(sent.cursor.clone()) };
                    self.ready.push_back((frame, sent.points));
                }
                Executed::Late(position) => self.push_gap(self.newest(), &position, GapReason::Reset).await?,
            }
        }
        Ok(())
    }

    /// Says that something is missing.
    async fn tell_lost(&mut self, lost: Lost) -> Result<(), SourceError> {
        self.push_gap(self.newest(), &lost.to, lost.reason).await
    }

    async fn push_gap(
        &mut self,
        from_cursor: Option<String>,
        to: &ChangePosition,
        reason: GapReason,
    ) -> Result<(), SourceError> {
        let word = match reason {
            GapReason::CursorExpired => "cursor_expired",
            GapReason::SlowConsumer => "slow_consumer",
            GapReason::Reset => "reset",
        };
        metrics::counter!("weft_live_gaps_total", "reason" => word).increment(1);
        let cursors = self.app.live.cursors(self.app.sources.database()).await?;
        let cursor = cursors.write(self.plan.principal.sight(), &Place::Change(to.clone()));
        let gap = Event::Gap(Gap { from_cursor, to_cursor: cursor.clone(), reason });
        let payload = execute_sign(&self.app, &self.plan, gap).await;
        self.ready.push_back((Frame { payload, cursor: Some(cursor.into()) }, 1));
        Ok(())
    }

    /// The cursor from which it goes on: at its beginning what the client had, later what it got last.
    pub fn cursor(&self) -> Option<Arc<str>> {
        self.last.clone()
    }

    /// What subgraphs are told of the caller; none where none is asked.
    pub fn told(&self) -> Option<&str> {
        self.plan.operation.beyond.as_ref().map(|beyond| beyond.caller())
    }

    /// When the caller's token ends; none where there is none.
    pub fn expires_at(&self) -> Option<DateTime> {
        self.expires_at
    }
}
