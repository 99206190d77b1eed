//! `EventPlan`: a subscription over the composed graph. One service brings the events; what else was selected is asked about each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use schema::ErrorCode;
use serde_json::{Map, Value};
use sources::{
    cache::{CacheMode, Patience},
    subgraph::{Question, SharedSubgraph},
};
use tokio::time::{Instant, timeout_at};

use super::{
    OWN, Supergraph,
    answer::{SUBGRAPH_SHARE, write},
    execute::{Execution, Services, Trouble},
    freshness::Freshness,
    plan::Fetch,
    services::{RequestServices, headers_for},
    supergraph::Planned,
};
use crate::{
    App,
    auth::Principal,
    http::Answer,
    live::Operation,
    prepare::{Chosen, Prepared, Refusal},
};

/// What a subscription needs for each of its events.
pub struct EventPlan {
    supergraph: Arc<Supergraph>,
    planned: Arc<Planned>,
    chosen: Chosen,
    variables: Map<String, Value>,
    /// The greatest age of live data that counts anywhere in the operation.
    freshest: Option<std::time::Duration>,
    /// Of the headers that it began with, what subgraphs may be told.
    headers: HeaderMap,
    caller: String,
    /// The graph that was looked at last after it had changed, and the operation over that, where it still fits.
    later: Mutex<(i64, Option<Arc<Operation>>)>,
}

/// A subscription, by who brings its events.
pub enum Events {
    /// Weft itself: as every subscription, and with each event what is asked beyond.
    Own(Box<Operation>),
    /// A subgraph.
    Theirs(Box<EventPlan>),
}

