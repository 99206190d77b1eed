//! The JSON of each object, field for field as AWX 24.6.1 shows it to an auditor.
//!
//! Everything that needs a right to write says so: `user_capabilities` are all false, prompts are off, secrets read
//! `$encrypted$`. Links in `related` are those of the real objects; not every one of them leads anywhere here.

mod host;
mod inventory;
mod job;
mod job_template;
mod node;
mod organization;
mod project;
mod run;
mod schedule;
mod summary;
mod template;
mod token;
mod user;
mod workflow_job;
mod workflow_job_template;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

pub(super) use token::Token;

use super::row::Scope;

impl Scope<'_> {
    /// The address of one object.
    fn url(&self, kind: &str, id: u64) -> String {
        format!("{}/{kind}/{id}/", self.prefix)
    }
}

/// ISO 8601 in UTC with microseconds, which are left out when there are none.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    let format = if at.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    at.to_rfc3339_opts(format, true)
}

/// `related`: the addresses below an object's own.
fn below(url: &str, names: &[&str]) -> Value {
    Value::Object(names.iter().map(|name| ((*name).to_owned(), json!(format!("{url}{name}/")))).collect())
}

/// The members of both; those of `more` win.
fn merged(base: Value, more: Value) -> Value {
    match (base, more) {
        (Value::Object(mut base), Value::Object(more)) => {
            base.extend(more);
            Value::Object(base)
        }
        (base, _) => base,
    }
}

/// Without the members that are null: a relation that is not there has no key.
fn present(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// The roles of an object: ids follow from its own, so that they are stable.
fn roles(id: u64, names: &[(&str, &str)]) -> Value {
    let role = |(place, (key, name)): (usize, &(&str, &str))| {
        let description = format!("{name} on this object");
        ((*key).to_owned(), json!({ "description": description, "name": name, "id": id * 16 + place as u64 }))
    };
    Value::Object(names.iter().enumerate().map(role).collect())
}
