//! Writes an answer. A value that cannot be is null, and so is what may not hold a null, up to the first that may.

use std::collections::HashMap;

use schema::ErrorCode;
use serde_json::value::RawValue;

use super::{Kind, Leaf, Selected, Selection, Type, Value};
use crate::federation::{
    execute::{At, Bodies, Node, Place},
    plan::{Key, Keys, Shape},
};

/// Most errors that are gathered; an answer tells fewer.
const ERRORS_MAX: usize = 1_000;

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
    fn of(&self, place: &[At], key: Key) -> Option<&Failure<'a>> {
        let mut numbers = self.by_place.get(place)?.iter();
        numbers.find_map(|number| self.all.get(*number).filter(|failure| failure.shape.gives(key)))
    }
}

/// An error with its place.
#[derive(Debug, Clone)]
pub struct Told {
    /// Where.
    pub place: Place,
    /// For people.
    pub message: String,
    /// `extensions`, without the request's id.
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// A value that may not be null is; why was told.
struct Nulled;

/// Writes one answer.
pub struct Writer<'a> {
    /// The response keys.
    pub keys: &'a Keys,
    /// Under which objects say their type.
    pub typename: Key,
    /// What leaves are parts of.
    pub bodies: &'a Bodies,
    /// What was not answered.
    pub failures: &'a Failures<'a>,
    /// What was asked about the schema itself, by response key.
    pub about_schema: &'a HashMap<String, serde_json::Value>,
    /// What services told, and what is found while writing.
    pub told: Vec<Told>,
    /// The answer so far.
    pub out: Vec<u8>,
    /// Where the writer is.
    place: Place,
}

impl<'a> Writer<'a> {
    /// Nothing is written yet. `told` is what services told.
    pub fn new(
        keys: &'a Keys,
        typename: Key,
        bodies: &'a Bodies,
        failures: &'a Failures<'a>,
        about_schema: &'a HashMap<String, serde_json::Value>,
        told: Vec<Told>,
    ) -> Self {
        Self { keys, typename, bodies, failures, about_schema, told, out: Vec::new(), place: Place::new() }
    }

    /// Writes the data of an operation.
    pub fn data(&mut self, root: &Node, selected: &[Selected]) {
        if self.fields(root, selected).is_err() {
            self.out.clear();
            self.out.extend_from_slice(b"null");
        }
    }

