//! `Senders`: who is let in, by what is configured. A sender without a secret is as one that does not exist.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use schema::SourceKind;

use super::{Config, Received, Refusal};
use crate::{Credential, Secrets, awx, azure, gitlab, terraform};

/// An upstream that sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sender {
    /// GitLab.
    Gitlab,
    /// AWX or Automation Controller.
    Awx,
    /// HCP Terraform or Terraform Enterprise.
    Terraform,
    /// Azure.
    Azure,
}

impl Sender {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gitlab, Self::Awx, Self::Terraform, Self::Azure];

    /// Its name in addresses, metrics and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gitlab => "gitlab",
            Self::Awx => "awx",
            Self::Terraform => "terraform",
            Self::Azure => "azure",
        }
    }

    /// The sender with this name.
    pub fn of_str(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sender| sender.as_str() == name)
    }
}

impl From<Sender> for SourceKind {
    fn from(sender: Sender) -> Self {
        match sender {
            Sender::Gitlab => Self::Gitlab,
            Sender::Awx => Self::Awx,
            Sender::Terraform => Self::Terraform,
            Sender::Azure => Self::Azure,
        }
    }
}

/// What came, before anything of it is believed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The query of the address.
    pub query: Option<&'a str>,
    /// The body as it came.
    pub body: &'a [u8],
    /// What time it is.
    pub now: DateTime<Utc>,
}

impl Message<'_> {
    /// A header, where it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; the words of the parser are not told, because they repeat what came.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(self.body).map_err(|_| Refusal::Malformed("it is not the JSON that this sender sends"))
    }
}

/// The senders that are let in.
#[derive(Debug)]
pub struct Senders {
    config: Config,
    secrets: HashMap<Sender, Vec<Credential>>,
}

impl Senders {
    /// Those that have a secret.
    pub fn new(config: &Config, secrets: &Secrets) -> Self {
        let of = |sender: Sender| {
            let count = config.secrets_of(sender).len();
            let found: Vec<Credential> = (0..count).filter_map(|at| secrets.get(&Config::key_of(sender, at))).collect();
            (!found.is_empty()).then_some((sender, found))
        };
        Self { config: config.clone(), secrets: Sender::ALL.into_iter().filter_map(of).collect() }
    }

    /// Nobody is let in.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// Whether systems of this kind tell by themselves what changes.
    pub fn announces(&self, kind: SourceKind) -> bool {
        self.secrets.keys().any(|sender| SourceKind::from(*sender) == kind)
    }

    /// The sender with this name, if it is let in.
    pub fn named(&self, name: &str) -> Option<Sender> {
        Sender::of_str(name).filter(|sender| self.secrets.contains_key(sender))
    }

    /// Whether a message can prove itself, by its headers and its address alone: what cannot is refused before its body is waited for.
    pub fn may_prove(&self, sender: Sender, headers: &HeaderMap, query: Option<&str>) -> bool {
        let secrets = self.secrets.get(&sender).map(Vec::as_slice).unwrap_or_default();
        match sender {
            Sender::Gitlab => gitlab::may_prove(secrets, headers),
            Sender::Awx => awx::is_proven(secrets, &self.config.awx, headers),
            Sender::Terraform => headers.contains_key(terraform::SIGNATURE),
            // A handshake proves itself by its topic.
            Sender::Azure => {
                !self.config.azure.topics.is_empty() || azure::is_proven(secrets, &self.config.azure, headers, query)
            }
        }
    }

    /// Proves and reads a message: nothing of it is read before it is proven, but for handshakes.
    pub fn receive(&self, sender: Sender, message: &Message<'_>) -> Result<Received, Refusal> {
        let secrets = self.secrets.get(&sender).map(Vec::as_slice).unwrap_or_default();
        match sender {
            Sender::Gitlab => gitlab::receive(secrets, &self.config.gitlab, message),
            Sender::Awx => awx::receive(secrets, &self.config.awx, message),
            Sender::Terraform => terraform::receive(secrets, message),
            Sender::Azure => azure::receive(secrets, &self.config.azure, message),
        }
    }

    /// Whether somebody who asks by `OPTIONS`, as CloudEvents wants it, may send: the origin to answer.
    pub fn allowed_origin(&self, sender: Sender, asked: &str) -> Option<&str> {
        let origins = self.config.azure.origins.iter().map(String::as_str);
        origins.filter(|_| sender == Sender::Azure).find(|origin| origin.eq_ignore_ascii_case(asked.trim()))
    }
}
