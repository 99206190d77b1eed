//! The simulator over real HTTP: it must enforce what the real systems enforce, and fail in exactly the promised way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod awx;
mod azure;
mod azure_cost;
mod clients;
mod deployments;
mod faults;
mod graphql;
mod issuer;
mod limits;
mod openshift;
mod pipelines;
mod rest;
mod terraform;

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Client;
use serde_json::{Value, json};
use simulator::{Config, ManualClock, Simulator, Upstream, gitlab::World};

/// 2026-03-02 10:00 UTC.
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_772_445_600, 0).unwrap();

struct Setup {
    simulator: Simulator,
    clock: ManualClock,
    http: Client,
}

impl Setup {
    /// A world of `group/project-0` to `group/project-<count - 1>`.
    async fn with(count: usize) -> Self {
        Self::of(World::builder().seed(7).paths(paths(count)).build()).await
    }

    async fn of(world: World) -> Self {
        let clock = ManualClock::new(NOW);
        let config = Config { world, clock: clock.clock(), ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        let no_redirect = reqwest::redirect::Policy::none();
        let http = Client::builder().redirect(no_redirect).timeout(Duration::from_secs(10)).build().unwrap();
        Self { simulator, clock, http }
    }

    fn post(&self, query: &str, variables: Value) -> reqwest::RequestBuilder {
        let url = format!("{}/api/graphql", self.simulator.gitlab_url());
        let body = json!({ "query": query, "variables": variables });
        self.http.post(url).bearer_auth(self.simulator.gitlab_token()).json(&body)
    }

    /// Asks and expects HTTP 200 with JSON.
    async fn ask(&self, query: &str, variables: Value) -> Value {
        let response = self.post(query, variables).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let url = format!("{}{path}", self.simulator.gitlab_url());
        self.http.get(url).header("private-token", self.simulator.gitlab_token()).send().await.unwrap()
    }

    fn calls(&self) -> &simulator::Calls {
        self.simulator.calls(Upstream::Gitlab)
    }
}

fn paths(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("group/project-{number}")).collect()
}

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap()
}
