//! Where a token of a document ends: section 2.1 of the specification, to the letter, on bytes.

/// The place after white space, a comma, a byte order mark or a comment that begins at `at`; none when a token begins there.
pub(super) fn skip_ignored(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b' ' | b'\t' | b'\r' | b'\n' | b',' => Some(at + 1),
        b'#' => Some(skip_while(bytes, at, |byte| !matches!(byte, b'\n' | b'\r'))),
        _ => rest(bytes, at).starts_with("\u{feff}".as_bytes()).then_some(at + 3),
    }
}

/// The place after the token that begins at `at`; none when none does.
pub(super) fn end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => Some(at + 1),
        b'.' => rest(bytes, at).starts_with(b"...").then_some(at + 3),
        b'"' if rest(bytes, at).starts_with(b"\"\"\"") => block(bytes, at + 3),
        b'"' => string(bytes, at + 1),
        b'-' | b'0'..=b'9' => number(bytes, at),
        b'_' | b'a'..=b'z' | b'A'..=b'Z' => Some(skip_while(bytes, at, is_word)),
        _ => None,
    }
}

fn rest(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The first place from `at` whose byte does not fit, or the end of the text.
fn skip_while(bytes: &[u8], at: usize, fits: impl Fn(u8) -> bool) -> usize {
    rest(bytes, at).iter().position(|byte| !fits(*byte)).map_or(bytes.len(), |length| at + length)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |at: usize| {
        let end = skip_while(bytes, at, |byte| byte.is_ascii_digit());
        (end > at).then_some(end)
    };
    let whole = if bytes.get(at) == Some(&b'-') { at + 1 } else { at };
    let mut end = digits(whole)?;
    if bytes.get(whole) == Some(&b'0') && end > whole + 1 {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let has_sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        end = digits(end + 1 + usize::from(has_sign))?;
    }
    // A name or another number must not follow at once.
    let is_followed = bytes.get(end).is_some_and(|byte| is_word(*byte) || *byte == b'.');
    (!is_followed).then_some(end)
}

/// The place after the string whose text begins at `at`.
fn string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            b'\\' => at = escape(bytes, at + 1)?,
            _ => at += 1,
        }
    }
}

/// The place after an escape: a letter, `uXXXX` or `u{X…}`. Whether it stands for a character is the parser's affair.
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    match (bytes.get(at)?, bytes.get(at + 1)) {
        (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', _) => Some(at + 1),
        (b'u', Some(b'{')) => {
            let end = skip_while(bytes, at + 2, is_hex);
            (bytes.get(end) == Some(&b'}')).then_some(end + 1)
        }
        (b'u', _) => {
            let hex = bytes.get(at + 1..at + 5)?;
            hex.iter().copied().all(is_hex).then_some(at + 5)
        }
        _ => None,
    }
}

/// The place after the block string whose text begins at `at`.
fn block(bytes: &[u8], mut at: usize) -> Option<usize> {
    while at < bytes.len() {
        let rest = rest(bytes, at);
        if rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest.starts_with(b"\"\"\"") {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_the_specification_says() {
        for token in [
            "!",
            "...",
            "a",
            "_a1",
            "0",
            "-0",
            "7",
            "-120",
            "1.5",
            "0.5e3",
            "1E-7",
            "1e+70",
            "\"\"",
            "\"\\u00e9\\u{1f980}\\n\\\\\"",
            "\"é\"",
            "\"\"\"\n\\q \" \"\" \\\"\"\" \"\"\"",
        ] {
            for text in [token.to_owned(), format!("{token} a"), format!("{token}]")] {
                assert_eq!(end(text.as_bytes(), 0), Some(token.len()), "{text}");
            }
        }
        for text in [
            "",
            "?",
            "é",
            "\0",
            ".",
            "..",
            "-",
            "-a",
            "00",
            "01",
            "1.",
            "1.a",
            ".5",
            "1e",
            "1e+",
            "1a",
            "1.5.5",
            "1_",
            "\"",
            "\"\n\"",
            "\"\\q\"",
            "\"\\u12\"",
            "\"\\u{\"",
            "\"\\\"",
            "\"\"\"",
            "\"\"\"\\\"\"\"",
        ] {
            assert_eq!(end(text.as_bytes(), 0), None, "{text}");
        }
    }
}
