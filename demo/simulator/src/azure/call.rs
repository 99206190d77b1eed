//! The call under way: the ids of its answer, which support asks for, and the address it came in by.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    middleware::Next,
    response::Response,
};

use super::{Azure, ids::guid};

const CORRELATION: &str = "x-ms-correlation-request-id";

#[derive(Clone)]
pub(super) struct Call {
    pub(super) request_id: String,
    pub(super) correlation_id: String,
    /// What links begin with.
    pub(super) base: String,
    /// Path and query.
    pub(super) uri: Uri,
}

/// Gives every answer its ids; a correlation id that the caller sent is kept.
pub(super) async fn stamp(State(azure): State<Azure>, mut request: Request, next: Next) -> Response {
    let subject = format!("{} answer {}", azure.url(), azure.next_answer());
    let call = Call {
        request_id: guid(&subject),
        correlation_id: sent(request.headers(), CORRELATION).unwrap_or_else(|| guid(&format!("{subject} correlation"))),
        base: base(azure.url(), request.headers()),
        uri: request.uri().clone(),
    };
    let client = sent(request.headers(), "x-ms-client-request-id");
    request.extensions_mut().insert(call.clone());
    let mut response = next.run(request).await;
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    put("x-ms-request-id", &call.request_id);
    put(CORRELATION, &call.correlation_id);
    put("x-ms-routing-request-id", &format!("WESTEUROPE:{}", call.request_id));
    put("strict-transport-security", "max-age=31536000; includeSubDomains");
    put("x-content-type-options", "nosniff");
    if let Some(client) = client {
        put("x-ms-client-request-id", &client);
    }
    response
}

/// Our own address; under another port it is the one of a proxy, and a proxy is there for TLS: Azure's identity
/// libraries take nothing else.
fn base(own: &str, headers: &HeaderMap) -> String {
    let Some(host) = sent(headers, header::HOST.as_str()) else { return own.to_owned() };
    let port = |address: &str| address.rsplit_once(':').map(|(_, port)| port.to_owned());
    if port(own) == port(&host) { own.to_owned() } else { format!("https://{host}") }
}

fn sent(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
