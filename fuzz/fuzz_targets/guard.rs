//! Whatever the bytes are, the guard answers; what it lets through, the readers behind it survive.
#![no_main]

use std::sync::LazyLock;

use gateway::{
    config::{Config, Environment},
    guard::{Limits, check_document, check_json},
};

static LIMITS: LazyLock<Limits> =
    LazyLock::new(|| Config::load(None, &Environment::of([])).expect("the defaults are valid").config.limits.guard());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if check_json(bytes, &LIMITS).is_ok() {
        let _ = serde_json::from_slice::<serde_json::Value>(bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = check_document(text, &LIMITS);
    }
});
