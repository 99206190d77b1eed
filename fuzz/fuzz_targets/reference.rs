//! References of entities: what is read reads the same again.
#![no_main]

use schema::EntityRef;

libfuzzer_sys::fuzz_target!(|texts: (&str, Option<&str>, &str)| {
    let (text, kind, namespace) = texts;
    if let Ok(read) = EntityRef::parse_with(text, kind, namespace) {
        assert_eq!(EntityRef::parse(read.as_str()), Ok(read.clone()));
        assert!(read.or_kind("component").whole().is_ok());
    }
});
