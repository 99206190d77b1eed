//! What an answer's headers say of the quota. The five upstreams use different names, so one reader serves them all.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

use super::bucket::Limit;

/// Longest wait that is believed, so that one wrong header cannot switch an upstream off for a day.
const WAIT_MAX: Duration = Duration::from_secs(600);
/// The wait after a refusal that does not say how long.
const WAIT_DEFAULT: Duration = Duration::from_secs(5);

/// What an upstream said of its quota. Nothing said is nothing known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// So many calls in each window.
    pub limit: Option<(u32, Duration)>,
    /// Calls left.
    pub remaining: Option<u32>,
    /// When the window ends.
    pub reset_in: Option<Duration>,
    /// It refused, and wants to be left alone for so long.
    pub retry_after: Option<Duration>,
}

impl Reading {
    /// Reads the headers of an answer; `is_refusal` says that its status was one.
    pub fn of(headers: &HeaderMap, is_refusal: bool, now: DateTime<Utc>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let count = |name: &str| text(name).and_then(|text| text.parse().ok());
        let seconds = |name: &str| text(name).and_then(seconds);
        // GitLab: a limit for each minute, and the moment of its reset.
        let gitlab = count("ratelimit-limit").map(|limit| (limit, Duration::from_secs(60)));
        let gitlab_reset = text("ratelimit-reset").and_then(|text| until_unix(text, now));
        // Terraform: a limit for each second, and a wait.
        let terraform = count("x-ratelimit-limit").map(|limit| (limit, Duration::from_secs(1)));
        let terraform_reset = seconds("x-ratelimit-reset");
        // Azure: Resource Graph tells what is left and when that ends, the others what is left; refusals name several waits.
        let azure_reset = text("x-ms-user-quota-resets-after").and_then(clock_time);
        let azure_waits = headers.iter().filter_map(|(name, value)| {
            if is_azure_wait(name.as_str()) { seconds_of_list(value.to_str().ok()?) } else { None }
        });
        let reset_in = gitlab_reset.or(terraform_reset).or(azure_reset);
        // The longest of them counts.
        let told = azure_waits.chain(text("retry-after").and_then(|text| retry_after(text, now))).max();
        let retry_after = is_refusal.then(|| told.or(reset_in).unwrap_or(WAIT_DEFAULT).min(WAIT_MAX));
        Self {
            limit: gitlab.or(terraform).filter(|(limit, _)| *limit > 0),
            remaining: count("ratelimit-remaining")
                .or_else(|| count("x-ratelimit-remaining"))
                .or_else(|| count("x-ms-user-quota-remaining"))
                .or_else(|| count("x-ms-ratelimit-remaining-subscription-reads"))
                .or_else(|| count("x-ms-ratelimit-remaining-tenant-reads")),
            reset_in: reset_in.map(|wait| wait.min(WAIT_MAX)),
            retry_after,
        }
    }

    /// They name a wait, as a refusal does whose status is that of a failure.
    pub fn has_wait(headers: &HeaderMap) -> bool {
        headers.keys().any(|name| name == "retry-after" || is_azure_wait(name.as_str()))
    }

    /// Nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn limit(&self) -> Option<Limit> {
        self.limit.map(|(calls, window)| Limit { calls, window })
    }

    /// How long nobody may call: it refused, or nothing is left until the window ends.
    pub(crate) fn blocked_for(&self) -> Option<Duration> {
        let spent = self.remaining.filter(|left| *left == 0).and(self.reset_in);
        self.retry_after.max(spent)
    }
}

/// Cost Management has several, and often no other.
fn is_azure_wait(name: &str) -> bool {
    name.starts_with("x-ms-ratelimit-") && name.ends_with("retry-after")
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// The longest of several waits, as in `QPU=10,Tenant=20` or `10`.
fn seconds_of_list(text: &str) -> Option<Duration> {
    text.split([',', ';']).filter_map(|part| seconds(part.rsplit(['=', ':']).next()?.trim())).max()
}

/// `Retry-After`: seconds, or a date.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    seconds(text).or_else(|| {
        let until = DateTime::parse_from_rfc2822(text).ok()?;
        Some((until.to_utc() - now).to_std().unwrap_or_default())
    })
}

fn until_unix(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let until = DateTime::from_timestamp(text.parse().ok()?, 0)?;
    Some((until - now).to_std().unwrap_or_default())
}

/// `hh:mm:ss`.
fn clock_time(text: &str) -> Option<Duration> {
    let mut total = 0;
    for part in text.splitn(3, ':') {
        total = total * 60 + part.parse::<u64>().ok()?;
    }
    Some(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(headers: &[(&str, &str)], is_refusal: bool) -> Reading {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()));
        Reading::of(&pairs.collect(), is_refusal, DateTime::from_timestamp(1_000, 0).unwrap())
    }

    #[test]
    fn each_upstream_is_understood_in_its_own_words() {
        let s = Duration::from_secs;
        let gitlab =
            read(&[("RateLimit-Limit", "60"), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", "1030")], true);
        assert_eq!((gitlab.limit, gitlab.remaining), (Some((60, s(60))), Some(0)));
        assert_eq!(gitlab.blocked_for(), Some(s(30)));
        let terraform = read(&[("x-ratelimit-limit", "30"), ("X-RateLimit-Reset", "0.25")], true);
        assert_eq!(terraform.limit, Some((30, s(1))));
        assert_eq!(terraform.blocked_for(), Some(Duration::from_millis(250)));
        let graph = read(&[("x-ms-user-quota-remaining", "0"), ("x-ms-user-quota-resets-after", "00:00:05")], false);
        assert_eq!(graph.blocked_for(), Some(s(5)));
        let cost = read(
            &[
                ("x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after", "10"),
                ("x-ms-ratelimit-microsoft.costmanagement-entity-retry-after", "40"),
                ("Retry-After", "5"),
            ],
            true,
        );
        assert_eq!(cost.blocked_for(), Some(s(40)), "the longest counts");
        let has_wait = |name: &'static str| {
            Reading::has_wait(&HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static("1"))]))
        };
        assert!(has_wait("retry-after") && has_wait("x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"));
        assert!(!has_wait("x-ms-ratelimit-microsoft.costmanagement-qpu-remaining"));
    }

    #[test]
    fn a_refusal_without_a_word_has_a_wait_and_no_wait_is_endless() {
        assert_eq!(read(&[], true).blocked_for(), Some(WAIT_DEFAULT));
        assert!(read(&[], false).is_empty());
        assert_eq!(read(&[("Retry-After", "999999")], true).blocked_for(), Some(WAIT_MAX));
        let date = read(&[("Retry-After", "Thu, 01 Jan 1970 00:17:00 GMT")], true);
        assert_eq!(date.blocked_for(), Some(Duration::from_secs(20)));
        assert_eq!(read(&[("Retry-After", "-3")], true).blocked_for(), Some(WAIT_DEFAULT));
    }
}
