//! A document, a NUL, and its variables: refused, or prepared within the limits.
#![no_main]

use std::sync::LazyLock;

use gateway::{
    config::{Config, Environment, LimitsConfig},
    guard::check_document,
    prepare::Preparer,
};

static LIMITS: LazyLock<LimitsConfig> =
    LazyLock::new(|| Config::load(None, &Environment::of([])).expect("the defaults are valid").config.limits.clone());
static PREPARER: LazyLock<Preparer> = LazyLock::new(|| {
    Preparer::new(&resolvers::sdl::whole(), &resolvers::sdl::public(), LIMITS.prepare()).expect("the SDL is valid")
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (text, variables) = text.split_once('\0').unwrap_or((text, "{}"));
    if check_document(text, &LIMITS.guard()).is_err() {
        return;
    }
    let Ok(chosen) = PREPARER.document(text.to_owned(), true).and_then(|document| document.choose(None)) else { return };
    let variables = serde_json::from_str(variables).unwrap_or_default();
    if let Ok(prepared) = PREPARER.prepare(chosen, variables, true) {
        assert!(prepared.points <= LIMITS.prepare().cost_max);
        let _ = prepared.document();
    }
});
