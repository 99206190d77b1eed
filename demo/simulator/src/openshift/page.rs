//! `continue` tokens: which snapshot a list walks through, and where it has got to.
//!
//! The same shape as the real one's, though a client must not look inside.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::status::Refusal;

/// Not a snapshot but whatever is the latest: the token an expired one is exchanged for.
const LATEST: i64 = -1;

#[derive(Deserialize, Serialize)]
struct Token {
    v: String,
    rv: i64,
    start: String,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The snapshot's number; `None`: the latest.
    pub(super) number: Option<u64>,
    /// The last key answered so far.
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Place {
    pub(super) fn decode(token: &str) -> Result<Self, Refusal> {
        Self::parse(token)
            .ok_or_else(|| Refusal::bad_request("continue key is not valid: illegal base64 data".to_owned()))
    }

    pub(super) fn encode(&self) -> String {
        let rv = self.number.map_or(LATEST, |number| i64::try_from(number).unwrap_or(LATEST));
        // The closing zero byte makes the next key the first one greater than this.
        let start = format!("{}/{}\0", self.namespace, self.name);
        let token = Token { v: "meta.k8s.io/v1".to_owned(), rv, start };
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
    }

    fn parse(token: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let token: Token = serde_json::from_slice(&bytes).ok().filter(|token: &Token| token.v == "meta.k8s.io/v1")?;
        let (namespace, name) = token.start.strip_suffix('\0')?.split_once('/')?;
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let number = if token.rv == LATEST { None } else { Some(u64::try_from(token.rv).ok()?) };
        Some(Self { number, namespace, name })
    }
}
