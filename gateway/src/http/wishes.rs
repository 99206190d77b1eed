//! `Wishes`: what a caller asks to be told besides, and the name it gives itself, by headers that only Weft's callers send.

use axum::http::{HeaderMap, HeaderName};

/// What begins the names of headers that ask for more.
const PREFIX: &str = "x-query-";
/// Names that some clients send by themselves.
static CLIENT_NAMES: [HeaderName; 2] =
    [HeaderName::from_static("apollographql-client-name"), HeaderName::from_static("graphql-client-name")];

/// What a caller asks to be told besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// What the operation cost: `X-Query-Cost: true`.
    pub(super) cost: bool,
    /// Where live data came from: `X-Query-Receipts: true`.
    pub(super) receipts: bool,
    /// From where changes of the answer can be followed: `X-Query-Cursor: true`.
    pub(super) cursor: bool,
}

impl Wishes {
    /// One pass over the headers: to look for each of the names takes longer. Of a header that comes twice either may say so.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut wishes = Self::default();
        for (name, value) in headers {
            let Some(what) = name.as_str().strip_prefix(PREFIX) else { continue };
            let wish = match what {
                "cost" => &mut wishes.cost,
                "receipts" => &mut wishes.receipts,
                "cursor" => &mut wishes.cursor,
                _ => continue,
            };
            *wish |= value.as_bytes().eq_ignore_ascii_case(b"true");
        }
        wishes
    }

    /// The answer is to tell what is true of this request only.
    pub(super) fn is_of_one_request(self) -> bool {
        self.receipts || self.cursor
    }
}

/// The client as it calls itself.
pub(super) fn client_name(headers: &HeaderMap) -> Option<&str> {
    let name = CLIENT_NAMES.iter().find_map(|name| headers.get(name));
    name.and_then(|name| name.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_what_is_wished_is_told() {
        let of = |name: &'static str, value: &'static str| {
            Wishes::of(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]))
        };
        assert_eq!(of("x-query-cost", "TRUE"), Wishes { cost: true, ..Wishes::default() });
        assert_eq!(of("x-query-receipts", "true"), Wishes { receipts: true, ..Wishes::default() });
        assert_eq!(of("x-query-cursor", "true"), Wishes { cursor: true, ..Wishes::default() });
        for (name, value) in [("x-query-cost", "1"), ("x-query-costs", "true"), ("cost", "true"), ("x-query-", "true")]
        {
            assert_eq!(of(name, value), Wishes::default(), "{name}: {value}");
        }
        assert!(of("x-query-cursor", "true").is_of_one_request() && !of("x-query-cost", "true").is_of_one_request());
    }

    #[test]
    fn either_name_of_a_client_counts() {
        for name in &CLIENT_NAMES {
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static("web"))]);
            assert_eq!(client_name(&headers), Some("web"));
        }
        assert_eq!(client_name(&HeaderMap::new()), None);
    }
}
