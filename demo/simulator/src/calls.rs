//! What an upstream was asked, so that a test can count calls: an N+1 is a failing assertion, not a surprise in
//! production. Secrets stay out: no header and no body is kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Calls remembered in full; older ones are only counted.
const RECENT_MAX: usize = 1_000;

/// One call, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Its place among all calls since the start or the last reset, from 1.
    pub number: u64,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, still percent-encoded, without the query.
    pub path: String,
    /// The query as sent, still percent-encoded; empty without one.
    pub query: String,
    /// The status answered; `None` while the call hangs, or when its caller left before the answer.
    pub status: Option<u16>,
    /// How many `fullPaths` a GraphQL call asked for, over all its fields; `None` for other calls, and for those a fault
    /// answered.
    pub full_paths: Option<usize>,
}

/// Put on a response by the GraphQL endpoint, for the log.
#[derive(Clone, Copy)]
pub(crate) struct FullPaths(pub(crate) usize);

#[derive(Default)]
struct Log {
    count: u64,
    recent: VecDeque<Call>,
}

/// The calls one upstream has received. Clones share the same log; calls to `/__simulator/…` are not in it.
#[derive(Clone, Default)]
pub struct Calls(Arc<Mutex<Log>>);

impl Calls {
    /// How many calls arrived since the start or the last [`reset`](Self::reset).
    pub fn count(&self) -> u64 {
        self.log().count
    }

    /// The latest calls, oldest first, at most 1,000.
    pub fn recent(&self) -> Vec<Call> {
        self.log().recent.iter().cloned().collect()
    }

    /// Forgets everything.
    pub fn reset(&self) {
        *self.log() = Log::default();
    }

    pub(crate) fn arrived(&self, at: DateTime<Utc>, method: &str, uri: &Uri) -> u64 {
        let mut log = self.log();
        log.count += 1;
        let number = log.count;
        if log.recent.len() == RECENT_MAX {
            log.recent.pop_front();
        }
        let (method, path) = (method.to_owned(), uri.path().to_owned());
        let query = uri.query().unwrap_or_default().to_owned();
        log.recent.push_back(Call { number, at, method, path, query, status: None, full_paths: None });
        number
    }

    pub(crate) fn answered(&self, number: u64, status: u16, full_paths: Option<usize>) {
        if let Some(call) = self.log().recent.iter_mut().rev().find(|call| call.number == number) {
            call.status = Some(status);
            call.full_paths = full_paths;
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
