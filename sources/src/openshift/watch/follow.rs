//! `Follow`: one watch, for ever. It begins with a list, goes on from the last version that it heard of however a connection ends, and
//! lists anew when that version is too old.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{
    WatchConfig,
    hints::Hints,
    known::{Difference, Known},
    lines::{Line, Lines},
    target::Target,
    tell::{Tell, Up},
    wire::{Event, Named, Object},
};
use crate::{
    SourceError,
    openshift::client::{Client, Listed, NAMES, Watching},
    upstream::Pieces,
};

/// The pause after the first failure; twice as long after each further one.
const PAUSE: Duration = Duration::from_millis(200);
/// After so many failures in a row the version is held to be at fault.
const FAILURES_MAX: u32 = 5;
/// A connection that ends sooner is no better than one that fails.
const LIFE_MIN: Duration = Duration::from_secs(1);
/// What the cluster says in place of 410 as a status.
const GONE: u16 = 410;

/// One watch.
pub(super) struct Follow<'a> {
    client: &'a Client,
    config: &'a WatchConfig,
    target: Target,
    hints: &'a Hints,
    tell: Tell<'a>,
    known: Known,
    /// Where it goes on; none: it has to be listed.
    version: Option<String>,
    /// Why it is listed.
    reason: &'static str,
    failures: u32,
}

/// How a connection ended.
enum End {
    /// In order, or after something was heard.
    Ended,
    Gone,
    TooLarge,
    Missing,
    Forbidden,
    Failed(SourceError),
}

impl<'a> Follow<'a> {
    pub(super) fn new(
        client: &'a Client,
        config: &'a WatchConfig,
        hints: &'a Hints,
        target: Target,
        source: &'a str,
    ) -> Self {
        let tell = Tell::new(source, target.resource);
        let known = Known::new(config.objects_max);
        Self { client, config, target, hints, tell, known, version: None, reason: "start", failures: 0 }
    }