impl EventPlan {
    /// Plans a subscription.
    pub async fn begin(
        app: &App,
        supergraph: &Arc<Supergraph>,
        prepared: Prepared,
        asked: &HeaderMap,
        principal: &Principal,
    ) -> Result<Events, Refusal> {
        let planned = supergraph.planned(&prepared).await?;
        let impossible =
            || Refusal::new(ErrorCode::InternalServerError, "the subscription has no service for its events");
        let service = &planned.plan.events().ok_or_else(impossible)?.service;
        let is_own = service == OWN;
        let mut headers = HeaderMap::new();
        if let Some(authorization) = asked.get(header::AUTHORIZATION) {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        let plan = Self {
            caller: app.subgraph_identity.of(&headers, principal),
            supergraph: Arc::clone(supergraph),
            planned,
            chosen: prepared.chosen.clone(),
            variables: prepared.variables.clone(),
            freshest: prepared.ages().least(),
            headers,
            later: Mutex::new((supergraph.version, None)),
        };
        match is_own {
            true => Ok(Events::Own(Box::new(plan.own_operation(app, prepared)?))),
            false => Ok(Events::Theirs(Box::new(plan))),
        }
    }

    /// What is executed here for each event.
    fn own_operation(self, app: &App, prepared: Prepared) -> Result<Operation, Refusal> {
        let impossible = || Refusal::new(ErrorCode::InternalServerError, "the subscription has no part of our own");
        let fetch = self.planned.plan.events().ok_or_else(impossible)?;
        let chosen = app.preparer.planned_document(&fetch.operation)?.choose(None)?;
        let mut own = app.preparer.prepare_planned(chosen, self.variables_of(fetch))?;
        if let Some(age) = self.freshest {
            own.no_older_than(age);
        }
        Ok(Operation::of_composed(&own, prepared, Arc::new(self)))
    }

    /// Those of the client's variables that a part of it uses.
    fn variables_of(&self, fetch: &Fetch) -> Map<String, Value> {
        let of_client = |name: &String| Some((name.clone(), self.variables.get(name)?.clone()));
        fetch.variables.iter().filter_map(of_client).collect()
    }

    /// What is sent to the subgraph that brings the events, and which that is.
    pub fn question(&self, app: &App, principal: &Principal, request_id: &str) -> Option<(SharedSubgraph, Question)> {
        let fetch = self.planned.plan.events()?;
        let subgraph = Arc::clone(self.supergraph.subgraph(&fetch.service)?);
        let mut body = fetch.operation_json.clone();
        body.extend_from_slice(Value::Object(self.variables_of(fetch)).to_string().as_bytes());
        body.push(b'}');
        let headers = headers_for(app, principal, &self.headers, subgraph.name(), request_id);
        Some((subgraph, Question { body: body.into(), headers, may_repeat: true }))
    }

    /// What subgraphs are told of the caller: others are told other things, and get other answers.
    pub fn caller(&self) -> &str {
        &self.caller
    }

    /// The same operation over the graph of now, where that is another one and the operation fits it.
    pub async fn newest(&self, app: &App) -> Option<Arc<Operation>> {
        let current = app.federation.current()?;
        {
            let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
            if later.0 == current.version {
                return later.1.clone();
            }
        }
        // Several may plan it at once: that is one planning.
        let again = match self.again(app, &current).await {
            Ok(operation) => Some(Arc::new(operation)),
            // With the next event again.
            Err(refusal) if refusal.code == ErrorCode::Overloaded => return None,
            Err(refusal) => {
                let (cause, version) = (refusal.message, current.version);
                tracing::warn!(cause, version, "a subscription does not fit the graph any more: it keeps its own");
                None
            }
        };
        *self.later.lock().unwrap_or_else(PoisonError::into_inner) = (current.version, again.clone());
        again
    }

    async fn again(&self, app: &App, current: &Arc<Supergraph>) -> Result<Operation, Refusal> {
        let document = current.preparer.document(self.chosen.document().text().to_owned(), false)?;
        let chosen = document.choose(self.chosen.name().as_deref())?;
        let prepared = current.preparer.prepare(chosen, self.variables.clone(), false)?;
        let planned = current.planned(&prepared).await?;
        let again = Self {
            supergraph: Arc::clone(current),
            planned,
            chosen: prepared.chosen.clone(),
            variables: prepared.variables.clone(),
            freshest: self.freshest,
            headers: self.headers.clone(),
            caller: self.caller.clone(),
            later: Mutex::new((current.version, None)),
        };
        Ok(again.own_operation(app, prepared)?.without_beginning())
    }

    /// The answer to one event of our own, with what subgraphs know besides.
    pub async fn answer(&self, app: &Arc<App>, principal: &Arc<Principal>, own: Answer, request_id: &str) -> Answer {
        match own.has_no_data() {
            true => own,
            false => self.of_event(app, principal, Ok(own.into_bytes()), request_id).await,
        }
    }

    /// The answer to one event, whoever brought it; or to what it failed with.
    pub async fn of_event(
        &self,
        app: &Arc<App>,
        principal: &Arc<Principal>,
        event: Result<Bytes, Trouble>,
        request_id: &str,
    ) -> Answer {
        let (begun, timeout) = (Instant::now(), app.config.server.request_timeout);
        let rest = RequestServices {
            app,
            supergraph: &self.supergraph,
            principal,
            headers: &self.headers,
            cache_mode: CacheMode::Use,
            wants_receipts: false,
            patience: Patience::new(),
            standing: None,
            freshest: self.freshest,
            request_id,
            is_mutation: false,
            event: event.as_ref().ok().cloned(),
            freshness: Freshness::default(),
            deadline: begun + timeout.mul_f64(SUBGRAPH_SHARE),
            end: begun + timeout,
        };
        let services = EventServices { event, rest };
        let bytes_max = app.config.federation.answer_bytes_max();
        let state = Execution::new(&self.planned.plan, &self.variables, &services, bytes_max).run().await;
        write(&self.planned, state, (&HashMap::new(), false), request_id)
    }
}

/// The event is there; the rest is asked.
struct EventServices<'a> {
    event: Result<Bytes, Trouble>,
    rest: RequestServices<'a>,
}

#[async_trait]
impl Services for EventServices<'_> {
    async fn ask(&self, fetch: &Fetch, variables: Vec<u8>) -> Result<Bytes, Trouble> {
        if fetch.is_event {
            return self.event.clone();
        }
        if fetch.service == OWN {
            // What follows an event shares the places that events have: a thousand at once take no connection from requests.
            let place = timeout_at(self.rest.end, self.rest.app.live.executing.acquire()).await;
            let late = || Trouble::new(ErrorCode::Timeout, "too many events are being executed".to_owned());
            let _place = place.map_err(|_| late())?;
            return self.rest.ask(fetch, variables).await;
        }
        let asked = self.rest.supergraph.subgraph(&fetch.service);
        if asked.is_some_and(|subgraph| !is_in_graph(self.rest.app, subgraph)) {
            return Err(gone(&fetch.service));
        }
        self.rest.ask(fetch, variables).await
    }

    fn entities_max(&self, service: &str) -> usize {
        self.rest.entities_max(service)
    }
}

/// Whether a subgraph belongs to the graph of now, at its address.
pub(super) fn is_in_graph(app: &App, subgraph: &SharedSubgraph) -> bool {
    let known = app.sources.subgraphs().now();
    known.iter().any(|known| known.name() == subgraph.name() && known.url() == subgraph.url())
}

/// Why one is not asked any more.
pub(super) fn gone(name: &str) -> Trouble {
    let message = format!("{name} does not belong to the graph any more, or is elsewhere: subscribe anew");
    Trouble::new(ErrorCode::UpstreamUnavailable, message)
}
