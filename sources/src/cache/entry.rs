//! What the cache keeps of one key, and for how long.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::Life;

/// How long entries live. Each life begins at the fetch.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lives {
    /// Served without asking.
    #[serde(with = "humantime_serde")]
    pub fresh: Duration,
    /// Served while it is fetched anew behind, or because the upstream fails; marked as stale.
    #[serde(with = "humantime_serde")]
    pub stale: Duration,
    /// How long the upstream's word that there is no such thing counts.
    #[serde(with = "humantime_serde")]
    pub negative: Duration,
}

/// One value, or the knowledge that there is none.
#[derive(Debug)]
pub struct Entry<V> {
    /// The value; none when the upstream has no such thing.
    pub value: Option<Arc<V>>,
    /// When it was fetched.
    pub fetched_at: DateTime<Utc>,
    /// Until then it is served as it is.
    pub fresh_until: DateTime<Utc>,
    /// Until then it is served when nothing better is to be had.
    pub stale_until: DateTime<Utc>,
    /// Whether memory still has it.
    pub life: Arc<Life>,
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), life: Arc::clone(&self.life), ..*self }
    }
}

impl<V> Entry<V> {
    /// An entry fetched at this moment.
    pub fn new(value: Option<V>, fetched_at: DateTime<Utc>, lives: &Lives) -> Self {
        let life = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(365));
        let (fresh, stale) = match value {
            Some(_) => (life(lives.fresh), life(lives.stale)),
            None => (life(lives.negative), life(lives.negative)),
        };
        Self {
            value: value.map(Arc::new),
            fetched_at,
            fresh_until: fetched_at + fresh,
            stale_until: fetched_at + fresh.max(stale),
            life: Arc::default(),
        }
    }

    /// It may be served as it is.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now < self.fresh_until
    }

    /// It may be served when nothing better is to be had.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        now < self.stale_until
    }

    /// The value as it is served now, from this layer.
    pub fn served(&self, now: DateTime<Utc>, layer: Layer) -> Served<V> {
        let age = (now - self.fetched_at).to_std().unwrap_or_default();
        Served {
            value: self.value.clone(),
            layer,
            age,
            fetched_at: self.fetched_at,
            stale_age: (!self.is_fresh(now)).then_some(age),
        }
    }
}

/// Which layer an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The memory of this process.
    Memory,
    /// The cache that replicas share.
    Shared,
    /// The upstream itself.
    Source,
}

impl Layer {
    /// Its name in `extensions.receipts`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Shared => "shared",
            Self::Source => "source",
        }
    }
}

/// A value as it is served.
#[derive(Debug)]
pub struct Served<V> {
    /// The value; none when the upstream has no such thing.
    pub value: Option<Arc<V>>,
    /// When the upstream was asked for it.
    pub fetched_at: DateTime<Utc>,
    /// How long that is ago.
    pub age: Duration,
    /// Where it was.
    pub layer: Layer,
    /// How old it is, where it is older than it should be.
    pub stale_age: Option<Duration>,
}

impl<V> Served<V> {
    /// Something made of the value, as old and from the same layer.
    pub fn map<U>(&self, change: impl FnOnce(&V) -> U) -> Served<U> {
        self.pick(|value| Some(Arc::new(change(value))))
    }

    /// A part of the value, as old and from the same layer.
    pub fn pick<U>(&self, part: impl FnOnce(&V) -> Option<Arc<U>>) -> Served<U> {
        Served {
            value: self.value.as_deref().and_then(part),
            fetched_at: self.fetched_at,
            age: self.age,
            layer: self.layer,
            stale_age: self.stale_age,
        }
    }

    /// Something put together of these parts: as old as the oldest of them. Of no parts it is made now.
    pub fn of_parts<'a, U: 'a>(
        value: Option<Arc<V>>,
        parts: impl IntoIterator<Item = &'a Served<U>>,
        now: DateTime<Utc>,
    ) -> Self {
        let whole = Self { value, fetched_at: now, age: Duration::ZERO, layer: Layer::Memory, stale_age: None };
        parts.into_iter().fold(whole, Self::and_of)
    }

    /// The same, put together of this part too.
    pub fn and_of<U>(mut self, part: &Served<U>) -> Self {
        if part.fetched_at <= self.fetched_at {
            (self.fetched_at, self.age, self.layer) = (part.fetched_at, part.age, part.layer);
        }
        self.stale_age = self.stale_age.max(part.stale_age);
        self
    }
}

impl<V> Clone for Served<V> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), ..*self }
    }
}
