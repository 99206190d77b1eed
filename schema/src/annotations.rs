//! `Annotations`: what an entity says of itself to other systems, kept as it is stored and read only where somebody looks.

use std::sync::OnceLock;

use crate::JsonObject;

/// The annotations of an entity; values are texts.
#[derive(Debug, Clone)]
pub struct Annotations {
    text: Box<str>,
    object: OnceLock<JsonObject>,
}

impl Annotations {
    /// Annotations as the catalog stores them: the text of a JSON object.
    pub fn stored(text: &str) -> Self {
        Self { text: text.into(), object: OnceLock::new() }
    }

    /// The stored text: equal texts are equal annotations.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// By name. The table holds nothing but objects; of anything else no name is known.
    pub fn object(&self) -> &JsonObject {
        self.object.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_nothing_is_made_up() {
        let annotations = Annotations::stored(r#"{"a": "1", "b": "2"}"#);
        assert_eq!(annotations.object().0.get("b").and_then(|value| value.as_str()), Some("2"));
        assert_eq!(annotations.text(), r#"{"a": "1", "b": "2"}"#);
        assert!(Annotations::stored("[]").object().0.is_empty());
    }
}
