//! `Kept`: an answer as the bytes that go out, whole and compressed.

use std::{io::Write, sync::OnceLock, time::Duration};

use axum::http::HeaderValue;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::versions::Stamp;
use crate::prepare::Keeping;

/// Smaller answers fit into a packet as they are.
const COMPRESSED_FROM: usize = 1024;
/// What an entry takes besides its bytes.
const ENTRY_BYTES: usize = 512;

/// An answer that was made once and is given to many.
pub struct Kept {
    body: Bytes,
    gzip: OnceLock<Bytes>,
    etag: HeaderValue,
    control: HeaderValue,
    made: Instant,
    max_age: Duration,
    stamp: Stamp,
    keeping: Keeping,
}

impl Kept {
    /// An answer that was begun then, when the numbers were these. From then on it grows old.
    pub(super) fn new(body: Bytes, max_age: Duration, keeping: Keeping, (stamp, made): (Stamp, Instant)) -> Self {
        // Weak: the same answer may go out compressed.
        let digest = Sha256::digest(&body);
        let etag = format!("W/\"{}\"", hex::encode(digest.get(..16).unwrap_or_default()));
        let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
        let control = HeaderValue::from_str(&format!("private, max-age={}", max_age.as_secs()));
        let control = control.unwrap_or_else(|_| HeaderValue::from_static("no-store"));
        Self { body, gzip: OnceLock::new(), etag, control, made, max_age, stamp, keeping }
    }

    /// Whether it may be given out at this moment, while the numbers are these.
    pub(super) fn holds(&self, stamp: &Stamp, now: Instant) -> bool {
        now.saturating_duration_since(self.made) < self.max_age
            && self.stamp.agrees(stamp, |domain| self.keeping.rests_on(domain))
    }

    /// Whether it knows of everything that had changed when the numbers were these.
    pub(super) fn is_no_older_than(&self, stamp: &Stamp) -> bool {
        self.stamp.is_no_older_than(stamp, |domain| self.keeping.rests_on(domain))
    }

    /// Room that it takes, its compressed form included; an estimate as long as nobody has asked for that.
    pub(super) fn weight(&self) -> u32 {
        u32::try_from(self.body.len() + self.body.len() / 4 + ENTRY_BYTES).unwrap_or(u32::MAX)
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as gzip; none where that would gain nothing. Made when it is first asked for.
    pub fn gzip(&self) -> Option<&Bytes> {
        if self.body.len() < COMPRESSED_FROM {
            return None;
        }
        Some(self.gzip.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::with_capacity(self.body.len() / 4), Compression::fast());
            // Into memory: nothing here can fail.
            let _ = encoder.write_all(&self.body);
            encoder.finish().unwrap_or_default().into()
        }))
    }

    /// Who else may keep it, and how long.
    pub fn control(&self) -> &HeaderValue {
        &self.control
    }

    /// Names this content.
    pub fn etag(&self) -> &HeaderValue {
        &self.etag
    }

    /// How old it is.
    pub fn age(&self) -> Duration {
        self.made.elapsed()
    }
}
