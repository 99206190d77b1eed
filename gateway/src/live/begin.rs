//! Where a subscription begins: what it wants, whether it may, and from which place.

use std::sync::Arc;

use resolvers::live::{Delivery, GapReason, Wanted};
use schema::ErrorCode;
use sources::SourceError;

use super::{
    cursor::Place,
    group::Plan,
    matching::Viewer,
    operation::Operation,
    registry::Live,
    subscriber::{Beginning, Stage, Subscriber},
};
use crate::{App, auth::Principal, http::Answer, prepare::Refusal, rate_limit};

/// Where a client that was cut off goes on.
#[derive(Debug, Clone)]
pub struct Resume {
    /// The cursor it had last.
    pub cursor: String,
    /// It sees other things now than it did then.
    pub is_reset: bool,
}

/// The cursor from which whatever is read from now on can be followed; none while the database cannot tell.
pub async fn newest_cursor(app: &App, principal: &Principal) -> Option<String> {
    let database = app.sources.database();
    let position = database.change_newest().await.ok()?;
    let cursors = app.live.cursors(database).await.ok()?;
    Some(cursors.write(principal.sight(), &Place::Change(position)))
}

/// Begins a subscription; refused with the answer that says why.
pub async fn begin(
    app: &Arc<App>,
    operation: Operation,
    principal: &Arc<Principal>,
    caller: Option<rate_limit::Caller>,
    resume: Option<Resume>,
    request_id: &str,
) -> Result<Subscriber, Box<Answer>> {
    let refuse = |refusal: &Refusal| Box::new(Answer::refused(refusal, request_id));
    let seat = Live::seat(app, principal).map_err(|message| refuse(&Refusal::new(ErrorCode::Overloaded, message)))?;
    let asked = Arc::new(Delivery::Asked(std::sync::OnceLock::new()));
    let answer = app.executor.ask(&operation, principal, &asked, request_id).await;
    let Delivery::Asked(wanted) = &*asked else { return Err(Box::new(answer)) };
    // Whatever was wrong with it is in the answer.
    let Some(Wanted { topic, after, snapshot }) = wanted.get().map(|wanted| Wanted::clone(wanted)) else {
        return Err(Box::new(answer));
    };
    let is_reset = resume.as_ref().is_some_and(|resume| resume.is_reset);
    let after = resume.map(|resume| resume.cursor).or(after);

    // Where a replica has gone, all that it served come at once: they wait here, and not for connections, which others need too.
    let place = tokio::time::timeout(app.config.server.request_timeout, app.live.beginning.acquire()).await;
    let Ok(_place) = place else {
        metrics::counter!("weft_live_refused_total").increment(1);
        return Err(refuse(&Refusal::new(ErrorCode::Overloaded, "too many subscriptions begin: try again shortly")));
    };
    let database = app.sources.database();
    let unread = |error: SourceError| {
        tracing::warn!(error = error.chain(), "a subscription could not begin");
        refuse(&Refusal::new(error.code(), "the database is not available at the moment"))
    };
    let cursors = app.live.cursors(database).await.map_err(unread)?;
    let newest = database.change_newest().await.map_err(unread)?;
    // After the place and the count: what changes later is noticed by either.
    let epoch = app.live.sight_epoch(&principal.tenant);
    let guardians = database.guardians(principal.visibility()).await.map_err(unread)?;
    // How a job stood when the client saw it last.
    let mut known = None;
    let is_of_topic = |(place, _): &(Place, bool)| place.is_of(&topic);
    let place = after.as_ref().map(|after| cursors.read(principal.sight(), after).filter(is_of_topic));
    let cursor = after.clone().unwrap_or_else(|| {
        let start = newest.clone();
        let place = match snapshot {
            true => Place::Snapshot { position: start, last: String::new() },
            false => Place::Change(start),
        };
        cursors.write(principal.sight(), &place)
    });
    let missed_until = after.is_some().then(|| newest.clone());
    let stage = match after {
        None if snapshot => Stage::Snapshot { position: newest, last: None, count: 0 },
        None => Stage::Behind(newest),
        Some(after) => {
            let Some((place, is_seen_so)) = place.flatten() else {
                let message = "`after` is not a cursor of this subscription: pass one from its events, or from `extensions.cursor`";
                return Err(refuse(&Refusal::new(ErrorCode::BadUserInput, message)));
            };
            let log = database.change_log_state().await.map_err(unread)?;
            // What has not happened yet was another log's, such as of a database that was restored.
            let (is_expired, is_ahead) = match &place {
                Place::Change(position) | Place::Snapshot { position, .. } => {
                    (log.has_lost_after(position), !position.is_possible_at(&newest))
                }
                Place::Job(_) => (false, false),
            };
            // How a job stands is no matter of what is seen.
            let is_reset = is_reset || (!is_seen_so && !matches!(place, Place::Job(_)));
            if is_expired || is_ahead || is_reset {
                let reason = if is_expired { GapReason::CursorExpired } else { GapReason::Reset };
                Stage::Gap { from: Some(after), to: newest, reason }
            } else {
                match place {
                    Place::Change(position) => Stage::Behind(position),
                    Place::Job(state) => {
                        known = Some(state);
                        Stage::Behind(newest)
                    }
                    Place::Snapshot { position, last } => Stage::Snapshot { position, last: Some(last), count: 0 },
                }
            }
        }
    };
    let operation = operation.without_beginning();
    let plan = Plan {
        key: operation.key(principal.eyes()),
        operation,
        principal: Arc::clone(principal),
        topic,
        request_id: request_id.to_owned(),
    };
    let viewer = Viewer::new(principal.visibility(), guardians);
    let beginning = Beginning { stage, known, cursor: Some(cursor), viewer, epoch, missed_until };
    Ok(Subscriber::new(app, Arc::new(plan), beginning, caller, seat))
}
