//! JSON written straight from binary rows into a byte buffer, in the words and order of the gateway's answers.

use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

/// Microseconds between the epochs of Unix and of Postgres.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A `timestamptz` as it comes.
struct Micros(i64);

impl<'a> FromSql<'a> for Micros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(i64::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(column: &Type) -> bool {
        *column == Type::TIMESTAMPTZ
    }
}

/// Appends the columns as an object: `names` are the keys, in order; what ends in `At` is a moment.
pub(super) fn push_object(
    out: &mut Vec<u8>,
    row: &Row,
    first: usize,
    names: &[&str],
) -> Result<(), tokio_postgres::Error> {
    for (place, name) in names.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        if name.ends_with("At") {
            push_moment(out, row.try_get::<_, Micros>(first + place)?.0);
        } else {
            push_text(out, row.try_get(first + place)?);
        }
    }
    out.push(b'}');
    Ok(())
}

/// Appends a text, or null.
pub(super) fn push_text(out: &mut Vec<u8>, text: Option<&str>) {
    let Some(text) = text else { return out.extend_from_slice(b"null") };
    out.push(b'"');
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        // Rare: left to the library, whose quotes are already there.
        let quoted = serde_json::Value::from(text).to_string();
        out.extend_from_slice(quoted.as_bytes().get(1..quoted.len() - 1).unwrap_or_default());
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

/// Appends a moment as RFC 3339 in UTC, with as many groups of three digits as it needs.
fn push_moment(out: &mut Vec<u8>, micros: i64) {
    let micros = micros + POSTGRES_EPOCH_MICROS;
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    out.push(b'"');
    for (number, digits, before) in [
        (year, 4, b'"'),
        (month, 2, b'-'),
        (day, 2, b'-'),
        (second / 3_600, 2, b'T'),
        (second / 60 % 60, 2, b':'),
        (second % 60, 2, b':'),
    ] {
        if before != b'"' {
            out.push(before);
        }
        push_number(out, number, digits);
    }
    if fraction % 1_000 != 0 {
        out.push(b'.');
        push_number(out, fraction, 6);
    } else if fraction != 0 {
        out.push(b'.');
        push_number(out, fraction / 1_000, 3);
    }
    out.extend_from_slice(b"Z\"");
}

fn push_number(out: &mut Vec<u8>, number: i64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(b'0' + u8::try_from(number / 10_i64.pow(place) % 10).unwrap_or(0));
    }
}

/// Year, month and day of a day since 1970, by the usual arithmetic over eras of 400 years.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_gateway_writes_them() {
        let text = |micros: i64| {
            let mut out = Vec::new();
            push_moment(&mut out, micros - POSTGRES_EPOCH_MICROS);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(0), "\"1970-01-01T00:00:00Z\"");
        assert_eq!(text(951_782_400_000_000), "\"2000-02-29T00:00:00Z\"");
        assert_eq!(text(1_795_421_730_250_000), "\"2026-11-23T08:15:30.250Z\"");
        assert_eq!(text(1_795_421_730_000_042), "\"2026-11-23T08:15:30.000042Z\"");
    }

    #[test]
    fn texts_are_escaped_and_none_is_null() {
        let text = |text| {
            let mut out = Vec::new();
            push_text(&mut out, text);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(Some("plain ü")), "\"plain ü\"");
        assert_eq!(text(Some("a \"b\"\n")), "\"a \\\"b\\\"\\n\"");
        assert_eq!(text(None), "null");
    }
}
