//! Blob storage of one account: containers with blobs, lists in pages, and reads with a token for storage.
//!
//! `list` writes the pages, `read` a blob, `refusal` what is said to whoever may not or asks for what is not there.

mod list;
mod read;
mod refusal;

use std::{collections::BTreeMap, sync::MutexGuard, sync::PoisonError};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{Azure, token};
use refusal::refuse;

/// Where the account is, below the simulator's own address: as the emulator of Azure has it, its name is a part of the path.
const ACCOUNT: &str = "simulatedstorage";

/// Blobs of a page, unless a test asks for fewer.
const PAGE_MAX: usize = 5_000;

/// The oldest version that takes tokens.
const VERSION_MIN: &str = "2017-11-09";

/// What goes wrong with blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobFault {
    /// A refusal with this status.
    Status(u16),
    /// The first half, as if it were all; the headers are those of the whole.
    Halved,
}

/// The account.
pub(super) struct Account {
    containers: BTreeMap<String, BTreeMap<String, Blob>>,
    page_max: usize,
    /// By how names end.
    faults: BTreeMap<String, BlobFault>,
    writes: u64,
}

#[derive(Clone)]
struct Blob {
    content: Bytes,
    etag: String,
    changed_at: DateTime<Utc>,
}

impl Default for Account {
    fn default() -> Self {
        Self { containers: BTreeMap::new(), page_max: PAGE_MAX, faults: BTreeMap::new(), writes: 0 }
    }
}

impl Account {
    fn fault(&self, name: &str) -> Option<BlobFault> {
        self.faults.iter().find(|(ending, _)| name.ends_with(*ending)).map(|(_, fault)| fault.clone())
    }
}

impl Azure {
    /// The address of a container, which is made when it is not there.
    pub fn container_url(&self, container: &str) -> String {
        self.account().containers.entry(container.to_owned()).or_default();
        format!("{}/{ACCOUNT}/{container}", self.url())
    }

    /// Writes a blob as of `at`, anew or over what was there.
    pub fn put_blob(&self, container: &str, name: &str, content: impl Into<Bytes>, at: DateTime<Utc>) {
        let mut account = self.account();
        account.writes += 1;
        let etag = format!("0x8DE{:011X}", account.writes);
        let blob = Blob { content: content.into(), etag, changed_at: at };
        account.containers.entry(container.to_owned()).or_default().insert(name.to_owned(), blob);
    }

    /// Removes a blob.
    pub fn remove_blob(&self, container: &str, name: &str) {
        self.account().containers.entry(container.to_owned()).or_default().remove(name);
    }

    /// Pages of lists have so many blobs at most.
    pub fn set_blob_page_max(&self, blobs: usize) {
        self.account().page_max = blobs.max(1);
    }

    /// Until it is taken back with `None`, this goes wrong with blobs whose names end so; with an empty ending, with lists too.
    pub fn set_blob_fault(&self, ending: &str, fault: Option<BlobFault>) {
        let mut account = self.account();
        match fault {
            Some(fault) => account.faults.insert(ending.to_owned(), fault),
            None => account.faults.remove(ending),
        };
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn router() -> Router<Azure> {
    Router::new()
        .route(&format!("/{ACCOUNT}/{{container}}"), get(container))
        .route(&format!("/{ACCOUNT}/{{container}}/{{*blob}}"), get(blob))
}

async fn container(
    State(azure): State<Azure>,
    Path(container): Path<String>,
    Query(params): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let param = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    if let Err(refusal) = admit(&azure, &headers, "") {
        return *refusal;
    }
    if (param("restype"), param("comp")) != ("container", "list") {
        return refuse(
            StatusCode::BAD_REQUEST,
            "InvalidQueryParameterValue",
            "Only restype=container&comp=list is served.",
        );
    }
    list::page(&azure, &container, &params)
}

async fn blob(
    State(azure): State<Azure>,
    Path((container, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = admit(&azure, &headers, &name) {
        return *refusal;
    }
    read::blob(&azure, &container, &name, &headers)
}

/// Whether the call may be answered at all.
fn admit(azure: &Azure, headers: &HeaderMap, name: &str) -> Result<(), Box<Response>> {
    let version = headers.get("x-ms-version").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if version < VERSION_MIN {
        let message = format!("Authentication scheme Bearer is not supported in the version '{version}'.");
        return Err(Box::new(refuse(StatusCode::FORBIDDEN, "AuthenticationFailed", &message)));
    }
    if let Err(reason) = token::check_storage(azure, headers) {
        return Err(Box::new(refusal::unauthorized(azure, reason)));
    }
    let fault = azure.account().fault(name);
    if let Some(BlobFault::Status(code)) = fault {
        return Err(Box::new(refusal::fault(code)));
    }
    Ok(())
}
