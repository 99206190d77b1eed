//! `DeploymentSource`: what an upstream must say so that its deployments can be read.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use schema::{EntityRef, SourceKind};

use super::Mapped;
use crate::{SourceError, ingest::DeploymentEvent};

/// What is read at a time, and for which components.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the source calls it.
    pub name: String,
    /// The components that are mapped to it, in order.
    pub components: Vec<EntityRef>,
}

impl Part {
    /// For which components it is read: for others it has to be read anew.
    pub fn covers(&self) -> String {
        let refs: Vec<&str> = self.components.iter().map(EntityRef::as_str).collect();
        refs.join(" ")
    }
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
}

/// A system that deployments are read from.
#[async_trait]
pub trait DeploymentSource: Send + Sync {
    /// What it is.
    fn kind(&self) -> SourceKind;

    /// Its configured name.
    fn name(&self) -> &str;

    /// The annotation that maps components to it.
    fn annotation(&self) -> &str;

    /// The parts that these components of a tenant are mapped to, without those that the tenant may not read.
    fn parts(&self, tenant: &str, mapped: &[Mapped]) -> Vec<Part>;

    /// Most parts that are read at once.
    fn parts_at_once(&self) -> usize;

    /// Reads what changed at or after `from`, oldest change first, about a page of it; of the first reading, where `from` is
    /// none, what was created at or after `since`.
    async fn read(&self, part: &Part, since: DateTime<Utc>, from: Option<DateTime<Utc>>) -> Result<Step, SourceError>;
}
