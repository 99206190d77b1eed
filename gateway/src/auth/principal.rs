//! `Principal`: who calls, as a verified token says.

use std::{collections::BTreeSet, sync::Arc};

use schema::{DateTime, EntityRef, Visibility, scope};
use serde_json::{Map, Value};

use super::{
    AuthError, ClaimNames,
    tier::{TierRule, tier_of},
};
use crate::{config::is_tenant, rate_limit::LastCaller, response_cache::Eyes};

/// Most teams and most scopes of one token.
const LIST_MAX: usize = 1_000;
/// Longest subject, in bytes.
const SUBJECT_BYTES_MAX: usize = 255;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The subject of the token.
    pub subject: String,
    /// The tenant.
    pub tenant: String,
    /// Tells principals apart: tenant, issuer and subject, and the tier, which has points of its own.
    pub key: Arc<str>,
    /// The tier of its limits; none: the usual ones.
    pub tier: Option<Arc<str>>,
    /// When the token ends that says so; none where there is none.
    pub expires_at: Option<DateTime>,
    /// What its last request was charged to.
    pub last_caller: LastCaller,
    visibility: Arc<Visibility>,
    eyes: Eyes,
}

impl Principal {
    /// Reads the claims of a verified token. Texts that cannot name a team are left out: they are groups of other systems.
    pub fn read(
        claims: &Map<String, Value>,
        names: &ClaimNames,
        issuer: &str,
        default_tenant: &str,
        tiers: &[TierRule],
    ) -> Result<Self, AuthError> {
        let subject = match claim(claims, &names.subject) {
            Some(Value::String(subject)) if is_subject(subject) => subject.clone(),
            _ => return Err(AuthError::Invalid("subject")),
        };
        let tenant = match claim(claims, &names.tenant) {
            None | Some(Value::Null) => default_tenant.to_owned(),
            Some(Value::String(tenant)) if is_tenant(tenant) => tenant.clone(),
            Some(_) => return Err(AuthError::Invalid("tenant")),
        };
        let teams = texts(claim(claims, &names.teams), false)?
            .iter()
            .filter_map(|team| EntityRef::parse_with(team.trim_start_matches('/'), Some("group"), "default").ok())
            .collect();
        let user = match &names.user {
            Some(name) => claim(claims, name).and_then(Value::as_str),
            None => Some(subject.as_str()),
        };
        let user = user.and_then(|user| EntityRef::parse_with(user, Some("user"), "default").ok());
        let scopes = texts(claim(claims, &names.scopes), true)?.into_iter().collect();
        let tier = tier_of(tiers, claims);
        let parts = [tenant.as_str(), issuer, subject.as_str()].into_iter().chain(tier.as_deref());
        let key = parts.collect::<Value>().to_string().into();
        let visibility = Visibility { tenant: tenant.clone(), subject: subject.clone(), user, teams, scopes };
        let eyes = Eyes::of(&visibility);
        let (expires_at, last_caller) = (None, LastCaller::default());
        Ok(Self { subject, tenant, key, tier, expires_at, last_caller, eyes, visibility: Arc::new(visibility) })
    }

    /// The same, until the token ends.
    pub fn until(self, expires_at: chrono::DateTime<chrono::Utc>) -> Self {
        Self { expires_at: Some(DateTime(expires_at)), ..self }
    }

    /// The caller where no issuer is configured: whoever reaches a loopback address is this machine's own operator.
    pub fn local(tenant: &str) -> Self {
        let visibility = Visibility {
            tenant: tenant.to_owned(),
            subject: "local".to_owned(),
            user: None,
            teams: Vec::new(),
            scopes: BTreeSet::from([scope::ADMIN.to_owned()]),
        };
        Self {
            subject: visibility.subject.clone(),
            tenant: visibility.tenant.clone(),
            key: format!("local {tenant}").into(),
            tier: None,
            expires_at: None,
            last_caller: LastCaller::default(),
            eyes: Eyes::of(&visibility),
            visibility: Arc::new(visibility),
        }
    }

    /// Whose eyes this caller's reads look through.
    pub fn visibility(&self) -> &Arc<Visibility> {
        &self.visibility
    }

    /// What of it answers depend on, in short.
    pub fn eyes(&self) -> &Eyes {
        &self.eyes
    }

    /// Where it looks, and with which eyes.
    pub fn sight(&self) -> (&str, &Eyes) {
        (&self.tenant, &self.eyes)
    }
}

/// A subject is shown, logged and stored: no control characters, and not endless.
fn is_subject(subject: &str) -> bool {
    !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX && !subject.chars().any(char::is_control)
}

/// The claim with this name, or at this path of names with dots between.
pub(super) fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    claim(claims.get(first)?.as_object()?, rest)
}

/// The texts of a list, or of one text; `is_spaced`: with spaces between them.
fn texts(value: Option<&Value>, is_spaced: bool) -> Result<Vec<String>, AuthError> {
    let texts: Vec<String> = match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) if is_spaced => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or(AuthError::Invalid("claim_type")))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(AuthError::Invalid("claim_type")),
    };
    if texts.len() > LIST_MAX { Err(AuthError::Invalid("claim_size")) } else { Ok(texts) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Result<Principal, AuthError> {
        let names = ClaimNames { scopes: "realm.scopes".to_owned(), ..ClaimNames::default() };
        Principal::read(claims.as_object().unwrap(), &names, "https://issuer", "default", &[])
    }

    #[test]
    fn claims_become_a_principal() {
        let claims =
            json!({"sub": "mira", "groups": ["/payments", "group:ops/sre", "not a team"], "realm": {"scopes": "a b"}});
        let principal = read(claims).unwrap();
        let visibility = principal.visibility();
        assert_eq!(visibility.tenant, "default");
        assert_eq!(visibility.own_refs(), ["user:default/mira", "group:default/payments", "group:ops/sre"]);
        assert!(visibility.has("b") && !visibility.has("c"));
    }

    #[test]
    fn claims_of_the_wrong_shape_are_refused() {
        for claims in [
            json!({}),
            json!({"sub": 7}),
            json!({"sub": ""}),
            json!({"sub": "a\nb"}),
            json!({"sub": "a", "tenant": "Not Valid"}),
            json!({"sub": "a", "tenant": 1}),
            json!({"sub": "a", "groups": [1]}),
            json!({"sub": "a", "groups": {}}),
        ] {
            assert!(read(claims.clone()).is_err(), "{claims} was accepted");
        }
    }
}
