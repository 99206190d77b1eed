//! `DeploymentSource`: what an upstream must say so that its deployments can be read.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schema::{EntityRef, SourceKind};
use sha2::{Digest, Sha256};

use super::Mapped;
use crate::{SourceError, ingest::DeploymentEvent};

/// What is read at a time, and for which components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Whose components they are.
    pub tenant: String,
    /// What the source calls it.
    pub name: String,
    /// The components that are mapped to it, in order.
    pub members: Vec<Member>,
}

/// A component, and what of a part it is mapped to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The component.
    pub component: EntityRef,
    /// What it is mapped to, in the source's own words.
    pub value: String,
}

impl Part {
    /// For which components it is read: for others it has to be read anew.
    pub fn covers(&self) -> String {
        let mut hash = Sha256::new();
        for Member { component, value } in &self.members {
            hash.update(format!("{}={value}\n", component.as_str()));
        }
        // A thousand components are no more than one.
        hex::encode(hash.finalize())
    }

    /// The components that are mapped to this.
    pub fn components_of(&self, value: &str) -> Vec<EntityRef> {
        let members = self.members.iter().filter(|member| member.value == value);
        members.map(|member| member.component.clone()).collect()
    }
}

/// Where a part is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// What was created before is not wanted.
    pub since: DateTime<Utc>,
    /// What changed before is known; none at the first reading.
    pub from: Option<DateTime<Utc>>,
    /// As the step before said it.
    pub cursor: Option<&'a str>,
}

/// Some of what a part has to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The events.
    pub events: Vec<DeploymentEvent>,
    /// Up to this change everything was read with them; none where nothing was.
    pub read_to: Option<DateTime<Utc>>,
    /// There is more behind it.
    pub has_more: bool,
    /// Where it goes on, in the source's own words; none where `read_to` says it.
    pub cursor: Option<String>,
}

/// A system that deployments are read from.
#[async_trait]
pub trait DeploymentSource: Send + Sync {
    /// What it is.
    fn kind(&self) -> SourceKind;

    /// Its configured name.
    fn name(&self) -> &str;

    /// The annotations that map components to it: those with any of them.
    fn annotations(&self) -> Vec<&str>;

    /// The parts that these components of a tenant are mapped to, without those that the tenant may not read.
    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part>;

    /// Most parts that are read at once.
    fn parts_at_once(&self) -> usize;

    /// Reads on, about a page.
    async fn read(&self, part: &Part, place: Place<'_>) -> Result<Step, SourceError>;
}
