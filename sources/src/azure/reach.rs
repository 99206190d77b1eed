//! `Reach`: which subscriptions a tenant may read. Ids are compared in lower case.

use std::collections::BTreeSet;

use super::Config;
use crate::{Tenants, tenants};

/// The subscriptions that may be read, by tenant.
#[derive(Debug)]
pub(super) struct Reach {
    all: Option<BTreeSet<String>>,
    tenants: Tenants,
}

/// What one tenant may read; none: whatever the client can.
pub(super) type Allowed = Option<BTreeSet<String>>;

impl Reach {
    pub(super) fn new(config: &Config) -> Self {
        let all = &config.subscriptions;
        Self { all: (!all.is_empty()).then(|| lower(all)), tenants: config.tenants.clone() }
    }

    /// What this tenant may read. An empty set: nothing.
    pub(super) fn of(&self, tenant: &str) -> Allowed {
        match (self.tenants.reach(tenant), &self.all) {
            (tenants::Reach::Everything, all) => all.clone(),
            (tenants::Reach::Only(own), Some(all)) => Some(&lower(own) & all),
            (tenants::Reach::Only(own), None) => Some(lower(own)),
        }
    }

    /// Every subscription that some tenant may read; empty where nothing is listed.
    pub(super) fn listed(&self) -> BTreeSet<String> {
        if self.tenants.is_empty() {
            return self.all.clone().unwrap_or_default();
        }
        let is_allowed = |id: &String| self.all.as_ref().is_none_or(|all| all.contains(id));
        self.tenants.listed().map(|(_, id)| id.to_lowercase()).filter(is_allowed).collect()
    }

    /// Whether this tenant may read this subscription, which is in lower case.
    pub(super) fn allows(&self, tenant: &str, subscription: &str) -> bool {
        self.of(tenant).is_none_or(|allowed| allowed.contains(subscription))
    }
}

fn lower(ids: &[String]) -> BTreeSet<String> {
    ids.iter().map(|id| id.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_tenant_that_is_not_listed_reads_nothing_once_any_is() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
        let open = Reach { all: None, tenants: Tenants::default() };
        assert_eq!(open.of("one"), None);
        assert!(open.allows("one", "x"));
        let some = Reach { all: Some(set(&["a", "b"])), tenants: Tenants::default() };
        assert_eq!(some.of("one"), Some(set(&["a", "b"])));
        let own = BTreeMap::from([("one".to_owned(), vec!["b".to_owned(), "c".to_owned()])]);
        let each = Reach { tenants: Tenants::from(own), ..some };
        assert_eq!((each.of("one"), each.of("two")), (Some(set(&["b"])), Some(set(&[]))));
        assert!(each.allows("one", "b") && !each.allows("one", "c") && !each.allows("one", "a"));
        assert!(!each.allows("two", "a"));
        assert_eq!((each.listed(), open.listed()), (set(&["b"]), set(&[])));
    }
}
