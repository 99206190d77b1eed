//! What storage says when it does not give something: XML, and the code in a header besides.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::super::Azure;

pub(super) fn refuse(status: StatusCode, code: &'static str, message: &str) -> Response {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let headers =
        [(header::CONTENT_TYPE, "application/xml"), (header::HeaderName::from_static("x-ms-error-code"), code)];
    (status, headers, body).into_response()
}

/// With the challenge from which clients learn what token to bring.
pub(super) fn unauthorized(azure: &Azure, reason: &str) -> Response {
    let mut response = refuse(StatusCode::UNAUTHORIZED, "InvalidAuthenticationInfo", reason);
    let challenge = format!(
        "Bearer authorization_uri={}/{}/oauth2/authorize resource_id=https://storage.azure.com",
        azure.url(),
        azure.world().tenant_id
    );
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

pub(super) fn fault(status: u16) -> Response {
    let (code, message) = match status {
        403 => (
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.",
        ),
        404 => ("BlobNotFound", "The specified blob does not exist."),
        503 => ("ServerBusy", "The server is currently unable to receive requests. Please retry your request."),
        _ => ("InternalError", "The server encountered an internal error. Please retry the request."),
    };
    refuse(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, message)
}
