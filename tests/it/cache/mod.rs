//! The source cache: one list of promises, kept with Redis and without; and what only Redis brings.

mod fresh;
mod outage;
mod promises;
mod quota;
mod replicas;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::TimeDelta;
use it::{Client, TestPlatform, TestRedis, until};
use serde_json::{Value, json};
use simulator::{Upstream, gitlab::Project};
use sources::Clock;

/// The project of `payments-api`.
const PATH: &str = "money/payments-api";

/// A platform with a clock that the test moves.
struct Rig {
    platform: TestPlatform,
    redis: Option<TestRedis>,
    ahead: Arc<AtomicI64>,
}

impl Rig {
    /// A platform with caches in process.
    async fn alone(settings: &[(&str, &str)]) -> Self {
        Self::start(None, settings).await
    }

    /// A platform with this Redis.
    async fn with(redis: TestRedis, settings: &[(&str, &str)]) -> Self {
        Self::start(Some(redis), settings).await
    }

    async fn start(redis: Option<TestRedis>, settings: &[(&str, &str)]) -> Self {
        let ahead = Arc::new(AtomicI64::new(0));
        let (told, system) = (Arc::clone(&ahead), Clock::system());
        let clock = Clock::of(move || system.now() + TimeDelta::seconds(told.load(Ordering::SeqCst)));
        let shared = redis.as_ref().map(TestRedis::settings).unwrap_or_default();
        let mut all: Vec<(&str, &str)> = shared.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend_from_slice(settings);
        let platform = TestPlatform::start_at(&all, clock).await;
        Self { platform, redis, ahead }
    }

    /// Moves the clock.
    fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    fn redis(&self) -> &TestRedis {
        self.redis.as_ref().expect("a rig with Redis")
    }

    fn redis_mut(&mut self) -> &mut TestRedis {
        self.redis.as_mut().expect("a rig with Redis")
    }

    /// Calls for repositories that GitLab had.
    fn calls(&self) -> usize {
        let calls = self.platform.simulator().calls(Upstream::Gitlab).recent();
        calls.iter().filter(|call| call.full_paths.unwrap_or(0) > 0).count()
    }

    /// Lets GitLab say something else about the project.
    fn rename(&self, name: &str) {
        let project = Project { name: name.to_owned(), ..Project::believable(PATH) };
        self.platform.simulator().gitlab().put_project(project);
    }

    async fn stop(self) {
        self.platform.stop().await;
        if let Some(redis) = self.redis {
            redis.stop().await;
        }
    }
}

/// The whole answer about one component's repository.
async fn ask(client: &Client, component: &str) -> Value {
    let query = "query($ref: EntityRef!) { component(ref: $ref) { repository { path name id } } }";
    client.query(query, json!({ "ref": component })).await
}

/// The name of `payments-api`'s repository.
async fn name(client: &Client) -> String {
    let answer = ask(client, "payments-api").await;
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"]["component"]["repository"]["name"].as_str().unwrap_or_default().to_owned()
}

/// Asks until the name is this one; what happens behind a request has no other sign.
async fn name_becomes(client: &Client, expected: &str) {
    until(expected, async || (name(client).await == expected).then_some(())).await;
}
