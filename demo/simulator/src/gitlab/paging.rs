//! Pages by number, with the headers that GitLab's REST API gives them.

use axum::{
    Json,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

const SIZE_DEFAULT: usize = 20;
const SIZE_MAX: usize = 100;
/// Above so many rows totals and the last page are no longer told.
const TOTAL_MAX: usize = 10_000;

/// What of a list is wanted.
pub(super) struct Paging {
    number: usize,
    size: usize,
}

impl Paging {
    pub(super) fn of(parameters: &[(String, String)]) -> Self {
        let read =
            |name: &str| parameters.iter().rfind(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok());
        let number = read("page").filter(|number| *number > 0).unwrap_or(1);
        let size = read("per_page").filter(|size| *size > 0).unwrap_or(SIZE_DEFAULT).min(SIZE_MAX);
        Self { number, size }
    }

    /// The page of `rows`, each shown by `show`; `url` is the address of the API without path.
    pub(super) fn answer<T>(&self, url: &str, uri: &Uri, rows: &[T], show: impl Fn(&T) -> Value) -> Response {
        let pages = rows.len().div_ceil(self.size).max(1);
        let page = rows.iter().skip((self.number - 1) * self.size).take(self.size).map(show);
        let page: Vec<Value> = page.collect();
        let next = (self.number < pages).then_some(self.number + 1);
        let previous = (self.number > 1).then(|| self.number - 1);
        let is_counted = rows.len() <= TOTAL_MAX;
        let number = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        add("x-page", self.number.to_string());
        add("x-per-page", self.size.to_string());
        add("x-next-page", number(next));
        add("x-prev-page", number(previous));
        if is_counted {
            add("x-total", rows.len().to_string());
            add("x-total-pages", pages.to_string());
        }
        let last = is_counted.then_some(pages);
        let links = [("prev", previous), ("next", next), ("first", Some(1)), ("last", last)];
        let links = links
            .into_iter()
            .filter_map(|(rel, page)| Some(format!("<{}>; rel=\"{rel}\"", self.link(url, uri, page?))));
        add(header::LINK.as_str(), links.collect::<Vec<_>>().join(", "));
        (headers, Json(page)).into_response()
    }

    fn link(&self, url: &str, uri: &Uri, page: usize) -> String {
        let query = uri.query().unwrap_or_default();
        let kept = query.split('&').filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && !matches!(name, "page" | "per_page")
        });
        let own = [format!("page={page}"), format!("per_page={}", self.size)];
        let pairs: Vec<String> = kept.map(str::to_owned).chain(own).collect();
        format!("{url}{}?{}", uri.path(), pairs.join("&"))
    }
}
