//! What JSON has and YAML has not. JSON is read as YAML, which knows the place of everything in it; the one thing that differs is
//! made the same before.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// Writes characters that JSON escapes as a pair, `\ud83d\ude00`, as themselves: YAML refuses each half of a pair.
/// A text that is no JSON stays as it is, for there the same characters can mean themselves.
pub(super) fn join_pairs(text: &str) -> Cow<'_, str> {
    let has_pair = text.contains("\\ud") || text.contains("\\uD");
    if !has_pair || !text.trim_start().starts_with(['{', '[']) || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Cow::Borrowed(text);
    }
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        joined.push_str(before);
        if let Some((character, behind)) = pair(after) {
            joined.push(character);
            rest = behind;
            continue;
        }
        // What is escaped is taken along, so that the second of two backslashes does not begin an escape.
        let length = after.chars().next().map_or(0, char::len_utf8);
        let (escaped, behind) = after.split_at_checked(length).unwrap_or((after, ""));
        joined.push('\\');
        joined.push_str(escaped);
        rest = behind;
    }
    joined.push_str(rest);
    Cow::Owned(joined)
}

/// The character of `ud83d\ude00`, and what follows.
fn pair(text: &str) -> Option<(char, &str)> {
    let (high, rest) = half(text)?;
    let (low, rest) = half(rest.strip_prefix('\\')?)?;
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    // Two halves make one character; a first half that is a whole character needs no joining.
    (character.len_utf16() == 2).then_some((character, rest))
}

fn half(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix('u')?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_json_become_characters_and_nothing_else_changes() {
        for (text, expected) in [
            (r#"["\ud83d\ude00"]"#, "[\"\u{1f600}\"]"),
            (r#"["\\ud83d\\ude00"]"#, r#"["\\ud83d\\ude00"]"#),
            (r#"["\\\uD83D\uDE00\n"]"#, "[\"\\\\\u{1f600}\\n\"]"),
            (r#"["\u0041\ud83d"]"#, r#"["\u0041\ud83d"]"#),
            (r"['\ud83d\ude00']", r"['\ud83d\ude00']"),
            (r#"a: "\ud83d\ude00""#, r#"a: "\ud83d\ude00""#),
        ] {
            assert_eq!(join_pairs(text), expected, "{text}");
        }
    }
}
