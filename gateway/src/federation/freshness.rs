//! How long what subgraphs answered may be kept: as long as each of them says, and not at all where one says nothing.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, header};

/// The least of what was said in the course of an operation.
#[derive(Debug)]
pub struct Freshness(AtomicU64);

impl Default for Freshness {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl Freshness {
    /// An answer may be kept for so many seconds; 0: it may not, or there is none.
    pub fn limit(&self, seconds: u64) {
        self.0.fetch_min(seconds, Ordering::Relaxed);
    }

    /// How long the whole may be kept.
    pub fn max_age(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

/// For how many seconds an answer with these headers may be kept. A key of the response cache names the caller, so what is private may be
/// kept too.
pub fn seconds(headers: &HeaderMap) -> u64 {
    let mut max_age: Option<u64> = None;
    for value in headers.get_all(header::CACHE_CONTROL) {
        // What cannot be read may forbid it.
        let Ok(value) = value.to_str() else { return 0 };
        for directive in value.split(',') {
            let (name, told) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return 0,
                "max-age" => {
                    let seconds = told.trim().trim_matches('"').parse().unwrap_or(0);
                    max_age = Some(max_age.map_or(seconds, |known| known.min(seconds)));
                }
                _ => {}
            }
        }
    }
    let age = headers.get(header::AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok());
    max_age.unwrap_or(0).saturating_sub(age.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_not_said_clearly_is_not_kept() {
        for (told, age, expected) in [
            (&[][..], None, 0),
            (&["max-age=30"], None, 30),
            (&["Private, Max-Age=30"], Some("10"), 20),
            (&["max-age=30"], Some("40"), 0),
            (&["max-age=30, no-store"], None, 0),
            (&["max-age=30", "no-store"], None, 0),
            (&["no-cache"], None, 0),
            (&["max-age=30, no-cache=\"a\""], None, 0),
            (&["public"], None, 0),
            (&["max-age=-1"], None, 0),
            (&["max-age=60", "max-age=5"], None, 5),
        ] {
            let mut headers = HeaderMap::new();
            for value in told {
                headers.append(header::CACHE_CONTROL, HeaderValue::from_static(value));
            }
            age.map(|age| headers.insert(header::AGE, HeaderValue::from_static(age)));
            assert_eq!(seconds(&headers), expected, "{told:?} {age:?}");
        }
    }

    #[test]
    fn the_least_of_all_counts() {
        let freshness = Freshness::default();
        freshness.limit(60);
        freshness.limit(5);
        freshness.limit(30);
        assert_eq!(freshness.max_age(), Duration::from_secs(5));
    }
}
