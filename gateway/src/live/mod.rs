//! Subscriptions: what changes reaches whoever asked for it, once, in order, or as a `Gap` that says what is lost.
//!
//! One `feed` for the replica follows the change log. Subscribers that ask the same through the same eyes are one `group`: a change is
//! matched (`index`, `entities`, `deployments`) and executed once for all of them, and the same bytes go into the bounded `queue` of each.
//! `begin` is where a subscription starts, `operation` what is executed for each event, `subscriber` its course: the snapshot, what it missed, then what comes; `cursor` is how clients
//! name a place in it. How the bytes go out is the transports' affair (`http`).

mod begin;
mod cursor;
mod deployments;
mod entities;
mod execution;
mod facts;
mod feed;
mod group;
mod index;
mod job;
mod matching;
mod members;
mod operation;
mod queue;
mod registry;
mod sent;
mod subscriber;
mod subscription;
mod toll;
mod worker;

pub use begin::{Resume, begin, newest_cursor};
pub use cursor::{Cursors, Place};
pub use feed::run;
pub use operation::Operation;
pub use registry::{Config, Live, Seat};
pub use subscriber::Subscriber;
pub use subscription::{Frame, Frames, Subscription};
pub(crate) use toll::Toll;
