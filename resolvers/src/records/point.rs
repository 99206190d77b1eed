//! `point`: an operation that is one entity by its reference, of which no more is selected than stands in its record. It is answered
//! without the engine, which would copy the document and validate it again, and make a context, a future and a value on the way.
//!
//! Whatever is less simple, is refused or fails, is left to the engine: it knows how that is told.

use async_graphql::{
    Value,
    parser::types::{ExecutableDocument, Field, OperationType, Selection},
};
use schema::{EntityRef, scope};
use serde_json::{Map, Value as Json};

use super::{
    ObjectKind, columns, json,
    plan::Plan,
    related::{Others, Written, write_entity},
};
use crate::request::RequestData;

/// Room for an entity of some texts.
const BYTES_LIKELY: usize = 1024;

/// The data of the answer, as JSON after what `begun` holds; none when the engine has to execute the operation.
pub async fn point(
    request: &RequestData,
    document: &ExecutableDocument,
    variables: &Map<String, Json>,
    begun: &[u8],
) -> Option<Vec<u8>> {
    let field = only_field(document)?;
    let (kind, object) = match field.name.node.as_str() {
        "component" => ("component", ObjectKind::Component),
        "team" => ("group", ObjectKind::Team),
        _ => return None,
    };
    if !request.writes_records() || !request.visibility().has(scope::CATALOG_READ) {
        return None;
    }
    let entity_ref = reference(field, variables)?.or_kind(kind);
    let set = &field.selection_set.node;
    let plan = Plan::of(object, set).filter(Plan::is_in_record)?;
    let record = request.references().load_one(&entity_ref, columns(set)).await.ok()?;
    let mut out = Written { bytes: Vec::with_capacity(BYTES_LIKELY), failures: Vec::new() };
    out.bytes.extend_from_slice(begun);
    out.bytes.push(b'{');
    json::text(&field.response_key().node, &mut out.bytes);
    out.bytes.push(b':');
    match record.filter(|record| record.entity_ref.kind() == Some(kind)) {
        Some(record) => write_entity(&record, &plan, &[], &mut Others::default(), &mut out),
        None => out.bytes.extend_from_slice(b"null"),
    }
    out.bytes.push(b'}');
    Some(out.bytes)
}

/// The field of a query that has one and no directives.
fn only_field(document: &ExecutableDocument) -> Option<&Field> {
    let (_, operation) = document.operations.iter().next()?;
    let operation = &operation.node;
    if operation.ty != OperationType::Query || !operation.directives.is_empty() {
        return None;
    }
    let [item] = operation.selection_set.node.items.as_slice() else { return None };
    let Selection::Field(field) = &item.node else { return None };
    field.node.directives.is_empty().then_some(&field.node)
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
