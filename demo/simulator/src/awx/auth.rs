//! Who is asking: the token as Bearer, or as the password of any user.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Awx, refusal::Refusal};

/// On the answers to those who are signed in.
#[derive(Clone)]
pub(super) struct SignedIn;

pub(super) async fn check(State(awx): State<Awx>, request: Request, next: Next) -> Response {
    match verify(request.headers(), awx.token()) {
        Ok(()) => {
            // A token of scope `read` is refused every write before the address is looked at.
            let mut response =
                if request.method().is_safe() { next.run(request).await } else { Refusal::forbidden().into_response() };
            response.extensions_mut().insert(SignedIn);
            response
        }
        Err(refusal) => {
            let mut response = refusal.into_response();
            let challenge = HeaderValue::from_static("Bearer realm=api authorization_url=/api/o/authorize/");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
    }
}

pub(super) fn verify(headers: &HeaderMap, token: &str) -> Result<(), Refusal> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_token = |sent: &str| verify_slices_are_equal(sent.as_bytes(), token.as_bytes()).is_ok();
    if let Some(basic) = sent.strip_prefix("Basic ") {
        let pair =
            STANDARD.decode(basic.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let is_known = pair.split_once(':').is_some_and(|(_, password)| is_token(password));
        return if is_known { Ok(()) } else { Err(Refusal::unauthorized("Invalid username/password.")) };
    }
    // A token it does not know is no token to it, so both are refused alike.
    match sent.strip_prefix("Bearer ") {
        Some(sent) if is_token(sent.trim()) => Ok(()),
        _ => Err(Refusal::unauthorized("Authentication credentials were not provided.")),
    }
}
