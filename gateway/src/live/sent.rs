//! `Sent`: a change as it goes out, and which later ones make it needless.

use std::sync::Arc;

use bytes::Bytes;
use resolvers::live::JobState;
use schema::ChangeKind;
use sources::postgres::ChangePosition;
use uuid::Uuid;

use super::{
    matching::{Facts, Read},
    queue::Waiting,
};

/// A change as it goes out.
#[derive(Debug)]
pub struct Sent {
    /// Where it stands.
    pub position: ChangePosition,
    /// The same for clients.
    pub cursor: Arc<str>,
    /// The answer.
    pub payload: Bytes,
    /// What it is worth.
    pub points: u64,
    /// How a job stands, where it is about one.
    pub state: Option<JobState>,
    /// What changed, where a later change can tell the same.
    pub about: Option<About>,
}

/// What a change is about.
#[derive(Debug)]
pub struct About {
    object: Uuid,
    kind: ChangeKind,
    changed_fields: Vec<String>,
}

impl About {
    /// None of charges: each change is of other days.
    pub(super) fn of(read: &Read, kind: ChangeKind) -> Option<Self> {
        let changed_fields = read.changed_fields().to_vec();
        let is_one_object = !matches!(read.facts, Facts::Cost(_) | Facts::Unreadable);
        is_one_object.then_some(Self { object: read.change.object_id, kind, changed_fields })
    }
}

impl Waiting for Arc<Sent> {
    /// A later change of the same object tells all that an update told: the object is as it is now in either. What was created or deleted
    /// is told in any case.
    fn replaces(&self, earlier: &Self) -> bool {
        let (Some(now), Some(before)) = (&self.about, &earlier.about) else { return false };
        let tells_fields = || before.changed_fields.iter().all(|field| now.changed_fields.contains(field));
        now.object == before.object
            && before.kind == ChangeKind::Updated
            && (now.kind == ChangeKind::Deleted || (now.kind == ChangeKind::Updated && tells_fields()))
    }
}
