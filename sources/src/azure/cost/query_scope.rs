//! `QueryScope`: what a query is about. Only subscriptions and groups: wider scopes tell no resources, so that nobody could say whose their
//! charges are.

use crate::azure::scope::{Scope, is_guid};

/// A subscription, or a group in one; in lower case, which Azure takes to be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryScope {
    /// The id of the subscription.
    pub subscription: String,
    group: Option<String>,
}

impl QueryScope {
    /// Reads `/subscriptions/<id>`, with or without `/resourceGroups/<name>`.
    pub fn read(text: &str) -> Option<Self> {
        let lower = text.trim_end_matches('/').to_lowercase();
        let rest = lower.strip_prefix("/subscriptions/")?;
        let Some((subscription, name)) = rest.split_once("/resourcegroups/") else {
            return is_guid(rest).then(|| Self { subscription: rest.to_owned(), group: None });
        };
        match Scope::group(&format!("{subscription}/{name}"))? {
            Scope::Group { subscription, name } => Some(Self { subscription, group: Some(name) }),
            Scope::Tag { .. } => None,
        }
    }

    /// As Azure writes it.
    pub fn path(&self) -> String {
        match &self.group {
            Some(group) => format!("/subscriptions/{}/resourceGroups/{group}", self.subscription),
            None => format!("/subscriptions/{}", self.subscription),
        }
    }

    /// There are charges that both tell.
    pub fn meets(&self, other: &Self) -> bool {
        self.subscription == other.subscription
            && (self.group.is_none() || other.group.is_none() || self.group == other.group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "CFBBD179-59d2-4052-aa06-9270a38aa9d6";

    #[test]
    fn only_subscriptions_and_their_groups_are_asked_for() {
        let whole = QueryScope::read(&format!("/subscriptions/{ID}")).unwrap();
        let group = QueryScope::read(&format!("/subscriptions/{ID}/resourceGroups/Pay/")).unwrap();
        let other = QueryScope::read(&format!("/subscriptions/{ID}/resourcegroups/shop")).unwrap();
        assert_eq!(group.path(), format!("/subscriptions/{}/resourceGroups/pay", ID.to_lowercase()));
        assert!(whole.meets(&group) && group.meets(&whole) && group.meets(&group) && !group.meets(&other));
        for text in [
            "",
            "subscriptions/x",
            "/subscriptions/x",
            &format!("/subscriptions/{ID}/../x"),
            &format!("/subscriptions/{ID}/resourceGroups/a/providers/b"),
            "/providers/Microsoft.Management/managementGroups/all",
        ] {
            assert_eq!(QueryScope::read(text), None, "{text} was taken");
        }
    }
}
