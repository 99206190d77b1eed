//! A large estate by number: entities of every kind, in the proportions of a real catalog, with about ten relations each.
//! Owners, tags and what is depended on are skewed as in life. Nothing is kept in memory: every entity follows from its
//! number alone.
//!
//! `layout` says which number is what, `dice` decides, `words` names and describes, `entity` puts it together.

mod dice;
mod entity;
mod layout;
mod words;

use super::yaml::Entity;

pub use words::RARE_WORD;

/// Another one makes another estate.
const SEED: u64 = 0x5745_4654_2026_1123;

/// So many generated entities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fleet {
    pub(super) count: usize,
}

impl Fleet {
    /// All of them, made one after the other.
    pub(super) fn entities(self) -> impl Iterator<Item = Entity> {
        (0..self.count).map(move |number| self.entity(number))
    }

    /// The files that hold them, made one after the other.
    pub(super) fn files(self) -> impl Iterator<Item = (String, Vec<Entity>)> {
        (0..self.count.div_ceil(layout::BLOCK)).map(move |block| {
            let from = block * layout::BLOCK;
            let to = (from + layout::BLOCK).min(self.count);
            (format!("fleet-{block:04}"), (from..to).map(|number| self.entity(number)).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn entities_have_ten_relations_on_average() {
        let fleet = Fleet { count: 20_000 };
        let relations: usize = fleet.entities().map(|entity| entity.targets.len()).sum();
        let average = relations as f64 / 20_000.0;
        assert!((9.0..11.0).contains(&average), "{average} on average");
    }

    #[test]
    fn owners_are_skewed_and_the_rare_word_is_rare() {
        let fleet = Fleet { count: 20_000 };
        let mut owners: HashMap<String, usize> = HashMap::new();
        let (mut owned, mut rare) = (0, 0);
        for entity in fleet.entities() {
            rare += usize::from(entity.description.contains(RARE_WORD));
            if let Some(owner) = entity.owner {
                owned += 1;
                *owners.entry(owner).or_default() += 1;
            }
        }
        let most = owners.values().copied().max().unwrap();
        assert!((owned / 20..owned / 4).contains(&most), "the largest owner has {most} of {owned}");
        assert!((20..200).contains(&rare), "{rare} of 20,000 have the rare word");
    }
}
