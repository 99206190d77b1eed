//! JSON straight into the bytes of an answer.

use async_graphql::Value;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::Serialize;
use uuid::Uuid;

/// Smaller ones are copied: a piece of its own costs more.
const PIECE_FROM: usize = 16 * 1024;

/// Writes a text.
pub fn text(text: &str, out: &mut Vec<u8>) {
    let is_escaped = |byte: &u8| (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\');
    // To the end, without a way out: the compiler looks at many bytes at once. Hardly any text has something to escape.
    if text.as_bytes().iter().fold(false, |any, byte| any | is_escaped(byte)) {
        return serialize(text, out);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Writes a text, or null.
pub fn optional(value: Option<&str>, out: &mut Vec<u8>) {
    match value {
        Some(value) => text(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Writes whatever serde can.
pub fn serialize<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Into memory, and of values that are JSON already: nothing here can fail.
    let _ = serde_json::to_writer(out, value);
}

/// Writes a moment as `schema::DateTime` shows it, three times as fast as formatting it.
pub fn moment(at: DateTime<Utc>, out: &mut Vec<u8>) {
    let Some(nanos) = date_and_time(at, out) else { return text(&schema::DateTime(at).to_string(), out) };
    if nanos > 0 {
        out.push(b'.');
    }
    match nanos {
        0 => {}
        _ if nanos % 1_000_000 == 0 => digits::<3>(nanos / 1_000_000, out),
        _ if nanos % 1_000 == 0 => digits::<6>(nanos / 1_000, out),
        _ => digits::<9>(nanos, out),
    }
    out.extend_from_slice(b"Z\"");
}

/// Writes a moment with all digits of its microseconds: each is as long as the other, and they sort as texts.
pub fn moment_micros(at: DateTime<Utc>, out: &mut Vec<u8>) {
    let Some(nanos) = date_and_time(at, out) else { return text(&schema::DateTime(at).to_string(), out) };
    out.push(b'.');
    digits::<6>(nanos / 1_000, out);
    out.extend_from_slice(b"Z\"");
}

/// Begins a moment, up to its second; what is left are nanoseconds. None, and nothing is written, of a year that has not four digits.
fn date_and_time(at: DateTime<Utc>, out: &mut Vec<u8>) -> Option<u32> {
    // Of a time with an offset each part is computed from the offset anew.
    let at = at.naive_utc();
    let nanos = at.nanosecond();
    let year = u32::try_from(at.year()).ok().filter(|year| *year <= 9999)?;
    out.push(b'"');
    digits::<4>(year, out);
    for (mark, value) in [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute())] {
        out.push(mark);
        digits::<2>(value, out);
    }
    out.push(b':');
    // A leap second is told as the 60th.
    let (second, nanos) = if nanos >= 1_000_000_000 { (60, nanos - 1_000_000_000) } else { (at.second(), nanos) };
    digits::<2>(second, out);
    Some(nanos)
}

fn digits<const COUNT: usize>(mut value: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; COUNT];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
    out.extend_from_slice(&digits);
}

/// Writes the id of an entity: base64url of its type and key, as `schema::NodeId` encodes it.
pub fn entity_id(type_name: &str, id: Uuid, out: &mut Vec<u8>) {
    let mut hyphenated = [0; uuid::fmt::Hyphenated::LENGTH];
    let key = id.hyphenated().encode_lower(&mut hyphenated);
    let mut plain = String::with_capacity(64);
    plain.push_str(type_name);
    plain.push(':');
    plain.push_str(key);
    let mut encoded = String::with_capacity(96);
    URL_SAFE_NO_PAD.encode_string(plain, &mut encoded);
    out.push(b'"');
    out.extend_from_slice(encoded.as_bytes());
    out.push(b'"');
}

/// Writes a value of the engine. Bytes in it are JSON that was written before.
pub fn value(value: &Value, out: &mut impl Out) {
    match value {
        Value::Binary(bytes) => out.written(bytes),
        Value::List(items) => {
            out.open().push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.open().push(b',');
                }
                self::value(item, out);
            }
            out.open().push(b']');
        }
        Value::Object(fields) => {
            out.open().push(b'{');
            for (at, (key, field)) in fields.iter().enumerate() {
                if at > 0 {
                    out.open().push(b',');
                }
                text(key, out.open());
                out.open().push(b':');
                self::value(field, out);
            }
            out.open().push(b'}');
        }
        Value::Null => out.open().extend_from_slice(b"null"),
        Value::Boolean(true) => out.open().extend_from_slice(b"true"),
        Value::Boolean(false) => out.open().extend_from_slice(b"false"),
        Value::String(string) => text(string, out.open()),
        Value::Enum(name) => text(name, out.open()),
        Value::Number(number) => serialize(number, out.open()),
    }
}

/// Where a value is written to.
pub trait Out {
    /// What is written at the end.
    fn open(&mut self) -> &mut Vec<u8>;

    /// Adds what was written before.
    fn written(&mut self, bytes: &Bytes);
}

impl Out for Vec<u8> {
    fn open(&mut self) -> &mut Vec<u8> {
        self
    }

    fn written(&mut self, bytes: &Bytes) {
        self.extend_from_slice(bytes);
    }
}

/// An answer in pieces, one after the other: what is large is not copied.
#[derive(Default)]
pub struct Pieces {
    /// The pieces that are done.
    pub done: Vec<Bytes>,
    /// The last one.
    pub open: Vec<u8>,
}

impl Out for Pieces {
    fn open(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }

    fn written(&mut self, bytes: &Bytes) {
        if bytes.len() < PIECE_FROM {
            return self.open.extend_from_slice(bytes);
        }
        self.done.push(std::mem::take(&mut self.open).into());
        self.done.push(bytes.clone());
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use schema::NodeId;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn moments_are_written_as_they_are_shown() {
        let seconds = [0, -1, 1_700_000_000, 253_402_300_799, -62_135_596_800, 1_709_164_800];
        for second in seconds {
            for nanos in [0, 1, 1_000, 1_000_000, 250_000_000, 999_999_000, 999_999_999] {
                let at = Utc.timestamp_opt(second, nanos).unwrap();
                assert_eq!(written(|out| moment(at, out)), format!("\"{}\"", schema::DateTime(at)));
                let micros = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
                assert_eq!(written(|out| moment_micros(at, out)), format!("\"{micros}\""));
            }
        }
    }

    #[test]
    fn ids_are_written_as_they_are_encoded() {
        for id in [Uuid::nil(), Uuid::max(), Uuid::from_u128(0x0123_4567_89ab_cdef)] {
            for kind in super::super::ObjectKind::ALL {
                let expected = NodeId::of(kind.name(), id).encode();
                assert_eq!(written(|out| entity_id(kind.name(), id, out)), format!("\"{}\"", expected.as_str()));
            }
        }
    }

    #[test]
    fn texts_are_written_as_serde_writes_them() {
        for code in 0..=0x2100u32 {
            let Some(letter) = char::from_u32(code) else { continue };
            for told in [format!("{letter}"), format!("a{letter}bcdefghijklmnopqrstuvwxyz{letter}")] {
                assert_eq!(written(|out| text(&told, out)), serde_json::to_string(&told).unwrap());
            }
        }
        assert_eq!(written(|out| text("", out)), "\"\"");
    }

    #[test]
    fn values_are_written_as_serde_writes_them() {
        let json = serde_json::json!({ "a": [1, -2.5, null, true, "\u{1}\"\\ü\u{2028}"], "b": {}, "c": [] });
        let engine = Value::from_json(json.clone()).unwrap();
        assert_eq!(written(|out| value(&engine, out)), json.to_string());
        let large: Bytes = format!("\"{}\"", "x".repeat(PIECE_FROM)).into();
        let list = Value::List(vec![engine.clone(), Value::Binary(large.clone()), engine, Value::Binary(large)]);
        let mut pieces = Pieces::default();
        value(&list, &mut pieces);
        assert_eq!(pieces.done.len(), 4, "what is large is a piece of its own");
        let whole = [pieces.done.concat(), pieces.open].concat();
        assert_eq!(String::from_utf8(whole).unwrap(), written(|out| value(&list, out)));
        let bytes = Value::Binary("[1]".into());
        assert_eq!(
            written(|out| value(&Value::List(vec![bytes, Value::Enum(async_graphql::Name::new("X"))]), out)),
            "[[1],\"X\"]"
        );
    }
}
