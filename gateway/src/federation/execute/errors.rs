//! Errors of services, as clients see them: at their place in the answer, with a code that clients know.

use schema::ErrorCode;
use serde_json::{Map, Value};

use super::{
    Asked, Trouble,
    tree::{At, Place},
};
use crate::federation::{
    OWN,
    plan::{Fetch, Keys, Shape},
    projection::Told,
};

/// Longest message of a service that is handed on.
const MESSAGE_CHARS_MAX: usize = 500;

/// Codes that a service may tell of its fields. Others speak of a whole request, which is not its own.
const CODES: [ErrorCode; 8] = [
    ErrorCode::BadUserInput,
    ErrorCode::Forbidden,
    ErrorCode::NotFound,
    ErrorCode::Conflict,
    ErrorCode::UpstreamUnavailable,
    ErrorCode::UpstreamTimeout,
    ErrorCode::UpstreamThrottled,
    ErrorCode::UpstreamError,
];

/// Those that Weft tells besides.
const OWN_CODES: [ErrorCode; 4] =
    [ErrorCode::DatabaseUnavailable, ErrorCode::Timeout, ErrorCode::Overloaded, ErrorCode::InternalServerError];

/// From places in the answer of a service to places in ours.
pub struct Way<'w, 'a> {
    /// What was asked.
    pub fetch: &'a Fetch,
    /// Of which entities.
    pub asked: &'w [Asked<'a>],
    /// The response keys.
    pub keys: &'w Keys,
}

impl Way<'_, '_> {
    /// An error of the answer, once for each place that it is about.
    pub fn told(&self, error: &Value) -> Vec<Told> {
        let (message, extensions) = (message(error, self.fetch), extensions(error, self.fetch));
        let places = self.places(error.get("path"));
        places
            .into_iter()
            .map(|place| Told { place, message: message.clone(), extensions: extensions.clone() })
            .collect()
    }

    /// What Weft itself told of where its data came from.
    pub fn notes(&self, extensions: &Value) -> Vec<(&'static str, Place, Value)> {
        let mut notes = Vec::new();
        if self.fetch.service != OWN {
            return notes;
        }
        for name in ["stale", "receipts"] {
            for note in extensions.get(name).and_then(Value::as_array).into_iter().flatten() {
                notes.extend(self.places(note.get("path")).into_iter().map(|place| (name, place, note.clone())));
            }
        }
        notes
    }

    /// The places that a path of the service's leads to: several where it is about an entity that occurs several times.
    fn places(&self, path: Option<&Value>) -> Vec<Place> {
        let path = path.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
        if self.fetch.entities.is_empty() {
            return vec![self.place(Place::new(), path, &self.fetch.shape)];
        }
        let [Value::String(alias), Value::Number(item), rest @ ..] = path else { return vec![Place::new()] };
        let asked = self.asked.iter().find(|asked| asked.entities.alias == *alias);
        let item = item.as_u64().and_then(|item| usize::try_from(item).ok());
        let (Some(asked), Some(item)) = (asked, item) else { return vec![Place::new()] };
        let of_item = asked.represented.places.iter().filter(|(_, at)| *at == item);
        of_item.map(|(place, _)| self.place(place.clone(), rest, &asked.entities.shape)).collect()
    }

    fn place(&self, mut place: Place, path: &[Value], shape: &Shape) -> Place {
        let mut shape = Some(shape);
        for segment in path {
            match segment {
                Value::String(name) => {
                    let field = shape.and_then(|shape| shape.field(name));
                    let Some(key) = field.map(|field| field.key).or_else(|| self.keys.find(name)) else { break };
                    place.push(At::Field(key));
                    shape = field.and_then(|field| field.below.as_ref());
                }
                Value::Number(item) => {
                    place.push(At::Item(item.as_u64().and_then(|item| u32::try_from(item).ok()).unwrap_or(u32::MAX)));
                }
                _ => break,
            }
        }
        place
    }
}

/// An error that stands for a whole answer.
pub fn trouble(error: &Value, fetch: &Fetch) -> Trouble {
    let extensions = extensions(error, fetch);
    let code = extensions.get("code").and_then(Value::as_str).and_then(code_of);
    let retry_after = extensions.get("retryAfter").and_then(Value::as_u64);
    Trouble { code: code.unwrap_or(ErrorCode::UpstreamError), message: message(error, fetch), retry_after }
}

fn message(error: &Value, fetch: &Fetch) -> String {
    match error.get("message").and_then(Value::as_str) {
        Some(message) => message.chars().take(MESSAGE_CHARS_MAX).collect(),
        None => format!("{} told an error without a message", fetch.service),
    }
}

/// Our own are handed on as they are. Of others, the code where it is one that clients know.
fn extensions(error: &Value, fetch: &Fetch) -> Map<String, Value> {
    let told = error.get("extensions").and_then(Value::as_object);
    if fetch.service == OWN {
        return told.cloned().unwrap_or_default();
    }
    let code = told.and_then(|told| told.get("code")?.as_str()).and_then(code_of);
    let code = code.filter(|code| CODES.contains(code)).unwrap_or(ErrorCode::UpstreamError);
    let mut extensions = Map::new();
    extensions.insert("code".to_owned(), code.as_str().into());
    extensions.insert("source".to_owned(), fetch.service.as_str().into());
    if code.is_retryable() {
        extensions.insert("retryable".to_owned(), true.into());
    }
    extensions
}

fn code_of(name: &str) -> Option<ErrorCode> {
    CODES.into_iter().chain(OWN_CODES).find(|code| code.as_str() == name)
}
