//! `Batch`: what one call to an upstream brings for many keys.

use std::collections::HashMap;

use crate::SourceError;

/// The values that exist, by key; and where the upstream told of some keys that it failed for them while it answered the others, why.
/// Keys in neither are known not to exist.
#[derive(Debug)]
pub struct Batch<V> {
    /// What exists.
    pub values: HashMap<String, V>,
    /// What failed by itself.
    pub failures: HashMap<String, SourceError>,
}

impl<V> From<HashMap<String, V>> for Batch<V> {
    fn from(values: HashMap<String, V>) -> Self {
        Self { values, failures: HashMap::new() }
    }
}

impl<V> FromIterator<(String, Result<V, SourceError>)> for Batch<V> {
    fn from_iter<I: IntoIterator<Item = (String, Result<V, SourceError>)>>(outcomes: I) -> Self {
        let mut batch = Self::from(HashMap::new());
        for (key, outcome) in outcomes {
            match outcome {
                Ok(value) => drop(batch.values.insert(key, value)),
                Err(error) => drop(batch.failures.insert(key, error)),
            }
        }
        batch
    }
}
