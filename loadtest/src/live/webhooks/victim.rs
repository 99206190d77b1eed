//! `Victim`: the gateway that is killed. Whoever sees it at the step for which it is armed kills it in that moment.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use super::{super::board::lock, step::Step};
use crate::{gateway::Gateway, place::Place};

/// Longest wait for it to come to a step, and for its end.
const STEP_MAX: Duration = Duration::from_secs(60);
/// Longest wait of a sender for it to be there again.
const UP_MAX: Duration = Duration::from_secs(90);

/// How it is started.
pub(super) struct Start {
    pub(super) config: PathBuf,
    pub(super) variables: Vec<(String, String)>,
}

pub(super) struct Victim {
    start: Start,
    armed: Mutex<Option<Step>>,
    gateway: Mutex<Option<Gateway>>,
    /// Where it listens; nowhere while it is down.
    address: watch::Sender<Option<SocketAddr>>,
    killed: Notify,
    downtimes: Mutex<Vec<Duration>>,
}

impl Victim {
    pub(super) fn new(start: Start) -> Self {
        Self {
            start,
            armed: Mutex::default(),
            gateway: Mutex::default(),
            address: watch::Sender::new(None),
            killed: Notify::new(),
            downtimes: Mutex::default(),
        }
    }

    /// Starts it, and lets senders go on.
    pub(super) async fn start(&self, place: &Place) -> anyhow::Result<()> {
        let started = Instant::now();
        let gateway = Gateway::start_with(place, &self.start.config, &self.start.variables, "webhooks").await?;
        let address = gateway.address;
        *lock(&self.gateway) = Some(gateway);
        self.address.send_replace(Some(address));
        lock(&self.downtimes).push(started.elapsed());
        Ok(())
    }

    /// It shall be killed at this step, once.
    pub(super) fn arm(&self, step: Step) {
        *lock(&self.armed) = Some(step);
    }

    pub(super) fn is_armed(&self, step: Step) -> bool {
        *lock(&self.armed) == Some(step)
    }

    /// It has come to this step: whether it was killed for that.
    pub(super) fn reached(&self, step: Step) -> bool {
        let mut armed = lock(&self.armed);
        if *armed != Some(step) {
            return false;
        }
        *armed = None;
        drop(armed);
        // First nobody finds it any more: who gets no answer shall wait for the next one.
        self.address.send_replace(None);
        if let Some(gateway) = lock(&self.gateway).as_mut() {
            gateway.kill_now();
        }
        self.killed.notify_one();
        true
    }

    /// Waits until it was killed, and has ended.
    pub(super) async fn ended(&self, step: Step) -> anyhow::Result<()> {
        let killed = timeout(STEP_MAX, self.killed.notified()).await;
        killed.with_context(|| format!("nothing came so far within {STEP_MAX:?}: {}", step.name()))?;
        let gateway = lock(&self.gateway).take();
        if let Some(gateway) = gateway {
            timeout(STEP_MAX, gateway.ended()).await.context("it does not end though it was killed")??;
        }
        Ok(())
    }

    /// Where it listens, as soon as it does.
    pub(super) async fn up(&self) -> anyhow::Result<SocketAddr> {
        let mut address = self.address.subscribe();
        let up = timeout(UP_MAX, address.wait_for(Option::is_some)).await;
        up.context("it is down for too long")??.context("an address")
    }

    /// Waits until it is down.
    pub(super) async fn down(&self) -> anyhow::Result<()> {
        let mut address = self.address.subscribe();
        timeout(STEP_MAX, address.wait_for(Option::is_none)).await.context("it was not killed")??;
        Ok(())
    }

    /// Whether it is still the one that listened there.
    pub(super) fn is_at(&self, address: SocketAddr) -> bool {
        *self.address.borrow() == Some(address)
    }

    /// How long its starts took, the first one included.
    pub(super) fn downtimes(&self) -> Vec<Duration> {
        lock(&self.downtimes).clone()
    }

    /// Ends it as an operator would.
    pub(super) async fn stop(&self) {
        let gateway = lock(&self.gateway).take();
        if let Some(gateway) = gateway {
            gateway.stop().await;
        }
    }
}
