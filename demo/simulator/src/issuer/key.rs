//! One signing key: made, stored as PKCS #8, published as a JWK.

use anyhow::{Context as _, anyhow};
use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256},
};
use serde_json::{Value, json};

use super::jwt::encode;

/// The algorithms the issuer signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA over P-256.
    Es256,
    /// RSA PKCS #1 v1.5, 2048 bits.
    Rs256,
}

impl Algorithm {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// Its name in a JWT header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

pub(super) struct SigningKey {
    /// Drawn from the public key, so that it stays the same across restarts and never names two keys.
    pub(super) kid: String,
    pair: Pair,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl SigningKey {
    pub(super) fn generate(algorithm: Algorithm) -> anyhow::Result<Self> {
        let pair = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Es256),
            Algorithm::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rs256),
        };
        Self::new(pair.map_err(|_| anyhow!("cannot generate a key for {}", algorithm.name()))?)
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> anyhow::Result<Self> {
        let pair = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::Es256),
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(Pair::Rs256),
        };
        Self::new(pair.context("not a PKCS #8 key of that algorithm")?)
    }

    fn new(pair: Pair) -> anyhow::Result<Self> {
        let mut key = Self { kid: String::new(), pair };
        let print = digest::digest(&digest::SHA256, &key.public_der()?);
        key.kid =
            format!("{}-{}", key.algorithm().name().to_lowercase(), encode(print.as_ref().get(..9).unwrap_or(&[])));
        Ok(key)
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Es256(_) => Algorithm::Es256,
            Pair::Rs256(_) => Algorithm::Rs256,
        }
    }

    pub(super) fn to_pkcs8(&self) -> anyhow::Result<Vec<u8>> {
        let der = match &self.pair {
            Pair::Es256(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Rs256(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| der.as_ref().to_vec()),
        };
        der.map_err(|_| anyhow!("cannot write the key {}", self.kid))
    }

    /// The public half as SubjectPublicKeyInfo.
    pub(super) fn public_der(&self) -> anyhow::Result<Vec<u8>> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::Es256(pair) => pair.public_key().as_der(),
            Pair::Rs256(pair) => pair.public_key().as_der(),
        };
        der.map(|der| der.as_ref().to_vec()).map_err(|_| anyhow!("a public key without a DER form"))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Es256(pair) => pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).map(|()| signature)
            }
        }
        .expect("signing fails only without memory or randomness, and then nothing else works either")
    }

    pub(super) fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Es256(pair) => {
                // Uncompressed point: 0x04, then x and y of 32 bytes each.
                let (x, y) = pair
                    .public_key()
                    .as_ref()
                    .get(1..)
                    .and_then(|point| point.split_at_checked(32))
                    .unwrap_or_default();
                json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
            Pair::Rs256(pair) => json!({
                "kty": "RSA",
                "n": encode(pair.public_key().modulus().big_endian_without_leading_zero()),
                "e": encode(pair.public_key().exponent().big_endian_without_leading_zero()),
            }),
        };
        if let Some(fields) = jwk.as_object_mut() {
            fields.insert("use".to_owned(), json!("sig"));
            fields.insert("alg".to_owned(), json!(self.algorithm().name()));
            fields.insert("kid".to_owned(), json!(self.kid));
        }
        jwk
    }
}
