//! Operations that reach beyond Weft's own types: found out once for a document, and then on a way of their own.

use std::sync::Arc;

use axum::http::StatusCode;
use schema::ErrorCode;
use serde_json::{Map, Value};

use super::{
    answer::Answer,
    graphql::{Asked, Steps},
};
use crate::{
    federation::{EventPlan, Events, Supergraph, forward},
    prepare::{Chosen, Document, OperationKind, Prepared, Refusal},
    response_cache::Key,
};

/// A document, and the composed graph where it is one of that.
type Found = (Arc<Document>, Option<Arc<Supergraph>>);

impl Steps<'_> {
    /// The valid document of this text: of Weft's own schema where it fits that, and nothing more is done; else of the composed graph.
    pub(super) fn document(
        &self,
        text: String,
        supergraph: Option<Arc<Supergraph>>,
        suggests: bool,
    ) -> Result<Found, Refusal> {
        let own = &self.app.preparer;
        let Some(supergraph) = supergraph else { return Ok((own.document(text, suggests)?, None)) };
        if let Some(known) = own.known(&text) {
            let is_own = !known.asks_of_schema();
            return if is_own { Ok((known, None)) } else { composed(supergraph, text, suggests) };
        }
        if let Some(known) = supergraph.preparer.known(&text) {
            return Ok((known, Some(supergraph)));
        }
        match own.document(text.clone(), false) {
            Ok(document) if !document.asks_of_schema() => Ok((document, None)),
            // What the schema is, is asked of all of it.
            Ok(_) => composed(supergraph, text, suggests),
            Err(refusal) if refusal.code == ErrorCode::GraphqlValidationFailed => composed(supergraph, text, suggests),
            Err(refusal) => Err(refusal),
        }
    }

    /// From an operation over the composed graph to its answer.
    pub(super) async fn operate_composed(
        &mut self,
        supergraph: &Arc<Supergraph>,
        chosen: Chosen,
        variables: Map<String, Value>,
        asked: &Asked,
    ) -> Result<Answer, Box<Answer>> {
        match chosen.kind() {
            OperationKind::Query => {}
            OperationKind::Mutation if asked.is_get => {
                return Err(self.method_not_allowed("mutations are sent by POST", "POST"));
            }
            OperationKind::Mutation => {}
            OperationKind::Subscription => {}
        }
        let is_subscription = chosen.kind() == OperationKind::Subscription;
        let asked = &Asked {
            principal: Arc::clone(&asked.principal),
            supergraph: Some(Arc::clone(supergraph)),
            headers: asked.headers.clone(),
            key: self.key_of_composed(supergraph, &chosen, &variables, asked),
            ..*asked
        };
        if let Some(answer) = self.kept(None, asked).await? {
            return Ok(answer);
        }
        let may_introspect = self.app.config.server.introspection.allows(asked.principal.visibility());
        let prepared = self.or_refused(supergraph.preparer.prepare(chosen, variables, may_introspect))?;
        if is_subscription {
            return self.subscribe_composed(supergraph, prepared, asked).await;
        }
        self.answer(prepared, asked).await
    }

    /// Under what the answer may be kept: besides all that counts for Weft's own, the version of the graph and what subgraphs are told of
    /// the caller.
    fn key_of_composed(
        &self,
        supergraph: &Supergraph,
        chosen: &Chosen,
        variables: &Map<String, Value>,
        asked: &Asked,
    ) -> Option<Key> {
        let hash = chosen.document().hash();
        let is_kept = asked.is_kept && chosen.kind() == OperationKind::Query && supergraph.may_be_kept(hash);
        is_kept.then(|| {
            let told = self.app.subgraph_identity.of(&asked.headers, &asked.principal);
            let of = format!("{hash} {} {told}", supergraph.version);
            Key::new(&of, chosen.name().as_deref(), variables, asked.principal.eyes())
        })
    }
}

impl Steps<'_> {
    /// Begins a subscription over the composed graph.
    async fn subscribe_composed(
        &mut self,
        supergraph: &Arc<Supergraph>,
        prepared: Prepared,
        asked: &Asked,
    ) -> Result<Answer, Box<Answer>> {
        let deposit = self.may_stream(prepared.points).await?;
        let (app, principal) = (Arc::clone(self.app), &asked.principal);
        let begun = EventPlan::begin(&app, supergraph, prepared, &asked.headers, principal).await;
        match self.or_refused(begun)? {
            Events::Own(operation) => self.follow(*operation, asked).await?,
            Events::Theirs(plan) => {
                let forwarded = forward(&app, plan, principal, self.caller.clone(), self.request_id).await?;
                self.subscription = Some(forwarded);
            }
        }
        drop(deposit);
        Ok(Answer::of_bytes(StatusCode::OK, bytes::Bytes::new()))
    }
}

fn composed(supergraph: Arc<Supergraph>, text: String, suggests: bool) -> Result<Found, Refusal> {
    let document = supergraph.preparer.document(text, suggests)?;
    Ok((document, Some(supergraph)))
}
