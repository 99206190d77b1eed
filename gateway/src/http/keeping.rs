//! Answers that are kept: found before anything is prepared, made once for all who ask the same meanwhile.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use sources::cache::CacheMode;
use tokio::time::Instant;

use super::{
    answer::Answer,
    graphql::{Asked, Steps, cache_mode},
    wishes::{Wishes, client_name},
};
use crate::{
    admission::Refused,
    auth::Principal,
    prepare::{Chosen, OperationKind, Prepared},
    response_cache::{Alias, Found, Kept, Key},
};

/// Longer requests are read each time: they are rare, and looking at each byte twice takes as long as it saves.
const ALIAS_BYTES_MAX: usize = 16 * 1024;

/// What an answer costs that is there already.
const HIT_POINTS: u64 = 1;

impl Asked {
    /// Under what the answer may be kept; none where the caller wants what is not.
    pub(super) fn key(&self, chosen: &Chosen, operation: Option<&str>, variables: &Map<String, Value>) -> Option<Key> {
        let is_kept = self.is_kept && chosen.kind() == OperationKind::Query;
        is_kept.then(|| Key::new(chosen.document().hash(), operation, variables, self.principal.eyes()))
    }
}

impl Steps<'_> {
    /// Whether answers are kept, and the caller does not want what is not.
    pub(super) fn may_be_kept(&self, principal: &Principal, headers: &HeaderMap, wishes: Wishes) -> bool {
        self.app.response_cache.is_some()
            && cache_mode(headers, principal) == CacheMode::Use
            && !wishes.is_of_one_request()
    }

    /// What the bytes of a request are known by.
    pub(super) fn alias(&self, body: &[u8], asked: &Asked) -> Option<Alias> {
        if body.len() > ALIAS_BYTES_MAX {
            return None;
        }
        let client = client_name(&asked.headers);
        let documents = self.app.documents.version(client).filter(|_| asked.is_kept)?;
        Some(Alias::of(body, client, documents, asked.principal.eyes()))
    }

    /// The answer, when it is kept and the same bytes led to it before.
    pub(super) async fn known(&mut self, alias: Option<&Alias>, asked: &Asked) -> Result<Option<Answer>, Box<Answer>> {
        let (Some(cache), Some(alias)) = (&self.app.response_cache, alias) else { return Ok(None) };
        let Some(key) = cache.key_of(alias) else { return Ok(None) };
        let Some(kept) = cache.get_early(&key, &asked.principal.tenant, Instant::now()) else { return Ok(None) };
        crate::documents::count("bytes", "kept");
        self.hit(&kept, asked).await.map(Some)
    }

    /// The answer, when it is kept. From then on the same bytes lead to it.
    pub(super) async fn kept(&mut self, alias: Option<Alias>, asked: &Asked) -> Result<Option<Answer>, Box<Answer>> {
        let (Some(cache), Some(key)) = (&self.app.response_cache, asked.key) else { return Ok(None) };
        let Some(kept) = cache.get(&key, &asked.principal.tenant, Instant::now()) else { return Ok(None) };
        if let Some(alias) = alias {
            cache.remember(alias, key);
        }
        self.hit(&kept, asked).await.map(Some)
    }

    /// Executes the operation, or waits for another who asks the same.
    pub(super) async fn answer(&mut self, prepared: Prepared, asked: &Asked) -> Result<Answer, Box<Answer>> {
        let keeping = *prepared.keeping();
        let (Some(cache), Some(key), Some(max_age)) = (&self.app.response_cache, asked.key, keeping.max_age()) else {
            return self.execute(prepared, asked).await;
        };
        // Half the time of an operation: whoever waited in vain has to execute it.
        let patience = self.app.config.server.request_timeout / 2;
        match cache.join(key, &asked.principal.tenant, patience).await {
            Found::Kept(kept) => self.hit(&kept, asked).await,
            Found::Alone => self.execute(prepared, asked).await,
            // There was no room for the one who was to make it, and there is none for all who waited.
            Found::Overloaded => Err(self.overloaded(Refused::Full)),
            Found::Lead(flight) => {
                let executed = self.execute(prepared, asked).await;
                let mut answer = match executed {
                    Ok(answer) => answer,
                    Err(refused) => {
                        if refused.status == StatusCode::SERVICE_UNAVAILABLE {
                            flight.overloaded();
                        }
                        return Err(refused);
                    }
                };
                // Subgraphs may have said less than the types do.
                let max_age = self.max_age.map_or(max_age, |told| told.min(max_age));
                match answer.keepable().filter(|_| !max_age.is_zero()) {
                    Some(body) => {
                        let kept = flight.keep(body, max_age, keeping);
                        Ok(with_freshness(answer, &kept))
                    }
                    None => {
                        flight.give_up();
                        Ok(answer)
                    }
                }
            }
        }
    }

    async fn hit(&mut self, kept: &Kept, asked: &Asked) -> Result<Answer, Box<Answer>> {
        // One point is all that comes of a deposit that is dropped.
        drop(self.charge(HIT_POINTS).await?);
        if asked.is_get && matches(&asked.headers, kept.etag()) {
            let answer = Answer::of_bytes(StatusCode::NOT_MODIFIED, bytes::Bytes::new());
            return Ok(with_freshness(answer, kept));
        }
        if asked.wishes.cost {
            let answer = Answer::of_bytes(StatusCode::OK, kept.body().clone());
            return Ok(with_freshness(self.with_cost(answer, HIT_POINTS, HIT_POINTS), kept));
        }
        let gzip = if accepts_gzip(&asked.headers) { kept.gzip() } else { None };
        let answer = Answer::of_bytes(StatusCode::OK, gzip.unwrap_or(kept.body()).clone());
        let answer = with_freshness(answer, kept);
        Ok(match gzip {
            Some(_) => answer.with_header(header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
            None => answer,
        })
    }
}

/// Says how long the answer may be kept, and what it is.
fn with_freshness(answer: Answer, kept: &Kept) -> Answer {
    answer
        .with_header(header::CACHE_CONTROL, kept.control().clone())
        .with_header(header::AGE, HeaderValue::from(kept.age().as_secs()))
        .with_header(header::ETAG, kept.etag().clone())
}

/// Whether the caller has this content already.
fn matches(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(own) = etag.to_str().map(opaque) else { return false };
    let told = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    told.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == own)
}

/// Whether gzip is acceptable.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let told = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    told.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0)));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn what_the_caller_has_is_compared_weakly() {
        let etag = HeaderValue::from_static("W/\"abc\"");
        let is_same = |told| matches(&headers(header::IF_NONE_MATCH, told), &etag);
        assert!(is_same("W/\"abc\"") && is_same("\"x\", \"abc\"") && is_same("*"));
        assert!(!is_same("\"abcd\"") && !is_same("abc") && !is_same(""));
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let takes = |told| accepts_gzip(&headers(header::ACCEPT_ENCODING, told));
        assert!(takes("gzip") && takes("br, GZIP;q=0.5") && takes("*"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("identity"));
    }
}
