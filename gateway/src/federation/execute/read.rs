//! Reads what a service answers, guided by what it was asked: what was not asked for is skipped, what has another shape is
//! marked, scalars stay where they are.
//!
//! That it is JSON is known by then. So it is only walked through, and nothing is decoded but names with escapes: deserializing took
//! three times as long as all else that is done to a list of scalars.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memchr2;
use serde_json::Value;

use super::tree::{Node, Span};
use crate::federation::plan::{Shape, ShapeField};

/// Most errors of one answer that are looked at.
const ERRORS_MAX: usize = 1_000;

/// Deepest lists of lists, and objects.
const DEPTH_MAX: usize = 128;

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
    let mut walk = Walk { json: body, at: 0, number };
    let mut read = Read { data: Node::Null, errors: Vec::new(), extensions: Value::Null };
    if walk.peek() != Some(b'{') {
        return Err("it is no object with `data` or `errors`".to_owned());
    }
    let mut has_more = walk.enter();
    while has_more {
        match &*walk.name()? {
            b"data" => read.data = walk.composite(shape, 0)?,
            b"errors" => {
                let errors: Option<Vec<Value>> =
                    serde_json::from_slice(walk.skip()?).map_err(|error| error.to_string())?;
                read.errors = errors.unwrap_or_default();
                read.errors.truncate(ERRORS_MAX);
            }
            b"extensions" => {
                read.extensions = serde_json::from_slice(walk.skip()?).map_err(|error| error.to_string())?;
            }
            _ => drop(walk.skip()?),
        }
        has_more = walk.has_more()?;
    }
    if matches!(read.data, Node::List(_) | Node::Wrong) {
        return Err("its `data` is no object".to_owned());
    }
    if read.data == Node::Null && read.errors.is_empty() {
        return Err("it has neither data nor errors".to_owned());
    }
    Ok(read)
}

/// A place in JSON. What is not well-formed after all is an error, or read as something else, without harm.
struct Walk<'a> {
    json: &'a [u8],
    at: usize,
    number: u32,
}

