//! Inputs of mutations, and the refusals that a caller can mend.

use async_graphql::{Enum, InputObject, SimpleObject};

use crate::EntityRef;

/// A catalog file to read from now on.
#[derive(Debug, Clone, InputObject)]
pub struct RegisterLocationInput {
    /// How to read `target`.
    #[graphql(name = "type", default_with = "LocationType::Url")]
    pub location_type: LocationType,
    /// An address on a configured host, or a path under an allowed root.
    pub target: String,
}

/// How a location is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum LocationType {
    /// From a web address on a configured host.
    Url,
    /// From a file under an allowed root of the server.
    File,
}

impl LocationType {
    /// Its name in `spec.type` of a Location entity.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::File => "file",
        }
    }
}

/// A location to forget.
#[derive(Debug, Clone, InputObject)]
pub struct UnregisterLocationInput {
    /// The location's reference.
    #[graphql(name = "ref")]
    pub entity_ref: EntityRef,
}

/// An entity to read again.
#[derive(Debug, Clone, InputObject)]
pub struct RefreshEntityInput {
    /// The entity's reference.
    #[graphql(name = "ref")]
    pub entity_ref: EntityRef,
}

/// An entity to remove.
#[derive(Debug, Clone, InputObject)]
pub struct RemoveEntityInput {
    /// The entity's reference.
    #[graphql(name = "ref")]
    pub entity_ref: EntityRef,
}

/// Why a mutation did not do what was asked, and what the caller can mend.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct UserError {
    /// Path to the argument at fault, such as `["input", "amount"]`; null when it is the whole.
    pub field: Option<Vec<String>>,
    /// What is wrong, for people to read.
    pub message: String,
    /// What is wrong, for programs.
    pub code: UserErrorCode,
}

impl UserError {
    /// A refusal of the argument `input.{field}`.
    pub fn of_input(field: &str, code: UserErrorCode, message: impl Into<String>) -> Self {
        Self { field: Some(vec!["input".to_owned(), field.to_owned()]), message: message.into(), code }
    }
}

/// Kinds of user errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// The value is not allowed.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It is there already, or has changed meanwhile.
    Conflict,
    /// It cannot be changed here.
    ReadOnly,
    /// A limit is reached.
    LimitExceeded,
}
