//! Errors of services, as clients see them: at their place in the answer, with a code that clients know.

use std::{cell::OnceCell, collections::HashMap};

use schema::ErrorCode;
use serde_json::{Map, Number, Value};

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
    /// The places of each entity, by alias; found when they are first needed.
    places: OnceCell<HashMap<&'a str, HashMap<usize, Vec<&'w Place>>>>,
}

impl<'w, 'a> Way<'w, 'a> {
    /// The way of one answer.
    pub fn new(fetch: &'a Fetch, asked: &'w [Asked<'a>], keys: &'w Keys) -> Self {
        Self { fetch, asked, keys, places: OnceCell::new() }
    }

    /// An error of the answer, once for each place that it is about.
    pub fn told<'s>(&'s self, error: &'s Value) -> impl Iterator<Item = Told> + 's {
        let (message, extensions) = (message(error, self.fetch), extensions(error, self.fetch));
        self.places(error.get("path")).map(move |place| Told {
            place,
            message: message.clone(),
            extensions: extensions.clone(),
        })
    }

    /// What Weft itself told of where its data came from.
    pub fn notes(&self, extensions: &Value) -> Vec<(&'static str, Place, Value)> {
        let mut notes = Vec::new();
        if self.fetch.service != OWN {
            return notes;
        }
        for name in ["stale", "receipts"] {
            for note in extensions.get(name).and_then(Value::as_array).into_iter().flatten() {
                notes.extend(self.places(note.get("path")).map(|place| (name, place, note.clone())));
            }
        }
        notes
    }

    /// The places that a path of the service's leads to: several where it is about an entity that occurs several times.
    fn places<'s>(&'s self, path: Option<&'s Value>) -> impl Iterator<Item = Place> + 's {
        let path = path.and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
        let (of_item, elsewhere) = match (self.fetch.entities.is_empty(), path) {
            (true, path) => (None, Some(self.place(Place::new(), path, &self.fetch.shape))),
            (false, [Value::String(alias), Value::Number(item), rest @ ..]) => match self.of_item(alias, item) {
                Some((places, shape)) => {
                    (Some(places.iter().map(move |place| self.place((*place).clone(), rest, shape))), None)
                }
                None => (None, Some(Place::new())),
            },
            (false, _) => (None, Some(Place::new())),
        };
        of_item.into_iter().flatten().chain(elsewhere)
    }

    /// The places of an entity, and what was asked of it.
    fn of_item(&self, alias: &str, item: &Number) -> Option<(&[&'w Place], &'a Shape)> {
        let by_alias = self.places.get_or_init(|| {
            let of_alias = |asked: &'w Asked<'a>| (asked.entities.alias.as_str(), asked.represented.by_entity());
            self.asked.iter().map(of_alias).collect()
        });
        let asked = self.asked.iter().find(|asked| asked.entities.alias == alias)?;
        let item = usize::try_from(item.as_u64()?).ok()?;
        let places = by_alias.get(alias)?.get(&item).map_or(&[] as &[&Place], Vec::as_slice);
        Some((places, &asked.entities.shape))
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
