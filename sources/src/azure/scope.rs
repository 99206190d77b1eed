//! What annotations name: a resource group, or a tag. Annotations are written by anybody, so their shape is checked before any of
//! it gets into a query or a path.

use std::fmt;

/// Longest name of a resource group, in characters.
const GROUP_CHARS_MAX: usize = 90;
/// Longest name of a tag, in characters.
const TAG_NAME_CHARS_MAX: usize = 512;
/// Longest value of a tag, in characters.
const TAG_VALUE_CHARS_MAX: usize = 256;
/// Tells a tag from a group, which begins with a GUID.
const TAG: &str = "tag:";

/// Where resources are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Scope {
    /// A resource group; both in lower case, which Azure takes to be the same.
    Group { subscription: String, name: String },
    /// A tag, in whatever group.
    Tag { name: String, value: String },
}

impl Scope {
    /// The group that `subscription/name` names.
    pub(super) fn group(text: &str) -> Option<Self> {
        let (subscription, name) = text.trim().split_once('/')?;
        (is_guid(subscription) && is_group_name(name))
            .then(|| Self::Group { subscription: subscription.to_lowercase(), name: name.to_lowercase() })
    }

    /// The tag that `key=value` names.
    pub(super) fn tag(text: &str) -> Option<Self> {
        let (name, value) = text.trim().split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        (is_tag_name(name) && is_tag_value(value)).then(|| Self::Tag { name: name.to_owned(), value: value.to_owned() })
    }

    /// Reads what `to_string` wrote.
    pub(super) fn read(text: &str) -> Option<Self> {
        text.strip_prefix(TAG).map_or_else(|| Self::group(text), Self::tag)
    }
}

/// A part of cache keys and tags; without a line break.
impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { subscription, name } => write!(out, "{subscription}/{name}"),
            Self::Tag { name, value } => write!(out, "{TAG}{name}={value}"),
        }
    }
}

/// Resources that a tenant may read: those of a group, or with a tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloudResourcesKey {
    pub(super) tenant: String,
    pub(super) scope: Scope,
}

/// The group or tag, as annotations name it, in the form in which it is compared.
impl fmt::Display for CloudResourcesKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope.fmt(out)
    }
}

impl CloudResourcesKey {
    /// The key in the cache. Neither part can hold a line break.
    pub(super) fn cache_key(&self) -> String {
        format!("{}\n{}", self.tenant, self.scope)
    }

    pub(super) fn read(cache_key: &str) -> Option<Self> {
        let (tenant, scope) = cache_key.split_once('\n')?;
        Some(Self { tenant: tenant.to_owned(), scope: Scope::read(scope)? })
    }
}

/// The alerts of a subscription that a tenant may read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloudAlertsKey {
    pub(super) tenant: String,
    /// In lower case.
    pub(super) subscription: String,
}

impl CloudAlertsKey {
    pub(super) fn cache_key(&self) -> String {
        format!("{}\n{}", self.tenant, self.subscription)
    }
}

/// Whether `text` has the form of a GUID.
pub(super) fn is_guid(text: &str) -> bool {
    let parts = text.split('-');
    parts.clone().map(str::len).eq([8, 4, 4, 4, 12]) && parts.flat_map(str::bytes).all(|byte| byte.is_ascii_hexdigit())
}

fn is_group_name(name: &str) -> bool {
    (1..=GROUP_CHARS_MAX).contains(&name.chars().count())
        && !name.ends_with('.')
        && name.chars().all(|c| c.is_alphanumeric() || "_-.()".contains(c))
}

fn is_tag_name(name: &str) -> bool {
    (1..=TAG_NAME_CHARS_MAX).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_control() || "<>%&\\?/".contains(c))
}

fn is_tag_value(value: &str) -> bool {
    // Without a value every resource that lacks the tag would be one that has it.
    (1..=TAG_VALUE_CHARS_MAX).contains(&value.chars().count()) && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "CFBBD179-59d2-4052-aa06-9270a38aa9d6";

    #[test]
    fn only_whole_groups_are_asked_for_and_case_does_not_count() {
        for name in ["payments", "rg_1.(eu)", "Überweisungen", &"a".repeat(90)] {
            let scope = Scope::group(&format!(" {ID}/{name} ")).unwrap();
            let expected = format!("{ID}/{name}").to_lowercase();
            assert_eq!(scope.to_string(), expected);
            assert_eq!(Scope::read(&expected), Some(scope));
        }
        for name in ["", "a b", "a/b", "rg.", "x' or 1==1 or '", "a\nb", "..", &"a".repeat(91)] {
            assert_eq!(Scope::group(&format!("{ID}/{name}")), None, "{name:?} was accepted");
        }
        for text in ["production/payments", "", "/payments", &format!("{ID}x/payments"), ID] {
            assert_eq!(Scope::group(text), None, "{text:?} was accepted");
        }
    }

    #[test]
    fn a_tag_is_a_name_and_a_value() {
        let tag = |name: &str, value: &str| Some(Scope::Tag { name: name.to_owned(), value: value.to_owned() });
        assert_eq!(Scope::tag("team=payments"), tag("team", "payments"));
        assert_eq!(Scope::tag("cost center=it's 4=2"), tag("cost center", "it's 4=2"));
        for text in ["team", "=x", "a/b=c", "a\\=c", "a=b\nc", &format!("a={}", "b".repeat(257))] {
            assert_eq!(Scope::tag(text), None, "{text:?} was accepted");
        }
        let key = CloudResourcesKey { tenant: "default".into(), scope: Scope::tag("a=b").unwrap() };
        assert_eq!(CloudResourcesKey::read(&key.cache_key()), Some(key));
    }
}
