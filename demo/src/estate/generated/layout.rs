//! Which number is what. Every thousand entities hold the same mixture, in an order in which what is referred to by all
//! comes first; so what a number stands for, and how many there are of a kind, is known without keeping anything.

/// Entities of one mixture, and of one file.
pub(super) const BLOCK: usize = 1_000;

/// The kinds, in the order in which they stand in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Group,
    User,
    Domain,
    System,
    Component,
    Api,
    Resource,
}

impl Kind {
    pub(super) const ALL: [Self; 7] =
        [Self::Group, Self::User, Self::Domain, Self::System, Self::Component, Self::Api, Self::Resource];

    /// Where it begins in a block, and where it ends.
    const fn span(self) -> (usize, usize) {
        match self {
            Self::Group => (0, 4),
            Self::User => (4, 20),
            Self::Domain => (20, 22),
            Self::System => (22, 62),
            Self::Component => (62, 702),
            Self::Api => (702, 882),
            Self::Resource => (882, BLOCK),
        }
    }

    /// How many a block has.
    pub(super) const fn per_block(self) -> usize {
        let (from, to) = self.span();
        to - from
    }

    /// How many the first `count` entities hold.
    pub(super) fn among(self, count: usize) -> usize {
        let (from, to) = self.span();
        let rest = (count % BLOCK).clamp(from, to) - from;
        count / BLOCK * (to - from) + rest
    }

    /// What the entity with this number is, and which of its kind.
    pub(super) fn at(number: usize) -> (Self, usize) {
        let (block, place) = (number / BLOCK, number % BLOCK);
        let kind = Self::ALL.into_iter().find(|kind| place < kind.span().1).unwrap_or(Self::Resource);
        let (from, to) = kind.span();
        (kind, block * (to - from) + place - from)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn numbers_and_counts_agree() {
        for count in [0, 3, 61, 62, 700, 1_000, 2_345] {
            for kind in Kind::ALL {
                let found = (0..count).filter(|number| Kind::at(*number).0 == kind).count();
                assert_eq!(kind.among(count), found, "{kind:?} among {count}");
            }
        }
        assert_eq!(Kind::at(1_062), (Kind::Component, 640));
    }
}
