//! Documents that are known before they are sent: trusted ones, which were published, and those that clients taught by their
//! hash. What is found here is held against guard, schema, cost and limits like any other text; nothing here executes.
//!
//! `trusted` has the published ones, `refresh` reads them, `automatic` the others, `manifest` reads what clients' tools write,
//! `verdict` says what becomes of each of its documents. The commands are in `commands/documents/`.

mod automatic;
mod find;
pub mod manifest;
mod refresh;
mod trusted;
mod untrusted;
pub mod verdict;

use sha2::{Digest, Sha256};
use sources::redis::Redis;

use automatic::Automatic;
use trusted::Trusted;
use untrusted::Untrusted;

pub use find::Found;
pub(crate) use find::count;
pub(crate) use refresh::{load, run};

use crate::config::{DocumentMode, DocumentsConfig};

/// How a request says which document it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By its text.
    Text(String),
    /// By the id it was published under: its SHA-256 in hexadecimal, with or without `sha256:` before it, or its id in a manifest.
    Id(String),
    /// By its SHA-256, as automatic persisted queries do; with the text where the hash may not be known.
    Hash {
        /// The hash, as it was sent.
        hash: String,
        /// The text.
        text: Option<String>,
    },
}

/// What is known of documents.
pub struct Documents {
    config: DocumentsConfig,
    trusted: Trusted,
    /// None where clients teach none.
    automatic: Option<Automatic>,
    untrusted: Untrusted,
}

impl Documents {
    /// Nothing is known yet. `sdl` is the schema that documents are held against.
    pub fn new(config: &DocumentsConfig, sdl: &str, redis: Option<Redis>) -> Self {
        let automatic = config.apq.enabled.then(|| Automatic::new(&config.apq, &sha256(sdl), redis));
        Self { config: config.clone(), trusted: Trusted::default(), automatic, untrusted: Untrusted::default() }
    }

    /// While this is the same, the same name from the same client is the same document; none where each use is to be told.
    pub fn version(&self, client: Option<&str>) -> Option<i64> {
        (self.config.mode_of(client) != DocumentMode::Prefer).then(|| self.trusted.version())
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// The id in the form that documents are found by: a SHA-256 in small letters, without `sha256:`; any other as it is.
pub fn normal_id(id: &str) -> String {
    let bare = id.strip_prefix("sha256:").unwrap_or(id);
    if is_sha256(bare) { bare.to_ascii_lowercase() } else { id.to_owned() }
}

/// Whether it has the form of a SHA-256 in hexadecimal.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
