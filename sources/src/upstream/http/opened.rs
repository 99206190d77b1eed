//! `Opened`: a body without an end of its own, such as a watch. The call counts as answered once its headers are there: from then on it
//! takes no place of other calls.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::{Failed, Upstream};
use crate::{SourceError, upstream::Answer};

/// What came of a call for such a body.
pub enum Opened {
    /// The body comes, piece by piece.
    Pieces(Pieces),
    /// One of the expected statuses that are no success.
    Answer(Answer),
}

/// A body that comes as things happen.
pub struct Pieces {
    upstream: Upstream,
    response: Response,
}

impl Upstream {
    /// Opens a body that may come for `life`; then, and a little later, it is cut off. Not tried again: whoever holds it knows where to go on.
    pub async fn open(
        &self,
        call: &'static str,
        make: impl Fn(&Client) -> RequestBuilder,
        expected: &[StatusCode],
        life: Duration,
    ) -> Result<Opened, SourceError> {
        let limit = self.config.limits.timeout;
        let late = || SourceError::Timeout { upstream: self.kind, limit };
        let deadline = Instant::now() + limit;
        let _place = self.admit(call, deadline, late).await.map_err(|failed| failed.error)?;
        let started = Instant::now();
        let request = make(&self.client).timeout(life + limit);
        let opening = async {
            let response = request.send().await.map_err(|error| self.transport_error(error))?;
            let is_expected = expected.contains(&response.status());
            self.judge(&response, is_expected).await?;
            if is_expected {
                return self.read(response, true).await.map(Opened::Answer);
            }
            Ok(Opened::Pieces(Pieces { upstream: self.clone(), response }))
        };
        let outcome = match timeout_at(deadline, opening).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failed::from(late())),
        };
        self.settle(call, &outcome, started.elapsed());
        outcome.map_err(|failed| failed.error)
    }
}

impl Pieces {
    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        self.response.chunk().await.map_err(|error| self.upstream.transport_error(error).error)
    }
}
