//! Cursors: opaque and versioned. A cursor holds the values of the order's keys at one row, so a page continues from that
//! place whatever was inserted or removed before it, and after a restart too.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// Longest cursor that is looked at, in bytes. Titles take part in orders, so it is not tiny.
const CURSOR_BYTES_MAX: usize = 4096;

/// Raised when the meaning of `keys` changes; an older cursor is then refused rather than misread.
const VERSION: u8 = 1;

/// A place in an ordered list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The order it belongs to, such as `ref` or `updated_at.desc`: a cursor of another order is refused.
    #[serde(rename = "o")]
    pub order: String,
    /// The values of the order's keys, most significant first.
    #[serde(rename = "k")]
    pub keys: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    v: u8,
    #[serde(flatten)]
    cursor: T,
}

/// The text is not a cursor of this list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this cursor does not belong to this list and order: pass one that the same field gave, with the same `orderBy` and `search`"
)]
pub struct CursorError;

impl Cursor {
    /// The cursor of a row.
    pub fn new<const N: usize>(order: &str, keys: [String; N]) -> Self {
        Self { order: order.to_owned(), keys: keys.into() }
    }

    /// The text that clients see.
    pub fn encode(&self) -> String {
        let json =
            serde_json::to_vec(&Envelope { v: VERSION, cursor: self }).expect("strings and numbers always serialise");
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Reads a cursor of this order with `N` keys.
    pub fn decode<const N: usize>(text: &str, order: &str) -> Result<[String; N], CursorError> {
        if text.len() > CURSOR_BYTES_MAX {
            return Err(CursorError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let envelope: Envelope<Cursor> = serde_json::from_slice(&bytes).map_err(|_| CursorError)?;
        let Cursor { order: found, keys } = envelope.cursor;
        if envelope.v != VERSION || found != order || keys.iter().any(|key| key.contains('\0')) {
            return Err(CursorError);
        }
        keys.try_into().map_err(|_| CursorError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_only_to_its_own_order() {
        let cursor = Cursor::new("name", ["Überweisung \"x\"".into(), "component:default/a".into()]);
        let text = cursor.encode();
        assert_eq!(Cursor::decode::<2>(&text, "name").unwrap(), ["Überweisung \"x\"", "component:default/a"]);
        assert!(Cursor::decode::<2>(&text, "ref").is_err());
        assert!(Cursor::decode::<1>(&text, "name").is_err());
        for text in ["", "%", "e30", &"A".repeat(5000)] {
            assert!(Cursor::decode::<1>(text, "ref").is_err(), "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_keys_comes_back(
            name in "[^\\x00]{0,200}",
            // The longest reference there is.
            entity_ref in "[a-z0-9._-]{1,63}:[a-z0-9._-]{1,63}/[a-z0-9._-]{1,63}",
        ) {
            let text = Cursor::new("name.desc", [name.clone(), entity_ref.clone()]).encode();
            prop_assert_eq!(Cursor::decode::<2>(&text, "name.desc"), Ok([name, entity_ref]));
        }

        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_written_again(
            text in any::<String>(),
            json in r#"(\{"v":[01],"o":"(ref|name)","k":\[("[a-z\\\\"u0]{0,9}",?){0,3}\](,"x":1)?\}|[\[\]{}",:a-z0-9]{0,40})"#,
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            for text in [text, URL_SAFE_NO_PAD.encode(json), URL_SAFE_NO_PAD.encode(bytes)] {
                let Ok(keys) = Cursor::decode::<2>(&text, "ref") else { continue };
                let again = Cursor::new("ref", keys.clone()).encode();
                prop_assert_eq!(Cursor::decode::<2>(&again, "ref"), Ok(keys));
            }
        }
    }
}
