//! Puts what a service answered in its place.

use std::collections::BTreeSet;

use bytes::Bytes;
use bytesize::ByteSize;
use schema::ErrorCode;
use serde_json::Value;

use super::{
    Asked, Node, Place, State, Trouble,
    errors::{self, Way},
    read::{Read, read},
    tree::Bodies,
};
use crate::federation::plan::{Fetch, Key, Plan};

/// Most errors of services that are kept for an answer.
const TOLD_MAX: usize = 1_000;

impl<'a> State<'a> {
    /// Takes an answer over.
    pub(super) fn take(&mut self, fetch: &'a Fetch, asked: &[Asked<'a>], body: Bytes, plan: &Plan) {
        let number = self.bodies.keep(body.clone());
        let Read { mut data, errors, extensions } = match read(&body, number, &fetch.shape) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(service = fetch.service, error, "a service answered something that is no answer");
                return self.fail(fetch, asked, &unreadable(fetch));
            }
        };
        let way = Way::new(fetch, asked, &plan.keys);
        let room = TOLD_MAX.saturating_sub(self.told.len());
        if data == Node::Null {
            let trouble = errors.first().map_or_else(|| unreadable(fetch), |error| errors::trouble(error, fetch));
            // The first is told at each field that is missing.
            self.told.extend(errors.iter().skip(1).flat_map(|error| way.told(error)).take(room));
            return self.fail(fetch, asked, &trouble);
        }
        self.told.extend(errors.iter().flat_map(|error| way.told(error)).take(room));
        self.notes.extend(way.notes(&extensions));
        if fetch.entities.is_empty() {
            return self.root.merge(data);
        }
        for asked in asked {
            let alias = plan.keys.find(&asked.entities.alias);
            self.take_entities(fetch, asked, alias.and_then(|alias| field_mut(&mut data, alias)), &errors);
        }
    }

    fn take_entities(&mut self, fetch: &'a Fetch, asked: &Asked<'a>, answered: Option<&mut Node>, errors: &[Value]) {
        let represented = &asked.represented;
        let places = || represented.places.iter().map(|(place, _)| place.clone());
        let items = match answered {
            Some(Node::List(items)) if items.len() == represented.representations.len() => items,
            Some(Node::List(items)) => {
                let (sent, asked_for) = (items.len(), represented.representations.len());
                tracing::warn!(service = fetch.service, sent, asked_for, "a service answered too few or many entities");
                let message = format!("{} answered {sent} entities when asked for {asked_for}", fetch.service);
                let trouble = Trouble::new(ErrorCode::UpstreamError, message);
                return self.failures.add(trouble.failure(fetch, &asked.entities.shape), places());
            }
            _ => {
                let trouble = errors.first().map_or_else(|| unreadable(fetch), |error| errors::trouble(error, fetch));
                return self.failures.add(trouble.failure(fetch, &asked.entities.shape), places());
            }
        };
        let others: BTreeSet<usize> = items
            .iter()
            .zip(&represented.repeated)
            .enumerate()
            .filter(|(_, (item, repeated))| !is_repeated(item, repeated, &self.bodies))
            .map(|(at, _)| at)
            .collect();
        if !others.is_empty() {
            tracing::warn!(
                service = fetch.service,
                entities = others.len(),
                "a service answered other entities than it was asked for"
            );
            let message = format!("{} answered another entity than it was asked for", fetch.service);
            let trouble = Trouble::new(ErrorCode::UpstreamError, message);
            let of_others = represented.places.iter().filter(|(_, at)| others.contains(at));
            let failure = trouble.failure(fetch, &asked.entities.shape);
            self.failures.add(failure, of_others.map(|(place, _)| place.clone()).collect::<Vec<Place>>());
        }
        self.take_failed(fetch, asked, items, errors);
        let mut uses = vec![0_usize; items.len()];
        for (_, at) in &represented.places {
            if let Some(uses) = uses.get_mut(*at) {
                *uses += 1;
            }
        }
        let mut without = Vec::new();
        for (place, at) in represented.places.iter().filter(|(_, at)| !others.contains(at)) {
            let (Some(item @ Node::Object(_)), Some(uses)) = (items.get_mut(*at), uses.get_mut(*at)) else { continue };
            *uses -= 1;
            let Some(target) = self.root.at_mut(place) else { continue };
            if *uses == 0 {
                target.merge(std::mem::replace(item, Node::Null));
                continue;
            }
            let bytes = self.repeated_bytes.saturating_add(item.bytes());
            if bytes > self.bytes_max {
                without.push(place.clone());
                continue;
            }
            self.repeated_bytes = bytes;
            target.merge(item.clone());
        }
        if !without.is_empty() {
            let trouble = Trouble::new(ErrorCode::QueryTooComplex, too_large(self.bytes_max));
            self.failures.add(trouble.failure(fetch, &asked.entities.shape), without);
        }
    }

    /// Entities that are null because something went wrong with them, which is not the same as not being there.
    fn take_failed(&mut self, fetch: &'a Fetch, asked: &Asked<'a>, items: &[Node], errors: &[Value]) {
        if errors.is_empty() {
            return;
        }
        let mut by_entity = asked.represented.by_entity();
        for error in errors {
            let path = error.get("path").and_then(Value::as_array).map(Vec::as_slice);
            let Some([Value::String(alias), Value::Number(item)]) = path else { continue };
            let item = item.as_u64().and_then(|item| usize::try_from(item).ok());
            let null = item.filter(|item| *alias == asked.entities.alias && items.get(*item) == Some(&Node::Null));
            // The first error of each says why.
            if let Some(places) = null.and_then(|item| by_entity.remove(&item)) {
                let failure = errors::trouble(error, fetch).failure(fetch, &asked.entities.shape);
                self.failures.add(failure, places.into_iter().cloned());
            }
        }
    }

    /// A question was not answered.
    pub(super) fn fail(&mut self, fetch: &'a Fetch, asked: &[Asked<'a>], trouble: &Trouble) {
        if fetch.entities.is_empty() {
            return self.failures.add(trouble.failure(fetch, &fetch.shape), [Place::new()]);
        }
        for asked in asked {
            let places = asked.represented.places.iter().map(|(place, _)| place.clone());
            self.failures.add(trouble.failure(fetch, &asked.entities.shape), places.collect::<Vec<Place>>());
        }
    }
}

