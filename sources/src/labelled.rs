//! `Labelled`: a metric with labels of few values, each looked up once. To find a metric by its labels takes as long as forty counts; a
//! request counts a dozen times.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use ahash::RandomState;
use arc_swap::ArcSwapOption;

/// Metrics of one name by their labels, which are texts of the program: there is an end to them.
pub struct Labelled<M: 'static, L: 'static = &'static str> {
    find: fn(L) -> M,
    known: ArcSwapOption<HashMap<L, M, RandomState>>,
}

impl<M: Clone, L: Copy + Eq + Hash> Labelled<M, L> {
    /// Metrics that are found like this. Not to be used before metrics are collected: what was found by then counts nothing.
    pub const fn new(find: fn(L) -> M) -> Self {
        Self { find, known: ArcSwapOption::const_empty() }
    }

    /// Does something with the metric of this label.
    pub fn with(&self, label: L, act: impl FnOnce(&M)) {
        if let Some(metric) = self.known.load().as_ref().and_then(|known| known.get(&label)) {
            return act(metric);
        }
        let metric = (self.find)(label);
        act(&metric);
        self.known.rcu(|known| {
            let mut known = known.as_deref().cloned().unwrap_or_default();
            known.insert(label, metric.clone());
            Some(Arc::new(known))
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static FOUND: AtomicUsize = AtomicUsize::new(0);
    static COUNTS: Labelled<Arc<AtomicUsize>, (&str, u8)> = Labelled::new(|_| {
        FOUND.fetch_add(1, Ordering::Relaxed);
        Arc::default()
    });

    #[test]
    fn each_is_found_once_and_counts_by_itself() {
        let count = |label| COUNTS.with(label, |count| assert!(count.fetch_add(1, Ordering::Relaxed) < 9));
        for label in [("a", 1), ("a", 2), ("a", 1), ("b", 1), ("a", 1)] {
            count(label);
        }
        let mut counted = Vec::new();
        for label in [("a", 1), ("a", 2), ("b", 1)] {
            COUNTS.with(label, |count| counted.push(count.load(Ordering::Relaxed)));
        }
        assert_eq!((counted, FOUND.load(Ordering::Relaxed)), (vec![3, 1, 1], 3));
    }
}
