//! Reads what a service answers, guided by what it was asked: what was not asked for is skipped, what has another shape is
//! marked, scalars stay where they are.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};

use super::tree::{Node, Span};
use crate::federation::plan::{Shape, ShapeField};

/// Most errors of one answer that are looked at.
const ERRORS_MAX: usize = 1_000;

/// An answer.
#[derive(Debug)]
pub struct Read {
    /// Its data.
    pub data: Node,
    /// Its errors, as they came.
    pub errors: Vec<Value>,
    /// Its extensions, as they came.
    pub extensions: Value,
}

/// Reads a body that is well-formed JSON; `number` is what it is kept as. Fails where it is no answer of GraphQL.
pub fn read(body: &Bytes, number: u32, shape: &Shape) -> Result<Read, String> {
    let origin = Origin { start: body.as_ptr() as usize, number };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Whole { shape, origin }.deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    if read.data == Node::Null && read.errors.is_empty() {
        return Err("it has neither data nor errors".to_owned());
    }
    Ok(read)
}

/// Where a body begins in memory, and its number.
#[derive(Clone, Copy)]
struct Origin {
    start: usize,
    number: u32,
}

impl Origin {
    fn span(self, raw: &RawValue) -> Option<Span> {
        let from = (raw.get().as_ptr() as usize).checked_sub(self.start)?;
        Some(Span { body: self.number, from: u32::try_from(from).ok()?, len: u32::try_from(raw.get().len()).ok()? })
    }
}

struct Whole<'a> {
    shape: &'a Shape,
    origin: Origin,
}

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Read;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Read;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an answer of GraphQL: an object with `data` or `errors`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let mut read = Read { data: Node::Null, errors: Vec::new(), extensions: Value::Null };
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match &*key {
                "data" => read.data = map.next_value_seed(Composite { shape: self.shape, origin: self.origin })?,
                "errors" => {
                    read.errors = map.next_value::<Option<Vec<Value>>>()?.unwrap_or_default();
                    read.errors.truncate(ERRORS_MAX);
                }
                "extensions" => read.extensions = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if matches!(read.data, Node::List(_) | Node::Wrong) {
            return Err(A::Error::custom("its `data` is no object"));
        }
        Ok(read)
    }
}

/// An object, a list of objects, or null.
struct Composite<'a> {
    shape: &'a Shape,
    origin: Origin,
}

impl<'de> DeserializeSeed<'de> for Composite<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Composite<'_> {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object, a list or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Wrong)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Wrong)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Wrong)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Wrong)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Wrong)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(Composite { shape: self.shape, origin: self.origin })? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let known = &self.shape.fields;
        let mut fields = Vec::new();
        // Services answer in the order they were asked: the next field is mostly the next that was asked for.
        let mut next = 0;
        while let Some(field) = map.next_key_seed(Name { fields: known, next: &mut next })? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let node = match &field.below {
                Some(shape) => map.next_value_seed(Composite { shape, origin: self.origin })?,
                None => {
                    let raw = map.next_value::<&'de RawValue>()?;
                    match raw.get() {
                        "null" => Node::Null,
                        _ => self.origin.span(raw).map_or(Node::Wrong, Node::Leaf),
                    }
                }
            };
            fields.push((field.key, node));
        }
        Ok(Node::Object(fields))
    }
}

/// The name of a field that was asked for; none for any other.
struct Name<'a, 'n> {
    fields: &'a [ShapeField],
    next: &'n mut usize,
}

impl<'de, 'a> DeserializeSeed<'de> for Name<'a, '_> {
    type Value = Option<&'a ShapeField>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Name<'a, '_> {
    type Value = Option<&'a ShapeField>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let (earlier, later) = self.fields.split_at_checked(*self.next).unwrap_or((self.fields, &[]));
        let found = later.iter().chain(earlier).position(|field| field.name == name);
        let at = found.map(|found| (found + earlier.len()) % self.fields.len().max(1));
        if let Some(at) = at {
            *self.next = at + 1;
        }
        Ok(at.and_then(|at| self.fields.get(at)))
    }
}
