//! Webhooks: what upstreams tell by themselves. A delivery is a hint that something happened to an object, never the truth about
//! it: what is stored are the names of the object, and the work is to ask its source and to write what that says.
//!
//! `config` is the section `[webhooks]`, `proof` and `standard` tell who sent a delivery, `sender` knows which senders are let in, `delivery` what
//! they may name; the folder of each upstream reads its own payloads (`<upstream>/webhook.rs`). `queue` keeps deliveries until `work`
//! has done them by way of a `claim`, `quarantine` those that it could not do.

mod claim;
mod config;
mod delivery;
mod proof;
mod quarantine;
mod queue;
mod sender;
pub(crate) mod standard;
mod work;

pub use claim::{Claimed, Retry, Task};
pub use config::{AwxSender, AzureSender, Config, GitlabSender, TerraformSender};
pub use delivery::{Delivery, Hint, Received, Refusal, Topic};
pub(crate) use delivery::{clipped, digest};
pub(crate) use proof::{Proof, is_any, is_signed_512};
pub use quarantine::Quarantined;
pub use queue::{Depth, Stored};
pub use sender::{Message, Sender, Senders};
pub use work::{Work, WorkError};
