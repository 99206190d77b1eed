//! GraphQL over WebSocket: `graphql-transport-ws`, and its predecessor `graphql-ws`, on one engine.
//!
//! `message` is what both sides say, in either protocol; `socket` the conversation; `operation` one operation of it.

mod message;
mod operation;
mod socket;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, WebSocketUpgrade},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use schema::ErrorCode;

use super::{RequestId, accept::Media, answer::Answer, graphql::Steps};
use crate::{App, config::CorsConfig, listener::Place, prepare::Refusal};

/// What a socket reads at once: its buffer is there as long as the socket is.
const READ_BUFFER: usize = 4 * 1024;
/// What is gathered before it is written, where more is ready. A socket keeps as much once it had it, and its longest answer besides.
const WRITE_BUFFER: usize = 4 * 1024;

/// Whether a request wants to become a WebSocket.
pub fn is_asked<B>(request: &Request<B>) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    request.method() == Method::GET && upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes it one. Who asks is found out by its first message, or by the header of this request.
pub async fn serve(app: &Arc<App>, peer: SocketAddr, request_id: &RequestId, request: Request<Body>) -> Response {
    let (mut parts, _) = request.into_parts();
    let refuse = |code, message: &str| Answer::refused(&Refusal::new(code, message), &request_id.0).write(Media::Json);
    if !may_come_from(&parts.headers, &app.config.server.cors) {
        return refuse(
            ErrorCode::Forbidden,
            "WebSockets of this origin are not let in: see `server.cors.allowed_origins`",
        );
    }
    let mut steps = Steps::new(app, &request_id.0);
    if let Err(refused) = steps.limit_address(peer, &parts.headers) {
        return refused.write(Media::Json);
    }
    if app.is_draining() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return refuse(ErrorCode::BadRequest, &rejection.to_string()),
    };
    let max = app.config.limits.body_bytes_max();
    let upgrade = upgrade
        .protocols(message::Protocol::NAMES)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(max)
        .max_frame_size(max);
    let app = Arc::clone(app);
    // As a connection it counts as long as it is there, and the end of the gateway waits for it.
    let place = parts.extensions.remove::<Place>();
    upgrade.on_upgrade(move |socket| {
        Box::pin(async move {
            socket::run(app, socket, parts.headers).await;
            drop(place);
        })
    })
}

/// A page of another origin could open a socket with what the browser sends by itself. A client that is no browser names no origin.
fn may_come_from(headers: &HeaderMap, cors: &CorsConfig) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| !host.is_empty() && authority == host);
    is_own || cors.allowed_origins.iter().any(|allowed| allowed == origin)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_known_origins_and_the_own_one_are_let_in() {
        let cors = CorsConfig { allowed_origins: vec!["https://portal.example.com".to_owned()] };
        let from = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("weft.example.com"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
            }
            may_come_from(&headers, &cors)
        };
        assert!(from(None) && from(Some("https://portal.example.com")) && from(Some("https://weft.example.com")));
        for foreign in ["https://evil.example.com", "null", "https://portal.example.com.evil.com", "https://"] {
            assert!(!from(Some(foreign)), "{foreign}");
        }
    }
}
