//! The scheme of Standard Webhooks: HMAC-SHA256 over id, moment and body under one of the signing tokens.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac;
use secrecy::ExposeSecret;

use super::{
    Refusal,
    proof::{Proof, mac_256},
};
use crate::Credential;

/// What marks a signing token of the Standard Webhooks scheme.
const SIGNING: &str = "whsec_";

/// Most signatures of one delivery that are looked at.
const SIGNATURES_MAX: usize = 8;

/// The headers of the Standard Webhooks scheme.
pub(crate) struct Signed<'a> {
    pub(crate) id: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) signatures: &'a str,
}

/// Whether a secret signs instead of being sent.
fn is_signing_token(secret: &Credential) -> bool {
    secret.current().expose_secret().starts_with(SIGNING)
}

/// The secrets that are sent as they are.
pub(crate) fn plain(secrets: &[Credential]) -> Vec<Credential> {
    secrets.iter().filter(|secret| !is_signing_token(secret)).cloned().collect()
}

/// Checks a signed delivery; the moment only when the signature holds, so that who cannot sign learns nothing.
pub(crate) fn verify(
    secrets: &[Credential],
    signed: &Signed<'_>,
    body: &[u8],
    now: DateTime<Utc>,
    tolerance: TimeDelta,
) -> Result<Proof, Refusal> {
    let given: Vec<Vec<u8>> = signed
        .signatures
        .split(' ')
        .filter_map(|signature| BASE64_STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .take(SIGNATURES_MAX)
        .collect();
    let signs = |secret: &Credential| {
        let current = secret.current();
        let key = current.expose_secret().strip_prefix(SIGNING).and_then(|key| BASE64_STANDARD.decode(key).ok());
        let Some(mac) = key.and_then(|key| mac_256(&key)) else { return false };
        let mac = mac.chain_update(signed.id).chain_update(".").chain_update(signed.timestamp);
        let mac = mac.chain_update(".").chain_update(body);
        given.iter().fold(false, |found, signature| mac.clone().verify_slice(signature).is_ok() | found)
    };
    if !secrets.iter().fold(false, |found, secret| signs(secret) | found) {
        return Err(Refusal::Unproven);
    }
    let moment = signed.timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    match moment {
        Some(moment) if (now - moment).abs() <= tolerance => Ok(Proof::Signature { id: signed.id.to_owned() }),
        _ => Err(Refusal::Stale),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn secrets(texts: &[&str]) -> Vec<Credential> {
        texts.iter().map(|text| Credential::fixed(SecretString::from(*text))).collect()
    }

    #[test]
    fn the_published_example_of_standard_webhooks_holds() {
        // From the specification's own libraries.
        let secrets = secrets(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        let body = br#"{"test": 2432232314}"#;
        let signed = |signatures: &'static str| Signed {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330",
            signatures,
        };
        let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let sent_at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let check =
            |signatures, body: &[u8], now| verify(&secrets, &signed(signatures), body, now, TimeDelta::minutes(5));
        assert!(matches!(check(good, body, sent_at), Ok(Proof::Signature { .. })));
        let several = "v2,AAAA v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert!(check(several, body, sent_at + TimeDelta::minutes(5)).is_ok());
        assert_eq!(check(good, body, sent_at + TimeDelta::seconds(301)), Err(Refusal::Stale));
        assert_eq!(check(good, body, sent_at - TimeDelta::seconds(301)), Err(Refusal::Stale));
        assert_eq!(check(good, b"{}", sent_at), Err(Refusal::Unproven));
        for wrong in ["", "v1,", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1a,AAAA"] {
            assert_eq!(check(wrong, body, sent_at), Err(Refusal::Unproven), "{wrong}");
        }
    }
}
