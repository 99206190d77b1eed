//! The scan of a GraphQL document: its tokens and how deep they nest, in one pass and constant memory. What is no token ends
//! it: where the next one begins after that is a matter of opinion, and a parser with another one would meet brackets and
//! tokens that nobody counted.

use super::{GuardError, Limits, token};

/// Lets a document pass that stays within the limits. Whether it is GraphQL at all is the parser's affair.
pub fn check_document(text: &str, limits: &Limits) -> Result<(), GuardError> {
    if text.len() > limits.document_bytes_max {
        return Err(GuardError::TooLong { bytes: text.len(), max: limits.document_bytes_max });
    }
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut depth) = (0, 0, 0usize);
    while let Some(byte) = bytes.get(at).copied() {
        if let Some(end) = token::skip_ignored(bytes, at) {
            at = end;
            continue;
        }
        let Some(end) = token::end(bytes, at) else {
            let (line, column) = place(bytes, at);
            return Err(GuardError::Unknown { line, column });
        };
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits.nesting_max {
            let (line, column) = place(bytes, at);
            return Err(GuardError::TooDeep { max: limits.nesting_max, line, column });
        }
        tokens += 1;
        if tokens > limits.tokens_max {
            let (line, column) = place(bytes, at);
            return Err(GuardError::TooManyTokens { max: limits.tokens_max, line, column });
        }
        at = end;
    }
    Ok(())
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
    use apollo_parser::{Lexer, TokenKind};
    use proptest::prelude::*;

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

    #[test]
    fn what_parsers_may_end_elsewhere_hides_nothing() {
        let many = "[".repeat(1_000);
        for begin in
            ["\"\n\"", "\"\\\n\"", "\"\\u\\\"", "\"\\u{\\\"", "\"\\q\"", "\"\"\"", "-\"", "..\"", "0.\"", "1e\"", "é"]
        {
            let error = check_document(&format!("{{ a(b: {begin} {many} \") }}"), &LIMITS).unwrap_err();
            assert_eq!(error, GuardError::Unknown { line: 1, column: 8 }, "{begin}");
        }
    }

    /// Tokens and nesting as the parser's own lexer sees them, and whether it finds fault.
    fn lexed(text: &str) -> (usize, usize, bool) {
        let (mut tokens, mut depth, mut deepest, mut is_faulty) = (0, 0usize, 0, false);
        for token in Lexer::new(text) {
            match token.as_ref().map(|token| token.kind()) {
                Ok(TokenKind::LCurly | TokenKind::LParen | TokenKind::LBracket) => depth += 1,
                Ok(TokenKind::RCurly | TokenKind::RParen | TokenKind::RBracket) => depth = depth.saturating_sub(1),
                Ok(TokenKind::Whitespace | TokenKind::Comment | TokenKind::Comma | TokenKind::Eof) => continue,
                Ok(_) => {}
                Err(_) => is_faulty = true,
            }
            (tokens, deepest) = (tokens + 1, depth.max(deepest));
        }
        (tokens, deepest, is_faulty)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_parser_meets_nothing_that_was_not_counted(
            text in any::<String>(),
            near in prop::collection::vec(prop::sample::select(vec![
                "\"", "\"", "\"x\"", "\"\"\"", "\\", "\\\"", "\\u", "\\u{", "\\ud83e", "\\u00e9", "}", "{", "[", "(", ")", "]", "#",
                "\n", "\r", "a", "é", "\u{feff}", "0", "1", "-1.5e3", "-", ".", "...", "e", "+", "$", " ", ",", "\0", "&", "|", "%",
            ]), 0..30),
            tokens_max in 0..30usize,
            nesting_max in 0..8usize,
        ) {
            let limits = Limits { document_bytes_max: 1 << 20, tokens_max, nesting_max };
            for text in [text, near.concat()] {
                let (tokens, depth, is_faulty) = lexed(&text);
                // It takes a line break for the first character of a string, which the specification does not.
                let is_faulty = is_faulty || text.contains("\"\n") || text.contains("\"\r");
                match check_document(&text, &limits) {
                    Ok(()) => prop_assert!(tokens <= tokens_max && depth <= nesting_max, "{text:?}: {tokens}, {depth}"),
                    Err(GuardError::Unknown { .. }) => prop_assert!(is_faulty, "{text:?}"),
                    Err(GuardError::TooManyTokens { .. }) => prop_assert!(is_faulty || tokens > tokens_max, "{text:?}"),
                    Err(GuardError::TooDeep { .. }) => prop_assert!(is_faulty || depth > nesting_max, "{text:?}"),
                    Err(error) => prop_assert!(false, "{error}"),
                }
            }
        }
    }
}
