//! Executes one prepared operation: its data, its deadline, its answer.

use std::{sync::Arc, time::Duration};

use async_graphql::{Request, Variables};
use hmac::{Hmac, KeyInit, Mac};
use resolvers::{Caller, FlushQueue, Freshness, Graph, Locations, Options, RequestData, Standing};
use schema::{AuditEntry, ErrorCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::Sha256;
use sources::{
    Sources,
    cache::{CacheMode, Patience},
};

use crate::{
    auth::Principal,
    http::Answer,
    prepare::{Prepared, Refusal},
};

/// Runs operations against the graph.
pub struct Executor {
    graph: Graph,
    sources: Sources,
    timeout: Duration,
    audit_key: SecretString,
    locations: Arc<Locations>,
    options: Options,
}

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
        Self { graph, sources, timeout, audit_key, locations, options }
    }

    /// Executes an operation; within the deadline, whatever happens.
    pub async fn execute(&self, job: Job<'_>) -> Answer {
        let Job { mut prepared, principal, cache_mode, wants_receipts, patience, standing, request_id } = job;
        let name = prepared.chosen.name();
        let visibility = Arc::clone(principal.visibility());
        let audit = AuditEntry {
            subject: visibility.subject.clone(),
            operation_name: name.clone(),
            document_hash: Some(prepared.chosen.document().hash().to_owned()),
            variables_fingerprint: Some(self.fingerprint(&prepared.variables)),
            request_id: Some(request_id.to_owned()),
            ..AuditEntry::default()
        };
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
        let document = prepared.document();
        let mut request = Request::new("")
            .variables(Variables::from_json(Value::Object(std::mem::take(&mut prepared.variables))))
            .data(Arc::clone(&data));
        request.set_parsed_query(document);
        let started = std::time::Instant::now();
        // On the heap once, instead of in each of the futures that hand it on.
        let execution = Box::pin(queue.drive(self.graph.execute(request)));
        let executed = tokio::time::timeout(self.timeout, execution).await;
        metrics::histogram!("weft_operation_seconds", "kind" => kind).record(started.elapsed().as_secs_f64());
        match executed {
            Ok(mut executed) => {
                executed.data = prepared.with_schema_fields(std::mem::take(&mut executed.data));
                tracing::debug!(kind, operation = name, errors = executed.errors.len(), "executed");
                let answer = Answer::executed(executed, &data.take_stale(), request_id);
                if wants_receipts { answer.with_receipts(&data.take_receipts()) } else { answer }
            }
            Err(_) => {
                metrics::counter!("weft_operation_timeouts_total", "kind" => kind).increment(1);
                let message = format!("the operation took longer than {:?}: ask for less", self.timeout);
                Answer::refused(&Refusal::new(ErrorCode::Timeout, message), request_id)
            }
        }
    }

    /// Equal variables look alike in the audit log, and no value can be read from it.
    fn fingerprint(&self, variables: &Map<String, Value>) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.audit_key.expose_secret().as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(&serde_json::to_vec(variables).expect("a JSON object can be written"));
        hex::encode(mac.finalize().into_bytes())
    }
}
