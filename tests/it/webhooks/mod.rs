//! Webhooks: who is let in, what is kept, and what becomes of it. Deliveries come from the simulator, which signs them by itself.

mod azure;
mod commands;
mod gitlab;
mod killed;
mod limits;
mod proof;
mod queue;
mod systems;

use chrono::{DateTime, TimeDelta, Utc};
use it::{TestPlatform, until};
use simulator::hook::{Hook, Hooks};
use sqlx::{Connection, PgConnection};

/// Secrets of every sender, two of each.
const OLD: &str = "an-old-secret-of-hooks";
const NEW: &str = "a-new-secret-of-hooks";
/// Two signing tokens of GitLab.
const OLD_SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
const NEW_SIGNING: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDC2FVsBQIhrs=";

const BOTH: &str = r#"[{ "env": "HOOK_OLD" }, { "env": "HOOK_NEW" }]"#;
const ALL: &str =
    r#"[{ "env": "HOOK_OLD" }, { "env": "HOOK_NEW" }, { "env": "HOOK_SIGN_OLD" }, { "env": "HOOK_SIGN_NEW" }]"#;

/// Every sender let in, and nothing tried for long.
const HOOKED: [(&str, &str); 10] = [
    ("HOOK_OLD", OLD),
    ("HOOK_NEW", NEW),
    ("HOOK_SIGN_OLD", OLD_SIGNING),
    ("HOOK_SIGN_NEW", NEW_SIGNING),
    ("WEFT_WEBHOOKS__GITLAB__SECRETS", ALL),
    ("WEFT_WEBHOOKS__AWX__SECRETS", BOTH),
    ("WEFT_WEBHOOKS__TERRAFORM__SECRETS", BOTH),
    ("WEFT_WEBHOOKS__AZURE__SECRETS", BOTH),
    ("WEFT_WEBHOOKS__RETRY_AFTER", "20ms"),
    ("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "100000"),
];

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    HOOKED.iter().chain(more).copied().collect()
}

fn hooks(platform: &TestPlatform) -> Hooks {
    Hooks::to(&format!("{}/webhooks", platform.url()))
}

async fn connect(platform: &TestPlatform) -> PgConnection {
    PgConnection::connect(&platform.database_url()).await.unwrap()
}

/// How many deliveries there are, in all and done.
async fn counts(connection: &mut PgConnection) -> (i64, i64) {
    sqlx::query_as("select count(*), count(*) filter (where state = 'done') from webhook_delivery")
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Waits until all deliveries are done, so many.
async fn all_done(connection: &mut PgConnection, count: i64) {
    until("all deliveries done", async || (counts(connection).await == (count, count)).then_some(())).await;
}

async fn deployments(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from deployment").fetch_one(connection).await.unwrap()
}

/// A project that a component of the first tenant names, with what its deployments of the last half hour sent.
fn eager(platform: &TestPlatform) -> (String, Vec<Hook>) {
    let gitlab = platform.simulator().gitlab();
    let since = now(platform) - TimeDelta::minutes(30);
    let found = gitlab.paths().into_iter().map(|path| (path.clone(), gitlab.deployment_hooks(&path, since)));
    found.max_by_key(|(_, hooks)| hooks.len()).filter(|(_, hooks)| hooks.len() > 3).expect("a project that deploys")
}

fn now(platform: &TestPlatform) -> DateTime<Utc> {
    platform.app().clock.now()
}
