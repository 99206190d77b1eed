//! Who calls: from a bearer token to a [`Principal`], or to a refusal with a code. Nothing but a verified token says who
//! somebody is or which tenant they belong to.
//!
//! `token` takes a token apart, `keys` holds the issuers' keys, `principal` reads the claims, `tier` says how much they are granted, `memory` remembers.

mod authenticator;
mod config;
mod discovery;
mod error;
mod keys;
mod memory;
mod principal;
mod tier;
mod token;

pub use authenticator::Authenticator;
pub use config::{ClaimNames, Config, IssuerConfig};
pub use error::AuthError;
pub use principal::Principal;
pub use tier::TierRule;
