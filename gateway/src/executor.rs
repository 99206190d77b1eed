//! Executes one prepared operation: its data, its deadline, its answer.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Variables};
use hmac::{Hmac, KeyInit, Mac};
use metrics::Histogram;
use resolvers::{
    Audit, Caller, FlushQueue, Freshness, Graph, Locations, Options, Point, RequestData, Standing,
    live::{Delivery, Event, EventGraph, event_graph},
};
use schema::{AuditEntry, ErrorCode, Visibility};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::Sha256;
use sources::{
    Labelled, Sources,
    cache::{CacheMode, Patience},
};

use crate::{
    auth::Principal,
    http::{Answer, BEGUN},
    live::Operation,
    prepare::{Chosen, Prepared, Refusal},
};

static SECONDS: Labelled<Histogram> =
    Labelled::new(|kind| metrics::histogram!("weft_operation_seconds", "kind" => kind));

/// Runs operations against the graph.
pub struct Executor {
    graph: Graph,
    events: EventGraph,
    sources: Sources,
    timeout: Duration,
    audit_key: Arc<SecretString>,
    locations: Arc<Locations>,
    options: Options,
}

/// What an event is executed with.
type Data = (Arc<RequestData>, FlushQueue);

/// One operation with everything it needs.
pub struct Job<'a> {
    /// What was asked.
    pub prepared: Prepared,
    /// Who asks.
    pub principal: Arc<Principal>,
    /// Whether caches may answer.
    pub cache_mode: CacheMode,
    /// Whether the answer tells where live data came from.
    pub wants_receipts: bool,
    /// How long the request may still wait for Redis.
    pub patience: Patience,
    /// What the caller may still ask.
    pub standing: Option<Standing>,
    /// The request's id.
    pub request_id: &'a str,
}

impl Executor {
    /// An executor of this graph over these sources.
    pub fn new(
        graph: Graph,
        sources: Sources,
        timeout: Duration,
        audit_key: SecretString,
        locations: Arc<Locations>,
        options: Options,
    ) -> Self {
        Self { graph, events: event_graph(), sources, timeout, audit_key: Arc::new(audit_key), locations, options }
    }

    /// Executes an operation; within the deadline, whatever happens.
    pub async fn execute(&self, job: Job<'_>) -> Answer {
        let Job { mut prepared, principal, cache_mode, wants_receipts, patience, standing, request_id } = job;
        let name = prepared.chosen.name();
        let visibility = Arc::clone(principal.visibility());
        let audit = self.audit(&prepared.chosen, &prepared.variables, &visibility, request_id);
        let kind = prepared.chosen.kind().as_str();
        let queue = FlushQueue::default();
        let data = Arc::new(RequestData::new(
            self.sources.clone(),
            Caller { visibility, audit, standing },
            Arc::clone(&self.locations),
            queue.clone(),
            Freshness { cache_mode, ages: prepared.ages(), wants_receipts, patience },
            self.options.clone(),
        ));
        let started = tokio::time::Instant::now();
        let deadline = started + self.timeout;
        let took = || SECONDS.with(kind, |seconds| seconds.record(started.elapsed().as_secs_f64()));
        let point = Point::of(&data, prepared.whole_document(), &prepared.variables);
        if let Some(point) = point.filter(|_| !wants_receipts) {
            let written = Box::pin(point.write(&data, BEGUN));
            let written = tokio::time::timeout_at(deadline, queue.drive(written)).await;
            took();
            return match written {
                Ok(Ok(written)) => Answer::begun(written, Vec::new()),
                Ok(Err(failed)) => Answer::executed(*failed, &[], request_id),
                Err(_) => self.timed_out(kind, request_id),
            };
        }
        let document = prepared.document();
        let mut request = Request::new("")
            .variables(Variables::from_json(Value::Object(std::mem::take(&mut prepared.variables))))
            .data(Arc::clone(&data));
        request.set_parsed_query(document);
        // On the heap once, instead of in each of the futures that hand it on.
        let execution = Box::pin(self.graph.execute(request));
        let executed = tokio::time::timeout_at(deadline, queue.drive(execution)).await;
        took();
        match executed {
            Ok(mut executed) => {
                executed.data = prepared.with_schema_fields(std::mem::take(&mut executed.data));
                tracing::debug!(kind, operation = name, errors = executed.errors.len(), "executed");
                let answer = Answer::executed(executed, &data.take_stale(), request_id);
                if wants_receipts { answer.with_receipts(&data.take_receipts()) } else { answer }
            }
            Err(_) => self.timed_out(kind, request_id),
        }
    }

