//! All groups, by subscription and name; subscriptions exist through their groups.

use std::collections::BTreeMap;

use super::{Group, Limits, TENANT_ID};
use crate::seed;

/// Believable names for subscriptions, which only have an id here.
const AREAS: [&str; 6] = ["Platform", "Payments", "Data", "Retail", "Shared Services", "Sandbox"];
const STAGES: [&str; 3] = ["Production", "Test", "Development"];

/// The tenant of the fake Azure.
#[derive(Clone)]
pub struct World {
    /// By subscription and name in lower case: Azure compares ids without regard to case.
    groups: BTreeMap<(String, String), Group>,
    pub(super) tenant_id: String,
    pub(super) limits: Limits,
}

impl Default for World {
    fn default() -> Self {
        Self { groups: BTreeMap::new(), tenant_id: TENANT_ID.to_owned(), limits: Limits::default() }
    }
}

impl World {
    /// A world still to be filled.
    pub fn builder() -> WorldBuilder {
        WorldBuilder(Self::default())
    }

    pub(super) fn put(&mut self, group: Group) {
        self.groups.insert(key(&group.subscription_id, &group.name), group);
    }

    pub(super) fn remove(&mut self, subscription_id: &str, name: &str) {
        self.groups.remove(&key(subscription_id, name));
    }

    /// Every group, by subscription, then by name.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    pub(super) fn groups_of(&self, subscription_id: &str) -> impl Iterator<Item = &Group> {
        let wanted = subscription_id.to_lowercase();
        let from = (wanted.clone(), String::new());
        self.groups.range(from..).take_while(move |((id, _), _)| *id == wanted).map(|(_, group)| group)
    }

    pub(super) fn group(&self, subscription_id: &str, name: &str) -> Option<&Group> {
        self.groups.get(&key(subscription_id, name))
    }

    /// The id of each subscription once, as its first group spells it.
    pub(super) fn subscriptions(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.groups().map(|group| group.subscription_id.as_str()).collect();
        ids.dedup_by(|next, kept| next.eq_ignore_ascii_case(kept));
        ids
    }

    pub(super) fn subscription(&self, id: &str) -> Option<&str> {
        self.groups_of(id).next().map(|group| group.subscription_id.as_str())
    }
}

/// What a subscription is called.
pub(super) fn display_name(subscription_id: &str) -> String {
    let id = subscription_id.to_lowercase();
    let (area, stage) = (seed::pick(&id, "area", &AREAS), seed::pick(&id, "stage", &STAGES));
    format!("{} {}", area.unwrap_or(&""), stage.unwrap_or(&""))
}

fn key(subscription_id: &str, name: &str) -> (String, String) {
    (subscription_id.to_lowercase(), name.to_lowercase())
}

/// Fills a [`World`].
pub struct WorldBuilder(World);

impl WorldBuilder {
    /// Adds one group, and with it its subscription; the latest of a name wins.
    #[must_use]
    pub fn group(mut self, group: Group) -> Self {
        self.0.put(group);
        self
    }

    /// Adds a [believable](Group::believable) group for each name.
    #[must_use]
    pub fn groups(self, subscription_id: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        names.into_iter().fold(self, |world, name| world.group(Group::believable(subscription_id, name.as_ref())))
    }

    /// The tenant, instead of [`TENANT_ID`].
    #[must_use]
    pub fn tenant(mut self, id: impl Into<String>) -> Self {
        self.0.tenant_id = id.into();
        self
    }

    /// The limits, instead of the documented ones.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.0.limits = limits;
        self
    }

    /// The world.
    pub fn build(self) -> World {
        self.0
    }
}
