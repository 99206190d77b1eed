//! Cursors and ids: what is read is written again the same.
#![no_main]

use schema::{Cursor, NodeId};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(keys) = Cursor::decode::<2>(text, "name") {
        let again = Cursor::new("name", keys.clone()).encode();
        assert_eq!(Cursor::decode::<2>(&again, "name"), Ok(keys));
    }
    let _ = Cursor::decode::<1>(text, "ref");
    if let Some(id) = NodeId::decode(text) {
        assert_eq!(id.encode(), text);
    }
});
