//! Namespaces by name or by how their names begin, as the configuration writes them.

/// Longest name of a namespace.
const NAME_BYTES_MAX: usize = 63;

/// Whether a text can be the name of a namespace: only such may get into a path.
pub(super) fn is_name(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text can be the name of an object in a namespace.
pub(super) fn is_object_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':'))
        && !matches!(text, "." | "..")
}

/// Whether a text is a name, or the beginning of one and `*`.
pub(super) fn is_pattern(text: &str) -> bool {
    match text.strip_suffix('*') {
        Some("") => true,
        Some(start) => is_name(start.trim_end_matches('-')),
        None => is_name(text),
    }
}

/// Whether a namespace is one of those that the pattern means.
pub(super) fn matches(pattern: &str, namespace: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => namespace.starts_with(start),
        None => pattern == namespace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_the_beginning_of_names() {
        for pattern in ["payments", "payments-*", "*", "pay*", "a1"] {
            assert!(is_pattern(pattern), "{pattern} was refused");
        }
        for pattern in ["", "Payments", "a*b", "**", "a/b", "-a", "..", &"a".repeat(64)] {
            assert!(!is_pattern(pattern), "{pattern:?} was accepted");
        }
        assert!(matches("payments-*", "payments-api") && matches("payments", "payments") && matches("*", "x"));
        assert!(!matches("payments-*", "payments") && !matches("payments", "payments-api"));
    }
}
