//! From the name of a document to its text, or to the refusal of it.

use std::sync::Arc;

use metrics::Counter;
use schema::ErrorCode;
use sources::{Labelled, cache::Patience};

use super::{Documents, Named, normal_id, sha256};
use crate::{
    config::DocumentMode,
    prepare::{Document, Refusal},
};

/// The text that is meant.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The document.
    pub text: String,
    /// It is to be kept under its hash, once it is known to be valid.
    pub is_taught: bool,
}

impl Documents {
    /// The text of a document, for a client that calls itself so.
    pub async fn find(&self, named: Named, client: Option<&str>, patience: &Patience) -> Result<Found, Refusal> {
        match named {
            Named::Text(text) => self.let_through("text", client, text, false),
            Named::Id(id) => match self.trusted.find(&normal_id(&id), client) {
                Some(text) => Ok(trusted("id", &text)),
                None => Err(self.unknown("id", &format!("the document `{id}` was not published for this client"))),
            },
            Named::Hash { hash, text } => Box::pin(self.by_hash(normal_id(&hash), text, client, patience)).await,
        }
    }

    /// Keeps a document that was sent with its hash, and is valid.
    pub async fn keep(&self, document: &Document, patience: &Patience) {
        if let Some(automatic) = &self.automatic {
            automatic.keep(document.hash(), document.text(), patience).await;
        }
    }

    async fn by_hash(
        &self,
        hash: String,
        text: Option<String>,
        client: Option<&str>,
        patience: &Patience,
    ) -> Result<Found, Refusal> {
        // A manifest may have given the document another id, which clients then send in place of the hash.
        let published = self.trusted.find(&hash, client);
        if let Some(published) = published.filter(|known| text.as_ref().is_none_or(|text| **text == **known)) {
            return Ok(trusted("hash", &published));
        }
        if text.as_ref().is_some_and(|text| sha256(text) != hash) {
            count("hash", "refused");
            let message = "`sha256Hash` is not the SHA-256 of `query` in hexadecimal";
            return Err(Refusal::new(ErrorCode::PersistedQueryHashMismatch, message));
        }
        if self.config.mode_of(client) == DocumentMode::Only {
            return Err(self.unknown("hash", "only published documents are executed for this client"));
        }
        match (text, &self.automatic) {
            (Some(text), automatic) => self.let_through("hash", client, text, automatic.is_some()),
            (None, Some(automatic)) => match automatic.get(&hash, patience).await {
                Some(text) => self.let_through("hash", client, text.as_ref().to_owned(), false),
                None => {
                    count("hash", "not_found");
                    // These very words tell clients to send the text as well, and those below to send no hash any more.
                    Err(Refusal::new(ErrorCode::PersistedQueryNotFound, "PersistedQueryNotFound"))
                }
            },
            (None, None) => {
                count("hash", "refused");
                Err(Refusal::new(ErrorCode::PersistedQueryNotSupported, "PersistedQueryNotSupported"))
            }
        }
    }

    /// A document that was not found among the published ones.
    fn let_through(
        &self,
        by: &'static str,
        client: Option<&str>,
        text: String,
        is_taught: bool,
    ) -> Result<Found, Refusal> {
        match self.config.mode_of(client) {
            DocumentMode::Open => count(by, "open"),
            DocumentMode::Prefer => {
                count(by, "untrusted");
                self.untrusted.tell(client, &sha256(&text));
            }
            DocumentMode::Only => return Err(self.unknown(by, "only published documents are executed for this client")),
        }
        Ok(Found { text, is_taught })
    }

    fn unknown(&self, by: &'static str, what: &str) -> Refusal {
        if !self.trusted.is_known() {
            count(by, "unavailable");
            let message = "the published documents cannot be read at the moment: try again shortly";
            return Refusal::new(ErrorCode::DatabaseUnavailable, message);
        }
        count(by, "refused");
        let advice = "publish it with `weft documents publish` and send its SHA-256 as `documentId`";
        Refusal::new(ErrorCode::DocumentNotTrusted, format!("{what}: {advice}"))
    }
}

fn trusted(by: &'static str, text: &Arc<str>) -> Found {
    count(by, "trusted");
    Found { text: text.as_ref().to_owned(), is_taught: false }
}

static REQUESTS: Labelled<Counter, (&str, &str)> =
    Labelled::new(|(by, outcome)| metrics::counter!("weft_document_requests_total", "by" => by, "outcome" => outcome));

/// Counts a request by how its document was found, and what became of it.
pub(crate) fn count(by: &'static str, outcome: &'static str) {
    REQUESTS.with((by, outcome), |requests| requests.increment(1));
}
