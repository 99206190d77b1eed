//! What all upstreams share: the quota, the cap on calls in flight, the deadline, retries within a budget, the breaker, and
//! the size and shape that an answer must have. No upstream is called past this.
//!
//! `http` is one call from its start to its end; what it asks on the way is a file each.

mod address;
mod answer;
mod breaker;
mod diagnosis;
mod http;
mod limits;
mod quota;
mod retry;
mod well_formed;

pub use address::address_problem;
pub use answer::Answer;
pub use breaker::{Breaker, BreakerConfig};
pub use diagnosis::{Answered, diagnosis};
pub use http::{Download, Opened, Pieces, Shared, Upstream, UpstreamConfig, websocket_headers};
pub use limits::Limits;
pub(crate) use limits::{Problems, limits_of};
pub(crate) use quota::{Limit, SharedQuota};
pub use quota::{QuotaConfig, QuotaReport, Reading};
pub(crate) use well_formed::WellFormed;
