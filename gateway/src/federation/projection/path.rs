//! Places in what was put together, as the client sees them.

use super::{Kind, Selected, Selection, Value};
use crate::federation::{
    execute::At,
    plan::{Key, Keys},
};

/// A step to a place in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// A field, as the client calls it.
    Name(String),
    /// An item of a list.
    Item(u32),
}

/// What a client asked for below a place.
pub enum Below<'a> {
    /// These fields.
    Fields(&'a [Selected]),
    /// Of an object, by its type.
    Selection(&'a Selection),
    /// Nothing that is known.
    Unknown,
}

impl<'a> Below<'a> {
    pub fn of(value: Option<&'a Value>) -> Self {
        match value {
            Some(Value::Object(selection)) => Self::Selection(selection),
            _ => Self::Unknown,
        }
    }

    fn field(&self, key: Key) -> Option<&'a Selected> {
        match self {
            Self::Fields(fields) => fields.iter().find(|field| field.key == key),
            Self::Selection(Selection::One(fields)) => fields.iter().find(|field| field.key == key),
            Self::Selection(Selection::ByType(by_type)) => by_type.values().flatten().find(|field| field.key == key),
            Self::Unknown => None,
        }
    }
}

/// Goes on with what is below a place, as the client sees it or would have seen it.
pub fn extend_path<'a>(path: &mut Vec<PathSegment>, place: &[At], mut below: Below<'a>, keys: &Keys) {
    for at in place {
        match at {
            At::Item(item) => path.push(PathSegment::Item(*item)),
            At::Field(key) => {
                let selected: Option<&'a Selected> = below.field(*key);
                let name = selected.map_or_else(|| keys.name(*key).to_owned(), |field| field.name.clone());
                path.push(PathSegment::Name(name));
                below = Below::of(selected.and_then(|field| match &field.kind {
                    Kind::Data(_, value) => Some(value),
                    _ => None,
                }));
            }
        }
    }
}

/// A place as the client sees it; none where the client did not select it.
pub fn selected_path(place: &[At], selected: &[Selected]) -> Option<Vec<PathSegment>> {
    let mut path = Vec::with_capacity(place.len());
    let mut below = Some(Below::Fields(selected));
    for at in place {
        match at {
            At::Item(item) => path.push(PathSegment::Item(*item)),
            At::Field(key) => {
                let field = below?.field(*key)?;
                path.push(PathSegment::Name(field.name.clone()));
                below = match &field.kind {
                    Kind::Data(_, value @ Value::Object(_)) => Some(Below::of(Some(value))),
                    _ => None,
                };
            }
        }
    }
    Some(path)
}
