//! How each vendor proves that a delivery is its own.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};

use super::Hook;

impl Hook {
    /// With the secret token of a GitLab hook, in clear as GitLab sends it.
    #[must_use]
    pub fn gitlab_token(self, token: &str) -> Self {
        self.header("x-gitlab-token", token)
    }

    /// Signed with a signing token of a GitLab hook, `whsec_…`, by the scheme of Standard Webhooks.
    #[must_use]
    pub fn gitlab_signed(self, token: &str, at: DateTime<Utc>) -> Self {
        let key = BASE64_STANDARD.decode(token.trim_start_matches("whsec_")).unwrap_or_default();
        let id = self.headers.iter().find(|(name, _)| name == "idempotency-key").map(|(_, id)| id.clone());
        let (id, moment) = (id.unwrap_or_default(), at.timestamp().to_string());
        let signed = format!("{id}.{moment}.{}", self.body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        self.header("webhook-id", id)
            .header("webhook-timestamp", moment)
            .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag.as_ref())))
    }

    /// Signed with the token of a Terraform notification configuration.
    #[must_use]
    pub fn terraform_signed(self, token: &str) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA512, token.as_bytes()), self.body.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.header("x-tfe-notification-signature", hex)
    }

    /// With a secret in a header, as AWX and Event Grid send one that an administrator has set up.
    #[must_use]
    pub fn secret(self, header: &str, secret: &str) -> Self {
        self.header(header, secret)
    }
}
