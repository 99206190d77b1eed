//! `Known`: the versions of what a watch has seen, so that a list that is read anew tells what changed meanwhile.

use std::collections::HashMap;

use super::wire::Named;

/// The objects of one watch, by namespace and name.
pub(super) struct Known {
    versions: HashMap<(Box<str>, Box<str>), Box<str>>,
    /// Not all are remembered: there were none yet, or too many.
    is_partial: bool,
    objects_max: usize,
}

/// How a list differs from what was known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Everything may have changed.
    pub(super) is_unknown: bool,
    /// What is new or another version.
    pub(super) changed: Vec<Named>,
    pub(super) has_gone: bool,
}

impl Known {
    pub(super) fn new(objects_max: usize) -> Self {
        Self { versions: HashMap::new(), is_partial: true, objects_max }
    }

    pub(super) fn put(&mut self, named: &Named) {
        if !self.is_partial {
            self.versions.insert(key(named), named.version.as_str().into());
            self.bound();
        }
    }

    pub(super) fn remove(&mut self, named: &Named) {
        self.versions.remove(&key(named));
    }

    /// Takes a list over.
    pub(super) fn replace(&mut self, listed: Vec<Named>) -> Difference {
        let before = std::mem::take(&mut self.versions);
        let is_unknown = std::mem::replace(&mut self.is_partial, listed.len() > self.objects_max);
        if !self.is_partial {
            self.versions = listed.iter().map(|named| (key(named), named.version.as_str().into())).collect();
        }
        if is_unknown {
            return Difference { is_unknown, ..Difference::default() };
        }
        let (mut changed, mut stayed) = (listed, 0);
        changed.retain(|named| {
            let version = before.get(&key(named));
            stayed += usize::from(version.is_some());
            version.is_none_or(|version| **version != *named.version)
        });
        Difference { is_unknown, changed, has_gone: stayed < before.len() }
    }

    fn bound(&mut self) {
        if self.versions.len() > self.objects_max {
            (self.versions, self.is_partial) = (HashMap::new(), true);
        }
    }
}

fn key(named: &Named) -> (Box<str>, Box<str>) {
    (named.namespace.as_str().into(), named.name.as_str().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, version: &str) -> Named {
        Named { namespace: "shop".to_owned(), name: name.to_owned(), version: version.to_owned(), deployment: None }
    }

    #[test]
    fn a_list_that_is_read_anew_tells_what_came_changed_and_went() {
        let mut known = Known::new(10);
        assert!(known.replace(vec![named("a", "1"), named("b", "1"), named("c", "1")]).is_unknown, "the first list");
        known.put(&named("b", "2"));
        known.put(&named("d", "3"));
        known.remove(&named("c", "1"));
        let same = known.replace(vec![named("a", "1"), named("b", "2"), named("d", "3")]);
        assert_eq!(same, Difference::default());
        let found = known.replace(vec![named("a", "1"), named("b", "4"), named("e", "5")]);
        assert_eq!(found.changed, [named("b", "4"), named("e", "5")]);
        assert!(found.has_gone && !found.is_unknown);
    }

    #[test]
    fn beyond_its_bound_nothing_is_remembered_and_the_next_list_is_new_throughout() {
        let mut known = Known::new(2);
        known.replace(vec![named("a", "1"), named("b", "1")]);
        assert!(!known.replace(vec![named("a", "1"), named("b", "1")]).is_unknown, "at the bound");
        known.put(&named("c", "1"));
        assert!(known.versions.is_empty());
        assert!(known.replace(vec![named("a", "1")]).is_unknown);
        assert!(!known.replace(vec![named("a", "1"), named("b", "1"), named("c", "1")]).is_unknown);
        assert!(known.replace(vec![named("a", "1")]).is_unknown, "the list before was too long");
    }
}
