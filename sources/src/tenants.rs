//! `Tenants`: which names of an upstream each tenant may read. One credential reads for all tenants, and annotations are written by
//! anybody; without this, naming another tenant's project would be enough to see it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What each tenant may read, by whatever an upstream tells its parts apart by: groups, organizations, namespaces, subscriptions.
/// Where no tenant is listed, only the default tenant reads, and everything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "BTreeMap<String, Vec<String>>")]
pub struct Tenants {
    listed: BTreeMap<String, Vec<String>>,
    /// None before the configuration as a whole is known: then nobody is told from anybody.
    default: Option<String>,
}

/// What one tenant may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// Whatever the credential reads.
    Everything,
    /// What these names say; nothing where there is none.
    Only(&'a [String]),
}

impl Reach<'_> {
    /// Whether one of the names means it.
    pub fn holds(self, is_meant: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(names) => names.iter().any(|name| is_meant(name)),
        }
    }

    /// Whether it is nothing at all.
    pub fn is_nothing(self) -> bool {
        self == Self::Only(&[])
    }
}

impl Tenants {
    /// The same, for a platform whose default tenant is this one.
    pub fn of_platform(&mut self, default_tenant: &str) {
        self.default = Some(default_tenant.to_owned());
    }

    /// What a tenant may read.
    pub fn reach(&self, tenant: &str) -> Reach<'_> {
        match (self.listed.get(tenant), &self.default) {
            (Some(names), _) => Reach::Only(names),
            (None, default) if self.listed.is_empty() && default.as_deref().is_none_or(|own| own == tenant) => {
                Reach::Everything
            }
            (None, _) => Reach::Only(&[]),
        }
    }

    /// Every name that is listed, with its tenant; none where nobody is.
    pub fn listed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.listed.iter().flat_map(|(tenant, names)| names.iter().map(|name| (tenant.as_str(), name.as_str())))
    }

    /// Nobody is listed.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

impl From<BTreeMap<String, Vec<String>>> for Tenants {
    fn from(listed: BTreeMap<String, Vec<String>>) -> Self {
        Self { listed, default: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_what_is_not_their_own() {
        let mut nobody = Tenants::default();
        nobody.of_platform("default");
        assert_eq!(nobody.reach("default"), Reach::Everything);
        assert!(nobody.reach("other").is_nothing(), "another tenant reads what was set up for the default one");
        let mut listed = Tenants::from(BTreeMap::from([("one".to_owned(), vec!["a".to_owned()])]));
        listed.of_platform("default");
        assert!(listed.reach("one").holds(|name| name == "a"));
        assert!(!listed.reach("one").holds(|name| name == "b"));
        assert!(listed.reach("default").is_nothing(), "once any is listed, the default one reads its own list too");
    }
}
