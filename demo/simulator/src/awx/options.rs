//! `OPTIONS`: what a list is and by which fields it may be filtered. The command line of AWX builds itself from it.

use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{
    model::{Kind, Model},
    page::PAGE_SIZE_MAX,
};

pub(super) fn answer(model: &Model) -> Response {
    let field = |(name, kind): (&str, Kind)| {
        let word = match kind {
            Kind::Number => "integer",
            Kind::Decimal => "decimal",
            Kind::Text => "string",
            Kind::Bool => "boolean",
            Kind::Time => "datetime",
            Kind::Related(_) => "id",
        };
        let label = name.replace('_', " ");
        (name.to_owned(), json!({ "type": word, "label": label, "hidden": false, "filterable": true }))
    };
    let relations = model.fields().filter(|(_, kind)| matches!(kind, Kind::Related(_)));
    Json(json!({
        "name": format!("{} List", model.class),
        "description": format!("# List of {}\n", model.nouns.join(" and ")),
        "renders": ["application/json", "text/html"],
        "parses": ["application/json"],
        "actions": { "GET": Value::Object(model.fields().map(field).collect()) },
        "types": model.nouns,
        "search_fields": ["description", "name"],
        "related_search_fields": relations.map(|(name, _)| format!("{name}__search")).collect::<Vec<_>>(),
        "max_page_size": PAGE_SIZE_MAX,
    }))
    .into_response()
}
