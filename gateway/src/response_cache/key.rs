//! `Key`: everything that an answer depends on. The caller's part (`Eyes`) is what decides what may be seen: the tenant, who it is, its
//! teams and its scopes. The schema is that of this process, as is the cache.

use schema::Visibility;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Two requests with the same key have the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of an operation with these variables, asked through these eyes.
    pub fn new(document_hash: &str, operation: Option<&str>, variables: &Map<String, Value>, eyes: &Eyes) -> Self {
        let mut digest = Parts::default();
        digest.add(document_hash.as_bytes());
        digest.add(&[u8::from(operation.is_some())]);
        digest.add(operation.unwrap_or_default().as_bytes());
        // An object can be written; its keys keep the order they came in, so the same variables in another order are another key.
        digest.add(&if variables.is_empty() { Vec::new() } else { serde_json::to_vec(variables).unwrap_or_default() });
        digest.add(&eyes.0);
        Self(digest.end())
    }
}

/// Two callers with the same eyes see the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eyes([u8; 32]);

impl Eyes {
    /// Everything of a caller that decides what may be seen.
    pub fn of(who: &Visibility) -> Self {
        let mut digest = Parts::default();
        digest.add(who.tenant.as_bytes());
        digest.add(who.user.as_ref().map(|user| user.as_str()).unwrap_or_default().as_bytes());
        digest.add(&who.teams.len().to_le_bytes());
        for team in &who.teams {
            digest.add(team.as_str().as_bytes());
        }
        for scope in &who.scopes {
            digest.add(scope.as_bytes());
        }
        Self(digest.end())
    }

    /// As bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A digest of parts, each with its length, so that no two lists of parts are written alike.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &[u8]) {
        self.0.update(part.len().to_le_bytes());
        self.0.update(part);
    }

    fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schema::EntityRef;
    use serde_json::json;

    use super::*;

    fn who() -> Visibility {
        Visibility {
            tenant: "default".to_owned(),
            subject: "mira".to_owned(),
            user: Some(EntityRef::parse_with("mira", Some("user"), "default").unwrap()),
            teams: vec![EntityRef::parse_with("payments", Some("group"), "default").unwrap()],
            scopes: BTreeSet::from(["catalog:read".to_owned()]),
        }
    }

    #[test]
    fn whatever_an_answer_depends_on_makes_another_key() {
        let variables = json!({ "first": 1 });
        let key = |change: &dyn Fn(&mut Visibility)| {
            let mut who = who();
            change(&mut who);
            Key::new("hash", None, variables.as_object().unwrap(), &Eyes::of(&who))
        };
        let own = key(&|_| {});
        assert_eq!(own, key(&|_| {}));
        let team = |name: &str| EntityRef::parse_with(name, Some("group"), "default").unwrap();
        assert_ne!(own, key(&|who| who.tenant = "other".to_owned()));
        assert_ne!(own, key(&|who| who.user = None));
        assert_ne!(own, key(&|who| who.teams.clear()));
        assert_ne!(own, key(&|who| who.teams.push(team("search"))));
        assert_ne!(own, key(&|who| who.scopes.clear()));
        assert_ne!(
            own,
            key(&|who| {
                who.scopes.insert("admin".to_owned());
            })
        );
        let (other, eyes) = (json!({ "first": 2 }), Eyes::of(&who()));
        assert_ne!(own, Key::new("hash", None, other.as_object().unwrap(), &eyes));
        assert_ne!(own, Key::new("hash", Some(""), variables.as_object().unwrap(), &eyes));
        assert_ne!(own, Key::new("hash2", None, variables.as_object().unwrap(), &eyes));
    }
}