/// What is told where an answer has no room for more.
pub fn too_large(bytes_max: usize) -> String {
    metrics::counter!("weft_federation_answers_too_large_total").increment(1);
    format!("the answer would have more than {}: ask for less", ByteSize::b(bytes_max as u64))
}

fn unreadable(fetch: &Fetch) -> Trouble {
    let message = format!("{} answered in a shape we do not know", fetch.service);
    Trouble::new(ErrorCode::UpstreamError, message)
}

fn field_mut(node: &mut Node, key: Key) -> Option<&mut Node> {
    match node {
        Node::Object(fields) => fields.iter_mut().find(|(known, _)| *known == key).map(|(_, node)| node),
        _ => None,
    }
}

/// Whether an entity repeats what represented it; one that is not there repeats nothing.
fn is_repeated(item: &Node, repeated: &[(Key, Vec<u8>)], bodies: &Bodies) -> bool {
    if !matches!(item, Node::Object(_)) {
        return true;
    }
    repeated.iter().all(|(key, value)| match item.field(*key) {
        Some(Node::Leaf(span)) => is_same(bodies.bytes(*span), value),
        Some(Node::Null) => value == b"null",
        _ => false,
    })
}

/// The same bytes, or the same value written otherwise; a number and a text of its digits are the same ID.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let text = |json: &[u8]| match serde_json::from_slice::<Value>(json).ok()? {
        Value::String(text) => Some(text),
        value => Some(value.to_string()),
    };
    one == other || text(one).is_some_and(|one| text(other) == Some(one))
}
