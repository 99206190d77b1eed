//! What a watch tells operators: metrics by cluster and kind, and once what its token may not do.

use std::sync::Arc;

use super::super::resource::Resource;
use crate::health::Health;

/// The voice of one watch.
pub(super) struct Tell<'a> {
    source: &'a str,
    kind: &'static str,
    has_told_forbidden: bool,
}

impl<'a> Tell<'a> {
    pub(super) fn new(source: &'a str, resource: Resource) -> Self {
        Self { source, kind: resource.plural(), has_told_forbidden: false }
    }

    pub(super) fn event(&self, r#type: &'static str) {
        metrics::counter!("weft_watch_events_total", "source" => self.source.to_owned(), "kind" => self.kind, "type" => r#type)
            .increment(1);
    }

    /// `is_known`: it could be told what changed since the list before.
    pub(super) fn listed(&self, reason: &'static str, is_known: bool) {
        let (source, diff) = (self.source.to_owned(), if is_known { "known" } else { "unknown" });
        metrics::counter!("weft_watch_relists_total", "source" => source, "kind" => self.kind, "reason" => reason, "diff" => diff)
            .increment(1);
    }

    pub(super) fn ended(&self, outcome: &'static str) {
        metrics::counter!("weft_watch_ends_total", "source" => self.source.to_owned(), "kind" => self.kind, "outcome" => outcome)
            .increment(1);
    }

    /// Once for as long as it watches: it stays so until somebody changes it.
    pub(super) fn forbidden(&mut self, health: &Arc<Health>, place: &str) {
        if !std::mem::replace(&mut self.has_told_forbidden, true) {
            let (source, kind) = (self.source, self.kind);
            tracing::warn!(
                source,
                kind,
                place,
                "the token may not watch; changes are found by the next synchronisation"
            );
            health.noted(format!("its token may not watch {kind} in {place}"));
        }
    }
}

/// Counts a connection for as long as it lives.
pub(super) struct Up(metrics::Gauge);

impl Up {
    pub(super) fn new(tell: &Tell<'_>) -> Self {
        let up = metrics::gauge!("weft_watch_up", "source" => tell.source.to_owned(), "kind" => tell.kind);
        up.increment(1.0);
        Self(up)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
