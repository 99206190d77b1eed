//! `Leaf`: whether what a service sent as a scalar is one of its type.

use std::collections::BTreeSet;

/// A whole number of fewer digits has no more than 32 bits.
const INT_DIGITS: usize = 10;

/// A type without fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// A whole number of 32 bits.
    Int,
    /// A number.
    Float,
    /// True or false.
    Boolean,
    /// A text.
    String,
    /// A text, or a whole number that stands for one.
    Id,
    /// One of these names.
    Enum(BTreeSet<String>),
    /// Whatever its maker says.
    Custom,
}

impl Leaf {
    /// Whether the JSON is a value of it. The JSON is well-formed and not null.
    pub fn accepts(&self, json: &[u8]) -> bool {
        let is_text = json.first() == Some(&b'"');
        let is_number = json.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        let is_whole = is_number && json.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
        let text = || std::str::from_utf8(json).unwrap_or_default();
        match self {
            Self::Int => (is_whole && json.len() < INT_DIGITS) || is_number && text().parse::<f64>().is_ok_and(is_int),
            Self::Float => is_number,
            Self::Boolean => matches!(json, b"true" | b"false"),
            Self::String => is_text,
            Self::Id => is_text || is_whole,
            Self::Enum(names) => is_text && names.contains(text().trim_matches('"')),
            Self::Custom => true,
        }
    }
}

/// 1.0 is 1 to JSON.
fn is_int(number: f64) -> bool {
    number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_its_own_values_only() {
        let names = Leaf::Enum(BTreeSet::from(["HIGH".to_owned()]));
        for (leaf, good, bad) in [
            (Leaf::Int, ["0", "-2147483648", "1.0"], ["2147483648", "1.5", "\"1\""]),
            (Leaf::Float, ["0", "-1.5e10", "1"], ["\"1\"", "true", "[1]"]),
            (Leaf::Boolean, ["true", "false", "true"], ["1", "\"true\"", "{}"]),
            (Leaf::String, ["\"\"", "\"a\"", "\"1\""], ["1", "{}", "true"]),
            (Leaf::Id, ["\"a\"", "1", "-1"], ["1.5", "true", "[]"]),
            (names, ["\"HIGH\"", "\"HIGH\"", "\"HIGH\""], ["\"LOW\"", "HIGH", "1"]),
        ] {
            assert!(good.iter().all(|json| leaf.accepts(json.as_bytes())), "{leaf:?} refuses one of {good:?}");
            assert!(!bad.iter().any(|json| leaf.accepts(json.as_bytes())), "{leaf:?} takes one of {bad:?}");
        }
        assert!(Leaf::Custom.accepts(b"{\"a\":[1]}"));
    }
}
