//! A filter, as JSON: read as the engine reads an argument, then held to its bounds.
#![no_main]

use async_graphql::{InputType, Value};
use schema::{EntityFilter, EntityOrder};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let Ok(value) = Value::from_json(json) else { return };
    let _ = <EntityOrder as InputType>::parse(Some(value.clone()));
    if let Ok(filter) = <EntityFilter as InputType>::parse(Some(value)) {
        let outcome = filter.validate();
        assert!(outcome.is_err() || depth(&filter) <= 5);
        // What is written as a value is the same filter.
        assert!(<EntityFilter as InputType>::parse(Some(filter.to_value())).is_ok_and(|again| again == filter));
    }
});

fn depth(filter: &EntityFilter) -> usize {
    filter.any.iter().flatten().chain(filter.not.as_deref()).map(|below| 1 + depth(below)).max().unwrap_or_default()
}