impl<'a> Walk<'a> {
    /// The next byte that is no white space; it stands there.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.json.get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn malformed<T>(&self) -> Result<T, String> {
        Err(format!("it is no JSON at byte {}", self.at))
    }

    /// Goes into the object that begins here; whether it has members.
    fn enter(&mut self) -> bool {
        self.at += 1;
        let is_empty = self.peek() == Some(b'}');
        self.at += usize::from(is_empty);
        !is_empty
    }

    /// Goes on behind what separates members; whether there is another one.
    fn has_more(&mut self) -> Result<bool, String> {
        let next = self.peek();
        self.at += 1;
        match next {
            Some(b',') => Ok(true),
            Some(b'}') => Ok(false),
            _ => self.malformed(),
        }
    }

    /// The name of the member that begins here.
    fn name(&mut self) -> Result<Cow<'a, [u8]>, String> {
        if self.peek() != Some(b'"') {
            return self.malformed();
        }
        let quoted = self.skip()?;
        if self.peek() != Some(b':') {
            return self.malformed();
        }
        self.at += 1;
        let name = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        if name.contains(&b'\\') {
            let name: String = serde_json::from_slice(quoted).map_err(|error| error.to_string())?;
            return Ok(Cow::Owned(name.into_bytes()));
        }
        Ok(Cow::Borrowed(name))
    }

    /// Whether the member that begins here is this field's, written as everybody does; then its value is next.
    fn is_of(&mut self, field: &ShapeField) -> bool {
        let (name, rest) = (field.name.as_bytes(), self.json.get(self.at..).unwrap_or_default());
        let Some((begin, end)) =
            rest.get(..name.len() + 3).and_then(|written| written.split_at_checked(name.len() + 1))
        else {
            return false;
        };
        let is_of = end == b"\":" && begin.split_first() == Some((&b'"', name));
        if is_of {
            self.at += name.len() + 3;
        }
        is_of
    }

    /// An object, a list of objects, or null.
    fn composite(&mut self, shape: &Shape, depth: usize) -> Result<Node, String> {
        if depth > DEPTH_MAX {
            return Err("it is nested too deeply".to_owned());
        }
        match self.peek() {
            Some(b'{') => self.object(shape, depth),
            Some(b'[') => self.list(shape, depth),
            Some(b'n') => self.skip().map(|_| Node::Null),
            _ => self.skip().map(|_| Node::Wrong),
        }
    }

    fn list(&mut self, shape: &Shape, depth: usize) -> Result<Node, String> {
        let mut items = Vec::new();
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            items.push(self.composite(shape, depth + 1)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Node::List(items));
                }
                _ => return self.malformed(),
            }
        }
    }

    fn object(&mut self, shape: &Shape, depth: usize) -> Result<Node, String> {
        let mut fields = Vec::with_capacity(shape.fields.len());
        // Services answer in the order they were asked: the next field is mostly the next that was asked for.
        let mut next = 0;
        let mut has_more = self.enter();
        while has_more {
            let likely = shape.fields.get(next).filter(|field| self.is_of(field));
            let field = match likely {
                Some(_) => likely,
                None => {
                    let name = self.name()?;
                    next = shape.fields.iter().position(|field| field.name.as_bytes() == &*name).unwrap_or(usize::MAX);
                    shape.fields.get(next)
                }
            };
            match field {
                Some(ShapeField { key, below: Some(shape), .. }) => {
                    fields.push((*key, self.composite(shape, depth + 1)?))
                }
                Some(ShapeField { key, below: None, .. }) => fields.push((*key, self.leaf()?)),
                None => drop(self.skip()?),
            }
            next = next.wrapping_add(1);
            has_more = self.has_more()?;
        }
        Ok(Node::Object(fields))
    }

    fn leaf(&mut self) -> Result<Node, String> {
        let first = self.peek();
        let from = self.at;
        match first {
            Some(b'n') => return self.skip().map(|_| Node::Null),
            Some(b'"') => self.skip_text()?,
            _ => drop(self.skip()?),
        }
        match (u32::try_from(from), u32::try_from(self.at - from)) {
            (Ok(from), Ok(len)) => Ok(Node::Leaf(Span { body: self.number, from, len })),
            _ => Err("it is too large".to_owned()),
        }
    }

    /// Goes on behind the value that begins here, which is the answer.
    fn skip(&mut self) -> Result<&'a [u8], String> {
        let Some(first) = self.peek() else { return self.malformed() };
        let from = self.at;
        match first {
            b'"' => self.skip_text()?,
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.json.get(self.at) {
                        Some(b'"') => {
                            self.skip_text()?;
                            continue;
                        }
                        Some(b'{' | b'[') => depth += 1,
                        Some(b'}' | b']') => depth = depth.saturating_sub(1),
                        Some(_) => {}
                        None => return self.malformed(),
                    }
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            _ => {
                let rest = self.json.get(self.at..).unwrap_or_default();
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\n' | b'\r' | b'\t');
                self.at += rest.iter().position(is_end).unwrap_or(rest.len());
            }
        }
        match self.json.get(from..self.at) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => self.malformed(),
        }
    }

    /// Goes on behind the text that begins here.
    fn skip_text(&mut self) -> Result<(), String> {
        self.at += 1;
        loop {
            let rest = self.json.get(self.at..).unwrap_or_default();
            let Some(end) = memchr2(b'"', b'\\', rest) else { return self.malformed() };
            // Behind a quote the text is over, behind a backslash comes a letter that means nothing here.
            let is_over = rest.get(end) == Some(&b'"');
            self.at += end + if is_over { 1 } else { 2 };
            if is_over {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::federation::{execute::tree::Bodies, plan::Keys};

    /// `{ a b: [..] }`, where `b` is of the same shape down to a depth.
    fn shape(keys: &mut Keys, depth: usize) -> Shape {
        let leaf = |keys: &mut Keys, name: &str| ShapeField { name: name.to_owned(), key: keys.of(name), below: None };
        let mut fields = vec![leaf(keys, "a"), leaf(keys, "ü\"")];
        if depth > 0 {
            let below = Some(shape(keys, depth - 1));
            fields.push(ShapeField { name: "b".to_owned(), key: keys.of("b"), below });
        }
        Shape { fields }
    }

    /// What is to be read of a value, by looking at it as a whole; leaves as their values.
    fn expected(value: &Value, shape: &Shape) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Array(items) => items.iter().map(|item| expected(item, shape)).collect(),
            Value::Object(members) => {
                let known = members.iter().filter_map(|(name, value)| {
                    let field = shape.field(name)?;
                    let value = field.below.as_ref().map_or_else(|| value.clone(), |shape| expected(value, shape));
                    Some((name.clone(), value))
                });
                Value::Object(known.collect())
            }
            _ => "WRONG".into(),
        }
    }

    fn found(node: &Node, bodies: &Bodies, keys: &Keys) -> Value {
        match node {
            Node::Null => Value::Null,
            Node::Wrong => "WRONG".into(),
            Node::Leaf(span) => serde_json::from_slice(bodies.bytes(*span)).unwrap(),
            Node::List(items) => items.iter().map(|item| found(item, bodies, keys)).collect(),
            Node::Object(fields) => {
                let field = |(key, node): &(_, Node)| (keys.name(*key).to_owned(), found(node, bodies, keys));
                Value::Object(fields.iter().map(field).collect())
            }
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a\"\\\\\\]}{,: ü\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 6, |inner| {
            let name = prop_oneof![Just("a"), Just("b"), Just("ü\""), Just("c")];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..4)
                    .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_is_read_as_it_is_however_it_is_written(data in values(), errors in prop::collection::vec(values(), 1..3), is_pretty: bool) {
            let mut keys = Keys::default();
            let shape = shape(&mut keys, 3);
            let answer = json!({ "extensions": data, "data": data, "errors": errors });
            let text = if is_pretty { serde_json::to_string_pretty(&answer) } else { serde_json::to_string(&answer) };
            let body = Bytes::from(text.unwrap());
            let mut bodies = Bodies::default();
            let number = bodies.keep(body.clone());
            match read(&body, number, &shape) {
                Ok(read) => {
                    prop_assert_eq!(found(&read.data, &bodies, &keys), expected(&data, &shape));
                    prop_assert_eq!(&read.errors, &errors);
                    prop_assert_eq!(&read.extensions, &data);
                }
                Err(error) => prop_assert!(!(data.is_object() || data.is_null()), "{}", error),
            }
        }

        #[test]
        fn what_is_no_json_does_no_harm(text in "[{}\\[\\]\",:\\\\a1n ]{0,60}", bytes: Vec<u8>) {
            let shape = shape(&mut Keys::default(), 2);
            for body in [text.clone().into_bytes(), format!("{{\"data\":{text}").into_bytes(), bytes] {
                // Whatever comes of it.
                drop(read(&body.into(), 0, &shape));
            }
        }
    }

    #[test]
    fn depth_has_a_limit_and_what_was_not_asked_for_has_none() {
        let mut keys = Keys::default();
        let shape = shape(&mut keys, 1);
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let of = |text: String| read(&text.into(), 0, &shape).map(|read| read.data);
        assert!(of(format!("{{\"data\":{{\"b\":{}}}}}", deep(DEPTH_MAX - 2))).is_ok());
        assert!(of(format!("{{\"data\":{{\"b\":{}}}}}", deep(100_000))).is_err());
        assert_eq!(of(format!("{{\"data\":{{\"c\":{}}}}}", deep(100_000))), Ok(Node::empty()));
        assert!(of("{\"data\":[]}".to_owned()).is_err());
        assert!(of("[]".to_owned()).is_err());
        assert!(of("{\"data\":null}".to_owned()).is_err());
    }
}
