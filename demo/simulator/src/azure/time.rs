//! Azure's ways of writing an instant.

use chrono::{DateTime, Utc};

/// RFC 3339 with seven digits after the point, as .NET writes its hundreds of nanoseconds.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    format!("{}.{:07}Z", at.format("%Y-%m-%dT%H:%M:%S"), at.timestamp_subsec_nanos() / 100)
}

/// As messages for people have it: `3/2/2026 10:00:00 AM`.
pub(super) fn for_people(at: DateTime<Utc>) -> String {
    at.format("%-m/%-d/%Y %-I:%M:%S %p").to_string()
}
