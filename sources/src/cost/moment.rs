//! Moments as FOCUS and the exports in the field write them, in UTC.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};

/// Texts that are kept read: a file repeats the same few hours and months.
const KEPT_MAX: usize = 10_000;

/// With and without seconds, with `T` or a space; a moment without a zone is in UTC, as FOCUS demands of all.
const FORMATS: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];

/// Reads moments, each text once.
#[derive(Debug, Default)]
pub struct Moments {
    known: HashMap<Box<[u8]>, Option<DateTime<Utc>>>,
}

impl Moments {
    /// The moment that `text` says; none when it says none.
    pub fn read(&mut self, text: &[u8]) -> Option<DateTime<Utc>> {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let moment = std::str::from_utf8(text).ok().and_then(read);
        if self.known.len() >= KEPT_MAX {
            self.known.clear();
        }
        self.known.insert(text.into(), moment);
        moment
    }
}

fn read(text: &str) -> Option<DateTime<Utc>> {
    // Postgres knows more years than anybody is charged for.
    let believable = |moment: &DateTime<Utc>| (1990..=2200).contains(&moment.year());
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&Utc)).filter(believable);
    }
    let plain = text.strip_suffix('Z').unwrap_or(text);
    let midnight = || plain.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
    let moment =
        FORMATS.iter().find_map(|format| NaiveDateTime::parse_from_str(plain, format).ok()).or_else(midnight)?;
    Some(moment.and_utc()).filter(believable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_the_field_is_read_and_none_is_guessed() {
        let mut moments = Moments::default();
        for (text, expected) in [
            ("2024-09-01T00:00:00Z", "2024-09-01T00:00:00Z"),
            ("2024-09-01 00:00:00", "2024-09-01T00:00:00Z"),
            ("2024-09-01T00:00Z", "2024-09-01T00:00:00Z"),
            ("2024-09-01T02:00:00+02:00", "2024-09-01T00:00:00Z"),
            ("2024-09-01 13:30:15.250", "2024-09-01T13:30:15.250Z"),
            ("2024-09-01", "2024-09-01T00:00:00Z"),
        ] {
            let expected: DateTime<Utc> = expected.parse().unwrap();
            for _ in 0..2 {
                assert_eq!(moments.read(text.as_bytes()), Some(expected), "{text}");
            }
        }
        // Whether it is April or January is anybody's guess.
        for text in [
            "4/1/25",
            "01/04/2025",
            "",
            "now",
            "20240901",
            "2024-13-01",
            "0001-01-01",
            "0000-01-01T00:00:00Z",
            "9999-12-01T00:00:00Z",
        ] {
            assert_eq!(moments.read(text.as_bytes()), None, "{text}");
        }
    }
}
