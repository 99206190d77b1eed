//! Who sent a delivery: secrets are compared, and signatures computed, in a time that says nothing of them. Every secret is tried
//! whether one before it was right or not; a delivery proves itself with any of them, so that two count while one replaces the other.

use std::sync::LazyLock;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::{Sha256, Sha512};

use crate::Credential;

/// Both sides of a comparison are hashed under it, so that neither their length nor where they differ shows in the time it takes.
static COMPARISON: LazyLock<[u8; 32]> = LazyLock::new(rand::random);

/// What a delivery was proven with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    /// A secret that came along.
    Secret,
    /// A signature, which holds for this id of the delivery.
    Signature { id: String },
}

/// None only for a key that cannot be one: then nothing is proven.
pub(super) fn mac_256(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

/// Whether this is one of the secrets.
pub(crate) fn is_any(secrets: &[Credential], given: &[u8]) -> bool {
    let Some(keyed) = mac_256(&*COMPARISON) else { return false };
    let is_same = |secret: &Credential| {
        let current = secret.current();
        let expected = keyed.clone().chain_update(current.expose_secret().as_bytes()).finalize().into_bytes();
        keyed.clone().chain_update(given).verify_slice(&expected).is_ok()
    };
    secrets.iter().fold(false, |found, secret| is_same(secret) | found)
}

/// Whether `signature`, in hexadecimal, is HMAC-SHA512 of the body under one of the secrets.
pub(crate) fn is_signed_512(secrets: &[Credential], body: &[u8], signature: &str) -> bool {
    let Ok(signature) = hex::decode(signature) else { return false };
    let is_of = |secret: &Credential| {
        let mac = Hmac::<Sha512>::new_from_slice(secret.current().expose_secret().as_bytes());
        mac.is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
    };
    secrets.iter().fold(false, |found, secret| is_of(secret) | found)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn secrets(texts: &[&str]) -> Vec<Credential> {
        texts.iter().map(|text| Credential::fixed(SecretString::from(*text))).collect()
    }

    #[test]
    fn any_secret_counts_and_no_part_of_one() {
        let both = secrets(&["the-old-secret-text", "the-new-secret-text"]);
        assert!(is_any(&both, b"the-old-secret-text") && is_any(&both, b"the-new-secret-text"));
        for wrong in ["", "the-old-secret-tex", "the-old-secret-text ", "the-new-secret-texT"] {
            assert!(!is_any(&both, wrong.as_bytes()), "{wrong:?}");
        }
        assert!(!is_any(&[], b""));
    }

    #[test]
    fn a_signature_of_sha_512_is_of_this_body_and_this_secret() {
        let both = secrets(&["first-secret-of-two", "second-secret-of-two"]);
        // Made with `openssl dgst -sha512 -hmac second-secret-of-two`, of `{"a":1}`.
        let signature = concat!(
            "7039dc55278d3648b77ef9fdb5fd4332816dee359b385750fa446bfe7c4f91b6",
            "350d1e010b7061a4b3fa537ed5f60c9c1b5bc7ebd0b27592cf323f6c1b3f86cb"
        );
        assert!(is_signed_512(&both, br#"{"a":1}"#, signature));
        assert!(!is_signed_512(&both, br#"{"a":2}"#, signature));
        assert!(!is_signed_512(&both[..1], br#"{"a":1}"#, signature));
        for wrong in ["", "zz", &signature[..64]] {
            assert!(!is_signed_512(&both, br#"{"a":1}"#, wrong));
        }
    }
}
