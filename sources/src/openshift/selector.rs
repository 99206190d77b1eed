//! Label selectors, in both of their forms: the text of annotations and the object in workloads.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use serde::{Deserialize, Serialize};

/// Longest text that is read.
const TEXT_BYTES_MAX: usize = 1_024;

/// Labels of an object.
pub(super) type Labels = BTreeMap<String, String>;

/// Which objects, by their labels. Without a requirement it means none: an empty text must not show everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Selector {
    /// Reads the text of a selector, such as `app=x,tier in (a, b),!canary`; none when it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let requirements: Option<Vec<Requirement>> = parts(text)?.into_iter().map(Requirement::read).collect();
        requirements.filter(|requirements| !requirements.is_empty()).map(Self)
    }

    /// All of these labels.
    pub(super) fn of_labels(labels: Labels) -> Self {
        Self(labels.into_iter().map(|(key, value)| Requirement { key, test: Test::In(vec![value]) }).collect())
    }

    /// The selector of a workload; one that says something new means no object.
    pub(super) fn of_object(object: meta::LabelSelector) -> Self {
        let Self(mut requirements) = Self::of_labels(object.match_labels.unwrap_or_default());
        for expression in object.match_expressions.unwrap_or_default() {
            let values = expression.values.unwrap_or_default();
            let test = match expression.operator.as_str() {
                "In" => Test::In(values),
                "NotIn" => Test::NotIn(values),
                "Exists" => Test::Exists,
                "DoesNotExist" => Test::Absent,
                _ => return Self::default(),
            };
            requirements.push(Requirement { key: expression.key, test });
        }
        Self(requirements)
    }

    /// Whether an object with these labels is meant.
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        let holds = |requirement: &Requirement| {
            let value = labels.get(&requirement.key);
            match &requirement.test {
                Test::In(values) => value.is_some_and(|value| values.contains(value)),
                // As in Kubernetes, an object without the label is not in the set either.
                Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
            }
        };
        !self.0.is_empty() && self.0.iter().all(holds)
    }
}

/// The requirements of a text: what stands between commas that are not in parentheses.
fn parts(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut rest, mut from) = (Vec::new(), text, 0);
    let mut is_inside = false;
    while let Some(at) = rest.get(from..)?.find([',', '(', ')']).map(|at| from + at) {
        match (rest.as_bytes().get(at)?, is_inside) {
            (b'(', false) => is_inside = true,
            (b')', true) => is_inside = false,
            (b',', true) => {}
            (b',', false) => {
                parts.push(rest.get(..at)?);
                rest = rest.get(at + 1..)?;
                from = 0;
                continue;
            }
            _ => return None,
        }
        from = at + 1;
    }
    parts.push(rest);
    (!is_inside).then_some(parts)
}

impl Requirement {
    fn read(part: &str) -> Option<Self> {
        let part = part.trim();
        if let Some(key) = part.strip_prefix('!') {
            return Self::new(key, Test::Absent);
        }
        // `!=` and `==` before `=`, which is a part of both.
        for (sign, is_in) in [("!=", false), ("==", true), ("=", true)] {
            if let Some((key, value)) = part.split_once(sign) {
                let values = vec![Some(value.trim()).filter(|value| is_value(value))?.to_owned()];
                return Self::new(key, if is_in { Test::In(values) } else { Test::NotIn(values) });
            }
        }
        let Some((head, values)) = part.split_once('(') else { return Self::new(part, Test::Exists) };
        let values: Option<Vec<String>> = values
            .trim_end()
            .strip_suffix(')')?
            .split(',')
            .map(|value| Some(value.trim()).filter(|value| is_value(value)).map(str::to_owned))
            .collect();
        let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
        match word {
            "in" => Self::new(key, Test::In(values?)),
            "notin" => Self::new(key, Test::NotIn(values?)),
            _ => None,
        }
    }

    fn new(key: &str, test: Test) -> Option<Self> {
        let key = key.trim();
        let is_key = |part: &str| !part.is_empty() && part.bytes().all(is_label_byte);
        let is_good = match key.split_once('/') {
            Some((prefix, name)) => is_key(prefix) && is_key(name),
            None => is_key(key),
        };
        is_good.then(|| Self { key: key.to_owned(), test })
    }
}

/// A value may be empty.
fn is_value(text: &str) -> bool {
    text.len() <= 63 && text.bytes().all(is_label_byte)
}

fn is_label_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_form_of_a_requirement_is_read() {
        let object = labels(&[("app", "web"), ("tier", "a"), ("app.kubernetes.io/name", "web")]);
        for (text, is_meant) in [
            ("app=web", true),
            ("app == web", true),
            ("app=api", false),
            ("app!=api", true),
            ("colour != red", true),
            ("tier in (a, b)", true),
            ("tier in (b)", false),
            ("tier notin (b,c),app=web", true),
            ("colour notin (red)", true),
            ("app", true),
            ("colour", false),
            ("!colour", true),
            ("!app", false),
            ("app.kubernetes.io/name=web , tier in (a),!colour", true),
        ] {
            let selector = Selector::read(text).unwrap_or_else(|| panic!("{text} was refused"));
            assert_eq!(selector.matches(&object), is_meant, "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_selects_nothing() {
        for text in
            ["", ",", "app=web,", "=web", "app in", "app in (a", "app in a)", "app within (a)", "a b", "app=a/b"]
        {
            assert_eq!(Selector::read(text), None, "{text:?} was accepted");
        }
        assert!(!Selector::default().matches(&labels(&[("app", "web")])));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z=!,() /]{0,40}", any in any::<String>()) {
            Selector::read(&text);
            Selector::read(&any);
        }
    }
}
