//! The fields of entities that a plan knows: scalars that stand in the record, and entities that it names.

use schema::{EntityRecord, EntityRef};

use super::{ObjectKind, json};

/// Writes a scalar of a record.
pub type Scalar = fn(&EntityRecord, &mut Vec<u8>);

/// An entity that a record names.
#[derive(Clone, Copy)]
pub struct Named {
    /// Its reference.
    pub entity_ref: fn(&EntityRecord) -> Option<&EntityRef>,
    /// The types that it may have; of any other it is null.
    pub kinds: &'static [ObjectKind],
}

/// The writer of this field of this type; none for a field that is more than a scalar of the record.
pub fn scalar(kind: ObjectKind, field: &str) -> Option<Scalar> {
    let shared: Scalar = match field {
        "ref" => |record, out| json::text(record.entity_ref.as_str(), out),
        "kind" => |record, out| json::text(&record.kind, out),
        "namespace" => |record, out| json::text(&record.namespace, out),
        "name" => |record, out| json::text(&record.name, out),
        "title" => |record, out| json::optional(record.title.as_deref(), out),
        "description" => |record, out| json::optional(record.description.as_deref(), out),
        "labels" => |record, out| json::serialize(&record.body().labels, out),
        "annotations" => |record, out| json::serialize(record.annotations().object(), out),
        "tags" => |record, out| json::serialize(&record.body().tags, out),
        "spec" => |record, out| json::serialize(&record.body().spec, out),
        "ownerRef" => |record, out| json::optional(record.owner_ref.as_ref().map(EntityRef::as_str), out),
        "isOrphan" => |record, out| out.extend_from_slice(if record.is_orphan { b"true" } else { b"false" }),
        "createdAt" => |record, out| json::moment(record.created_at, out),
        "updatedAt" => |record, out| json::moment(record.updated_at, out),
        _ => return own(kind, field),
    };
    Some(shared)
}

fn own(kind: ObjectKind, field: &str) -> Option<Scalar> {
    use ObjectKind::{Api, Component, CustomEntity, Domain, Location, Resource, System, Team, Template, User};
    match (kind, field) {
        (Component | Api | Resource | Team | Template, "type") => {
            Some(|record, out| json::text(record.entity_type.as_deref().unwrap_or_default(), out))
        }
        (System | Domain | Location | CustomEntity, "type") => {
            Some(|record, out| json::optional(record.entity_type.as_deref(), out))
        }
        (Component | Api | CustomEntity, "lifecycle") => {
            Some(|record, out| json::optional(record.lifecycle.as_deref(), out))
        }
        (Component | Api | Resource, "systemRef") => {
            Some(|record, out| json::optional(record.system_ref.as_ref().map(EntityRef::as_str), out))
        }
        (User, "displayName") => Some(|record, out| json::optional(record.spec_text(&["profile", "displayName"]), out)),
        (Team | User, "email") => Some(|record, out| json::optional(record.spec_text(&["profile", "email"]), out)),
        _ => None,
    }
}

/// The entity that this field of this type leads to; none for a field that is no entity, or not one that the record names.
pub fn named(kind: ObjectKind, field: &str) -> Option<Named> {
    use ObjectKind::{Api, Component, Resource, System, Team, User};
    match (kind, field) {
        (_, "owner") => Some(Named { entity_ref: |record| record.owner_ref.as_ref(), kinds: &[Team, User] }),
        (Component | Api | Resource, "system") => {
            Some(Named { entity_ref: |record| record.system_ref.as_ref(), kinds: &[System] })
        }
        _ => None,
    }
}
