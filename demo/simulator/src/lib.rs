//! The upstreams and the identity provider, faked on loopback, for the demo and for tests.
//!
//! Written from the upstreams' public documents and from nothing of ours: it shares no type with the code that calls it,
//! so that one mistake cannot pass on both sides. It answers over real sockets, enforces the limits the real systems
//! enforce, misbehaves on request ([`Fault`]) and remembers who called ([`Calls`]).
//!
//! Start at [`Simulator::start`]; the fake GitLab is in [`gitlab`], the OIDC issuer in [`issuer`].

pub mod awx;
pub mod azure;
mod calls;
mod clock;
mod control;
mod fault;
pub mod gitlab;
pub mod hook;
pub mod issuer;
pub mod openshift;
mod quota;
mod seed;
mod server;
mod simulator;
pub mod terraform;
mod tls;

pub use calls::{Call, Calls};
pub use clock::{Clock, ManualClock};
pub use fault::{Fault, Faults};
pub use quota::Quota;
pub use simulator::{Config, Simulator, Upstream};
