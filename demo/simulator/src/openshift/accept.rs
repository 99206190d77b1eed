//! The form a caller wants: `Accept`, of which the API server takes the first it can serve.

use axum::http::{HeaderMap, header};

use super::status::Refusal;

/// What is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    /// Metadata alone: `as=PartialObjectMetadataList` or `as=PartialObjectMetadata`.
    Partial,
}

impl Form {
    /// Tables and protobuf are not served: clients that ask for them name plain JSON next, as they must.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(accept) = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()) else {
            return Ok(Self::Whole);
        };
        accept.split(',').find_map(form).ok_or_else(Refusal::not_acceptable)
    }
}

fn form(range: &str) -> Option<Form> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?;
    if !matches!(media_type, "application/json" | "application/*" | "*/*") {
        return None;
    }
    match parts.find_map(|part| part.strip_prefix("as=")) {
        None => Some(Form::Whole),
        Some("PartialObjectMetadataList" | "PartialObjectMetadata") => Some(Form::Partial),
        Some(_) => None,
    }
}
