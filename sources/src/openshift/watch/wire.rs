//! The lines of a watch, and objects by name alone. Everything may be null or absent.

use serde::Deserialize;

/// A line.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    pub(super) r#type: String,
    pub(super) object: Object,
}

/// An object, the place of a bookmark, or the `Status` of an error.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Object {
    pub(super) metadata: Option<Meta>,
    /// Of a `Status`.
    pub(super) code: Option<u16>,
    /// Of a `Status`.
    pub(super) reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) resource_version: Option<String>,
    pub(super) owner_references: Option<Vec<Owner>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
}

/// What is kept of an object for as long as it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) version: String,
    /// The Deployment that owns it.
    pub(super) deployment: Option<String>,
}

impl Named {
    pub(super) fn of_object(object: Object) -> Option<Self> {
        let meta = object.metadata?;
        let owners = meta.owner_references.into_iter().flatten();
        let deployment =
            owners.filter(|owner| owner.kind.as_deref() == Some("Deployment")).find_map(|owner| owner.name);
        Some(Self {
            namespace: meta.namespace?,
            name: meta.name?,
            version: meta.resource_version.unwrap_or_default(),
            deployment,
        })
    }
}
