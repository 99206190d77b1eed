//! `EntityRef`: the name of an entity, `kind:namespace/name`, always lower case here.
//! A reference read from a client may lack its kind; whoever knows the only possible kind adds it with [`EntityRef::or_kind`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// The namespace of a reference that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Longest part of a reference, in bytes; kinds, namespaces and names all share it.
pub const PART_BYTES_MAX: usize = 63;

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntityRefError {
    /// Nothing but white space, or an empty part such as in `component:/x`.
    #[error(
        "`{0}` is not an entity reference: write `kind:namespace/name`, for example `component:default/payments-api`"
    )]
    Malformed(String),
    /// The kind is missing where several are possible.
    #[error("`{0}` lacks its kind: write `kind:namespace/name`, for example `component:default/payments-api`")]
    KindMissing(String),
}

/// Names an entity. Equal references are equal texts: case is folded when one is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityRef(String);

impl EntityRef {
    /// Reads `[kind:][namespace/]name`, whatever the case. A namespace left out is `default`.
    pub fn parse(text: &str) -> Result<Self, EntityRefError> {
        Self::parse_with(text, None, DEFAULT_NAMESPACE)
    }

    /// Reads a reference written inside a document, where a missing kind or namespace means these.
    pub fn parse_with(text: &str, default_kind: Option<&str>, default_namespace: &str) -> Result<Self, EntityRefError> {
        let malformed = || EntityRefError::Malformed(text.chars().take(200).collect());
        let trimmed = text.trim();
        let (kind, rest) = match trimmed.split_once(':') {
            Some((kind, rest)) => (Some(kind), rest),
            None => (default_kind, trimmed),
        };
        let (namespace, name) = rest.split_once('/').unwrap_or((default_namespace, rest));
        if !kind.is_none_or(is_part) || !is_part(namespace) || !is_part(name) {
            return Err(malformed());
        }
        let whole = match kind {
            Some(kind) => format!("{kind}:{namespace}/{name}"),
            None => format!("{namespace}/{name}"),
        };
        Ok(Self(whole.to_ascii_lowercase()))
    }

    /// The reference of these parts. They must be valid already.
    pub fn of(kind: &str, namespace: &str, name: &str) -> Self {
        Self(format!("{kind}:{namespace}/{name}").to_ascii_lowercase())
    }

    /// Takes a text that Weft itself wrote, such as a column of its database.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// This reference, with `kind` where it has none of its own.
    pub fn or_kind(&self, kind: &str) -> Self {
        match self.kind() {
            Some(_) => self.clone(),
            None => Self(format!("{}:{}", kind.to_ascii_lowercase(), self.0)),
        }
    }

    /// This reference if it has a kind.
    pub fn whole(&self) -> Result<Self, EntityRefError> {
        match self.kind() {
            Some(_) => Ok(self.clone()),
            None => Err(EntityRefError::KindMissing(self.0.clone())),
        }
    }

    /// The kind, in lower case; none only where a client left it out.
    pub fn kind(&self) -> Option<&str> {
        self.0.split_once(':').map(|(kind, _)| kind)
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        self.path().split_once('/').map_or(DEFAULT_NAMESPACE, |(namespace, _)| namespace)
    }

    /// The name, in lower case.
    pub fn name(&self) -> &str {
        self.path().split_once('/').map_or(self.path(), |(_, name)| name)
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn path(&self) -> &str {
        self.0.split_once(':').map_or(self.0.as_str(), |(_, path)| path)
    }
}

impl From<EntityRef> for String {
    fn from(entity_ref: EntityRef) -> Self {
        entity_ref.0
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Letters, digits, `-`, `_` and `.`: the widest set that any part may hold. Documents are checked more strictly.
fn is_part(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= PART_BYTES_MAX
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_left_out_take_their_defaults() {
        let short = EntityRef::parse("Payments-API").unwrap();
        assert_eq!(short.as_str(), "default/payments-api");
        assert_eq!(short.or_kind("Component").as_str(), "component:default/payments-api");
        assert!(short.whole().is_err());
        let whole = EntityRef::parse("Group:Ops/Payments").unwrap();
        assert_eq!((whole.kind(), whole.namespace(), whole.name()), (Some("group"), "ops", "payments"));
        let inside = EntityRef::parse_with("payments", Some("group"), "ops").unwrap();
        assert_eq!(inside.as_str(), "group:ops/payments");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in
            ["", " ", ":", "component:", "component:/x", "a/b/c", "a:b:c", "component:default/", "ä", "a b", "x\0y"]
        {
            assert!(EntityRef::parse(text).is_err(), "{text:?} was accepted");
        }
        assert!(EntityRef::parse(&"x".repeat(64)).is_err());
    }

    const PART: &str = "[A-Za-z0-9._-]{1,63}";

    proptest! {
        #[test]
        fn the_parts_come_back_in_lower_case(kind in PART, namespace in PART, name in PART) {
            let read = EntityRef::parse(&format!(" {kind}:{namespace}/{name}\n")).unwrap();
            let lower = [kind.to_lowercase(), namespace.to_lowercase(), name.to_lowercase()];
            prop_assert_eq!(read.kind(), Some(lower[0].as_str()));
            prop_assert_eq!([read.namespace(), read.name()], [lower[1].as_str(), lower[2].as_str()]);
            prop_assert_eq!(&read, &EntityRef::of(&kind, &namespace, &name));
            prop_assert_eq!(read.whole(), Ok(read.clone()));
            // The kind and the namespace may be what the reader takes for granted.
            prop_assert_eq!(&EntityRef::parse_with(&name, Some(&kind), &namespace).unwrap(), &read);
            prop_assert_eq!(EntityRef::parse(&format!("{namespace}/{name}")).unwrap().or_kind(&kind), read);
        }

        #[test]
        fn no_text_makes_it_panic_and_what_is_read_reads_the_same_again(
            text in any::<String>(),
            near in "[ a-zA-Z0-9:/._-]{0,12}",
            kind in prop::option::of("[a-zA-Z:/]{0,3}"),
            namespace in "[a-zA-Z:/ ]{0,3}",
        ) {
            for text in [&text, &near] {
                let read = EntityRef::parse_with(text, kind.as_deref(), &namespace);
                for read in [read, EntityRef::parse(text)].into_iter().flatten() {
                    prop_assert_eq!(EntityRef::parse(read.as_str()), Ok(read.clone()));
                    prop_assert!(read.as_str().len() <= 3 * PART_BYTES_MAX + 2);
                    prop_assert!(!read.as_str().contains(|c: char| c.is_whitespace() || c.is_uppercase()));
                }
            }
        }
    }
}
