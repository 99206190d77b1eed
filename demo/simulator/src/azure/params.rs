//! Query parameters, whose names ARM compares without regard to case.

use axum::{extract::Query, http::Uri, response::Response};

use super::error::bad_request;

pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(uri: &Uri) -> Self {
        Self(Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default())
    }

    /// The first value of `name`; an empty one counts as not sent.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// A whole number of at least 1.
    pub(super) fn positive(&self, name: &str) -> Result<Option<u32>, Box<Response>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let refused =
            || bad_request("InvalidQueryParameterValue", &format!("The value '{text}' of '{name}' is invalid."));
        text.parse().ok().filter(|number| *number > 0).map(Some).ok_or_else(|| Box::new(refused()))
    }

    /// One of `choices`, in their spelling.
    pub(super) fn one_of(&self, name: &str, choices: &[&'static str]) -> Result<Option<&'static str>, Box<Response>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let found = choices.iter().copied().find(|choice| choice.eq_ignore_ascii_case(text));
        let message = || format!("The value '{text}' of '{name}' is invalid. Allowed: {}.", choices.join(", "));
        found.map(Some).ok_or_else(|| Box::new(bad_request("BadRequest", &message())))
    }
}
