//! Which media type an answer has, from `Accept` with its q-values.

use axum::http::{HeaderMap, header};

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status tells whether the operation was executed.
    GraphqlResponse,
    /// `application/json`: the status is 200 even when the document was refused.
    Json,
}

impl Media {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// In which form a stream of answers goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streamed {
    /// `text/event-stream`, as graphql-sse reads it.
    Events,
    /// `multipart/mixed`, as Apollo Client reads subscriptions.
    Multipart,
}

/// The acceptable form of a stream with the highest q, the first listed among equals; none when no stream is acceptable.
pub fn negotiate_stream(headers: &HeaderMap) -> Option<Streamed> {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut best: Option<(u16, Streamed)> = None;
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let streamed = match named {
            _ if named.eq_ignore_ascii_case("text/event-stream") => Streamed::Events,
            // Other uses of the media type are of other protocols.
            _ if named.eq_ignore_ascii_case("multipart/mixed") && range.contains("subscriptionSpec") => {
                Streamed::Multipart
            }
            _ => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=").map(quality)).unwrap_or(1_000);
        if quality > 0 && best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, streamed));
        }
    }
    best.map(|(_, streamed)| streamed)
}

/// The acceptable media type with the highest q, the first listed among equals; none when nothing is acceptable.
pub fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut ranges = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if ranges.peek().is_none() {
        return Some(Media::Json);
    }
    let mut best: Option<(u16, Media)> = None;
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let is = |names: &[&str]| names.iter().any(|name| named.eq_ignore_ascii_case(name));
        let media = match () {
            () if is(&["application/json", "application/*", "*/*"]) => Media::Json,
            () if is(&["application/graphql-response+json", "application/graphql+json"]) => Media::GraphqlResponse,
            () => continue,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=").map(quality)).unwrap_or(1_000);
        if quality > 0 && best.is_none_or(|(highest, _)| quality > highest) {
            best = Some((quality, media));
        }
    }
    best.map(|(_, media)| media)
}

/// A q-value in thousandths; a malformed one counts as zero.
fn quality(text: &str) -> u16 {
    let value: f32 = text.trim().parse().unwrap_or(0.0);
    if (0.0..=1.0).contains(&value) { (value * 1_000.0).round() as u16 } else { 0 }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_acceptable_type_wins() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            negotiate(&headers)
        };
        assert_eq!(negotiate(&HeaderMap::new()), Some(Media::Json));
        assert_eq!(of("*/*"), Some(Media::Json));
        assert_eq!(of("application/graphql-response+json,application/json;q=0.9"), Some(Media::GraphqlResponse));
        assert_eq!(of("application/json, application/graphql-response+json"), Some(Media::Json));
        assert_eq!(of("application/json;q=0.2, application/graphql-response+json;q=0.3"), Some(Media::GraphqlResponse));
        assert_eq!(of("text/html"), None);
        assert_eq!(of("application/json;q=0"), None);
        assert_eq!(of("text/event-stream, application/json"), Some(Media::Json));
    }

    #[test]
    fn a_stream_has_the_form_that_is_preferred() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_str(accept).unwrap());
            negotiate_stream(&headers)
        };
        assert_eq!(of("text/event-stream"), Some(Streamed::Events));
        let apollo = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0,application/json";
        assert_eq!(of(apollo), Some(Streamed::Multipart));
        assert_eq!(of("multipart/mixed;deferSpec=20220824, application/json"), None);
        assert_eq!(of("*/*"), None);
        assert_eq!(of("text/event-stream;q=0"), None);
    }
}
