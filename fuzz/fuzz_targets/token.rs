//! The header of a caller: no bytes make it panic, and none that nobody signed let anybody in. Claims as JSON besides.
#![no_main]

use std::sync::LazyLock;

use gateway::auth::{Authenticator, ClaimNames, Config, Principal};
use sources::Clock;
use tokio::runtime::{Builder, Runtime};

/// Nobody listens where its issuer would be: whatever gets as far as a key fails there.
static AUTHENTICATOR: LazyLock<Authenticator> = LazyLock::new(|| {
    let issuer = serde_json::json!({ "issuers": [{ "issuer": "http://127.0.0.1:9", "audiences": ["weft"] }] });
    let config: Config = serde_json::from_value(issuer).expect("a configuration");
    Authenticator::new(config, "default".to_owned(), Vec::new(), Clock::system()).expect("an authenticator")
});
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert!(RUNTIME.block_on(AUTHENTICATOR.authenticate(Some(bytes))).is_err());
    if let Ok(serde_json::Value::Object(claims)) = serde_json::from_slice(bytes)
        && let Ok(principal) = Principal::read(&claims, &ClaimNames::default(), "issuer", "default")
    {
        let visibility = principal.visibility();
        assert!(!visibility.tenant.is_empty() && visibility.own_refs().iter().all(|own| own.contains(':')));
    }
});