    /// Follows until it is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let end = self.once().await.unwrap_or_else(End::Failed);
            let pause = self.after(end);
            sleep(pause).await;
        }
    }

    async fn once(&mut self) -> Result<End, SourceError> {
        let version = match self.version.clone() {
            Some(version) => version,
            None => match self.list().await? {
                Ok(version) => version,
                Err(end) => return Ok(end),
            },
        };
        // Uneven, or all watches of all clusters would come back at the same moment.
        let life = self.config.connection_life.mul_f64(0.75 + rand::random::<f64>() / 4.0);
        let (resource, namespace) = (self.target.resource, self.target.namespace.as_deref());
        match self.client.watch(resource, namespace, &version, life).await? {
            Watching::Pieces(pieces) => self.hear(*pieces).await,
            Watching::Gone => Ok(End::Gone),
            Watching::Missing => Ok(End::Missing),
            Watching::Forbidden => Ok(End::Forbidden),
        }
    }

    /// Reads the list, tells what changed since the last one, and leads to the version to go on from.
    async fn list(&mut self) -> Result<Result<String, End>, SourceError> {
        let (resource, namespace) = (self.target.resource, self.target.namespace.as_deref());
        let (listed, version) = self.client.list_as(NAMES, resource, namespace, Named::of_object).await?;
        let items = match listed {
            Listed::Items(items) => items,
            Listed::Missing => return Ok(Err(End::Missing)),
            Listed::Forbidden => return Ok(Err(End::Forbidden)),
        };
        let kind = schema::SourceKind::Openshift;
        let version = version.ok_or_else(|| SourceError::protocol(kind, "its list has no version"))?;
        self.hints.sized(resource, items.len());
        let Difference { is_unknown, changed, has_gone } = self.known.replace(items);
        self.tell.listed(self.reason, !is_unknown);
        if is_unknown {
            self.hints.everything(resource);
        }
        if has_gone {
            self.hints.kind(resource);
        }
        for named in changed {
            self.hints.changed(resource, named);
        }
        self.version = Some(version.clone());
        Ok(Ok(version))
    }

    async fn hear(&mut self, pieces: Pieces) -> Result<End, SourceError> {
        let mut lines = Lines::new(pieces, self.config.event_bytes_max());
        let begun = Instant::now();
        let _up = Up::new(&self.tell);
        while let Some(line) = lines.next().await? {
            let Line::Whole(line) = line else { return Ok(End::TooLarge) };
            let unknown = |error| SourceError::protocol(schema::SourceKind::Openshift, error);
            let event: Event = serde_json::from_slice(&line).map_err(unknown)?;
            if let Some(end) = self.take(event)? {
                return Ok(end);
            }
            self.failures = 0;
        }
        let is_soon = begun.elapsed() < LIFE_MIN;
        let refused = || SourceError::protocol(schema::SourceKind::Openshift, "it ends watches as soon as they begin");
        if is_soon { Err(refused()) } else { Ok(End::Ended) }
    }

    fn take(&mut self, Event { r#type, object }: Event) -> Result<Option<End>, SourceError> {
        let resource = self.target.resource;
        let is_gone = match r#type.as_str() {
            "ADDED" | "MODIFIED" => false,
            "DELETED" => true,
            "BOOKMARK" => {
                self.tell.event("bookmark");
                self.advance(&object);
                return Ok(None);
            }
            "ERROR" if object.code == Some(GONE) => {
                self.tell.event("error");
                return Ok(Some(End::Gone));
            }
            "ERROR" => {
                self.tell.event("error");
                let message = format!("it ended a watch: {}", object.reason.as_deref().unwrap_or("unknown"));
                return Err(SourceError::protocol(schema::SourceKind::Openshift, message));
            }
            // One of a later release; what it means is found by the next synchronisation.
            _ => {
                self.tell.event("other");
                return Ok(None);
            }
        };
        self.tell.event(match (is_gone, r#type.as_str()) {
            (true, _) => "deleted",
            (false, "ADDED") => "added",
            (false, _) => "modified",
        });
        self.advance(&object);
        let Some(named) = Named::of_object(object) else { return Ok(None) };
        if is_gone {
            self.known.remove(&named);
            self.hints.kind(resource);
        } else {
            self.known.put(&named);
            self.hints.changed(resource, named);
        }
        Ok(None)
    }

    fn advance(&mut self, object: &Object) {
        let version = object.metadata.as_ref().and_then(|meta| meta.resource_version.clone());
        if let Some(version) = version.filter(|version| !version.is_empty()) {
            self.version = Some(version);
        }
    }

    /// What follows from an end, and how long it waits.
    fn after(&mut self, end: End) -> Duration {
        self.tell.ended(match &end {
            End::Ended => "ended",
            End::Gone => "gone",
            End::TooLarge => "too_large",
            End::Missing => "missing",
            End::Forbidden => "forbidden",
            End::Failed(_) => "failed",
        });
        match end {
            End::Ended => return Duration::ZERO,
            End::Gone => self.anew("gone"),
            End::TooLarge => self.anew("too_large"),
            End::Missing | End::Forbidden => {
                if matches!(end, End::Forbidden) {
                    self.tell.forbidden(self.client.upstream().health(), self.target.place());
                }
                self.anew("refused");
                return self.config.refused_retry;
            }
            End::Failed(ref error) => {
                tracing::debug!(resource = self.target.resource.plural(), error = error.chain(), "a watch broke off");
                if (self.failures + 1).is_multiple_of(FAILURES_MAX) {
                    self.anew("failing");
                }
            }
        }
        let pause = backoff(self.failures, self.config.retry_max);
        self.failures = self.failures.saturating_add(1);
        let asked = if let End::Failed(error) = &end { error.retry_after() } else { None };
        // A cluster that says how long it wants to be left alone is not asked earlier.
        asked.map_or(pause, |asked| pause.max(asked.min(self.config.retry_max)))
    }

    fn anew(&mut self, reason: &'static str) {
        (self.version, self.reason) = (None, reason);
    }
}

/// The pause after so many failures before this one; half of it is chance.
pub(super) fn backoff(failures: u32, most: Duration) -> Duration {
    let whole = PAUSE.saturating_mul(2_u32.saturating_pow(failures.min(20))).min(most);
    whole.mul_f64(0.5 + rand::random::<f64>() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound_and_are_uneven() {
        let most = Duration::from_secs(30);
        for failures in 0..40 {
            let whole = PAUSE.saturating_mul(1 << failures.min(20)).min(most);
            let pauses: Vec<Duration> = (0..50).map(|_| backoff(failures, most)).collect();
            assert!(pauses.iter().all(|pause| (whole / 2..=whole).contains(pause)), "{failures}: {pauses:?}");
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }
}
