//! `Node`: the answer while it is put together. Scalars stay the bytes that a service sent.

use crate::federation::plan::{Key, Segment};

/// A part of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Null.
    Null,
    /// A scalar, an enum value, or lists of them, as it was sent.
    Leaf(Span),
    /// A list of objects.
    List(Vec<Node>),
    /// An object.
    Object(Vec<(Key, Node)>),
    /// Something else than was asked for.
    Wrong,
}

/// A part of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The number of the body.
    pub body: u32,
    /// Its first byte.
    pub from: u32,
    /// How many bytes.
    pub len: u32,
}

/// A step to a place in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// Into a field.
    Field(Key),
    /// To an item.
    Item(u32),
}

/// A place in the answer.
pub type Place = Vec<At>;

impl Node {
    /// An object without fields.
    pub fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// The field of an object.
    pub fn field(&self, key: Key) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(known, _)| *known == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// The same, where it is most likely the one at this place.
    pub fn field_near(&self, at: usize, key: Key) -> Option<&Self> {
        match self {
            Self::Object(fields) => match fields.get(at) {
                Some((known, node)) if *known == key => Some(node),
                _ => self.field(key),
            },
            _ => None,
        }
    }

    /// What is at this place.
    pub fn at_mut(&mut self, place: &[At]) -> Option<&mut Self> {
        let mut node = self;
        for at in place {
            node = match (node, at) {
                (Self::Object(fields), At::Field(key)) => &mut fields.iter_mut().find(|(known, _)| known == key)?.1,
                (Self::List(items), At::Item(at)) => items.get_mut(usize::try_from(*at).ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// How many bytes its parts take.
    pub fn bytes(&self) -> usize {
        let below: usize = match self {
            Self::List(items) => items.iter().map(Self::bytes).sum(),
            Self::Object(fields) => fields.iter().map(|(_, node)| node.bytes()).sum(),
            Self::Null | Self::Leaf(_) | Self::Wrong => 0,
        };
        size_of::<(Key, Self)>() + below
    }

    /// Takes over what it lacks. Where both have a scalar, what was there stays.
    pub fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Object(fields), Self::Object(others)) => {
                for (key, node) in others {
                    match fields.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, known)) => known.merge(node),
                        None => fields.push((key, node)),
                    }
                }
            }
            (Self::List(items), Self::List(others)) if items.len() == others.len() => {
                items.iter_mut().zip(others).for_each(|(item, other)| item.merge(other));
            }
            // Two looks at one list that changed in between: which item is which is not known.
            (known @ Self::List(_), Self::List(_)) => *known = Self::Wrong,
            (known @ Self::Null, other) => *known = other,
            _ => {}
        }
    }

    /// Every object that the path leads to, with its place. `is_of` says whether an object is of one of these types.
    pub fn objects<'a>(
        &'a self,
        path: &[Segment],
        is_of: &impl Fn(&Self, &std::collections::BTreeSet<String>) -> bool,
        place: &mut Place,
        visit: &mut impl FnMut(&'a Self, &[At]),
    ) {
        match (self, path.split_first()) {
            // What may be a list of entities although the path does not say so.
            (Self::List(items), next) if next.is_none_or(|(segment, _)| *segment != Segment::Items) => {
                self.items(items, path, is_of, place, visit);
            }
            (Self::List(items), Some((_, rest))) => self.items(items, rest, is_of, place, visit),
            (Self::Object(_), None) => visit(self, place),
            (Self::Object(_), Some((Segment::Field(key), rest))) => {
                if let Some(node) = self.field(*key) {
                    place.push(At::Field(*key));
                    node.objects(rest, is_of, place, visit);
                    place.pop();
                }
            }
            (Self::Object(_), Some((Segment::Types(types), rest))) if is_of(self, types) => {
                self.objects(rest, is_of, place, visit);
            }
            _ => {}
        }
    }

    fn items<'a>(
        &'a self,
        items: &'a [Self],
        rest: &[Segment],
        is_of: &impl Fn(&Self, &std::collections::BTreeSet<String>) -> bool,
        place: &mut Place,
        visit: &mut impl FnMut(&'a Self, &[At]),
    ) {
        for (at, item) in items.iter().enumerate() {
            place.push(At::Item(u32::try_from(at).unwrap_or(u32::MAX)));
            item.objects(rest, is_of, place, visit);
            place.pop();
        }
    }
}

/// The bodies that leaves are parts of.
#[derive(Debug, Default)]
pub struct Bodies(Vec<bytes::Bytes>);

impl Bodies {
    /// Keeps a body; answers its number.
    pub fn keep(&mut self, body: bytes::Bytes) -> u32 {
        self.0.push(body);
        u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)
    }

    /// How many bytes there are.
    pub fn bytes_in_all(&self) -> usize {
        self.0.iter().map(bytes::Bytes::len).sum()
    }

    /// The bytes of a part.
    pub fn bytes(&self, span: Span) -> &[u8] {
        let body = usize::try_from(span.body).ok().and_then(|at| self.0.get(at));
        let from = usize::try_from(span.from).unwrap_or(usize::MAX);
        let end = from.saturating_add(usize::try_from(span.len).unwrap_or(usize::MAX));
        body.and_then(|body| body.get(from..end)).unwrap_or(b"null")
    }

    /// The text of a part that is a string without escapes, such as the name of a type.
    pub fn text(&self, span: Span) -> Option<&str> {
        let quoted = std::str::from_utf8(self.bytes(span)).ok()?;
        quoted.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('\\'))
    }
}
