//! `Storage`: a container of Azure's Blob storage, read: what it holds, and a blob into a file. The address is the operator's word;
//! no answer leads to another one.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{ETAG, IF_MATCH},
};
use schema::SourceKind;
use serde::Deserialize;
use url::Url;

use super::token::Tokens;
use crate::{
    SourceError,
    upstream::{Download, Upstream},
};

/// The version of the service; tokens are taken since 2017-11-09.
const VERSION: &str = "2021-12-02";

/// Most pages of a list, up to 5,000 blobs each.
const PAGES_MAX: usize = 40;

/// Longest name of a blob, in characters.
const NAME_CHARS_MAX: usize = 1_024;

/// A container. Clones share everything.
#[derive(Clone)]
pub struct Storage {
    pub(super) upstream: Upstream,
    pub(super) tokens: Tokens,
    pub(super) container: Url,
}

/// A blob, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Its path in the container.
    pub name: String,
    /// Changes with its content.
    pub etag: String,
    /// Its size.
    pub bytes: u64,
    /// When it was written last.
    pub changed_at: DateTime<Utc>,
}

impl Storage {
    /// The address of the container.
    pub fn container(&self) -> &Url {
        &self.container
    }

    /// The blobs whose names begin so, in the order of their names. Those with names that no export writes are left out.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Blob>, SourceError> {
        let mut blobs = Vec::new();
        let mut marker = String::new();
        for _ in 0..PAGES_MAX {
            let mut url = self.container.clone();
            url.query_pairs_mut()
                .append_pair("restype", "container")
                .append_pair("comp", "list")
                .append_pair("prefix", prefix)
                .append_pair("marker", &marker);
            let ask = |http: &reqwest::Client| versioned(http.get(url.clone()));
            // Expected, for it is XML.
            let answer = self.tokens.ask(&self.upstream, "blobs", ask, &[StatusCode::OK], None).await?;
            let page = Page::read(answer.bytes())?;
            blobs.extend(page.blobs.blob.into_iter().filter_map(BlobItem::into_blob));
            marker = page.next_marker.unwrap_or_default();
            if marker.is_empty() {
                return Ok(blobs);
            }
        }
        Err(protocol("the container holds more blobs than are looked at: name a longer prefix"))
    }

    /// Writes a blob into a file; fails when it is no longer the one of the list.
    pub async fn get(&self, blob: &Blob, file: &Path, bytes_max: u64, timeout: Duration) -> Result<(), SourceError> {
        let mut url = self.container.clone();
        let Ok(mut segments) = url.path_segments_mut() else { return Err(protocol("its container has no path")) };
        segments.pop_if_empty().extend(blob.name.split('/'));
        drop(segments);
        let into = Download { file: file.to_owned(), bytes_max, bytes: Some(blob.bytes), timeout };
        let ask = |http: &reqwest::Client| {
            versioned(http.get(url.clone())).header(IF_MATCH, format!("\"{}\"", bare(&blob.etag)))
        };
        let answer = self.tokens.ask(&self.upstream, "blob", ask, &[], Some(&into)).await?;
        // Whoever does not know `If-Match` may send another one.
        let sent = answer.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
        if sent.is_some_and(|etag| bare(etag) != bare(&blob.etag)) {
            return Err(protocol("a blob was changed while it was read"));
        }
        Ok(())
    }
}

fn versioned(request: RequestBuilder) -> RequestBuilder {
    request.header("x-ms-version", VERSION)
}

/// Lists show it without quotes, answers with.
fn bare(etag: &str) -> &str {
    etag.trim_matches('"')
}

fn protocol(message: &'static str) -> SourceError {
    SourceError::protocol(SourceKind::Azure, message)
}

