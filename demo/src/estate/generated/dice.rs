//! Numbers that look random and are the same each time, on every machine: whole numbers only, no state kept anywhere.

/// A row of numbers for one thing.
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of this thing: its sort, its number, and what is to be decided.
    pub(super) fn of(sort: u64, number: usize, salt: u64) -> Self {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let mut dice = Self(super::SEED ^ sort.rotate_left(48) ^ salt.rotate_left(32) ^ number);
        // Neighbours begin far apart.
        dice.0 = dice.next();
        dice
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % end).unwrap_or(0)
    }

    /// One time in so many.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A number below `end`, small ones far more often: each doubling of the number is as likely as the one before, which
    /// is close to Zipf's law.
    pub(super) fn skewed(&mut self, end: usize) -> usize {
        let end = end.max(1);
        let level = self.below(usize::try_from(end.ilog2()).unwrap_or(0) + 1);
        let first = (1_usize << level) - 1;
        (first + self.below(first + 1)) % end
    }

    /// One of these.
    pub(super) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.below(words.len())).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn skewed_numbers_follow_zipf_roughly_and_reach_every_place() {
        let mut seen = vec![0_usize; 400];
        for number in 0..100_000 {
            seen[Dice::of(1, number, 1).skewed(400)] += 1;
        }
        assert!(seen.iter().all(|count| *count > 0));
        assert!((8_000..15_000).contains(&seen[0]), "the first is drawn {} times", seen[0]);
        let upper: usize = seen[200..].iter().sum();
        assert!(upper < 20_000, "the rarer half is drawn {upper} times");
    }
}
