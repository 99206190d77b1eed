//! What the client sees of what was put together: each object with the fields that were asked of its type, in the order asked,
//! every value held against the type that the graph says it has.

mod compile;
mod failure;
mod leaf;
mod path;
mod write;

use std::{collections::HashMap, sync::Arc};

use super::{
    execute::At,
    plan::{Key, Keys},
};

pub use compile::compile;
pub use failure::{Failure, Failures, Told, ToldToClient};
pub use leaf::Leaf;
pub use path::PathSegment;
pub use write::Writer;

/// What is written of an operation.
#[derive(Debug)]
pub struct Projection {
    /// The root fields.
    pub root: Vec<Selected>,
}

impl Projection {
    /// A place in what was put together, as the client sees it.
    pub fn path(&self, place: &[At], keys: &Keys) -> Vec<PathSegment> {
        let mut path = Vec::with_capacity(place.len());
        path::extend_path(&mut path, place, path::Below::Fields(&self.root), keys);
        path
    }
}

/// What is written of an object.
#[derive(Debug)]
pub enum Selection {
    /// Objects of one type.
    One(Vec<Selected>),
    /// Objects of several types, by name.
    ByType(HashMap<String, Vec<Selected>>),
}

/// A field that is written.
#[derive(Debug)]
pub struct Selected {
    /// Its key as it is written: in quotes, a colon after it.
    pub written: Vec<u8>,
    /// What the client calls it.
    pub name: String,
    /// What it is called in what was put together.
    pub key: Key,
    /// What it is.
    pub kind: Kind,
}

/// What a field is.
#[derive(Debug)]
pub enum Kind {
    /// The name of this type, in quotes.
    Typename(Vec<u8>),
    /// Something about the schema itself, known beforehand.
    Introspection,
    /// Data.
    Data(Type, Value),
}

/// How a value is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// The value itself.
    Named {
        /// It is never null.
        is_required: bool,
    },
    /// A list.
    List {
        /// It is never null.
        is_required: bool,
        /// Its items.
        of: Box<Type>,
    },
}

impl Type {
    /// It is never null.
    pub fn is_required(&self) -> bool {
        match self {
            Self::Named { is_required } | Self::List { is_required, .. } => *is_required,
        }
    }
}

/// What a value is.
#[derive(Debug)]
pub enum Value {
    /// A scalar or a value of an enumeration.
    Leaf(Leaf),
    /// An object.
    Object(Arc<Selection>),
}