/// A page of a list; everything else in it is left alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    blobs: Blobs,
    next_marker: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Blobs {
    #[serde(default)]
    blob: Vec<BlobItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BlobItem {
    name: Name,
    properties: Properties,
}

#[derive(Debug, Deserialize)]
struct Name {
    /// With characters that XML cannot hold: not the name itself.
    #[serde(rename = "@Encoded", default)]
    encoded: Option<String>,
    #[serde(rename = "$text", default)]
    text: String,
}

#[derive(Debug, Deserialize)]
struct Properties {
    #[serde(rename = "Last-Modified")]
    last_modified: String,
    #[serde(rename = "Etag")]
    etag: String,
    #[serde(rename = "Content-Length")]
    content_length: u64,
}

impl Page {
    fn read(body: &[u8]) -> Result<Self, SourceError> {
        let text = std::str::from_utf8(body).map_err(|error| SourceError::protocol(SourceKind::Azure, error))?;
        let text = text.trim_start_matches('\u{feff}');
        quick_xml::de::from_str(text).map_err(|error| SourceError::protocol(SourceKind::Azure, error))
    }
}

impl BlobItem {
    fn into_blob(self) -> Option<Blob> {
        let changed_at = DateTime::parse_from_rfc2822(&self.properties.last_modified).ok()?.to_utc();
        let Name { encoded, text: name } = self.name;
        let Properties { etag, content_length: bytes, .. } = self.properties;
        let is_plain = encoded.is_none() && is_blob_name(&name) && !etag.is_empty();
        is_plain.then_some(Blob { name, etag, bytes, changed_at })
    }
}

/// A path that stands in an address as it is, and leads nowhere else.
fn is_blob_name(name: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\\');
    name.chars().count() <= NAME_CHARS_MAX && name.split('/').all(is_plain) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults \
        ServiceEndpoint=\"https://acct.blob.core.windows.net/\" ContainerName=\"exports\"><Prefix>a</Prefix><Blobs><Blob><Name>a/b &amp; \
        c&#252;/manifest.json</Name><Properties><Creation-Time>Mon, 02 Mar 2026 10:00:00 GMT</Creation-Time><Last-Modified>Mon, 02 Mar \
        2026 10:00:01 GMT</Last-Modified><Etag>0x8DC</Etag><Content-Length>12</Content-Length><Content-Type>application/json</Content-Type>\
        <Content-Encoding /><Content-MD5>CY9rzUYh03PK3k6DJie09g==</Content-MD5><BlobType>BlockBlob</BlobType></Properties><OrMetadata />\
        </Blob><Blob><Name Encoded=\"true\">a/%01</Name><Properties><Last-Modified>Mon, 02 Mar 2026 10:00:01 GMT</Last-Modified>\
        <Etag>0x1</Etag><Content-Length>0</Content-Length></Properties></Blob></Blobs><NextMarker>2!92!x</NextMarker></EnumerationResults>";

    #[test]
    fn a_page_tells_its_blobs_and_where_it_goes_on() {
        let page = Page::read(PAGE.as_bytes()).unwrap();
        assert_eq!(page.next_marker.as_deref(), Some("2!92!x"));
        let blobs: Vec<Blob> = page.blobs.blob.into_iter().filter_map(BlobItem::into_blob).collect();
        assert_eq!(blobs.len(), 1, "{blobs:?}");
        assert_eq!((blobs[0].name.as_str(), blobs[0].bytes), ("a/b & cü/manifest.json", 12));
        assert_eq!(blobs[0].changed_at.to_rfc3339(), "2026-03-02T10:00:01+00:00");
    }

    #[test]
    fn an_empty_page_and_nonsense() {
        let empty = "<?xml version=\"1.0\"?><EnumerationResults><Blobs /><NextMarker /></EnumerationResults>";
        let page = Page::read(empty.as_bytes()).unwrap();
        assert!(page.blobs.blob.is_empty() && page.next_marker.unwrap_or_default().is_empty());
        for nonsense in ["", "{}", "<html><body>Sign in</body>", "<a><b></a>"] {
            assert!(Page::read(nonsense.as_bytes()).is_err(), "{nonsense} was read");
        }
        // Entities of a document's own are not expanded.
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><EnumerationResults><Blobs/><NextMarker>&b;</NextMarker></EnumerationResults>";
        assert!(Page::read(bomb.as_bytes()).is_err());
    }

    #[test]
    fn names_lead_nowhere_else() {
        for good in ["manifest.json", "a/b c/20260301-20260331/x/part_0.csv.gz", "ü"] {
            assert!(is_blob_name(good), "{good}");
        }
        for bad in ["", "/a", "a//b", "a/../b", "..", "a/.", "a\\b", "a\nb", &"x".repeat(1_025)] {
            assert!(!is_blob_name(bad), "{bad}");
        }
    }
}
