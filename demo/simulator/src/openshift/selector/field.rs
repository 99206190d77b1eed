//! `fieldSelector`: equality on the few fields the API server has an index or a rule for; any other is refused.

use serde_json::Value;

use super::super::{draft::Draft, resource::What, status::Refusal};

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    field: String,
    value: String,
    is_negated: bool,
}

pub(super) fn parse(selector: &str, what: What) -> Result<Vec<Requirement>, Refusal> {
    let parts = selector.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| requirement(selector, part, what)).collect()
}

/// The body is built only for what the metadata does not decide.
pub(super) fn hold(requirements: &[Requirement], draft: &Draft<'_>) -> bool {
    let mut body = None;
    requirements.iter().all(|requirement| {
        let found = match requirement.field.as_str() {
            "metadata.name" => draft.meta.name.clone(),
            "metadata.namespace" => draft.meta.namespace.clone(),
            field => text_at(body.get_or_insert_with(|| (draft.body)()), field),
        };
        (found == requirement.value) != requirement.is_negated
    })
}

fn requirement(selector: &str, part: &str, what: What) -> Result<Requirement, Refusal> {
    let (field, value, is_negated) = if let Some((field, value)) = part.split_once("!=") {
        (field, value, true)
    } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        (field, value, false)
    } else {
        return Err(Refusal::bad_request(format!("invalid selector: '{selector}'; can't understand '{part}'")));
    };
    let is_known = matches!(field, "metadata.name" | "metadata.namespace") || more(what).contains(&field);
    if !is_known {
        return Err(Refusal::bad_request(unknown(field, what)));
    }
    Ok(Requirement { field: field.to_owned(), value: value.to_owned(), is_negated })
}

/// The fields a kind has besides its name and namespace.
fn more(what: What) -> &'static [&'static str] {
    match what {
        What::Pod => &["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.podIP"],
        What::Event => &[
            "involvedObject.apiVersion",
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        What::Namespace | What::Project => &["status.phase"],
        What::Service => &["spec.clusterIP", "spec.type"],
        What::ReplicaSet | What::ReplicationController => &["status.replicas"],
        What::Route => &["spec.host", "spec.path", "spec.to.name"],
        What::Build => &["podName", "status"],
        _ => &[],
    }
}

/// Kinds without fields of their own are refused by the common rule, the others each by theirs.
fn unknown(field: &str, what: What) -> String {
    if more(what).is_empty() || what == What::Service {
        format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    } else {
        format!("field label not supported: {field}")
    }
}

fn text_at(body: &Value, field: &str) -> String {
    let path = match field {
        // Older names for what has moved since.
        "source" => "source.component",
        "status" => "status.phase",
        field => field,
    };
    match body.pointer(&format!("/{}", path.replace('.', "/"))) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}
