//! What an answer under a fault may be: everything of other upstreams as it was, the fields of the failing one as they were or null
//! with an error that says why, and never anything of another tenant.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    pace::Reply,
    part::{Part, nodes},
};

/// What is known of each caller's page before anything fails.
pub(crate) struct Reference {
    page: Value,
    /// Texts of the other tenant's page that are not in this one's.
    foreign: BTreeSet<String>,
}

/// What answers were.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Answers looked at.
    pub(crate) answers: usize,
    /// Those whose other fields were all right.
    pub(crate) right: usize,
    /// Those whose fields of the failing upstream were neither as before nor null with a sound error.
    pub(crate) unsound: usize,
    /// Those with something of the other tenant.
    pub(crate) foreign: usize,
    /// Those with fields of the failing upstream as before, said to be old.
    pub(crate) stale: usize,
    /// Codes of errors.
    pub(crate) codes: BTreeSet<String>,
    /// What was wrong first.
    pub(crate) example: Option<String>,
}

impl Reference {
    /// Of pages of two tenants that answered well, what each is compared with, in the same order.
    pub(crate) fn of_pages(pages: &[Value]) -> Vec<Self> {
        let texts: Vec<BTreeSet<String>> = pages.iter().map(texts).collect();
        let of = |(number, page): (usize, &Value)| {
            let own = texts.get(number).cloned().unwrap_or_default();
            let foreign = texts.iter().flatten().filter(|text| !own.contains(*text)).cloned().collect();
            Self { page: page.clone(), foreign }
        };
        pages.iter().enumerate().map(of).collect()
    }
}

/// Distinct texts of an answer's data that are long enough to be names.
fn texts(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) if text.len() > 9 => BTreeSet::from([text.clone()]),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => BTreeSet::new(),
    }
}

impl Verdict {
    /// Looks at one answer; `failing` is the upstream with the fault.
    pub(crate) fn look(&mut self, reply: &Reply, references: &[Reference], failing: &Part) {
        self.answers += 1;
        let Some(reference) = references.get(reply.caller % references.len().max(1)) else { return };
        let answer: Option<Value> = reply.answer.as_ref().and_then(|(_, body)| serde_json::from_slice(body).ok());
        let Some(answer) = answer else {
            self.wrong("no answer".to_owned());
            return;
        };
        let (ours, expected) = (nodes(&answer), nodes(&reference.page));
        let pairs = || ours.iter().zip(expected);
        let is_right = ours.len() == expected.len() && pairs().all(|(node, well)| others_are(node, well, failing));
        let data = answer.get("data").cloned().unwrap_or_default();
        if texts(&data).iter().any(|text| reference.foreign.contains(text)) {
            self.foreign += 1;
            self.wrong(format!("of another tenant: {data}"));
        }
        if is_right {
            self.right += 1;
        } else {
            let errors = answer.get("errors").map(Value::to_string).unwrap_or_default();
            self.wrong(format!("other fields: {} {answer}", errors.chars().take(400).collect::<String>()));
        }
        let errors = answer.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let errors_count = errors.len();
        let is_whole = pairs().all(|(node, well)| own_are(node, well, failing, false));
        let is_sound = pairs().all(|(node, well)| own_are(node, well, failing, true))
            && errors.iter().all(|error| is_sound(error, failing))
            && is_whole == errors.is_empty();
        if !is_sound {
            self.unsound += 1;
            let errors = errors.iter().take(3).map(Value::to_string).collect::<Vec<_>>().join(" ");
            self.wrong(format!("fields of {}: {} errors: {errors} {answer}", failing.source, errors_count));
        }
        self.codes.extend(errors.iter().filter_map(|error| text_at(error, "/extensions/code")));
        let stale = answer.pointer("/extensions/stale").and_then(Value::as_array);
        self.stale += usize::from(stale.is_some_and(|marks| {
            marks.iter().any(|mark| mark.get("source").and_then(Value::as_str) == Some(failing.source))
        }));
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.answers += other.answers;
        self.right += other.right;
        self.unsound += other.unsound;
        self.foreign += other.foreign;
        self.stale += other.stale;
        self.codes.extend(other.codes);
        self.example = self.example.or(other.example);
        self
    }

    /// The share of answers whose other fields were right.
    pub(crate) fn right_share(&self) -> f64 {
        self.right as f64 / (self.answers as f64).max(1.0)
    }

    fn wrong(&mut self, what: String) {
        self.example.get_or_insert(what.chars().take(2_000).collect());
    }
}

fn others_are(node: &Value, well: &Value, failing: &Part) -> bool {
    let fields = |node: &Value| node.as_object().cloned().unwrap_or_default();
    // A request may ask for some of the fields only.
    let is_known = |(key, value): (&String, &Value)| well.get(key) == Some(value);
    let others: Map<String, Value> =
        fields(node).into_iter().filter(|(key, _)| !failing.keys.contains(&key.as_str())).collect();
    !others.is_empty() && others.iter().all(is_known)
}

fn own_are(node: &Value, well: &Value, failing: &Part, may_be_null: bool) -> bool {
    let of = |key: &&str| Some((node.get(*key)?, well.get(*key)?));
    failing.keys.iter().filter_map(of).all(|(own, well)| own == well || (may_be_null && own.is_null()))
}

fn is_sound(error: &Value, failing: &Part) -> bool {
    let code = text_at(error, "/extensions/code");
    text_at(error, "/extensions/source").as_deref() == Some(failing.source)
        && code.is_some_and(|code| code.starts_with("UPSTREAM_"))
        && error.pointer("/extensions/retryable").is_some_and(Value::is_boolean)
        && error.pointer("/path/3").and_then(Value::as_str).is_some_and(|key| failing.keys.contains(&key))
}

fn text_at(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}
