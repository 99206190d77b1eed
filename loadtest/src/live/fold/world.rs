//! `World`: a fake GitLab whose projects deploy every two minutes, each at its own moment, until it is halted.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use simulator::{
    Clock, Config, Simulator,
    gitlab::{self, Pace, Project},
    hook::Hook,
};

use super::super::board::lock;

const PROJECTS: usize = 80;
/// Seconds from one deployment of a project to staging to the next: as often as a project can.
const EVERY_S: i64 = 120;
/// The latest changes of a project are listed, so many.
const KEPT: usize = 10;

pub(super) struct World {
    pub(super) simulator: Simulator,
    pub(super) paths: Vec<String>,
    halted_at: Arc<Mutex<Option<DateTime<Utc>>>>,
    clock: Clock,
}

/// A deployment that came to another state, and what GitLab sends then.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    /// What GitLab calls the deployment.
    pub(super) key: String,
    pub(super) at: DateTime<Utc>,
    pub(super) hook: Hook,
}

impl World {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let halted_at: Arc<Mutex<Option<DateTime<Utc>>>> = Arc::default();
        let of_machine = Clock::system();
        // In whole seconds, as GitLab tells them.
        let second = of_machine.now().timestamp();
        let clock = {
            let halted_at = Arc::clone(&halted_at);
            Clock::new(move || lock(&halted_at).unwrap_or_else(|| of_machine.now()))
        };
        let paths: Vec<String> = (0..PROJECTS).map(|number| format!("fold/project-{number}")).collect();
        let mut world = gitlab::World::builder();
        for (number, path) in (0_i64..).zip(&paths) {
            let first = second - EVERY_S * 30 + number * 7;
            world = world.project(Project {
                created_at: DateTime::from_timestamp(first, 0).unwrap_or_default(),
                pipeline_every: None,
                deploys: Some(Pace { every: TimeDelta::seconds(EVERY_S), kept: KEPT }),
                ..Project::new(path)
            });
        }
        let config = Config { world: world.build(), clock: clock.clone(), ..Config::default() };
        Ok(Self { simulator: Simulator::start(config).await?, paths, halted_at, clock })
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What has come to another state since then, and has not changed again.
    pub(super) fn since(&self, since: DateTime<Utc>) -> Vec<Happened> {
        let gitlab = self.simulator.gitlab();
        let hooks = self.paths.iter().flat_map(|path| gitlab.deployment_hooks(path, since));
        hooks.filter_map(happened).collect()
    }

    /// Nothing happens any more.
    pub(super) fn halt(&self) {
        let now = self.clock.now();
        lock(&self.halted_at).get_or_insert(now);
    }
}

fn happened(hook: Hook) -> Option<Happened> {
    let body: Value = serde_json::from_str(&hook.body).ok()?;
    let key = body.get("deployment_id")?.as_u64()?.to_string();
    let at = body.get("status_changed_at")?.as_str()?.replace(" UTC", "Z").parse().ok()?;
    Some(Happened { key, at, hook })
}
