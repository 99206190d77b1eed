//! Lists of entities, written as bytes: the selection is planned once for the whole list, scalars go straight from the record
//! into the answer, and related entities are loaded in one batch and written once each. The engine would make a future, a
//! name and a value of each field.
//!
//! A single entity at a root is written the same way (`one`), and where an operation is nothing else, without the engine (`point`).
//!
//! What a plan does not know (a field with arguments, an upstream, a list) is resolved by the engine, item by item, and its
//! value is put in its place. What upstreams say of a whole list is kept as it was written (`kept`). Nulls, errors and their paths are as if the engine had done it all: a test compares both.

mod fields;
pub mod json;
mod kept;
mod list;
mod live;
mod one;
mod plan;
mod point;
mod projection;
mod related;

pub use json::{Pieces, moment_micros as write_moment_micros, text as write_text, value as write_value};
pub use kept::{KeptLists, ListOutcome};
pub use list::{Edges, EntityEdge, EntityObject, Records};
pub use one::One;
pub use point::Point;
pub use projection::{columns, of_connection};

use schema::EntityRecord;

/// The type that an entity has in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// `Component`.
    Component,
    /// `Api`.
    Api,
    /// `Resource`.
    Resource,
    /// `System`.
    System,
    /// `Domain`.
    Domain,
    /// `Team`.
    Team,
    /// `User`.
    User,
    /// `Location`.
    Location,
    /// `Template`.
    Template,
    /// `CustomEntity`.
    CustomEntity,
}

impl ObjectKind {
    /// Every type.
    pub const ALL: [Self; 10] = [
        Self::Component,
        Self::Api,
        Self::Resource,
        Self::System,
        Self::Domain,
        Self::Team,
        Self::User,
        Self::Location,
        Self::Template,
        Self::CustomEntity,
    ];

    /// The type of a record.
    pub fn of(record: &EntityRecord) -> Self {
        match record.entity_ref.kind() {
            Some("component") => Self::Component,
            Some("api") => Self::Api,
            Some("resource") => Self::Resource,
            Some("system") => Self::System,
            Some("domain") => Self::Domain,
            Some("group") => Self::Team,
            Some("user") => Self::User,
            Some("location") => Self::Location,
            Some("template") => Self::Template,
            _ => Self::CustomEntity,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Component => "Component",
            Self::Api => "Api",
            Self::Resource => "Resource",
            Self::System => "System",
            Self::Domain => "Domain",
            Self::Team => "Team",
            Self::User => "User",
            Self::Location => "Location",
            Self::Template => "Template",
            Self::CustomEntity => "CustomEntity",
        }
    }

    /// Its place in [`ObjectKind::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether a fragment on this type or interface applies.
    pub fn is(self, condition: &str) -> bool {
        match condition {
            "Entity" | "Node" | "_Entity" => true,
            "Owner" => matches!(self, Self::Team | Self::User),
            name => name == self.name(),
        }
    }
}
