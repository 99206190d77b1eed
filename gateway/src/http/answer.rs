//! Answers of `/graphql`: one shape for everything, errors always with a code and the request's id.

use async_graphql::{Response as Executed, ServerError, Value};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use chrono::SecondsFormat;
use resolvers::{PathSegment, Pieces, Receipt, StaleMark};
use schema::ErrorCode;
use serde_json::{Map, Value as Json, json};

use super::{accept::Media, pieces::PiecesBody};
use crate::prepare::Refusal;

/// Most errors that are told; the rest are counted in the last one.
const ERRORS_MAX: usize = 100;

/// Room for the headers of an answer.
const HEADERS_LIKELY: usize = 12;

/// Room for the data of a small answer.
const BYTES_LIKELY: usize = 1024;

/// How an answer with data begins.
pub const BEGUN: &[u8] = b"{\"data\":";

/// What an answer may depend on of its request's headers.
pub const VARY: &str = "Accept, Accept-Encoding, Authorization";

/// Braces around any data: that of the answer and that of the data itself.
const DATA_BRACES: usize = 2;

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
    /// An answer that was written before; what is told besides comes before its last brace.
    whole: Bytes,
    /// What is written of it: nothing, or the data, whose keys keep the order that was asked for.
    out: Pieces,
    errors: Vec<Json>,
    /// Empty when there is nothing to tell.
    extensions: Map<String, Json>,
}

impl Body {
    /// Begins a body with what was executed; none when nothing was. Lists of entities are in it as bytes already.
    fn begin(data: Option<&Value>) -> Pieces {
        let Some(data) = data else { return Pieces::default() };
        let mut out = Pieces { done: Vec::new(), open: Vec::with_capacity(BYTES_LIKELY) };
        out.open.extend_from_slice(BEGUN);
        resolvers::write_value(data, &mut out);
        out
    }

    /// Nothing is written of it.
    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.out.done.is_empty() && self.out.open.is_empty()
    }

    /// The whole body, in pieces.
    fn into_pieces(self) -> Vec<Bytes> {
        if !self.whole.is_empty() && self.extensions.is_empty() {
            return vec![self.whole];
        }
        let mut separator = if self.is_empty() { b'{' } else { b',' };
        let Pieces { mut done, open: mut out } = self.out;
        if let Some(open) = self.whole.strip_suffix(b"}") {
            out.extend_from_slice(open);
        }
        let mut key = |name: &str, out: &mut Vec<u8>| {
            out.push(separator);
            separator = b',';
            out.extend_from_slice(name.as_bytes());
        };
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
        done.push(out.into());
        done
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
        let body =
            Body { whole: Bytes::new(), out: Pieces::default(), errors: errors.collect(), extensions: Map::new() };
        Self { status, body, headers: HeaderMap::with_capacity(HEADERS_LIKELY) }
    }

    /// An answer that was written before.
    pub fn of_bytes(status: StatusCode, bytes: Bytes) -> Self {
        let body = Body { whole: bytes, out: Pieces::default(), errors: Vec::new(), extensions: Map::new() };
        Self { status, body, headers: HeaderMap::with_capacity(HEADERS_LIKELY) }
    }

    /// An answer that is written from [`BEGUN`] up to the end of its data, and these errors.
    pub fn begun(open: Vec<u8>, errors: Vec<Json>) -> Self {
        let out = Pieces { done: Vec::new(), open };
        let body = Body { whole: Bytes::new(), out, errors, extensions: Map::new() };
        Self { status: StatusCode::OK, body, headers: HeaderMap::with_capacity(HEADERS_LIKELY) }
    }

    /// The bytes of an answer that is worth keeping: without errors and without anything that only this request was told.
    pub fn keepable(&mut self) -> Option<Bytes> {
        let body = &mut self.body;
        if self.status != StatusCode::OK || !body.errors.is_empty() || body.extensions.contains_key("stale") {
            return None;
        }
        // From here on the data is as it goes out, and shared.
        let Pieces { mut done, mut open } = std::mem::take(&mut body.out);
        open.push(b'}');
        // It may be kept for long, and room for what services sent besides is no use to it.
        if open.capacity() / 2 > open.len() {
            open.shrink_to_fit();
        }
        body.whole = match done.is_empty() {
            true => open.into(),
            false => {
                done.push(open.into());
                done.concat().into()
            }
        };
        Some(body.whole.clone())
    }

    /// Nothing was executed to its end.
    pub fn has_no_data(&self) -> bool {
        self.body.is_empty()
    }

    /// About how many objects are in the data: a brace in a text counts too.
    pub fn objects(&self) -> u64 {
        let pieces = self.body.out.done.iter().map(|piece| &**piece).chain([&*self.body.out.open]);
        let braces: usize = pieces.map(|piece| memchr::memchr_iter(b'{', piece).count()).sum();
        braces.saturating_sub(DATA_BRACES) as u64
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
        let out = Body::begin((!is_refused).then_some(&data));
        let body = Body { whole: Bytes::new(), out, errors: told, extensions };
        let status = if is_refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        Self { status, body, headers: HeaderMap::with_capacity(HEADERS_LIKELY) }
    }

    /// The body as one piece.
    pub fn into_bytes(self) -> Bytes {
        let mut pieces = self.body.into_pieces();
        match pieces.len() {
            0 | 1 => pieces.pop().unwrap_or_default(),
            _ => pieces.concat().into(),
        }
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
        // What the caller has already is not sent, not even a byte of it.
        let has_body = status != StatusCode::NOT_MODIFIED;
        let mut pieces = if has_body { body.into_pieces() } else { Vec::new() };
        let body = match pieces.len() {
            0 | 1 => axum::body::Body::from(pieces.pop().unwrap_or_default()),
            _ => axum::body::Body::new(PiecesBody::new(pieces)),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        if has_body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        headers.insert(header::VARY, HeaderValue::from_static(VARY));
        response
    }
}

/// Whether the request was well formed and only its document was refused.
fn is_document_refusal(body: &Body) -> bool {
    let of_request = [ErrorCode::BadRequest, ErrorCode::PersistedQueryHashMismatch, ErrorCode::DocumentNotTrusted]
        .map(ErrorCode::as_str);
    let code = body.errors.first().and_then(|error| error.pointer("/extensions/code")?.as_str());
    code.is_none_or(|code| !of_request.contains(&code))
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
