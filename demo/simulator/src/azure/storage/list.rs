//! Pages of a list, in XML with a mark of its byte order, as the real one sends them.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest as _, Md5};

use super::{super::Azure, Blob, refuse};

pub(super) fn page(azure: &Azure, container: &str, params: &BTreeMap<String, String>) -> Response {
    let param = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    let account = azure.account();
    let Some(blobs) = account.containers.get(container) else {
        return refuse(StatusCode::NOT_FOUND, "ContainerNotFound", "The specified container does not exist.");
    };
    let (prefix, marker) = (param("prefix"), param("marker"));
    let after = match marker.strip_prefix("2!after!").and_then(|text| BASE64_STANDARD.decode(text).ok()) {
        Some(bytes) => String::from_utf8(bytes).unwrap_or_default(),
        None if marker.is_empty() => String::new(),
        None => return refuse(StatusCode::BAD_REQUEST, "OutOfRangeInput", "The marker is not one of this list."),
    };
    let asked = param("maxresults").parse().unwrap_or(account.page_max);
    let size = account.page_max.min(asked).max(1);
    let mut found = blobs.iter().filter(|(name, _)| name.starts_with(prefix) && **name > after);
    let page: Vec<(&String, &Blob)> = found.by_ref().take(size).collect();
    let next = found.next().and(page.last()).map(|(name, _)| format!("2!after!{}", BASE64_STANDARD.encode(name)));
    let mut text = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"{}\" ContainerName=\"{container}\">\
         <Prefix>{}</Prefix><Marker>{}</Marker><Blobs>",
        azure.url(),
        escaped(prefix),
        escaped(marker)
    );
    for (name, blob) in page {
        let at = blob.changed_at.format("%a, %d %b %Y %H:%M:%S GMT");
        let Blob { content, etag, .. } = blob;
        let _ = write!(
            text,
            "<Blob><Name>{}</Name><Properties><Creation-Time>{at}</Creation-Time><Last-Modified>{at}</Last-Modified><Etag>{etag}</Etag>\
             <Content-Length>{}</Content-Length><Content-Type>application/octet-stream</Content-Type><Content-Encoding />\
             <Content-Language /><Content-MD5>{}</Content-MD5><Cache-Control /><BlobType>BlockBlob</BlobType>\
             <AccessTier>Hot</AccessTier><LeaseStatus>unlocked</LeaseStatus></Properties><OrMetadata /></Blob>",
            escaped(name),
            content.len(),
            BASE64_STANDARD.encode(Md5::digest(content))
        );
    }
    let _ = match next {
        Some(next) => write!(text, "</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>"),
        None => write!(text, "</Blobs><NextMarker /></EnumerationResults>"),
    };
    ([(header::CONTENT_TYPE, "application/xml")], text).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
