//! Pages: 20 rows, at most 100, with links back to where the caller came from.

use serde_json::{Map, Value, json};

use super::{View, parameters::Parameters};

const SIZE: usize = 20;

/// More than that is not refused but cut to it.
const SIZE_MAX: usize = 100;

pub(super) struct Page<'a> {
    pub(super) number: usize,
    pub(super) size: usize,
    path: &'a str,
    parameters: &'a Parameters,
}

impl<'a> Page<'a> {
    pub(super) fn new(path: &'a str, parameters: &'a Parameters) -> Self {
        let number =
            |name| parameters.get(name).and_then(|value| value.parse::<usize>().ok()).filter(|value| *value > 0);
        Self {
            number: number("page[number]").unwrap_or(1),
            size: number("page[size]").unwrap_or(SIZE).min(SIZE_MAX),
            path,
            parameters,
        }
    }

    /// How many rows come before this page.
    pub(super) fn skipped(&self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }

    /// The rows of this page.
    pub(super) fn of<T>(&self, rows: impl IntoIterator<Item = T>) -> Vec<T> {
        rows.into_iter().skip(self.skipped()).take(self.size).collect()
    }

    /// A list whose length is known.
    pub(super) fn list(&self, view: &View<'_>, data: Vec<Value>, total: usize) -> Value {
        // An empty list has one page all the same.
        let pages = total.div_ceil(self.size).max(1);
        let next = (self.number < pages).then_some(self.number + 1);
        let mut body = self.untotalled(view, data, next);
        if let Some(links) = body.get_mut("links").and_then(Value::as_object_mut) {
            links.insert("last".to_owned(), json!(self.link(view, pages)));
        }
        if let Some(pagination) = body.pointer_mut("/meta/pagination").and_then(Value::as_object_mut) {
            pagination.insert("total-count".to_owned(), json!(total));
            pagination.insert("total-pages".to_owned(), json!(pages));
            if self.number > pages {
                pagination.insert("prev-page".to_owned(), Value::Null);
            }
        }
        body
    }

    /// A list whose length nobody counts: no totals, no last page.
    pub(super) fn untotalled(&self, view: &View<'_>, data: Vec<Value>, next: Option<usize>) -> Value {
        let prev = (self.number > 1).then(|| self.number - 1);
        let mut links = Map::new();
        links.insert("self".to_owned(), json!(self.link(view, self.number)));
        links.insert("first".to_owned(), json!(self.link(view, 1)));
        links.insert("prev".to_owned(), json!(prev.map(|number| self.link(view, number))));
        links.insert("next".to_owned(), json!(next.map(|number| self.link(view, number))));
        json!({
            "data": data,
            "links": links,
            "meta": { "pagination": {
                "current-page": self.number,
                "page-size": self.size,
                "prev-page": prev,
                "next-page": next,
            } },
        })
    }

    fn link(&self, view: &View<'_>, number: usize) -> String {
        let (url, path) = (view.url, self.path);
        let others = self.parameters.0.iter().filter(|(name, _)| !name.starts_with("page["));
        let others = others.map(|(name, value)| format!("{}={}&", encoded(name), encoded(value)));
        let others = others.collect::<String>();
        format!("{url}/api/v2/{path}?{others}page%5Bnumber%5D={number}&page%5Bsize%5D={}", self.size)
    }
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    bytes.collect()
}