    /// Asks a subscription what it wants: its answer says what is wrong with it, if anything is.
    pub async fn ask(
        &self,
        operation: &Operation,
        principal: &Arc<Principal>,
        asked: &Arc<Delivery>,
        request_id: &str,
    ) -> Answer {
        let (data, queue) = self.data_of_event(operation, principal, request_id);
        let request = self.event_request(operation, &data, Arc::clone(asked));
        match tokio::time::timeout(self.timeout, queue.drive(Box::pin(self.events.execute(request)))).await {
            Ok(executed) => Answer::executed(executed, &[], request_id),
            Err(_) => self.too_slow(request_id),
        }
    }

    /// Executes a subscription for each of these events, all at once, so that what they load is loaded together.
    pub async fn events(
        &self,
        operation: &Operation,
        principal: &Arc<Principal>,
        events: Vec<Event>,
        request_id: &str,
    ) -> Vec<Answer> {
        let (data, queue) = self.data_of_event(operation, principal, request_id);
        let deadline = tokio::time::Instant::now() + self.timeout;
        // Each by itself: one that is late takes no other along.
        let executions = events.into_iter().map(|event| {
            let request = self.event_request(operation, &data, Arc::new(Delivery::Event(event)));
            tokio::time::timeout_at(deadline, self.events.execute(request))
        });
        let executed = queue.drive(Box::pin(futures::future::join_all(executions))).await;
        let answers = executed.into_iter().map(|executed| match executed {
            Ok(executed) => Answer::executed(executed, &[], request_id),
            Err(_) => self.too_slow(request_id),
        });
        answers.collect()
    }

    fn data_of_event(&self, operation: &Operation, principal: &Arc<Principal>, request_id: &str) -> Data {
        let visibility = Arc::clone(principal.visibility());
        let audit = self.audit(&operation.chosen, &operation.variables, &visibility, request_id);
        let freshness = Freshness { ages: operation.ages.clone(), ..Freshness::default() };
        let queue = FlushQueue::default();
        let data = RequestData::new(
            self.sources.clone(),
            Caller { visibility, audit, standing: None },
            Arc::clone(&self.locations),
            queue.clone(),
            freshness,
            self.options.clone(),
        );
        (Arc::new(data), queue)
    }

    fn event_request(&self, operation: &Operation, data: &Arc<RequestData>, delivery: Arc<Delivery>) -> Request {
        let variables = Variables::from_json(Value::Object(operation.variables.clone()));
        let mut request = Request::new("").variables(variables).data(Arc::clone(data)).data(delivery);
        request.set_parsed_query(operation.document.clone());
        request
    }

    fn timed_out(&self, kind: &'static str, request_id: &str) -> Answer {
        metrics::counter!("weft_operation_timeouts_total", "kind" => kind).increment(1);
        self.too_slow(request_id)
    }

    fn too_slow(&self, request_id: &str) -> Answer {
        let message = format!("the operation took longer than {:?}: ask for less", self.timeout);
        Answer::refused(&Refusal::new(ErrorCode::Timeout, message), request_id)
    }

    /// What makes the records of a request.
    fn audit(
        &self,
        chosen: &Chosen,
        variables: &Map<String, Value>,
        visibility: &Arc<Visibility>,
        request_id: &str,
    ) -> Audit {
        let (visibility, key, chosen) = (Arc::clone(visibility), Arc::clone(&self.audit_key), chosen.clone());
        let (variables, request_id) = (variables.clone(), request_id.to_owned());
        Box::new(move || AuditEntry {
            subject: visibility.subject.clone(),
            operation_name: chosen.name(),
            document_hash: Some(chosen.document().hash().to_owned()),
            variables_fingerprint: fingerprint(&variables, &key),
            request_id: Some(request_id.clone()),
            ..AuditEntry::default()
        })
    }
}

/// Equal variables look alike in the audit log, and no value can be read from it.
fn fingerprint(variables: &Map<String, Value>, key: &SecretString) -> Option<String> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    let mac = mac.chain_update(serde_json::to_vec(variables).ok()?);
    Some(hex::encode(mac.finalize().into_bytes()))
}
