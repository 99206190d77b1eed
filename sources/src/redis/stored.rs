//! What stands in Redis for an entry. Whatever cannot be read, or is not what was asked for, is absent.

use std::{io, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::cache::{Entry, Stamp};

/// How far a writer's clock may be ahead.
const CLOCKS_DIFFER_MAX: TimeDelta = TimeDelta::seconds(60);

#[derive(Serialize, Deserialize)]
struct Stored<V> {
    /// The key that it was stored for.
    key: String,
    fetched_at: DateTime<Utc>,
    fresh_until: DateTime<Utc>,
    stale_until: DateTime<Utc>,
    /// The versions of its tags before the fetch.
    tags: Vec<(String, Option<String>)>,
    value: Option<V>,
}

/// Stands for an entry that is larger than entries may be: who sees it fetches without waiting for anybody.
pub(super) const TOO_LARGE: &[u8] = b"too large";

/// The bytes of an entry, or [`TOO_LARGE`]; none when it cannot be written.
pub(super) fn encode<V: Serialize>(key: &str, entry: &Entry<V>, stamp: Stamp, bytes_max: usize) -> Option<Vec<u8>> {
    let stored = Stored {
        key: key.to_owned(),
        fetched_at: entry.fetched_at,
        fresh_until: entry.fresh_until,
        stale_until: entry.stale_until,
        tags: stamp.0,
        value: entry.value.as_deref(),
    };
    let mut bytes = Bounded { bytes: Vec::new(), bytes_max };
    match serde_json::to_writer(&mut bytes, &stored) {
        Ok(()) => Some(bytes.bytes),
        Err(error) if error.is_io() => Some(TOO_LARGE.to_vec()),
        Err(_) => None,
    }
}

/// Takes so many bytes and refuses more: what will not be kept is not written out to its end.
struct Bounded {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The entry of a key, unless one of its tags has another version now.
pub(super) fn decode<V: DeserializeOwned>(
    bytes: &[u8],
    key: &str,
    now: DateTime<Utc>,
    stamp: &Stamp,
) -> Option<Entry<V>> {
    let stored: Stored<V> = serde_json::from_slice(bytes).ok()?;
    let is_its_own = stored.key == key && stored.tags == stamp.0;
    let is_possible = stored.fetched_at <= now + CLOCKS_DIFFER_MAX && stored.fresh_until <= stored.stale_until;
    (is_its_own && is_possible).then(|| Entry {
        value: stored.value.map(Arc::new),
        fetched_at: stored.fetched_at,
        fresh_until: stored.fresh_until,
        stale_until: stored.stale_until,
        life: Arc::default(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Clock, cache::Lives};

    #[test]
    fn an_entry_is_read_as_it_was_written_and_never_for_another_key_or_version() {
        let now = Clock::system().now();
        let minute = Duration::from_secs(60);
        let entry = Entry::new(Some(0.1 + 0.2), now, &Lives { fresh: minute, stale: 2 * minute, negative: minute });
        let stamp = |version: &str| Stamp(vec![("a".to_owned(), Some(version.to_owned()))]);
        let bytes = encode("key", &entry, stamp("1"), 1_000).unwrap();
        assert_eq!(encode("key", &entry, stamp("1"), bytes.len()).unwrap(), bytes);
        assert_eq!(encode("key", &entry, stamp("1"), bytes.len() - 1).unwrap(), TOO_LARGE);
        let read = |bytes: &[u8], key, now, version| decode::<f64>(bytes, key, now, &stamp(version));
        let again = read(&bytes, "key", now, "1").unwrap();
        assert_eq!(*again.value.unwrap(), 0.1 + 0.2);
        assert_eq!((again.fetched_at, again.stale_until), (entry.fetched_at, entry.stale_until));
        assert!(read(&bytes, "other", now, "1").is_none());
        assert!(read(&bytes, "key", now, "2").is_none());
        assert!(read(&bytes, "key", now - TimeDelta::hours(1), "1").is_none(), "an entry from the future counted");
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length], "key", now, "1").is_none(), "{length} bytes were enough");
        }
    }
}
