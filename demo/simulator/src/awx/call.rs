//! One request: where it was sent and what it asks.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};

use super::{Awx, refusal::Refusal, row::Scope};

/// Stand-alone, and behind the gateway of the platform that AWX became part of.
pub(super) const PREFIXES: [&str; 2] = ["/api/v2", "/api/controller/v2"];

pub(super) struct Call {
    pub(super) awx: Awx,
    pub(super) prefix: &'static str,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
}

impl Call {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope::new(self.awx.world(), self.awx.now(), self.prefix)
    }

    /// The last value of a parameter, as Django takes it.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequestParts<Awx> for Call {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, awx: &Awx) -> Result<Self, Refusal> {
        let path = parts.uri.path().to_owned();
        let prefix = PREFIXES.into_iter().rev().find(|prefix| path.starts_with(prefix)).unwrap_or("/api/v2");
        let Query(query) =
            Query::from_request_parts(parts, awx).await.map_err(|error| Refusal::bad(error.to_string()))?;
        Ok(Self { awx: awx.clone(), prefix, path, query })
    }
}
