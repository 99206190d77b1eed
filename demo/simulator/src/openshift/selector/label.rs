//! `labelSelector`: requirements joined by commas.
//!
//! `key=value`, `key==value`, `key!=value`, `key in (a,b)`, `key notin (a,b)`, `key`, `!key`. What is unequal or not in a
//! set also holds for objects without the label.

use std::collections::BTreeMap;

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
}

impl Requirement {
    pub(super) fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match &self.test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
        }
    }
}

/// Reads a selector; the error says what was found where something else was expected.
pub(super) fn parse(selector: &str) -> Result<Vec<Requirement>, String> {
    if selector.trim().is_empty() {
        return Ok(Vec::new());
    }
    split(selector)?.into_iter().map(|text| requirement(text.trim())).collect()
}

/// At the commas outside of parentheses.
fn split(selector: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut is_inside, mut rest_at) = (Vec::new(), false, 0);
    for (at, letter) in selector.char_indices() {
        match letter {
            '(' if is_inside => return Err("found '(', expected: identifier".to_owned()),
            '(' => is_inside = true,
            ')' if !is_inside => return Err("found ')', expected: ',' or 'end of string'".to_owned()),
            ')' => is_inside = false,
            ',' if !is_inside => {
                parts.push(selector.get(rest_at..at).unwrap_or_default());
                rest_at = at + 1;
            }
            _ => {}
        }
    }
    parts.push(selector.get(rest_at..).unwrap_or_default());
    if is_inside { Err("found '', expected: ',' or ')'".to_owned()) } else { Ok(parts) }
}

fn requirement(text: &str) -> Result<Requirement, String> {
    if let Some(absent) = text.strip_prefix('!') {
        return Ok(Requirement { key: key(absent)?, test: Test::Absent });
    }
    if let Some((name, value)) = text.split_once("!=") {
        return Ok(Requirement { key: key(name)?, test: Test::NotIn(vec![self::value(value)?]) });
    }
    if let Some((name, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return Ok(Requirement { key: key(name)?, test: Test::In(vec![self::value(value)?]) });
    }
    if let Some(inside) = text.strip_suffix(')') {
        let (head, values) = inside.split_once('(').ok_or_else(|| format!("found '{text}', expected: identifier"))?;
        let values = values.split(',').map(value).collect::<Result<Vec<_>, _>>()?;
        let (name, word) = head.trim().rsplit_once(char::is_whitespace).unwrap_or((head, ""));
        let test = match word {
            "in" => Test::In(values),
            "notin" => Test::NotIn(values),
            _ => return Err(format!("found '{word}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        return Ok(Requirement { key: key(name)?, test });
    }
    Ok(Requirement { key: key(text)?, test: Test::Exists })
}

/// A prefix that may be a domain, and a name.
fn key(text: &str) -> Result<String, String> {
    let text = text.trim();
    let name = text.rsplit('/').next().unwrap_or(text);
    if is_word(name) && !name.is_empty() && text.matches('/').count() <= 1 {
        Ok(text.to_owned())
    } else {
        Err(format!("found '{text}', expected: !, identifier, or 'end of string'"))
    }
}

fn value(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_word(text) { Ok(text.to_owned()) } else { Err(format!("values[0]: Invalid value: \"{text}\"")) }
}

fn is_word(text: &str) -> bool {
    text.len() <= 63 && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
}
