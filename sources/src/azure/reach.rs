//! `Reach`: which subscriptions a tenant may read. Ids are compared in lower case.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;

/// The subscriptions that may be read, by tenant.
#[derive(Debug)]
pub(super) struct Reach {
    all: Option<BTreeSet<String>>,
    tenants: Option<BTreeMap<String, BTreeSet<String>>>,
}

/// What one tenant may read; none: whatever the client can.
pub(super) type Allowed = Option<BTreeSet<String>>;

impl Reach {
    pub(super) fn new(config: &Config) -> Self {
        let lower = |ids: &Vec<String>| ids.iter().map(|id| id.to_lowercase()).collect::<BTreeSet<_>>();
        let tenants = || config.tenants.iter().map(|(tenant, ids)| (tenant.clone(), lower(ids))).collect();
        Self {
            all: (!config.subscriptions.is_empty()).then(|| lower(&config.subscriptions)),
            tenants: (!config.tenants.is_empty()).then(tenants),
        }
    }

    /// What this tenant may read. An empty set: nothing.
    pub(super) fn of(&self, tenant: &str) -> Allowed {
        let own = self.tenants.as_ref().map(|tenants| tenants.get(tenant).cloned().unwrap_or_default());
        match (&self.all, own) {
            (Some(all), Some(own)) => Some(&own & all),
            (all, own) => own.or_else(|| all.clone()),
        }
    }

    /// Every subscription that some tenant may read; empty where nothing is listed.
    pub(super) fn listed(&self) -> BTreeSet<String> {
        let of_tenants = self.tenants.iter().flat_map(BTreeMap::values).flatten();
        let is_allowed = |id: &&String| self.all.as_ref().is_none_or(|all| all.contains(*id));
        match &self.tenants {
            Some(_) => of_tenants.filter(is_allowed).cloned().collect(),
            None => self.all.clone().unwrap_or_default(),
        }
    }

    /// Whether this tenant may read this subscription, which is in lower case.
    pub(super) fn allows(&self, tenant: &str, subscription: &str) -> bool {
        self.all.as_ref().is_none_or(|all| all.contains(subscription))
            && self.tenants.as_ref().is_none_or(|tenants| {
                tenants.get(tenant).is_some_and(|subscriptions| subscriptions.contains(subscription))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_that_is_not_listed_reads_nothing_once_any_is() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let open = Reach { all: None, tenants: None };
        assert_eq!(open.of("one"), None);
        assert!(open.allows("one", "x"));
        let some = Reach { all: Some(set(&["a", "b"])), tenants: None };
        assert_eq!(some.of("one"), Some(set(&["a", "b"])));
        let each = Reach { tenants: Some(BTreeMap::from([("one".to_owned(), set(&["b", "c"]))])), ..some };
        assert_eq!((each.of("one"), each.of("two")), (Some(set(&["b"])), Some(set(&[]))));
        assert!(each.allows("one", "b") && !each.allows("one", "c") && !each.allows("one", "a"));
        assert!(!each.allows("two", "a"));
        assert_eq!((each.listed(), open.listed()), (set(&["b"]), set(&[])));
    }
}
