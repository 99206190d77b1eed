//! `NodeId`: the opaque ids of the graph, base64url of `Type:key`. Stable across releases: stored by clients.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Longest id that is looked at, in bytes.
const ID_BYTES_MAX: usize = 512;

/// What an id says: the type of the object and its key within the type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NodeId {
    /// Name of the object's type in the graph, such as `Component`.
    pub type_name: String,
    /// Key within the type.
    pub key: String,
}

impl NodeId {
    /// The id of this object.
    pub fn of(type_name: &str, key: impl ToString) -> Self {
        Self { type_name: type_name.to_owned(), key: key.to_string() }
    }

    /// The text that clients see.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.type_name, self.key))
    }

    /// Reads an id; none when Weft cannot have given it out.
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > ID_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let plain = String::from_utf8(bytes).ok()?;
        let (type_name, key) = plain.split_once(':')?;
        (!type_name.is_empty() && !key.is_empty() && !key.contains('\0')).then(|| Self::of(type_name, key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_comes_back_as_it_went() {
        let id = NodeId::of("Repository", "gitlab:payments/api");
        assert_eq!(NodeId::decode(&id.encode()), Some(id));
        for text in ["", "!", "Q29tcG9uZW50", "OmtleQ", &"A".repeat(600)] {
            assert_eq!(NodeId::decode(text), None, "{text:?} was accepted");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_key_is_it_comes_back(type_name in "[A-Z][A-Za-z]{0,20}", key in "[^\\x00]{1,80}") {
            let id = NodeId::of(&type_name, key);
            prop_assert_eq!(NodeId::decode(&id.encode()), Some(id));
        }

        #[test]
        fn no_text_makes_it_panic_and_an_id_has_one_text(
            text in any::<String>(),
            near in "[A-Za-z0-9_-]{0,24}",
            plain in "[A-Z]?[a-z]{0,3}:?[a-z:\\x00]{0,4}",
        ) {
            for text in [text, near, URL_SAFE_NO_PAD.encode(plain)] {
                let Some(id) = NodeId::decode(&text) else { continue };
                // Clients compare ids as texts.
                prop_assert_eq!(id.encode(), text);
            }
        }
    }
}
