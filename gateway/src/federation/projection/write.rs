//! Writes an answer. A value that cannot be is null, and so is what may not hold a null, up to the first that may.

use std::collections::{HashMap, HashSet};

use memchr::memchr2;
use schema::ErrorCode;
use serde_json::value::RawValue;

use super::{
    Failure, Failures, Kind, Leaf, PathSegment, Selected, Selection, Told, ToldToClient, Type, Value,
    path::{Below, extend_path, selected_path},
};
use crate::{
    federation::{
        execute::{At, Bodies, Node, Place, too_large},
        plan::{Key, Keys},
    },
    http::BEGUN,
};

const NULL_FOR_REQUIRED: &str = "a service answered null where it may not";

/// Most errors that are gathered; an answer tells fewer.
const ERRORS_MAX: usize = 1_000;

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
    /// What services told.
    told: &'a [Told],
    /// Which of it the client was told.
    is_told: Vec<bool>,
    /// The places of it, and all on the way to them.
    told_places: HashSet<&'a [At]>,
    /// The most bytes of an answer's data.
    bytes_max: usize,
    /// The errors of the answer.
    pub errors: Vec<ToldToClient>,
    /// The answer so far, from its first byte.
    pub out: Vec<u8>,
    /// Where the writer is in what was put together, and in the answer.
    place: Place,
    path: Vec<&'a Selected>,
}

impl<'a> Writer<'a> {
    /// Nothing is written yet. `told` is what services told; an answer of more than `bytes_max` bytes lacks what would be too much.
    pub fn new(
        keys: &'a Keys,
        typename: Key,
        bodies: &'a Bodies,
        failures: &'a Failures<'a>,
        about_schema: &'a HashMap<String, serde_json::Value>,
        told: &'a [Told],
        bytes_max: usize,
    ) -> Self {
        let (mut out, errors, place, path) = (BEGUN.to_vec(), Vec::new(), Place::new(), Vec::new());
        let on_the_way = |told: &'a Told| (1..=told.place.len()).filter_map(|len| told.place.get(..len));
        let (is_told, told_places) = (vec![false; told.len()], told.iter().flat_map(on_the_way).collect());
        // Most of what services sent goes into it, once.
        out.reserve(bodies.bytes_in_all().min(bytes_max));
        Self {
            keys,
            typename,
            bodies,
            failures,
            about_schema,
            told,
            is_told,
            told_places,
            bytes_max,
            errors,
            out,
            place,
            path,
        }
    }

    /// Writes the data of an operation.
    pub fn data(&mut self, root: &Node, selected: &'a [Selected]) {
        // What nobody says the place of.
        for told in self.told.iter().filter(|told| told.place.is_empty()) {
            let (message, extensions) = (told.message.clone(), told.extensions.clone());
            self.push(ToldToClient { path: Vec::new(), message, extensions });
        }
        if self.fields(root, selected).is_err() {
            self.out.truncate(BEGUN.len());
            self.out.extend_from_slice(b"null");
        }
        // A service may tell an error of something that is there all the same, such as a list that lacks some of its items.
        let told: &'a [Told] = self.told;
        for (at, told) in told.iter().enumerate() {
            let is_told = told.place.is_empty() || self.is_told.get(at).is_some_and(|is_told| *is_told);
            if !is_told && let Some(path) = selected_path(&told.place, selected) {
                self.push(ToldToClient { path, message: told.message.clone(), extensions: told.extensions.clone() });
            }
        }
    }

