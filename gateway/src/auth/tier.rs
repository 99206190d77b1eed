//! `TierRule`: which tier a token puts its holder in. How much a tier may ask is the rate limiter's business.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::principal::claim;

/// A claim that puts its holder in a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierRule {
    /// The tier.
    pub tier: Arc<str>,
    /// The claim's name; dots lead into objects.
    pub claim: String,
    /// What it says: the text itself, one of a list, or one word of a text.
    pub value: String,
}

impl TierRule {
    fn matches(&self, claims: &Map<String, Value>) -> bool {
        match claim(claims, &self.claim) {
            Some(Value::String(text)) => *text == self.value || text.split_whitespace().any(|word| word == self.value),
            Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(self.value.as_str())),
            _ => false,
        }
    }
}

/// The tier of these claims by the first rule that matches; none by none.
pub fn tier_of(rules: &[TierRule], claims: &Map<String, Value>) -> Option<Arc<str>> {
    rules.iter().find(|rule| rule.matches(claims)).map(|rule| Arc::clone(&rule.tier))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_rule_that_matches_says_which_tier() {
        let rule = |tier: &str, claim: &str, value: &str| TierRule {
            tier: tier.into(),
            claim: claim.to_owned(),
            value: value.to_owned(),
        };
        let rules = [
            rule("portal", "azp", "portal"),
            rule("finops", "groups", "finops"),
            rule("batch", "realm.scopes", "batch:run"),
            rule("late", "groups", "finops"),
        ];
        let tier = |claims: Value| tier_of(&rules, claims.as_object().unwrap()).map(|tier| tier.to_string());
        assert_eq!(tier(json!({ "azp": "portal", "groups": ["finops"] })).as_deref(), Some("portal"));
        assert_eq!(tier(json!({ "groups": ["a", "finops"] })).as_deref(), Some("finops"));
        assert_eq!(tier(json!({ "realm": { "scopes": "a batch:run" } })).as_deref(), Some("batch"));
        assert_eq!(tier(json!({ "groups": ["finops2"], "azp": 7 })), None);
    }
}
