//! The document of a request: found by what it is called, refused where only published ones are executed.

use axum::http::{HeaderMap, HeaderValue, header};
use schema::ErrorCode;

use super::{answer::Answer, graphql::Steps, wishes::client_name};
use crate::documents::{Found, Named};

impl Steps<'_> {
    /// The text that the request means.
    pub(super) async fn find(&self, named: Named, headers: &HeaderMap) -> Result<Found, Box<Answer>> {
        let found = self.app.documents.find(named, client_name(headers), &self.patience).await;
        found.map_err(|refusal| {
            let answer = Answer::refused(&refusal, self.request_id);
            Box::new(match refusal.code {
                ErrorCode::DatabaseUnavailable => {
                    answer.with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
                }
                _ => answer,
            })
        })
    }
}
