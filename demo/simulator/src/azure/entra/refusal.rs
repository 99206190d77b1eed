//! How Entra says no: an OAuth error with an AADSTS number in its prose, which is what people search for.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::azure::call::Call;

pub(super) struct Refusal {
    pub(super) status: StatusCode,
    error: &'static str,
    number: u32,
    message: String,
}

impl Refusal {
    fn bad(error: &'static str, number: u32, message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, number, message }
    }

    pub(super) fn missing(name: &str) -> Self {
        let message = format!("The request body must contain the following parameter: '{name}'.");
        Self::bad("invalid_request", 900_144, message)
    }

    pub(super) fn grant_type(sent: &str) -> Self {
        Self::bad("unsupported_grant_type", 70_003, format!("The app requested an unsupported grant type '{sent}'."))
    }

    pub(super) fn unknown_tenant(tenant: &str) -> Self {
        let message = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud."
        );
        Self::bad("invalid_request", 90_002, message)
    }

    pub(super) fn unknown_client(client: &str) -> Self {
        let message = format!("Application with identifier '{client}' was not found in the directory.");
        Self::bad("unauthorized_client", 700_016, message)
    }

    pub(super) fn scope(scope: &str) -> Self {
        let message = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
             /.default suffixed to the resource identifier (application ID URI)."
        );
        Self::bad("invalid_scope", 1_002_012, message)
    }

    pub(super) fn no_secret() -> Self {
        let message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        Self { status: StatusCode::UNAUTHORIZED, ..Self::bad("invalid_client", 7_000_218, message.to_owned()) }
    }

    pub(super) fn wrong_secret(client: &str) -> Self {
        let message = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
             not the client secret ID, for a secret added to app '{client}'."
        );
        Self { status: StatusCode::UNAUTHORIZED, ..Self::bad("invalid_client", 7_000_215, message) }
    }

    pub(super) fn body(&self, call: &Call, now: DateTime<Utc>) -> Value {
        let (number, trace, correlation) = (self.number, &call.request_id, &call.correlation_id);
        let timestamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{number}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}", self.message
            ),
            "error_codes": [number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        })
    }
}