    fn fields(&mut self, node: &Node, selected: &[Selected]) -> Result<(), Nulled> {
        self.out.push(b'{');
        for (at, field) in selected.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.written);
            match &field.kind {
                Kind::Typename(name) => self.out.extend_from_slice(name),
                Kind::Introspection => {
                    let value = self.about_schema.get(self.keys.name(field.key));
                    self.out.extend_from_slice(value.map_or("null".to_owned(), ToString::to_string).as_bytes());
                }
                Kind::Data(ty, value) => self.field(node, field.key, ty, value)?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn field(&mut self, parent: &Node, key: Key, ty: &Type, value: &Value) -> Result<(), Nulled> {
        let node = parent.field(key);
        let failure = if node.is_none() { self.failures.of(&self.place, key) } else { None };
        self.place.push(At::Field(key));
        let outcome = match (node, failure) {
            (Some(node), _) => self.value(node, ty, value),
            (None, Some(_)) if self.is_told() => {
                if ty.is_required() { Err(Nulled) } else { self.null() }
            }
            (None, Some(failure)) => {
                let mut extensions = serde_json::Map::new();
                extensions.insert("code".to_owned(), failure.code.as_str().into());
                extensions.insert("source".to_owned(), failure.service.into());
                if failure.code.is_retryable() {
                    extensions.insert("retryable".to_owned(), true.into());
                }
                if let Some(seconds) = failure.retry_after {
                    extensions.insert("retryAfter".to_owned(), seconds.into());
                }
                self.tell(failure.message.clone(), extensions);
                if ty.is_required() { Err(Nulled) } else { self.null() }
            }
            (None, None) => self.absent(ty, "it is not there, or you may not see it", ErrorCode::NotFound),
        };
        self.place.pop();
        outcome
    }

    fn value(&mut self, node: &Node, ty: &Type, value: &Value) -> Result<(), Nulled> {
        let begun = self.out.len();
        let written = match (node, ty, value) {
            (Node::Null, ..) => {
                return self.absent(ty, "a service answered null where it may not", ErrorCode::UpstreamError);
            }
            (Node::Leaf(span), _, Value::Leaf(leaf)) => {
                // The bytes outlive the writer's own fields.
                let bodies: &'a Bodies = self.bodies;
                self.leaf(bodies.bytes(*span), ty, leaf)
            }
            (Node::List(items), Type::List { of, .. }, _) => self.items(items, of, value),
            (Node::Object(_), Type::Named { .. }, Value::Object(selection)) => self.object(node, selection),
            _ => self.wrong(),
        };
        match written {
            Err(Nulled) if !ty.is_required() => {
                self.out.truncate(begun);
                self.null()
            }
            outcome => outcome,
        }
    }

    fn items(&mut self, items: &[Node], of: &Type, value: &Value) -> Result<(), Nulled> {
        self.out.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.place.push(At::Item(u32::try_from(at).unwrap_or(u32::MAX)));
            let outcome = self.value(item, of, value);
            self.place.pop();
            outcome?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(&mut self, node: &Node, selection: &Selection) -> Result<(), Nulled> {
        match selection {
            Selection::One(fields) => self.fields(node, fields),
            Selection::ByType(by_type) => {
                let name = match node.field(self.typename) {
                    Some(Node::Leaf(span)) => self.bodies.text(*span),
                    _ => None,
                };
                match name.and_then(|name| by_type.get(name)) {
                    Some(fields) => self.fields(node, fields),
                    None => self.wrong(),
                }
            }
        }
    }

    /// A scalar, or lists of scalars, as they were sent.
    fn leaf(&mut self, json: &[u8], ty: &Type, leaf: &Leaf) -> Result<(), Nulled> {
        match ty {
            Type::Named { .. } if !leaf.accepts(json) => self.wrong(),
            Type::Named { .. } => {
                let is_number_for_text = *leaf == Leaf::Id && json.first() != Some(&b'"');
                if is_number_for_text {
                    self.out.push(b'"');
                }
                self.out.extend_from_slice(json);
                if is_number_for_text {
                    self.out.push(b'"');
                }
                Ok(())
            }
            Type::List { of, .. } => {
                let Ok(items) = serde_json::from_slice::<Vec<&RawValue>>(json) else { return self.wrong() };
                self.out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    self.place.push(At::Item(u32::try_from(at).unwrap_or(u32::MAX)));
                    let begun = self.out.len();
                    let outcome = match item.get() {
                        "null" => self.absent(of, "a service answered null where it may not", ErrorCode::UpstreamError),
                        item => match self.leaf(item.as_bytes(), of, leaf) {
                            Err(Nulled) if !of.is_required() => {
                                self.out.truncate(begun);
                                self.null()
                            }
                            outcome => outcome,
                        },
                    };
                    self.place.pop();
                    outcome?;
                }
                self.out.push(b']');
                Ok(())
            }
        }
    }

    fn null(&mut self) -> Result<(), Nulled> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    /// Null, where it may be; else an error, unless one was told already.
    fn absent(&mut self, ty: &Type, message: &str, code: ErrorCode) -> Result<(), Nulled> {
        if !ty.is_required() {
            return self.null();
        }
        if !self.is_told() {
            self.tell_code(message, code);
        }
        Err(Nulled)
    }

    /// Whether an error was told of this place, of one on the way to it, or of one below it.
    fn is_told(&self) -> bool {
        let place = &self.place;
        self.told.iter().any(|told| told.place.starts_with(place) || place.starts_with(&told.place))
    }

    fn wrong(&mut self) -> Result<(), Nulled> {
        self.tell_code("a service answered something of another type than it said it would", ErrorCode::UpstreamError);
        Err(Nulled)
    }

    fn tell_code(&mut self, message: &str, code: ErrorCode) {
        let extensions = [("code".to_owned(), code.as_str().into())].into_iter().collect();
        self.tell(message.to_owned(), extensions);
    }

    fn tell(&mut self, message: String, extensions: serde_json::Map<String, serde_json::Value>) {
        if self.told.len() < ERRORS_MAX {
            self.told.push(Told { place: self.place.clone(), message, extensions });
        }
    }
}
