//! The ways an upstream can misbehave, switched at run time.
//!
//! A fault stands in front of the real handler: it delays, spoils or replaces the answer. What each one puts on the wire
//! is in `answer.rs`; the HTTP switch is in `control.rs`.

mod answer;
pub(crate) mod shape;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

pub(crate) use answer::answer;

/// One way to misbehave. In JSON: `{"kind": "throttled", "retry_after_seconds": 2}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The right answer, late.
    Latency {
        /// The delay before the call is handled.
        delay_ms: u64,
    },
    /// The right answer, late by a time drawn anew for each call: mostly near `min_ms`, one in a hundred near `max_ms`.
    LatencySpread {
        /// The least delay.
        min_ms: u64,
        /// The greatest.
        max_ms: u64,
    },
    /// 401 as for a token that has expired.
    ExpiredToken,
    /// Connections are reset as soon as they are made.
    Refuse,
    /// 200 with bytes that are no JSON, said to be JSON.
    Garbage,
    /// 429 in the upstream's own words, with or without a wait.
    Throttled {
        /// The header's value; some of GitLab's limiters send none.
        #[serde(default)]
        retry_after_seconds: Option<u64>,
    },
    /// A bare status such as 500, 502 or 503, with a short plain-text body.
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// 200 with a sign-in page, as a proxy in front of the upstream would answer.
    Html,
    /// No answer, and the connection stays open.
    Hang,
    /// The connection is closed without an answer.
    Drop,
    /// The first half of the right answer, as if it were all.
    TruncatedJson,
    /// The first half of the right answer, then the connection breaks.
    BrokenBody,
    /// The right answer, one small piece at a time.
    Drip {
        /// The pause before each piece of 16 bytes.
        pause_ms: u64,
    },
    /// 200 with one endless-looking JSON string, streamed.
    HugeBody {
        /// The size of the body.
        body_bytes: u64,
    },
    /// The right body, said to be `text/plain`.
    WrongContentType,
    /// 302 to somewhere else.
    Redirect {
        /// The `Location`, sent as given.
        location: String,
    },
    /// 200 with arrays inside arrays.
    DeepJson {
        /// How many.
        depth: usize,
    },
    /// 200 with `errors` and no `data`.
    GraphqlErrors {
        /// The only error's message.
        message: String,
    },
}

#[derive(Clone, Debug, Serialize)]
struct Planned {
    fault: Fault,
    /// `None`: until cleared.
    calls_left: Option<u32>,
    /// Only calls to paths below this one meet it; others pass it by.
    below: &'static str,
}

/// The faults one upstream has before it. Clones share the same plan.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Planned>>>);

impl Faults {
    /// Replaces the plan: every call meets `fault` until [`clear`](Self::clear).
    pub fn always(&self, fault: Fault) {
        *self.plan() = VecDeque::from([Planned { fault, calls_left: None, below: "/" }]);
    }

    /// Adds to the plan: once what was planned before is used up, the next `calls` calls meet `fault`. Nothing that
    /// follows an [`always`](Self::always) is ever reached.
    pub fn next_calls(&self, calls: u32, fault: Fault) {
        self.next_calls_below("/", calls, fault);
    }

    /// The same for calls to paths that begin with `below`: others, such as probes, pass by.
    pub fn next_calls_below(&self, below: &'static str, calls: u32, fault: Fault) {
        if calls > 0 {
            self.plan().push_back(Planned { fault, calls_left: Some(calls), below });
        }
    }

    /// Back to good behaviour. Calls already hanging stay so.
    pub fn clear(&self) {
        self.plan().clear();
    }

    /// What the next call meets.
    pub fn current(&self) -> Option<Fault> {
        self.plan().front().map(|planned| planned.fault.clone())
    }

    /// Takes the fault of one call to `path` from the plan.
    pub(crate) fn take(&self, path: &str) -> Option<Fault> {
        let mut plan = self.plan();
        let planned = plan.front_mut().filter(|planned| path.starts_with(planned.below))?;
        let fault = planned.fault.clone();
        if let Some(left) = &mut planned.calls_left {
            *left -= 1;
            if *left == 0 {
                plan.pop_front();
            }
        }
        Some(fault)
    }

    /// The plan as JSON, for the control endpoint.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "plan": *self.plan() })
    }

    fn plan(&self) -> MutexGuard<'_, VecDeque<Planned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
