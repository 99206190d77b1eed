//! Requests at a fixed rate, of which only a few figures are kept.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use demo::{estate::roles, platform::claims};
use hyper::{StatusCode, header::HeaderName, header::HeaderValue};
use serde_json::Value;
use simulator::Simulator;
use tokio::task::JoinSet;

use crate::{
    client::{Shot, Target},
    gateway::headers,
    tally::Tally,
};

use super::wire::{self, Wire};

/// Longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    /// Since the request should have been sent.
    pub(crate) latency: Duration,
    /// Since it was sent.
    pub(crate) answered_in: Duration,
    /// None when no answer came.
    pub(crate) status: Option<StatusCode>,
    /// What the answer says that it cost.
    pub(crate) points: u64,
}

/// A caller of this role's tenant, by another name, that sends these requests in turn.
pub(crate) fn caller(
    simulator: &Simulator,
    gateway: std::net::SocketAddr,
    role: &str,
    subject: &str,
    requests: &[Value],
    is_cold: bool,
) -> anyhow::Result<Arc<Target>> {
    let role = roles().into_iter().find(|known| known.name == role).context("there is no such role")?;
    let mut claims = claims(&role);
    subject.clone_into(&mut claims.subject);
    claims.scopes.push("cache:bypass".to_owned());
    let mut headers = headers(&simulator.issuer().token(&claims), is_cold)?;
    headers.insert(HeaderName::from_static("x-query-cost"), HeaderValue::from_static("true"));
    let shot = |request: &Value| anyhow::Ok(Shot { uri: "/graphql".parse()?, body: request.to_string().into() });
    Target::new(gateway, headers, requests.iter().map(shot).collect::<Result<_, _>>()?)
}

/// Asks the targets in turn, `rate` times a second for so long, and waits for every answer. On a thread of its own, so that what it
/// takes is not taken from what else this process does.
pub(crate) async fn paced(targets: &[Arc<Target>], rate: f64, lasting: Duration) -> anyhow::Result<Vec<Reply>> {
    let targets = targets.to_vec();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let outcome = runtime.map(|runtime| runtime.block_on(on_this_thread(&targets, rate, lasting)));
        let _ = sender.send(outcome);
    });
    Ok(receiver.await.context("the client's thread ended early")??)
}

async fn on_this_thread(targets: &[Arc<Target>], rate: f64, lasting: Duration) -> Vec<Reply> {
    let planned = (rate * lasting.as_secs_f64()) as usize;
    let callers: Vec<Arc<Caller>> = targets.iter().map(|target| Arc::new(Caller::new(target))).collect();
    let started = Instant::now();
    let mut asking = JoinSet::new();
    let mut replies = Vec::with_capacity(planned);
    for number in 0..planned {
        let intended = started + Duration::from_secs_f64(number as f64 / rate);
        // Timers are good to a millisecond: whatever is due by then is sent together.
        if intended > Instant::now() {
            tokio::time::sleep_until(intended.into()).await;
        }
        let Some(caller) = callers.get(number % callers.len().max(1)).cloned() else { continue };
        asking.spawn(async move {
            let sent = Instant::now();
            let answer = tokio::time::timeout(ANSWER_MAX, caller.exchange(number)).await;
            let answer = answer.ok().and_then(Result::ok);
            let points = answer.as_ref().map_or(0, |(_, body)| points(body));
            let status = answer.map(|(status, _)| status);
            Reply { latency: intended.elapsed(), answered_in: sent.elapsed(), status, points }
        });
        while let Some(reply) = asking.try_join_next() {
            replies.extend(reply.ok());
        }
    }
    while let Some(reply) = asking.join_next().await {
        replies.extend(reply.ok());
    }
    replies
}

/// One who asks, with as many kept connections as answers were awaited at the same time.
struct Caller {
    address: std::net::SocketAddr,
    requests: Vec<Bytes>,
    idle: Mutex<Vec<Wire>>,
}

impl Caller {
    fn new(target: &Target) -> Self {
        Self { address: target.address, requests: wire::requests(target), idle: Mutex::default() }
    }

    /// Sends one of the requests; answers what came, whatever it is.
    async fn exchange(&self, number: usize) -> anyhow::Result<(StatusCode, Bytes)> {
        let request = self.requests.get(number % self.requests.len().max(1)).context("there is no request")?;
        let kept = self.idle().pop();
        // The gateway closes what is idle for long, which may be at this very moment.
        if let Some(mut wire) = kept
            && let Ok(answer) = wire.exchange(request).await
        {
            self.idle().push(wire);
            return Ok(answer);
        }
        let mut wire = Wire::open(self.address).await?;
        let answer = wire.exchange(request).await?;
        self.idle().push(wire);
        Ok(answer)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Wire>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number after `"actual":`, near the end of the answer.
fn points(body: &[u8]) -> u64 {
    const KEY: &[u8] = b"\"actual\":";
    let Some(at) = memchr::memmem::rfind(body, KEY) else { return 0 };
    let digits = body.get(at + KEY.len()..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// Latencies of those who were answered with this status.
pub(crate) fn latencies(replies: &[Reply], status: StatusCode, lasting: Duration) -> Tally {
    let of_status = replies.iter().filter(|reply| reply.status == Some(status));
    Tally::of(lasting, vec![(of_status.map(|reply| reply.latency).collect(), 0)])
}

/// How many were answered with this status.
pub(crate) fn count(replies: &[Reply], status: StatusCode) -> usize {
    replies.iter().filter(|reply| reply.status == Some(status)).count()
}
