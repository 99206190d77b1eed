//! `JobProgress`: a step of a job, read from where it runs.

use async_graphql::{Context, ID, Object, Union};
use schema::{ChangeKind, DateTime, NodeId};
use sha2::{Digest, Sha256};

use super::{Change, Event, JobLook, JobSeen, changes::change_object, signs::GapObject};
use crate::{
    error::{Nullable, Result},
    objects::Job,
};

/// A step of a job.
pub struct JobProgress {
    change: Change,
    id: ID,
    job: Option<Box<Job>>,
    is_final: bool,
}

change_object! {
    /// A step of a job.
    JobProgress {
        /// The job's `id`.
        async fn id(&self) -> &ID {
            &self.id
        }

        /// The job as it is now.
        async fn job(&self) -> Option<&Job> {
            self.job.as_deref()
        }

        /// It has ended; the stream completes after this event.
        async fn is_final(&self) -> bool {
            self.is_final
        }
    }
}

/// What `jobProgress` sends.
#[derive(Union)]
pub enum JobEvent {
    /// A step.
    Progress(JobProgress),
    /// Something was not sent.
    Gap(GapObject),
}

impl JobEvent {
    /// The event as this subscription sends it; none when it is of another one.
    pub(super) async fn of(ctx: &Context<'_>, event: &Event) -> Nullable<Self> {
        match event {
            Event::Job(look) => Some(progress(ctx, look).await.map(Self::Progress)),
            Event::Gap(gap) => Some(Ok(Self::Gap(gap.into()))),
            Event::Change(_) | Event::SnapshotEnd { .. } => None,
        }
    }
}

async fn progress(ctx: &Context<'_>, look: &JobLook) -> Result<JobProgress> {
    let job = match NodeId::decode(&look.id) {
        Some(NodeId { type_name, key }) => Job::load(ctx, &type_name, &key).await?,
        None => None,
    };
    // One that is not there will not go on.
    let (bytes, is_final) = job.as_ref().map_or((Vec::new(), true), Job::state);
    let digest = Sha256::digest(bytes);
    let state = std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0));
    let cursor = (look.cursor_of)(&state);
    let _ = look.seen.set(JobSeen { state, is_final, cursor: cursor.clone() });
    let kind = if job.is_some() { ChangeKind::Updated } else { ChangeKind::Deleted };
    let change =
        Change { cursor, at: look.at, kind, changed_fields: Vec::new(), healed: false, object: super::Object::Job };
    Ok(JobProgress { change, id: ID(look.id.clone()), job: job.map(Box::new), is_final })
}
