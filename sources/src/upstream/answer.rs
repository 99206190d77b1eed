//! `Answer`: what came back, read within its bounds.

use reqwest::{
    Response, StatusCode,
    header::{self, HeaderMap},
};
use schema::SourceKind;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::well_formed::WellFormed;
use crate::SourceError;

/// An answer that has the expected shape from outside: a good status or one that the caller expects, well-formed JSON, not too
/// large and not too deep.
#[derive(Debug)]
pub struct Answer {
    upstream: SourceKind,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// Reads the body to its end. `is_expected`: the caller acts on this status, so its body need not be JSON.
    pub(super) async fn read(
        upstream: SourceKind,
        mut response: Response,
        body_bytes_max: usize,
        is_expected: bool,
    ) -> Result<Self, ReadError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let must_be_json = !is_expected && status != StatusCode::NO_CONTENT;
        if must_be_json && !is_json(&headers) {
            return Err(SourceError::protocol(upstream, "its answer is not JSON").into());
        }
        let too_large =
            || SourceError::protocol(upstream, format!("its answer is larger than {body_bytes_max} bytes")).into();
        if response.content_length().is_some_and(|bytes| bytes > body_bytes_max as u64) {
            return Err(too_large());
        }
        let (mut chunks, mut bytes) = (Vec::new(), 0_usize);
        while let Some(chunk) = response.chunk().await.map_err(ReadError::Transport)? {
            bytes = bytes.saturating_add(chunk.len());
            if bytes > body_bytes_max {
                return Err(too_large());
            }
            chunks.push(chunk);
        }
        // Put together once: a body that is refused is not copied at all.
        let body = chunks.concat();
        if must_be_json {
            // Read here once more than needed, so that whoever answers with garbage counts as failing.
            let checked = match upstream {
                // Long lists of scalars: their reader has a limit of depth itself.
                SourceKind::Subgraph => serde_json::from_slice::<&RawValue>(&body).map(|_| ()),
                _ => serde_json::from_slice::<WellFormed>(&body).map(|_| ()),
            };
            checked.map_err(|error| SourceError::protocol(upstream, error))?;
        }
        Ok(Self { upstream, status, headers, body })
    }

    /// What came before a body that goes elsewhere.
    pub(super) fn without_body(upstream: SourceKind, response: &Response) -> Self {
        Self { upstream, status: response.status(), headers: response.headers().clone(), body: Vec::new() }
    }

    /// The body, decoded.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        serde_json::from_slice(&self.body).map_err(|error| SourceError::protocol(self.upstream, error))
    }

    /// The body as it came, such as a text file's.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The same, to be kept.
    pub fn into_bytes(self) -> bytes::Bytes {
        self.body.into()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

pub(super) enum ReadError {
    Source(SourceError),
    Transport(reqwest::Error),
}

impl From<SourceError> for ReadError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

/// `application/json`, and whatever ends in `+json`, as `application/vnd.api+json` does.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}
