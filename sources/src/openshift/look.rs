//! One look at all clusters: which lists it needs, what came, and how old the answer is.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures::future::join_all;

use super::{
    Openshift,
    cluster::{Lists, Want},
};
use crate::{
    SourceError,
    cache::{Access, Layer, Served},
};

pub(super) type Outcome<T> = Result<Served<T>, SourceError>;
/// By cluster, what was wanted of it.
pub(super) type Wants<'a> = HashMap<&'a str, BTreeSet<Want>>;

/// The lists of all clusters that were asked for something.
pub(super) struct Looked(HashMap<String, HashMap<Want, Result<Lists, SourceError>>>);

impl Looked {
    pub(super) fn of(&self, cluster: &str, want: &Want) -> Option<&Result<Lists, SourceError>> {
        self.0.get(cluster)?.get(want)
    }
}

/// What an answer rests on: as old as the oldest list.
pub(super) struct Age {
    now: DateTime<Utc>,
    fetched_at: DateTime<Utc>,
    layer: Layer,
    stale_age: Option<Duration>,
}

impl Age {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { now, fetched_at: now, layer: Layer::Memory, stale_age: None }
    }

    pub(super) fn add(&mut self, lists: &Lists) {
        if lists.fetched_at <= self.fetched_at {
            (self.fetched_at, self.layer) = (lists.fetched_at, lists.layer);
        }
        self.stale_age = self.stale_age.max(lists.stale_age);
    }

    pub(super) fn served<T>(self, value: Option<T>) -> Served<T> {
        Served {
            value: value.map(Arc::new),
            fetched_at: self.fetched_at,
            age: (self.now - self.fetched_at).to_std().unwrap_or_default(),
            layer: self.layer,
            stale_age: self.stale_age,
        }
    }
}

impl Openshift {
    /// Asks all clusters at the same time.
    pub(super) async fn look(&self, wants: Wants<'_>, access: &Access) -> Looked {
        let now = self.0.clock.now();
        let asked = self.0.clusters.iter().filter_map(|cluster| {
            let wants = wants.get(cluster.name())?;
            Some(async move { (cluster.name().to_owned(), cluster.lists(wants, access, now).await) })
        });
        Looked(join_all(asked).await.into_iter().collect())
    }
}
