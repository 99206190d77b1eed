//! Pseudo-random facts drawn from names.
//!
//! The standard hasher promises no stable output across releases, and recorded expectations would move with it; hence a
//! fixed FNV-1a, finished by SplitMix64 because FNV alone leaves the high bits of similar names alike.

/// A number that depends on `parts` alone, the same on every machine and in every release.
pub(crate) fn hash(parts: &[&[u8]]) -> u64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // The closing 0xff keeps ("ab", "c") and ("a", "bc") apart: it never occurs in UTF-8.
        for byte in part.iter().chain(std::iter::once(&0xff)) {
            state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(state)
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A named draw about `subject`: each `topic` gives an independent number.
pub(crate) fn draw(subject: &str, topic: &str) -> u64 {
    hash(&[subject.as_bytes(), topic.as_bytes()])
}

/// A named draw in `low..=high`.
pub(crate) fn between(subject: &str, topic: &str, low: u64, high: u64) -> u64 {
    low + draw(subject, topic) % (high - low + 1)
}

/// One of `choices`; `None` when there are none.
pub(crate) fn pick<'a, T>(subject: &str, topic: &str, choices: &'a [T]) -> Option<&'a T> {
    choices.iter().cycle().nth(usize::try_from(draw(subject, topic) % choices.len().max(1) as u64).unwrap_or(0))
}
