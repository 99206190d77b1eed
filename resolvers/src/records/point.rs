//! `Point`: an operation that is one entity by its reference, of which no more is selected than stands in its record. It is answered
//! without the engine, which would copy the document and validate it again, and make a context, a future and a value on the way.
//!
//! Whatever is less simple, or refused, is left to the engine.

use async_graphql::{
    Error, Name, PathSegment, Positioned, Response, Value,
    indexmap::IndexMap,
    parser::types::{ExecutableDocument, Field, OperationType, Selection},
};
use schema::{EntityRef, scope};
use serde_json::{Map, Value as Json};

use super::{
    ObjectKind, columns, json,
    plan::Plan,
    related::{Others, Written, write_entity},
};
use crate::{error::OrFieldError, request::RequestData};

/// Room for an entity of some texts.
const BYTES_LIKELY: usize = 1024;

/// Such an operation.
pub struct Point<'a> {
    field: &'a Positioned<Field>,
    kind: &'static str,
    entity_ref: EntityRef,
    plan: Plan<'a>,
}

impl<'a> Point<'a> {
    /// Reads an operation; none when the engine has to execute it.
    pub fn of(request: &RequestData, document: &'a ExecutableDocument, variables: &Map<String, Json>) -> Option<Self> {
        let field = only_field(document)?;
        let (kind, object) = match field.node.name.node.as_str() {
            "component" => ("component", ObjectKind::Component),
            "team" => ("group", ObjectKind::Team),
            _ => return None,
        };
        if !request.writes_records() || !request.visibility().has(scope::CATALOG_READ) {
            return None;
        }
        let entity_ref = reference(&field.node, variables)?.or_kind(kind);
        let plan = Plan::of(object, &field.node.selection_set.node).filter(Plan::is_in_record)?;
        Some(Self { field, kind, entity_ref, plan })
    }

    /// The data of the answer as JSON, after what `begun` holds; what the engine would have answered, where the entity cannot be read.
    pub async fn write(self, request: &RequestData, begun: &[u8]) -> Result<Vec<u8>, Box<Response>> {
        let columns = columns(&self.field.node.selection_set.node);
        let record = request.references().load_one(&self.entity_ref, columns).await.or_field_error();
        let record = record.map_err(|error| self.failed(error))?;
        let mut out = Written { bytes: Vec::with_capacity(BYTES_LIKELY), failures: Vec::new() };
        out.bytes.extend_from_slice(begun);
        out.bytes.push(b'{');
        json::text(&self.field.node.response_key().node, &mut out.bytes);
        out.bytes.push(b':');
        match record.filter(|record| record.entity_ref.kind() == Some(self.kind)) {
            Some(record) => write_entity(&record, &self.plan, &[], &mut Others::default(), &mut out),
            None => out.bytes.extend_from_slice(b"null"),
        }
        out.bytes.push(b'}');
        Ok(out.bytes)
    }

    fn failed(&self, error: Error) -> Box<Response> {
        let key = self.field.node.response_key().node.clone();
        let mut error = error.into_server_error(self.field.pos);
        error.path.push(PathSegment::Field(key.to_string()));
        let data = Value::Object(IndexMap::from([(Name::new(key), Value::Null)]));
        let mut response = Response::new(data);
        response.errors.push(error);
        Box::new(response)
    }
}

/// The field of a query that has one and no directives.
fn only_field(document: &ExecutableDocument) -> Option<&Positioned<Field>> {
    let (_, operation) = document.operations.iter().next()?;
    let operation = &operation.node;
    if operation.ty != OperationType::Query || !operation.directives.is_empty() {
        return None;
    }
    let [item] = operation.selection_set.node.items.as_slice() else { return None };
    let Selection::Field(field) = &item.node else { return None };
    field.node.directives.is_empty().then_some(field)
}

/// What the argument `ref` says, where it is well formed.
fn reference(field: &Field, variables: &Map<String, Json>) -> Option<EntityRef> {
    let [(name, value)] = field.arguments.as_slice() else { return None };
    if name.node != "ref" {
        return None;
    }
    let literal = match &value.node {
        async_graphql_value::Value::Variable(name) => {
            return EntityRef::parse(variables.get(name.as_str())?.as_str()?).ok();
        }
        literal => literal.clone().into_const()?,
    };
    let Value::String(text) = literal else { return None };
    EntityRef::parse(&text).ok()
}
