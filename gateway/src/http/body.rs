//! From an HTTP request to the parameters of a GraphQL request.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, Uri, header},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use schema::ErrorCode;
use serde_json::{Map, Value};

use super::named;
use crate::{config::LimitsConfig, documents::Named, guard, prepare::Refusal};

/// The parameters of a GraphQL request.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// Which document.
    pub named: Named,
    /// Which operation of it.
    pub operation_name: Option<String>,
    /// The variables.
    pub variables: Map<String, Value>,
}

/// The parameters in a URL.
pub fn of_url(uri: &Uri, limits: &LimitsConfig) -> Result<Parameters, Refusal> {
    let text = uri.query().unwrap_or_default();
    if text.len() > limits.url_bytes_max() {
        return Err(Refusal::new(ErrorCode::PayloadTooLarge, "the URL is too long: send the operation by POST"));
    }
    let mut object = Map::new();
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = match key.as_ref() {
            "query" | "documentId" | "operationName" => Value::String(value.into_owned()),
            "variables" | "extensions" => json(value.as_bytes(), limits, &format!("the parameter `{key}`"))?,
            _ => continue,
        };
        object.insert(key.into_owned(), value);
    }
    parameters(object)
}

/// The bytes of a body that can have parameters.
pub async fn collect(
    headers: &HeaderMap,
    body: Body,
    limits: &LimitsConfig,
    timeout: Duration,
) -> Result<Bytes, Refusal> {
    check_content_type(headers)?;
    let max = limits.body_bytes_max();
    let too_large = || Refusal::new(ErrorCode::PayloadTooLarge, format!("the body is larger than {max} bytes"));
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(timeout, Limited::new(body, max).collect()).await;
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Refusal::new(ErrorCode::BadRequest, "the body ended too early")),
        Err(_) => Err(Refusal::new(ErrorCode::BadRequest, format!("the body did not arrive within {timeout:?}"))),
    }
}

/// The parameters in a body.
pub fn of_bytes(bytes: &[u8], limits: &LimitsConfig) -> Result<Parameters, Refusal> {
    match json(bytes, limits, "the body")? {
        Value::Object(object) => parameters(object),
        Value::Array(_) => {
            Err(Refusal::new(ErrorCode::BadRequest, "batches are not accepted: send one operation a request"))
        }
        _ => Err(Refusal::new(ErrorCode::BadRequest, "the body must be a JSON object with the key `query`")),
    }
}

/// The parameters in a message.
pub fn of_object(object: Map<String, Value>) -> Result<Parameters, Refusal> {
    parameters(object)
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::UnsupportedMediaType,
        "send the operation as JSON, with the header `Content-Type: application/json`",
    ))
}

fn json(bytes: &[u8], limits: &LimitsConfig, what: &str) -> Result<Value, Refusal> {
    guard::check_json(bytes, &limits.guard()).map_err(Refusal::from)?;
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::new(ErrorCode::BadRequest, format!("{what} is not JSON: {error}")))
}

fn parameters(mut object: Map<String, Value>) -> Result<Parameters, Refusal> {
    let wrong = |key: &str, what: &str| Err(Refusal::new(ErrorCode::BadRequest, format!("`{key}` must be {what}")));
    if !matches!(object.get("extensions"), None | Some(Value::Null | Value::Object(_))) {
        return wrong("extensions", "an object or null");
    }
    let named = named::take(&mut object)?;
    let operation_name = match object.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return wrong("operationName", "a string or null"),
    };
    let variables = match object.remove("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => return wrong("variables", "an object or null"),
    };
    Ok(Parameters { named, operation_name, variables })
}
