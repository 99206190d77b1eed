//! Answers of `/graphql`: one shape for everything, errors always with a code and the request's id.

use async_graphql::{Response as Executed, ServerError, Value};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use chrono::SecondsFormat;
use resolvers::{PathSegment, Receipt, StaleMark};
use schema::ErrorCode;
use serde_json::{Map, Value as Json, json};

use super::accept::Media;
use crate::prepare::Refusal;

/// Most errors that are told; the rest are counted in the last one.
const ERRORS_MAX: usize = 100;

/// An answer before it is written.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Headers beyond the usual ones.
    pub headers: HeaderMap,
    body: Body,
}

/// The body.
struct Body {
    /// Absent when nothing was executed; its keys keep the order that was asked for.
    data: Option<Value>,
    errors: Vec<Json>,
    /// Empty when there is nothing to tell.
    extensions: Map<String, Json>,
}

impl Body {
    /// The one place that writes the bytes of an answer. Lists of entities are in `data` as bytes already.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        let mut separator = b'{';
        let mut key = |name: &str, out: &mut Vec<u8>| {
            out.push(separator);
            separator = b',';
            out.extend_from_slice(name.as_bytes());
        };
        if let Some(data) = &self.data {
            key("\"data\":", &mut out);
            resolvers::write_value(data, &mut out);
        }
        // Writing to memory cannot fail.
        if !self.errors.is_empty() {
            key("\"errors\":", &mut out);
            let _ = serde_json::to_writer(&mut out, &self.errors);
        }
        if !self.extensions.is_empty() {
            key("\"extensions\":", &mut out);
            let _ = serde_json::to_writer(&mut out, &self.extensions);
        }
        out.push(b'}');
        out
    }
}

impl Answer {
    /// An answer that is one error, before anything was executed.
    pub fn refused(refusal: &Refusal, request_id: &str) -> Self {
        let Refusal { code, message, locations, others } = refusal;
        let others = others.iter().map(|other| (&other.message, &other.locations));
        let errors = std::iter::once((message, locations)).chain(others).map(|(message, locations)| {
            let mut error = json!({ "message": message });
            if !locations.is_empty() {
                let places = locations.iter().map(|(line, column)| json!({ "line": line, "column": column }));
                insert(&mut error, "locations", places.collect());
            }
            insert(&mut error, "extensions", extensions(*code, request_id));
            error
        });
        let status = StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Body { data: None, errors: errors.collect(), extensions: Map::new() };
        Self { status, body, headers: HeaderMap::new() }
    }

    /// The answer of an execution. Without a path and without data the document itself was refused.
    pub fn executed(executed: Executed, stale: &[StaleMark], request_id: &str) -> Self {
        let Executed { data, errors, .. } = executed;
        let is_refused = data == Value::Null && !errors.is_empty() && errors.iter().all(|error| error.path.is_empty());
        let count = errors.len();
        let mut told: Vec<Json> =
            errors.into_iter().take(ERRORS_MAX).map(|error| field_error(error, is_refused, request_id)).collect();
        if count > ERRORS_MAX {
            let message = format!("{} more errors are not told", count - ERRORS_MAX);
            told.push(
                json!({ "message": message, "extensions": extensions(ErrorCode::InternalServerError, request_id) }),
            );
        }
        let mut extensions = Map::new();
        if !stale.is_empty() {
            extensions.insert("stale".to_owned(), stale.iter().map(stale_mark).collect());
        }
        let body = Body { data: (!is_refused).then_some(data), errors: told, extensions };
        let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Self { status, body, headers: HeaderMap::new() }
    }

    /// Tells where live data came from.
    pub fn with_receipts(self, receipts: &[Receipt]) -> Self {
        self.with_extension("receipts", receipts.iter().map(receipt).collect())
    }

    /// Adds to `extensions`.
    pub fn with_extension(mut self, key: &str, value: Json) -> Self {
        self.body.extensions.insert(key.to_owned(), value);
        self
    }

    /// Adds a header.
    pub fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Writes the answer in this media type. In plain JSON a refused document has the status 200: older clients read nothing else.
    pub fn write(self, media: Media) -> Response {
        let Self { mut status, body, headers } = self;
        if media == Media::Json && status == StatusCode::BAD_REQUEST && is_document_refusal(&body) {
            status = StatusCode::OK;
        }
        let mut response = Response::new(axum::body::Body::from(body.to_bytes()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding, Authorization"));
        response
    }
}

/// Whether the request was well formed and only its document was refused.
fn is_document_refusal(body: &Body) -> bool {
    let code = body.errors.first().and_then(|error| error.pointer("/extensions/code")?.as_str());
    code != Some(ErrorCode::BadRequest.as_str())
}

fn extensions(code: ErrorCode, request_id: &str) -> Json {
    let mut extensions = json!({ "code": code.as_str(), "requestId": request_id });
    if code.is_retryable() {
        insert(&mut extensions, "retryable", true.into());
    }
    extensions
}

fn field_error(error: ServerError, is_refused: bool, request_id: &str) -> Json {
    let has_code = error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
    let has_path = !error.path.is_empty();
    let mut told = serde_json::to_value(&error).unwrap_or_default();
    let mut extensions = match told.get_mut("extensions").map(Json::take) {
        Some(extensions @ Json::Object(_)) => extensions,
        _ => json!({}),
    };
    if !has_code {
        // What the engine itself refuses: the document, or the value of an argument.
        let code = if is_refused && !has_path { ErrorCode::GraphqlValidationFailed } else { ErrorCode::BadUserInput };
        insert(&mut extensions, "code", code.as_str().into());
    }
    insert(&mut extensions, "requestId", request_id.into());
    insert(&mut told, "extensions", extensions);
    told
}

fn stale_mark(mark: &StaleMark) -> Json {
    json!({ "path": path(&mark.path), "ageMs": mark.age_ms, "source": mark.source.as_str() })
}

fn receipt(receipt: &Receipt) -> Json {
    json!({
        "path": path(&receipt.path),
        "source": receipt.source.as_str(),
        "fetchedAt": receipt.fetched_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "ageMs": u64::try_from(receipt.age.as_millis()).unwrap_or(u64::MAX),
        "layer": receipt.layer.as_str(),
        "stale": receipt.is_stale,
    })
}

fn path(path: &[PathSegment]) -> Json {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Name(name) => Json::from(name.as_str()),
        PathSegment::Index(index) => Json::from(*index),
    };
    path.iter().map(segment).collect()
}

fn insert(object: &mut Json, key: &str, value: Json) {
    if let Json::Object(map) = object {
        map.insert(key.to_owned(), value);
    }
}
