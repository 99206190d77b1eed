//! The ids Azure puts on everything: GUIDs, and the two of every answer that support asks for.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};

use super::Azure;
use crate::seed::draw;

const CORRELATION: &str = "x-ms-correlation-request-id";

/// The ids of one answer, for error bodies that repeat them.
#[derive(Clone)]
pub(super) struct Ids {
    pub(super) request: String,
    pub(super) correlation: String,
}

/// Gives every answer its ids; a correlation id that the caller sent is kept.
pub(super) async fn stamp(State(azure): State<Azure>, mut request: Request, next: Next) -> Response {
    let subject = format!("{} answer {}", azure.url(), azure.next_answer());
    let ids = Ids {
        request: guid(&subject),
        correlation: sent(request.headers(), CORRELATION).unwrap_or_else(|| guid(&format!("{subject} correlation"))),
    };
    let client = sent(request.headers(), "x-ms-client-request-id");
    request.extensions_mut().insert(ids.clone());
    let mut response = next.run(request).await;
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    put("x-ms-request-id", &ids.request);
    put(CORRELATION, &ids.correlation);
    put("x-ms-routing-request-id", &format!("WESTEUROPE:{}", ids.request));
    put("strict-transport-security", "max-age=31536000; includeSubDomains");
    put("x-content-type-options", "nosniff");
    if let Some(client) = client {
        put("x-ms-client-request-id", &client);
    }
    response
}

fn sent(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The GUID of `subject`, always the same one.
pub(super) fn guid(subject: &str) -> String {
    let (high, low) = (draw(subject, "guid"), draw(subject, "rest of guid"));
    let (time, version, variant) = (high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0x3fff | 0x8000);
    format!("{:08x}-{time:04x}-4{version:03x}-{variant:04x}-{:012x}", high >> 32, low & 0xffff_ffff_ffff)
}

/// Whether `text` has the form of a GUID.
pub(super) fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|letter| letter.is_ascii_hexdigit()))
}
