//! A subscription whose events a subgraph brings: each is completed with what others know, and goes out. They have no cursors: what is
//! missed is missed.

use std::{sync::Arc, time::Duration};

use schema::ErrorCode;
use sources::{
    SourceError,
    subgraph::{Events, SharedSubgraph},
};
use tokio::time::timeout;

use super::{
    EventPlan,
    event_plan::{gone, is_in_graph},
    execute::Trouble,
    services::trouble,
};
use crate::{
    App,
    auth::Principal,
    http::Answer,
    live::{Frame, Live, Seat, Subscription, Toll},
    prepare::Refusal,
    rate_limit,
};

/// How often it is looked whether the subgraph still belongs to the graph, while it says nothing.
const LOOKED_EVERY: Duration = Duration::from_secs(2);

/// One subscription on its way.
struct Forwarding {
    app: Arc<App>,
    plan: Box<EventPlan>,
    principal: Arc<Principal>,
    request_id: String,
    /// Where the events come from; none: it is over.
    events: Option<Box<Events>>,
    /// What has to be told first.
    failed: Option<Trouble>,
    subgraph: SharedSubgraph,
    toll: Toll,
    _seat: Seat,
}

/// Begins it. A subgraph that cannot be reached is told as the only event.
pub async fn forward(
    app: &Arc<App>,
    plan: Box<EventPlan>,
    principal: &Arc<Principal>,
    caller: Option<rate_limit::Caller>,
    request_id: &str,
) -> Result<Subscription, Box<Answer>> {
    let refuse = |code, message: &str| Box::new(Answer::refused(&Refusal::new(code, message), request_id));
    let seat = Live::seat(app, principal).map_err(|message| refuse(ErrorCode::Overloaded, message))?;
    let Some((subgraph, question)) = plan.question(app, principal, request_id) else {
        return Err(refuse(ErrorCode::InternalServerError, "the service of these events is not known"));
    };
    let (events, failed) = match subgraph.subscribe(&question).await {
        Ok(events) => (Some(Box::new(events)), None),
        Err(error) => (None, Some(trouble(subgraph.name(), &error))),
    };
    let told = plan.caller().to_owned();
    let forwarding = Forwarding {
        app: Arc::clone(app),
        plan,
        principal: Arc::clone(principal),
        request_id: request_id.to_owned(),
        events,
        failed,
        subgraph,
        toll: Toll::new(app, caller),
        _seat: seat,
    };
    let frames = futures::stream::unfold(Box::new(forwarding), |mut forwarding| async move {
        let frame = forwarding.next().await?;
        Some((Ok(frame), forwarding))
    });
    Ok(Subscription::forwarded(Box::pin(frames), told, principal.expires_at))
}

impl Forwarding {
    fn ended(&self, error: &SourceError) -> Trouble {
        tracing::warn!(subgraph = self.subgraph.name(), error = error.chain(), "events of a subgraph came to an end");
        trouble(self.subgraph.name(), error)
    }

    /// The next answer; none at the end.
    async fn next(&mut self) -> Option<Frame> {
        let event = match (self.failed.take(), &mut self.events) {
            (Some(trouble), _) => Err(trouble),
            (None, None) => return None,
            (None, Some(events)) => {
                let heard = loop {
                    // One that was taken out of the graph is not heard any more, whether it says something or not.
                    let heard = timeout(LOOKED_EVERY, events.next()).await;
                    match is_in_graph(&self.app, &self.subgraph) {
                        false => break Err(gone(self.subgraph.name())),
                        true => match heard {
                            Ok(Ok(event)) => break Ok(event),
                            Ok(Err(error)) => break Err(self.ended(&error)),
                            Err(_) => {}
                        },
                    }
                };
                match heard {
                    Ok(None) => return None,
                    Ok(Some(event)) => Ok(event),
                    Err(trouble) => {
                        self.events = None;
                        Err(trouble)
                    }
                }
            }
        };
        let answer = self.plan.of_event(&self.app, &self.principal, event, &self.request_id).await;
        self.toll.owe(answer.objects().saturating_add(1)).await;
        Some(Frame { payload: answer.into_bytes(), cursor: None })
    }
}
