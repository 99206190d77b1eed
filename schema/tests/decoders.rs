//! What clients send as opaque texts, under random input: nothing panics, what went out comes back, and what is not ours is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::{collection::vec, option, prelude::*};
use schema::{Cursor, EntityFilter, EntityRef, FILTER_DEPTH_MAX, NodeId};

/// A part of a reference, as catalogs have them.
const PART: &str = "[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?";

/// A filter of `any` and `not` alone, so deep.
fn nested(is_any: &[bool]) -> EntityFilter {
    is_any.iter().fold(EntityFilter::default(), |inner, is_any| match is_any {
        true => EntityFilter { any: Some(vec![inner]), ..EntityFilter::default() },
        false => EntityFilter { not: Some(Box::new(inner)), ..EntityFilter::default() },
    })
}

proptest! {
    #[test]
    fn a_cursor_comes_back_to_its_own_order_alone(order in "[a-z.]{1,12}", other in "[a-z.]{1,12}", first in "[^\0]{0,200}", second in "[^\0]{0,200}") {
        let text = Cursor::new(&order, [first.clone(), second.clone()]).encode();
        prop_assert_eq!(Cursor::decode::<2>(&text, &order).unwrap(), [first, second]);
        prop_assert!(Cursor::decode::<1>(&text, &order).is_err());
        prop_assert_eq!(Cursor::decode::<2>(&text, &other).is_ok(), order == other);
    }

    #[test]
    fn a_cursor_that_was_tampered_with_is_refused_or_whole(text in "[A-Za-z0-9_=-]{0,300}", order in "[a-z]{1,8}") {
        // Whatever is read of it can be written, and is read the same again.
        if let Ok(keys) = Cursor::decode::<1>(&text, &order) {
            prop_assert_eq!(Cursor::decode::<1>(&Cursor::new(&order, keys.clone()).encode(), &order).unwrap(), keys);
        }
    }

    #[test]
    fn bytes_of_a_cursor_may_be_anything(mut bytes in vec(any::<u8>(), 1..100), at in any::<prop::sample::Index>(), new in any::<u8>()) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let _ = Cursor::decode::<1>(&URL_SAFE_NO_PAD.encode(&bytes), "ref");
        let _ = NodeId::decode(&URL_SAFE_NO_PAD.encode(&bytes));
        // One byte of a good one changed.
        bytes = URL_SAFE_NO_PAD.decode(Cursor::new("ref", ["component:default/a".to_owned()]).encode()).unwrap();
        let index = at.index(bytes.len());
        bytes[index] = new;
        if let Ok([key]) = Cursor::decode::<1>(&URL_SAFE_NO_PAD.encode(&bytes), "ref") {
            prop_assert!(!key.contains('\0'));
        }
    }

    #[test]
    fn an_id_comes_back(type_name in "[A-Za-z]{1,40}", key in "[^\0]{1,80}") {
        let id = NodeId::of(&type_name, &key);
        let text = id.encode();
        prop_assert_eq!(NodeId::decode(&text), (text.len() <= 512).then_some(id));
    }

    #[test]
    fn a_reference_reads_as_itself_again(kind in option::of(PART), namespace in option::of(PART), name in PART) {
        let mut text = name;
        if let Some(namespace) = &namespace {
            text = format!("{namespace}/{text}");
        }
        if let Some(kind) = &kind {
            text = format!("{kind}:{text}");
        }
        let read = EntityRef::parse(&text).unwrap();
        prop_assert_eq!(&EntityRef::parse(read.as_str()).unwrap(), &read);
        prop_assert_eq!(read.as_str(), read.as_str().to_ascii_lowercase());
        prop_assert_eq!(read.kind().map(str::to_owned), kind.map(|kind| kind.to_ascii_lowercase()));
        prop_assert_eq!(read.namespace(), namespace.unwrap_or_else(|| "default".to_owned()).to_ascii_lowercase());
    }

    #[test]
    fn a_text_is_a_reference_or_refused(text in any::<String>()) {
        if let Ok(read) = EntityRef::parse(&text) {
            prop_assert!(read.as_str().is_ascii() && !read.as_str().contains('\0'));
            prop_assert_eq!(EntityRef::parse(read.as_str()).unwrap(), read);
        }
    }

    #[test]
    fn a_filter_is_as_deep_as_allowed_and_no_deeper(is_any in vec(any::<bool>(), 0..12)) {
        prop_assert_eq!(nested(&is_any).validate().is_ok(), is_any.len() <= FILTER_DEPTH_MAX);
    }
}
