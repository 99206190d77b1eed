//! The scan of a GraphQL document: its lexical grammar and nothing more, in one pass and constant memory.

use super::{GuardError, Limits};

/// Lets a document pass that stays within the limits. Whether it is GraphQL at all is the parser's affair.
pub fn check_document(text: &str, limits: &Limits) -> Result<(), GuardError> {
    if text.len() > limits.document_bytes_max {
        return Err(GuardError::TooLong { bytes: text.len(), max: limits.document_bytes_max });
    }
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut depth) = (0, 0, 0usize);
    while let Some(byte) = bytes.get(at).copied() {
        let end = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = skip_until(bytes, at, |byte| matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' => skip_string(bytes, at),
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > limits.nesting_max {
                    let (line, column) = place(bytes, at);
                    return Err(GuardError::TooDeep { max: limits.nesting_max, line, column });
                }
                at + 1
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at + 1
            }
            _ if is_word(byte) => skip_until(bytes, at, |byte| !is_word(byte)),
            _ => at + 1,
        };
        tokens += 1;
        if tokens > limits.tokens_max {
            let (line, column) = place(bytes, at);
            return Err(GuardError::TooManyTokens { max: limits.tokens_max, line, column });
        }
        at = end;
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The first place from `at` whose byte is an end, or the end of the text.
fn skip_until(bytes: &[u8], at: usize, is_end: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(|byte| is_end(*byte)).map_or(bytes.len(), |length| at + length)
}

/// The place after the string that begins at `at`. One that is not closed ends with its line, a block with the text.
fn skip_string(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.starts_with(b"\"\"\"") {
        return skip_block(bytes, at + 3);
    }
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn skip_block(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(b"\\\"\"\"") {
            at += 4;
        } else if rest.starts_with(b"\"\"\"") {
            return at + 3;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// Line and column of a place, from 1. Only for the one error that ends the scan.
pub(super) fn place(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = bytes.get(..at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (line, at - start + 1)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const LIMITS: Limits = Limits { document_bytes_max: 1 << 20, tokens_max: 5_000, nesting_max: 64 };

    #[test]
    fn nesting_is_bounded_in_every_bracket_kind() {
        for (open, close) in [("{", "}"), ("[", "]"), ("(", ")"), ("{a(b:[", "])}")] {
            let levels = open.matches(['{', '[', '(']).count();
            for depth in [1, 63, 64, 65, 100, 1_000, 100_000] {
                let text = format!("{}{}", open.repeat(depth / levels), close.repeat(depth / levels));
                let is_within = (depth / levels) * levels <= 64;
                let outcome = check_document(&text, &Limits { tokens_max: usize::MAX, ..LIMITS });
                assert_eq!(outcome.is_ok(), is_within, "{open} at {depth}: {outcome:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn anything_is_let_through_or_refused(text in any::<String>(), quotes in "[\"#\\\\\n{}\\[\\]() a]{0,200}") {
            let _ = check_document(&text, &LIMITS);
            let _ = check_document(&quotes, &LIMITS);
        }

        #[test]
        fn nesting_is_counted_as_it_is(parts in vec(select(vec!["{", "}", "[", "]", "(", ")", " a ", "\n"]), 0..300)) {
            let mut depth = 0_usize;
            let mut deepest = 0;
            for part in &parts {
                match *part {
                    "{" | "[" | "(" => depth += 1,
                    "}" | "]" | ")" => depth = depth.saturating_sub(1),
                    _ => {}
                }
                deepest = deepest.max(depth);
            }
            prop_assert_eq!(check_document(&parts.concat(), &LIMITS).is_ok(), deepest <= LIMITS.nesting_max);
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[".repeat(100);
        for text in [
            format!("{{ a(b: \"{many}\") }}"),
            format!("{{ a(b: \"\\\"{many}\") }}"),
            format!("{{ a(b: \"\"\"{many} \\\"\"\" \" {many}\"\"\") }}"),
            format!("# {many}\n{{ a }}"),
        ] {
            assert_eq!(check_document(&text, &LIMITS), Ok(()), "{text}");
        }
        assert!(check_document(&format!("{{ a(b: \"x\" c: {many}) }}"), &LIMITS).is_err());
        assert!(check_document(&format!("\"unclosed\n{many}"), &LIMITS).is_err());
    }

    #[test]
    fn tokens_and_bytes_are_bounded_and_the_place_is_told() {
        assert_eq!(check_document(&"a ".repeat(5_000), &LIMITS), Ok(()));
        let error = check_document(&"a\n".repeat(5_001), &LIMITS).unwrap_err();
        assert_eq!(error, GuardError::TooManyTokens { max: 5_000, line: 5_001, column: 1 });
        let long = " ".repeat((1 << 20) + 1);
        assert!(matches!(check_document(&long, &LIMITS), Err(GuardError::TooLong { .. })));
    }
}
