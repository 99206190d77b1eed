//! Formats of names, as Backstage's catalog has them. All are ASCII.

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 63;

/// A kind: a letter, then letters and digits.
pub(super) fn is_kind(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A name: letters and digits, with `-`, `_` and `.` between them.
pub(super) fn is_name(text: &str) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric();
    let bytes = text.as_bytes();
    text.len() <= NAME_BYTES_MAX
        && bytes.first().is_some_and(is_plain)
        && bytes.last().is_some_and(is_plain)
        && bytes.iter().all(|byte| is_plain(byte) || matches!(byte, b'-' | b'_' | b'.'))
}

/// A namespace: small letters and digits, with single `-` between them, as in host names.
pub(super) fn is_namespace(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX && is_dashed(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// A tag: small letters, digits, `:`, `+` and `#`, with single `-` between them.
pub(super) fn is_tag(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'+' | b'#');
    text.len() <= NAME_BYTES_MAX && is_dashed(text, is_plain)
}

/// An API version: a name, perhaps behind a host name and a slash.
pub(super) fn is_api_version(text: &str) -> bool {
    let is_version = |part: &str| {
        !part.is_empty() && part.len() <= NAME_BYTES_MAX && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match text.split_once('/') {
        Some((host, version)) => is_host(host) && is_version(version),
        None => is_version(text) || is_name(text),
    }
}

/// The key of a label or annotation: a name, perhaps behind a host name and a slash.
pub(super) fn is_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((host, name)) => is_host(host) && is_name(name),
        None => is_name(text),
    }
}

fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_namespace)
}

fn is_dashed(text: &str, is_plain: impl Fn(u8) -> bool) -> bool {
    text.split('-').all(|part| !part.is_empty() && part.bytes().all(&is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_those_of_the_catalog() {
        let long = "a".repeat(64);
        type Case<'a> = (&'a str, fn(&str) -> bool, &'a [&'a str], &'a [&'a str]);
        let cases: [Case<'_>; 6] = [
            ("kind", is_kind, &["Component", "API", "a1"], &["", "1a", "a-b", "ä", &long]),
            ("name", is_name, &["a", "LoremService", "a.b_c-d"], &["", "-a", "a-", "a b", "a/b", &long]),
            ("namespace", is_namespace, &["default", "a-1"], &["", "Default", "a--b", "-a", "a_b"]),
            ("tag", is_tag, &["java", "c++", "a-b", "tier:1"], &["", "Java", "a_b", "a-", "a--b", &long]),
            ("api version", is_api_version, &["backstage.io/v1alpha1", "1.0", "v1"], &["", "a/b/c", "/v1", "a/"]),
            ("key", is_key, &["a", "backstage.io/a-b", "product_name"], &["", "/a", "a/", "a b", "a/b/c"]),
        ];
        for (what, is_valid, good, bad) in cases {
            good.iter().for_each(|text| assert!(is_valid(text), "{what} {text:?} was refused"));
            bad.iter().for_each(|text| assert!(!is_valid(text), "{what} {text:?} was accepted"));
        }
    }
}
