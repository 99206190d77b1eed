//! What was not answered, and what services told of it.

use std::collections::HashMap;

use schema::ErrorCode;

use super::PathSegment;
use crate::federation::{
    execute::{At, Place},
    plan::{Key, Shape},
};

/// A question that was not answered.
#[derive(Debug, Clone)]
pub struct Failure<'a> {
    /// Of which service.
    pub service: &'a str,
    /// What it was to give to the objects that it is about.
    pub shape: &'a Shape,
    /// What clients see.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// Seconds to wait, where the service said.
    pub retry_after: Option<u64>,
    /// It was to change something, and may have done so.
    pub is_mutation: bool,
    /// It could not even be asked, because something else is missing.
    pub is_consequence: bool,
}

/// Questions that were not answered, by the places that lack something by it.
#[derive(Debug, Default)]
pub struct Failures<'a> {
    all: Vec<Failure<'a>>,
    by_place: HashMap<Place, Vec<usize>>,
}

impl<'a> Failures<'a> {
    /// Remembers a failure.
    pub fn add(&mut self, failure: Failure<'a>, places: impl IntoIterator<Item = Place>) {
        let number = self.all.len();
        self.all.push(failure);
        for place in places {
            self.by_place.entry(place).or_default().push(number);
        }
    }

    /// Why this place lacks this field.
    pub fn of(&self, place: &[At], key: Key) -> Option<&Failure<'a>> {
        let mut numbers = self.by_place.get(place)?.iter();
        numbers.find_map(|number| self.all.get(*number).filter(|failure| failure.shape.gives(key)))
    }
}

/// An error that a service told, at its place in what was put together.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where.
    pub place: Place,
    /// For people.
    pub message: String,
    /// `extensions`, without the request's id.
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// An error as the client gets it.
#[derive(Debug, Clone)]
pub struct ToldToClient {
    /// Where in the answer; empty: nowhere in particular.
    pub path: Vec<PathSegment>,
    /// For people.
    pub message: String,
    /// `extensions`, without the request's id.
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

impl Failure<'_> {
    /// `extensions` of the error that tells of it.
    pub fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut extensions = serde_json::Map::new();
        extensions.insert("code".to_owned(), self.code.as_str().into());
        extensions.insert("source".to_owned(), self.service.into());
        if self.code.is_retryable() && !self.is_mutation {
            extensions.insert("retryable".to_owned(), true.into());
        }
        if let Some(seconds) = self.retry_after {
            extensions.insert("retryAfter".to_owned(), seconds.into());
        }
        extensions
    }
}
