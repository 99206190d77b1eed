//! What all upstreams share: the cap on calls in flight, the deadline, the breaker, the pause that an upstream asks for, and
//! the size and shape that an answer must have. No upstream is called past this.

mod breaker;
mod http;

pub use breaker::{Breaker, BreakerConfig};
pub use http::{Upstream, UpstreamConfig};
