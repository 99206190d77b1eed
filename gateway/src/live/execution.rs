//! Executes changes for whoever asked to be told of them.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use resolvers::live::{self, Event, Object};
use schema::{ChangeKind, Date, DateRange, DateTime, EntityRef};
use sources::postgres::ChangePosition;

use super::{
    cursor::Place,
    facts::{CostFacts, CostSubject},
    group::Plan,
    matching::{Facts, Read},
    sent::{About, Sent},
};
use crate::{App, http::Answer, prepare::Refusal};

/// How long to wait for a database that does not answer.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Events of one group for which subgraphs are asked at once.
const BEYOND_AT_ONCE: usize = 8;

/// What came of executing a change.
pub(super) enum Executed {
    /// An answer.
    Sent(Arc<Sent>),
    /// Nothing in time, of the change that stands here.
    Late(ChangePosition),
}

/// Executes changes, all at once, and keeps their order.
pub(super) async fn execute(app: &Arc<App>, plan: &Plan, changes: Vec<(&Arc<Read>, ChangeKind)>) -> Vec<Executed> {
    if changes.is_empty() {
        return Vec::new();
    }
    let cursors = loop {
        match app.live.cursors(app.sources.database()).await {
            Ok(cursors) => break cursors,
            // It was read when the subscription began: this only happens where that was forgotten.
            Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
        }
    };
    let told: Vec<(String, DateTime, ChangePosition)> = changes
        .iter()
        .map(|(read, _)| {
            let position = read.change.position.clone();
            (
                cursors.write(plan.principal.sight(), &Place::Change(position.clone())),
                DateTime(read.change.at),
                position,
            )
        })
        .collect();
    let events = changes.iter().zip(&told).map(|((read, kind), (cursor, at, _))| event(read, *kind, cursor, *at));
    let answers = answers(app, plan, events.collect()).await;
    let executed =
        answers.into_iter().zip(told).zip(changes).map(|((answer, (cursor, at, position)), (read, kind))| {
            if answer.has_no_data() {
                return Executed::Late(position);
            }
            let points = answer.objects().saturating_add(1);
            metrics::histogram!("weft_live_delay_seconds")
                .record((app.clock.now() - at.0).to_std().unwrap_or_default().as_secs_f64());
            let about = About::of(read, kind);
            let (payload, cursor) = (answer.into_bytes(), cursor.into());
            Executed::Sent(Arc::new(Sent { position, cursor, payload, points, state: None, about }))
        });
    executed.collect()
}

fn event(read: &Read, kind: ChangeKind, cursor: &str, at: DateTime) -> Event {
    let change = &read.change;
    let (healed, object) = match &read.facts {
        Facts::Entity(told) => {
            (told.healed, Object::Entity(change.object_id, EntityRef::stored(change.object_ref.clone())))
        }
        Facts::Deployment(told) => (told.healed, Object::Deployment(change.object_id)),
        Facts::Cost(told) => {
            let CostFacts { what, from, to, invoice_issuer } = &told.now;
            let (from, to) = (Date(*from), Date(*to));
            let object = match what {
                CostSubject::Data => Object::Charges(DateRange { from, to }),
                CostSubject::Period => Object::BillingPeriod { invoice_issuer: invoice_issuer.clone(), from, to },
            };
            (told.healed, object)
        }
        Facts::Source(told) => (told.healed, Object::Source(change.object_ref.clone())),
        // Nobody is told of it but as a gap.
        Facts::Unreadable => (false, Object::Source(change.object_ref.clone())),
    };
    Event::Change(live::Change {
        cursor: cursor.to_owned(),
        at,
        kind,
        changed_fields: if kind == ChangeKind::Updated { read.changed_fields().to_vec() } else { Vec::new() },
        healed,
        object,
    })
}

/// Sends something that only one subscriber gets.
pub(super) async fn execute_sign(app: &Arc<App>, plan: &Plan, event: Event) -> Bytes {
    answers(app, plan, vec![event]).await.pop().map(Answer::into_bytes).unwrap_or_default()
}

/// Executes the operation for each of these events, all at once.
pub(super) async fn answers(app: &Arc<App>, plan: &Plan, events: Vec<Event>) -> Vec<Answer> {
    let count = events.len();
    caught(count, &plan.request_id, executed(app, plan, events)).await
}

/// A panic is no answer to any of so many events: the group goes on with the next ones.
async fn caught(count: usize, request_id: &str, answers: impl Future<Output = Vec<Answer>>) -> Vec<Answer> {
    AssertUnwindSafe(answers).catch_unwind().await.unwrap_or_else(|cause| {
        let refusal = Refusal::of_panic(&*cause, Some(request_id));
        (0..count).map(|_| Answer::refused(&refusal, request_id)).collect()
    })
}

async fn executed(app: &Arc<App>, plan: &Plan, events: Vec<Event>) -> Vec<Answer> {
    let Plan { operation, principal, request_id, .. } = plan;
    let newest = match &operation.beyond {
        Some(beyond) => beyond.newest(app).await,
        None => None,
    };
    // Where it does not fit the graph of now any more, it is what it was.
    let operation = newest.as_deref().unwrap_or(operation);
    let own = {
        let _place = app.live.executing.acquire().await;
        app.executor.events(operation, principal, events, request_id).await
    };
    let Some(beyond) = &operation.beyond else { return own };
    // Without the place: who waits for a slow subgraph holds up nobody else. A few at a time: a large import does not take all of a
    // subgraph's places from requests.
    let answers = own.into_iter().map(|answer| beyond.answer(app, principal, answer, request_id));
    futures::stream::iter(answers).buffered(BEYOND_AT_ONCE).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_no_answer_to_each_of_its_events() {
        let answers = caught(2, "r-1", async { std::panic::panic_any("of a resolver") }).await;
        assert_eq!(answers.len(), 2);
        for answer in answers {
            assert!(answer.has_no_data());
            let body = answer.into_bytes();
            let body = String::from_utf8_lossy(&body);
            assert!(body.contains("INTERNAL_SERVER_ERROR") && body.contains("r-1"), "{body}");
        }
    }
}
