//! One blob.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest as _, Md5};

use super::{super::Azure, Blob, BlobFault, refuse};

pub(super) fn blob(azure: &Azure, container: &str, name: &str, headers: &HeaderMap) -> Response {
    let account = azure.account();
    let Some(blobs) = account.containers.get(container) else {
        return refuse(StatusCode::NOT_FOUND, "ContainerNotFound", "The specified container does not exist.");
    };
    let Some(Blob { content, etag, changed_at }) = blobs.get(name) else {
        return refuse(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist.");
    };
    let wanted = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    if wanted.is_some_and(|wanted| wanted != "*" && wanted != format!("\"{etag}\"")) {
        let message = "The condition specified using HTTP conditional header(s) is not met.";
        return refuse(StatusCode::PRECONDITION_FAILED, "ConditionNotMet", message);
    }
    let sent = match account.fault(name) {
        Some(BlobFault::Halved) => content.slice(..content.len() / 2),
        _ => content.clone(),
    };
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::ETAG, format!("\"{etag}\"")),
        (header::LAST_MODIFIED, changed_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        (header::HeaderName::from_static("content-md5"), BASE64_STANDARD.encode(Md5::digest(content))),
        (header::HeaderName::from_static("x-ms-blob-type"), "BlockBlob".to_owned()),
    ];
    (headers, sent).into_response()
}