    fn fields(&mut self, node: &Node, selected: &'a [Selected]) -> Result<(), Nulled> {
        self.out.push(b'{');
        // The others are looked at all the same: each error is told.
        let mut outcome = Ok(());
        for (at, field) in selected.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&field.written);
            match &field.kind {
                Kind::Typename(name) => self.out.extend_from_slice(name),
                Kind::Introspection => {
                    let value = self.about_schema.get(&field.name);
                    self.out.extend_from_slice(value.map_or("null".to_owned(), ToString::to_string).as_bytes());
                }
                Kind::Data(ty, value) => {
                    let written = self.field((node, at), (field, selected), ty, value);
                    outcome = outcome.and(written);
                }
            }
        }
        self.out.push(b'}');
        outcome
    }

    fn field(
        &mut self,
        (parent, at): (&Node, usize),
        (field, selected): (&'a Selected, &'a [Selected]),
        ty: &'a Type,
        value: &'a Value,
    ) -> Result<(), Nulled> {
        let node = parent.field_near(at, field.key);
        let failure = if node.is_none() { self.failures.of(&self.place, field.key) } else { None };
        self.place.push(At::Field(field.key));
        self.path.push(field);
        let outcome = match (node, failure) {
            (Some(node), _) => self.value(node, ty, value),
            (None, _) if self.tell_what_was_told(Some(value)) => self.null(ty),
            (None, Some(failure)) if !failure.is_consequence => self.lacks(failure, ty),
            // What went wrong with the object is told at the field that it went wrong with.
            (None, _) if self.is_told_of_sibling(selected) => self.null(ty),
            (None, Some(failure)) => self.lacks(failure, ty),
            (None, None) => self.absent(ty, Some(value), "it is not there, or you may not see it", ErrorCode::NotFound),
        };
        self.path.pop();
        self.place.pop();
        outcome
    }

    /// Null, because a question was not answered.
    fn lacks(&mut self, failure: &Failure<'_>, ty: &Type) -> Result<(), Nulled> {
        self.tell(failure.message.clone(), failure.extensions());
        self.null(ty)
    }

    fn value(&mut self, node: &Node, ty: &'a Type, value: &'a Value) -> Result<(), Nulled> {
        let begun = self.out.len();
        if begun - BEGUN.len() > self.bytes_max {
            self.tell_code(&too_large(self.bytes_max), ErrorCode::QueryTooComplex);
            return self.null(ty);
        }
        let written = match (node, ty, value) {
            (Node::Null, ..) => return self.absent(ty, Some(value), NULL_FOR_REQUIRED, ErrorCode::UpstreamError),
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
                self.null(ty)
            }
            outcome => outcome,
        }
    }

    fn items(&mut self, items: &[Node], of: &'a Type, value: &'a Value) -> Result<(), Nulled> {
        self.out.push(b'[');
        let mut outcome = Ok(());
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.place.push(At::Item(u32::try_from(at).unwrap_or(u32::MAX)));
            let written = self.value(item, of, value);
            self.place.pop();
            outcome = outcome.and(written);
        }
        self.out.push(b']');
        outcome
    }

    fn object(&mut self, node: &Node, selection: &'a Selection) -> Result<(), Nulled> {
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
                match leaf {
                    // An event is one line; between the parts of a value there may be others, and in its texts there is none.
                    Leaf::Custom if memchr2(b'\n', b'\r', json).is_some() => {
                        self.out.extend(json.iter().filter(|byte| !b"\n\r".contains(byte)));
                    }
                    _ => self.out.extend_from_slice(json),
                }
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
                        "null" => self.absent(of, None, NULL_FOR_REQUIRED, ErrorCode::UpstreamError),
                        item => match self.leaf(item.as_bytes(), of, leaf) {
                            Err(Nulled) if !of.is_required() => {
                                self.out.truncate(begun);
                                self.null(of)
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

    /// Null, where it may be.
    fn null(&mut self, ty: &Type) -> Result<(), Nulled> {
        if ty.is_required() {
            return Err(Nulled);
        }
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    /// Null, and why: what services told of this place; else an error of ours, where it may not be null.
    fn absent(&mut self, ty: &Type, value: Option<&'a Value>, message: &str, code: ErrorCode) -> Result<(), Nulled> {
        if !self.tell_what_was_told(value) && ty.is_required() {
            self.tell_code(message, code);
        }
        self.null(ty)
    }

    /// Tells the client what services told of this place and of those below it; false where that is nothing. Where the client has
    /// several names for a place, each has its errors.
    fn tell_what_was_told(&mut self, value: Option<&'a Value>) -> bool {
        if !self.told_places.contains(self.place.as_slice()) {
            return false;
        }
        let told: &'a [Told] = self.told;
        let mut is_any = false;
        for (at, told) in told.iter().enumerate() {
            let Some(below) = told.place.strip_prefix(self.place.as_slice()).filter(|_| !self.place.is_empty()) else {
                continue;
            };
            is_any = true;
            self.has_told(at);
            let mut path = self.client_path();
            extend_path(&mut path, below, Below::of(value), self.keys);
            self.push(ToldToClient { path, message: told.message.clone(), extensions: told.extensions.clone() });
        }
        is_any
    }

    /// Whether services told something of the object that the writer's field is of. What they told of fields that the client did not
    /// ask for is told now.
    fn is_told_of_sibling(&mut self, selected: &'a [Selected]) -> bool {
        let told: &'a [Told] = self.told;
        let Some((_, parent)) = self.place.split_last() else { return false };
        if !parent.is_empty() && !self.told_places.contains(parent) {
            return false;
        }
        let is_of_object = |told: &Told| told.place.len() > parent.len() && told.place.starts_with(parent);
        let of_object: Vec<(usize, &'a Told)> =
            told.iter().enumerate().filter(|(_, told)| is_of_object(told)).collect();
        let mut path = self.client_path();
        path.pop();
        for (at, told) in &of_object {
            let below = told.place.get(self.place.len() - 1..).unwrap_or_default();
            let is_asked =
                matches!(below.first(), Some(At::Field(key)) if selected.iter().any(|field| field.key == *key));
            if !is_asked {
                self.has_told(*at);
                let mut path = path.clone();
                extend_path(&mut path, below, Below::Unknown, self.keys);
                self.push(ToldToClient { path, message: told.message.clone(), extensions: told.extensions.clone() });
            }
        }
        !of_object.is_empty()
    }

    fn has_told(&mut self, at: usize) {
        if let Some(is_told) = self.is_told.get_mut(at) {
            *is_told = true;
        }
    }

    /// The writer's place, as the client sees it.
    fn client_path(&self) -> Vec<PathSegment> {
        let mut names = self.path.iter();
        let segment = |at: &At| match at {
            At::Field(key) => PathSegment::Name(match names.next() {
                Some(field) => field.name.clone(),
                None => self.keys.name(*key).to_owned(),
            }),
            At::Item(item) => PathSegment::Item(*item),
        };
        self.place.iter().map(segment).collect()
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
        let path = self.client_path();
        self.push(ToldToClient { path, message, extensions });
    }

    fn push(&mut self, told: ToldToClient) {
        let is_known = |known: &ToldToClient| known.path == told.path && known.message == told.message;
        if self.errors.len() < ERRORS_MAX && !self.errors.iter().any(is_known) {
            self.errors.push(told);
        }
    }
}
