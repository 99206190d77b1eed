//! Ids: a prefix and 16 alphanumerics that look drawn, and lead back to what they name.
//!
//! Nothing is stored per run, so an id has to carry its workspace and number. Two Feistel rounds scatter both halves, with
//! the prefix as key, so that the ids of a workspace share no part a caller could come to rely on.

use crate::seed;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const LENGTH: usize = 16;

/// A key has 63 bits: with a number of 32 it just fits 16 digits of base 62.
const KEY_BITS: u32 = 63;

/// The key of what `names` name together.
pub(super) fn key(names: &[&str]) -> u64 {
    let parts: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
    seed::hash(&parts) >> (u64::BITS - KEY_BITS)
}

/// The id of number `number` of its kind below `key`, such as `run-CZcmD7eagjhyX0vN`.
pub(super) fn encode(prefix: &str, key: u64, number: u32) -> String {
    let low = number ^ round_low(prefix, key);
    let high = key ^ round_high(prefix, low);
    let mut rest = (u128::from(high) << 32) | u128::from(low);
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = usize::try_from(rest % 62).ok().and_then(|value| DIGITS.get(value).copied()).unwrap_or(b'0');
        rest /= 62;
    }
    format!("{prefix}-{}", String::from_utf8_lossy(&digits))
}

/// The key and number that `id` was made of; `None` when it is no id of this kind.
pub(super) fn decode(prefix: &str, id: &str) -> Option<(u64, u32)> {
    let digits = id.strip_prefix(prefix)?.strip_prefix('-')?.as_bytes();
    if digits.len() != LENGTH {
        return None;
    }
    let mut value: u128 = 0;
    for digit in digits {
        let place = DIGITS.iter().position(|known| known == digit)?;
        value = value * 62 + u128::try_from(place).ok()?;
    }
    let low = u32::try_from(value & u128::from(u32::MAX)).ok()?;
    let high = u64::try_from(value >> 32).ok()?;
    let key = high ^ round_high(prefix, low);
    Some((key, low ^ round_low(prefix, key)))
}

fn round_low(prefix: &str, key: u64) -> u32 {
    u32::try_from(seed::hash(&[prefix.as_bytes(), b"low", &key.to_be_bytes()]) >> 32).unwrap_or(0)
}

fn round_high(prefix: &str, low: u32) -> u64 {
    seed::hash(&[prefix.as_bytes(), b"high", &low.to_be_bytes()]) >> (u64::BITS - KEY_BITS)
}
