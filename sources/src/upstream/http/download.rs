//! `Download`: a body that goes to a file as it comes, within its bounds and checked against what the upstream said of it.

use std::{io, path::PathBuf, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use reqwest::Response;
use tokio::{fs::File, io::AsyncWriteExt, time::timeout};

use super::{Failed, Upstream};
use crate::SourceError;

/// What carries the MD5 of a whole file.
const CONTENT_MD5: &str = "content-md5";

/// Where a body goes.
#[derive(Debug, Clone)]
pub struct Download {
    /// The file. Whatever it held before is gone.
    pub file: PathBuf,
    /// Largest size.
    pub bytes_max: u64,
    /// Its size, where it is known.
    pub bytes: Option<u64>,
    /// Longest time for all of it. Each piece has the upstream's own `timeout`.
    pub timeout: Duration,
}

impl Upstream {
    /// Writes a body to its end.
    pub(super) async fn save(&self, mut response: Response, into: &Download) -> Result<(), Failed> {
        let bytes_max = into.bytes.map_or(into.bytes_max, |bytes| bytes.min(into.bytes_max));
        let told = response.content_length();
        if told.is_some_and(|told| told > bytes_max) {
            return Err(self.unlike("it is larger than it should be"));
        }
        let told_md5 = response.headers().get(CONTENT_MD5).cloned();
        let mut file = File::create(&into.file).await.map_err(unwritable)?;
        let (mut hash, mut bytes) = (Md5::new(), 0_u64);
        loop {
            let piece = timeout(self.config.limits.timeout, response.chunk()).await;
            let late = |_| SourceError::Timeout { upstream: self.kind, limit: self.config.limits.timeout };
            let piece = piece.map_err(|elapsed| Failed::from(late(elapsed)))?;
            let Some(piece) = piece.map_err(|error| self.transport_error(error))? else { break };
            bytes = bytes.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            if bytes > bytes_max {
                return Err(self.unlike("it is larger than it should be"));
            }
            hash.update(&piece);
            file.write_all(&piece).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        let is_whole = [told, into.bytes].into_iter().flatten().all(|expected| bytes == expected);
        if !is_whole {
            return Err(Failed { may_be_tried_again: true, ..self.unlike("it is shorter than it should be") });
        }
        if told_md5.is_some_and(|told| told.as_bytes() != BASE64_STANDARD.encode(hash.finalize()).as_bytes()) {
            return Err(Failed { may_be_tried_again: true, ..self.unlike("its content is not the one of its MD5") });
        }
        Ok(())
    }

    /// The file is not what it was said to be.
    fn unlike(&self, what: &'static str) -> Failed {
        SourceError::protocol(self.kind, what).into()
    }
}

/// Says nothing about the upstream.
fn unwritable(error: io::Error) -> Failed {
    let error = SourceError::Invalid(format!("a file that is fetched cannot be written: {error}"));
    Failed { speaks_against_it: false, ..error.into() }
}
