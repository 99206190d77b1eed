//! Query parameters. Unknown ones are ignored, and of a repeated one the last counts, as Rails has it.

use super::answer::Refusal;

/// The decoded pairs, in the order they came: brackets may come percent-encoded or plain.
pub(super) struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rfind(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The parts of a comma-separated value; empty when the parameter is absent.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let parts = self.get(name).unwrap_or_default().split(',').map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// Whether `word` passes a comma-separated filter; an absent filter lets everything pass.
    pub(super) fn admits(&self, name: &str, word: &str) -> bool {
        let list = self.list(name);
        list.is_empty() || list.contains(&word)
    }

    /// The includes, each of which has to be among `allowed`. Some of the vendor's own clients write hyphens for the
    /// underscores.
    pub(super) fn includes(&self, allowed: &[&'static str]) -> Result<Vec<&'static str>, Refusal> {
        let known = |part: &&str| allowed.iter().find(|name| **name == part.replace('-', "_")).copied();
        self.list("include").iter().map(|part| known(part).ok_or(Refusal::InvalidInclude)).collect()
    }

    /// The tags of `filter[tagged][<n>][key]`, each with its `[value]` if it has one.
    pub(super) fn tagged(&self) -> Vec<(&str, Option<&str>)> {
        let keys = self.0.iter().filter_map(|(name, key)| {
            let place = name.strip_prefix("filter[tagged][")?.strip_suffix("][key]")?;
            Some((place, key.as_str()))
        });
        keys.map(|(place, key)| (key, self.get(&format!("filter[tagged][{place}][value]")))).collect()
    }
}
