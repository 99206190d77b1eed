//! Records of the catalog: what an entity is. What it is connected to stands in `resolvers`.

use async_graphql::{Enum, SimpleObject};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Annotations, DateTime, EntityRef, Json, JsonObject, WebUrl};

/// One entity as the catalog keeps it. Every field of it can be answered without another read.
#[derive(Debug, Clone)]
pub struct EntityRecord {
    /// Key of the row; part of the entity's id.
    pub id: Uuid,
    /// The reference, in lower case.
    pub entity_ref: EntityRef,
    /// The kind as declared, such as `API`.
    pub kind: String,
    /// The namespace as declared.
    pub namespace: String,
    /// The name as declared.
    pub name: String,
    /// A name for people to read.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// `spec.type`, where it is a text.
    pub entity_type: Option<String>,
    /// `spec.lifecycle`, where it is a text.
    pub lifecycle: Option<String>,
    /// The declared owner.
    pub owner_ref: Option<EntityRef>,
    /// The declared system.
    pub system_ref: Option<EntityRef>,
    /// No location declares it any more.
    pub is_orphan: bool,
    /// When it came into the catalog.
    pub created_at: chrono::DateTime<Utc>,
    /// When it last changed.
    pub updated_at: chrono::DateTime<Utc>,
    /// Annotations; none where they were not asked for.
    pub annotations: Option<Annotations>,
    /// The rest; none where it was not asked for.
    pub body: Option<Box<EntityBody>>,
}

/// What of an entity is read only where it is asked for: most of its bytes, and seldom needed in lists.
#[derive(Debug, Clone, Default)]
pub struct EntityBody {
    /// Labels; values are texts.
    pub labels: JsonObject,
    /// Tags, as declared.
    pub tags: Vec<String>,
    /// Links, as declared.
    pub links: Vec<EntityLink>,
    /// `spec`, as declared.
    pub spec: JsonObject,
}

impl EntityRecord {
    /// What is read only where it is asked for. Whoever calls this must have asked: an answer made up here would be wrong
    /// without anybody knowing.
    pub fn body(&self) -> &EntityBody {
        self.body.as_deref().expect("the entity was read with its body")
    }

    /// The kind in lower case, as references have it.
    pub fn kind_key(&self) -> String {
        self.kind.to_ascii_lowercase()
    }

    /// The text at this path in `spec`; none when it is not there or not a text.
    pub fn spec_text(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        let start = self.body().spec.0.get(*first)?;
        rest.iter().try_fold(start, |value, key| value.get(*key))?.as_str()
    }

    /// The reference in this field of `spec`, where a missing kind means `kind`.
    pub fn spec_ref(&self, field: &str, kind: &str) -> Option<EntityRef> {
        EntityRef::parse_with(self.spec_text(&[field])?, Some(kind), &self.namespace).ok()
    }

    /// The annotations. Whoever calls this must have asked for them.
    pub fn annotations(&self) -> &Annotations {
        self.annotations.as_ref().expect("the entity was read with its annotations")
    }

    /// The text of this annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations().object().0.get(key)?.as_str()
    }
}

/// A link that an entity shows to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
pub struct EntityLink {
    /// Where it leads.
    pub url: WebUrl,
    /// What to call it.
    #[serde(default)]
    pub title: Option<String>,
    /// The key of an icon.
    #[serde(default)]
    pub icon: Option<String>,
    /// What it is, in the organisation's own words.
    #[serde(default, rename = "type")]
    #[graphql(name = "type")]
    pub link_type: Option<String>,
}

/// A part of a location that could not be taken over. What stood before it stays.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(name = "ProcessingError")]
pub struct ProcessingErrorRecord {
    /// What is wrong.
    pub message: String,
    /// The address or path of the file.
    pub target: String,
    /// Line in the file, from 1.
    pub line: Option<i32>,
    /// Column in the line, from 1.
    pub column: Option<i32>,
    /// When it was first seen in this form.
    pub since: DateTime,
}

/// One directed relation, seen from one of its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationRecord {
    /// What it says, such as `ownedBy`.
    pub relation_type: String,
    /// The other end, as declared.
    pub target_ref: EntityRef,
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// It was there already when the subscription began.
    Snapshot,
    /// It is new, or new to this subscription.
    Created,
    /// It changed.
    Updated,
    /// It is gone, or gone from this subscription.
    Deleted,
}

/// One change of an entity, with what it changed.
#[derive(Debug, Clone, SimpleObject)]
pub struct EntityRevisionRecord {
    /// Place among the revisions, growing.
    #[graphql(skip)]
    pub position: i64,
    /// When it took effect.
    pub at: DateTime,
    /// What happened.
    pub kind: ChangeKind,
    /// Who or what made the change: a subject, a location or a source.
    pub actor: Option<String>,
    /// The values that changed; at most 200.
    pub changes: Vec<FieldChange>,
}

/// One value before and after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
pub struct FieldChange {
    /// Where in the entity, with dots: `spec.lifecycle`.
    pub path: String,
    /// The value before; null when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// The value after; null when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

/// How often a value occurs among the entities that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCountRecord {
    /// What was counted.
    pub facet: crate::EntityFacet,
    /// The value.
    pub value: String,
    /// Entities with this value.
    pub count: i64,
}
