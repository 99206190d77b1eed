//! One resource group: what the caller says about it, or what its name makes believable.

use std::collections::BTreeMap;

use super::{AlertRule, Resource, resource};
use crate::seed::{between, draw, pick};

const LOCATIONS: [&str; 5] = ["westeurope", "northeurope", "germanywestcentral", "swedencentral", "eastus"];
const ENVIRONMENTS: [&str; 4] = ["prod", "test", "dev", "staging"];
const OWNERS: [&str; 5] = ["team-payments", "team-platform", "team-data", "team-retail", "team-identity"];

/// A resource group of the fake Azure. Start from [`new`](Self::new) or [`believable`](Self::believable) and set what
/// matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The subscription it is in, a GUID. Looked up without regard to case, answered as written here.
    pub subscription_id: String,
    /// Its name, unique in the subscription, likewise without regard to case.
    pub name: String,
    /// The region's short name.
    pub location: String,
    /// The tags on the group itself; its resources do not inherit them.
    pub tags: BTreeMap<String, String>,
    /// What is in it. Two of the same type and name are two rows with one id.
    pub resources: Vec<Resource>,
    /// What fires in it.
    pub alerts: Vec<AlertRule>,
}

impl Group {
    /// An empty group in West Europe without tags.
    pub fn new(subscription_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            subscription_id: subscription_id.into(),
            name: name.into(),
            location: "westeurope".to_owned(),
            tags: BTreeMap::new(),
            resources: Vec::new(),
            alerts: Vec::new(),
        }
    }

    /// A group as its name suggests it, with 2 to 12 resources and up to 3 alert rules: always the same one for the same
    /// subscription and name.
    pub fn believable(subscription_id: &str, name: &str) -> Self {
        let subject = format!("{subscription_id}/{name}").to_lowercase();
        let location = pick(&subject, "location", &LOCATIONS).copied().unwrap_or("westeurope");
        let tags = tags(&subject, name);
        let count = between(&subject, "resources", 2, 12);
        let resources: Vec<_> =
            (1..=count).map(|place| resource::believable(&subject, name, location, &tags, place)).collect();
        let rules = between(&subject, "alert rules", 0, 3);
        let alerts = (0..rules)
            .filter_map(|number| {
                let topic = format!("alert target {number}");
                Some(AlertRule::believable(&format!("{subject}#{number}"), pick(&subject, &topic, &resources)?))
            })
            .collect();
        Self { location: location.to_owned(), tags, resources, alerts, ..Self::new(subscription_id, name) }
    }

    pub(super) fn id(&self) -> String {
        format!("/subscriptions/{}/resourceGroups/{}", self.subscription_id, self.name)
    }
}

/// A quarter of all groups has no tags, as in any estate that grew.
fn tags(subject: &str, name: &str) -> BTreeMap<String, String> {
    if draw(subject, "tagged").is_multiple_of(4) {
        return BTreeMap::new();
    }
    // A name that says where it belongs is believed.
    let named = ENVIRONMENTS.iter().find(|environment| name.split(['-', '_']).any(|word| word == **environment));
    let environment = named.or_else(|| pick(subject, "environment", &ENVIRONMENTS)).copied().unwrap_or("prod");
    let owner = pick(subject, "owner", &OWNERS).copied().unwrap_or("team-platform");
    let mut tags = BTreeMap::from([("env", environment.to_owned()), ("owner", owner.to_owned())]);
    if draw(subject, "cost center").is_multiple_of(2) {
        tags.insert("costCenter", between(subject, "cost center number", 4000, 4099).to_string());
    }
    tags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
