//! Puts what a service answered in its place.

use std::collections::BTreeSet;

use bytes::Bytes;
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
        let way = Way { fetch, asked, keys: &plan.keys };
        let room = TOLD_MAX.saturating_sub(self.told.len());
        self.told.extend(errors.iter().take(room).flat_map(|error| way.told(error)).take(room));
        self.notes.extend(way.notes(&extensions));
        if data == Node::Null {
            let trouble = errors.first().map_or_else(|| unreadable(fetch), |error| errors::trouble(error, fetch));
            return self.fail(fetch, asked, &trouble);
        }
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
        for (place, at) in represented.places.iter().filter(|(_, at)| !others.contains(at)) {
            let (Some(target), Some(item)) = (self.root.at_mut(place), items.get(*at)) else { continue };
            if matches!(item, Node::Object(_)) {
                target.merge(item.clone());
            }
        }
    }

    /// Entities that are null because something went wrong with them, which is not the same as not being there.
    fn take_failed(&mut self, fetch: &'a Fetch, asked: &Asked<'a>, items: &[Node], errors: &[Value]) {
        for error in errors.iter().take(TOLD_MAX) {
            let path = error.get("path").and_then(Value::as_array).map(Vec::as_slice);
            let Some([Value::String(alias), Value::Number(item), ..]) = path else { continue };
            let item = item.as_u64().and_then(|item| usize::try_from(item).ok());
            let is_null = item.is_some_and(|item| items.get(item) == Some(&Node::Null));
            if *alias == asked.entities.alias && is_null && path.is_some_and(|path| path.len() == 2) {
                let of_item = asked.represented.places.iter().filter(|(_, at)| Some(*at) == item);
                let failure = errors::trouble(error, fetch).failure(fetch, &asked.entities.shape);
                self.failures.add(failure, of_item.map(|(place, _)| place.clone()).collect::<Vec<Place>>());
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
