//! From the text of a file to its documents. Each document stands alone: one that is broken does not take the others along.

use serde_json::Value;

use super::{
    Limits, Outcome, Refusal,
    node::{Data, Node, Place},
    parse::{self, Fault},
    validate,
};

/// Reads all documents of a text: YAML with `---` between documents, a JSON object, or a JSON array of objects.
pub fn read_text(target: &str, text: &str, limits: &Limits) -> Vec<Outcome> {
    if let Some(at) = text.find('\0') {
        let line = u32::try_from(text.get(..at).unwrap_or_default().matches('\n').count()).unwrap_or(u32::MAX);
        let refusal =
            Refusal { line: Some(line.saturating_add(1)), ..Refusal::of_file(target, "it holds a NUL character") };
        return vec![Outcome::Refused(refusal)];
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parts = split(text);
    if parts.len() > limits.documents_per_file_max {
        let message = format!("it holds {} documents: at most {} are read", parts.len(), limits.documents_per_file_max);
        return vec![Outcome::Refused(Refusal::of_file(target, message))];
    }
    parts.into_iter().flat_map(|(line_offset, part)| read_part(target, part, line_offset, limits)).collect()
}

/// The documents of a YAML text with the number of lines before each. A line `---` at its very start parts two documents, also
/// inside a block of text: that is how YAML has it.
fn split(text: &str) -> Vec<(u32, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut start_line, mut at) = (0, 0u32, 0);
    for (number, line) in (0u32..).zip(text.split_inclusive('\n')) {
        let is_mark =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if is_mark {
            let part = text.get(start..at).unwrap_or_default();
            // Nothing but `%YAML 1.2` before the first mark speaks of the document behind it, and is none itself.
            if !(parts.is_empty() && part.lines().all(|line| line.trim().is_empty() || line.starts_with(['%', '#']))) {
                parts.push((start_line, part));
            }
            // What stands behind the mark in its line belongs to the document it begins.
            start = at + 3;
            start_line = number;
        }
        at += line.len();
    }
    parts.push((start_line, text.get(start..).unwrap_or_default()));
    parts
}

fn read_part(target: &str, part: &str, line_offset: u32, limits: &Limits) -> Vec<Outcome> {
    let is_array = part.trim_start().starts_with('[');
    if part.len() > limits.document_bytes_max && !is_array {
        let place = Place { line: line_offset.saturating_add(1), column: 1 };
        let message =
            format!("the document is {} bytes long: at most {} are read", part.len(), limits.document_bytes_max);
        return vec![refused(target, Fault { place, message })];
    }
    let node = match parse::parse(part, line_offset, limits) {
        Ok(Some(node)) => node,
        Ok(None) => return Vec::new(),
        Err(fault) => return vec![refused(target, fault)],
    };
    match node {
        Node { data: Data::List(items), .. } => items.iter().map(|item| one(target, item)).collect(),
        node => vec![one(target, &node)],
    }
}

fn one(target: &str, node: &Node) -> Outcome {
    match node.to_json() {
        Value::Object(object) => validate::check(target, node, object),
        _ => refused(
            target,
            Fault {
                place: node.place,
                message: "a document must be an object with `apiVersion`, `kind` and `metadata`".to_owned(),
            },
        ),
    }
}

fn refused(target: &str, fault: Fault) -> Outcome {
    let Fault { place, message } = fault;
    Outcome::Refused(Refusal {
        line: Some(place.line),
        column: Some(place.column),
        ..Refusal::of_file(target, message)
    })
}
