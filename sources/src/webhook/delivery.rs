//! `Delivery`: what is kept of what a sender told, which is the names of an object and nothing else of the payload.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Sender;

/// Longest text of a key or name that is kept as it is.
const TEXT_BYTES_MAX: usize = 200;

/// What happened to a project of GitLab, as far as it decides what is read anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Commits, or the project as a whole: its catalog file may be another.
    Code,
    /// Deployments, pipelines and jobs.
    Delivery,
    /// Everything else that is shown of it.
    Other,
}

/// The object that a delivery names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Hint {
    /// A project of GitLab.
    Project {
        /// Its number; some payloads tell its path alone.
        id: Option<i64>,
        /// Its path, where it was told.
        path: Option<String>,
        /// What about it.
        topic: Topic,
    },
    /// A run of AWX.
    Run {
        /// Its number.
        id: i32,
    },
    /// A workspace of Terraform.
    Workspace {
        /// The organization's name.
        organization: String,
        /// Its name.
        name: String,
        /// Its id, where it was told.
        id: Option<String>,
        /// The run, where it is about one.
        run: Option<String>,
    },
    /// A resource group of Azure.
    ResourceGroup {
        /// The subscription's id and the name of the group, as annotations name it.
        name: String,
    },
    /// The alerts of a subscription of Azure.
    Alerts {
        /// Its id.
        subscription: String,
    },
}

impl Hint {
    /// What is read anew because of it: of deliveries with the same, one is worked on at a time, and all are done at once.
    pub fn object_key(&self) -> String {
        match self {
            Self::Project { id: Some(id), .. } => format!("project {id}"),
            Self::Project { id: None, path, .. } => format!("project {}", path.as_deref().unwrap_or_default()),
            Self::Run { id } => format!("run {id}"),
            // An organization's workspaces and runs are read together, and seldom.
            Self::Workspace { organization, .. } => format!("organization {organization}"),
            Self::ResourceGroup { name } => format!("group {name}"),
            Self::Alerts { subscription } => format!("alerts {subscription}"),
        }
    }
}

/// What a sender told of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Who told it.
    pub sender: Sender,
    /// What the sender repeats when it sends the delivery again.
    pub dedup_key: String,
    /// The sender's word for what happened.
    pub kind: String,
    /// What it happened to.
    pub hint: Hint,
}

/// What a message said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Things happened to these objects; none, where it is of no interest or was a test.
    Deliveries(Vec<Delivery>),
    /// The sender asks whether its events are wanted, and wants this code back.
    Challenge(String),
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It bears no secret or signature of this sender.
    #[error("the delivery does not prove who sent it")]
    Unproven,
    /// It was signed too long ago, or for a moment to come.
    #[error("the delivery was signed at another time")]
    Stale,
    /// It cannot be read.
    #[error("the delivery cannot be read: {0}")]
    Malformed(&'static str),
}

/// A text that is short enough to be kept; a longer one gives way to what tells it from others.
pub(crate) fn clipped(text: String) -> String {
    if text.len() <= TEXT_BYTES_MAX && !text.contains('\0') { text } else { digest(text.as_bytes()) }
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
