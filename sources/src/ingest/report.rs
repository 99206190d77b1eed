//! What became of an import.

use crate::catalog::Refusal;

/// What became of the documents of one location.
#[derive(Debug, Clone, Default)]
pub struct ImportReport {
    /// Entities that are new.
    pub created: usize,
    /// Entities that changed.
    pub updated: usize,
    /// Entities that are as they were.
    pub unchanged: usize,
    /// Entities that the location no longer declares; they go after the grace period.
    pub orphaned: usize,
    /// Orphans whose grace period is over.
    pub removed: usize,
    /// Documents that were not taken over, in path order.
    pub refused: Vec<Refusal>,
}

impl ImportReport {
    /// Entities that the location declares now.
    pub fn loaded(&self) -> usize {
        self.created + self.updated + self.unchanged
    }

    /// Adds what became of another location.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.orphaned += other.orphaned;
        self.removed += other.removed;
        self.refused.extend(other.refused);
    }
}
