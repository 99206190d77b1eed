//! The synchronisation: what GitLab says stands in the tables, whatever happens on the way.

use std::{process::Stdio, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use it::{Program, TestPlatform, until};
use serde_json::json;
use simulator::{Fault, Upstream};
use sources::{
    SourceError,
    sync::{DeploymentSource, Pass, PassEnd, PassReport},
};
use sqlx::{Connection, PgConnection};
use tokio::process::Command;
use uuid::Uuid;

use super::rules;

async fn connect(platform: &TestPlatform) -> PgConnection {
    PgConnection::connect(&platform.database_url()).await.unwrap()
}

async fn count(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("select count(*) from deployment").fetch_one(connection).await.unwrap()
}

/// One pass over GitLab, as far back as `since`.
pub(super) async fn pass(platform: &TestPlatform, since: DateTime<Utc>, interval: Option<Duration>) -> PassReport {
    pass_of(platform, platform.app().sources.gitlab().unwrap(), since, interval).await
}

pub(super) async fn pass_of(
    platform: &TestPlatform,
    source: &dyn DeploymentSource,
    since: DateTime<Utc>,
    interval: Option<Duration>,
) -> PassReport {
    announced_pass(platform, source, since, interval, false).await
}

/// The same of a source that announces its changes, or does not.
async fn announced_pass(
    platform: &TestPlatform,
    source: &dyn DeploymentSource,
    since: DateTime<Utc>,
    interval: Option<Duration>,
    is_announced: bool,
) -> PassReport {
    let life = Duration::from_secs(300);
    let lease = platform.database().sync_lease(source.name(), Uuid::new_v4(), life).await.unwrap().unwrap();
    let rules = rules(platform);
    let sources = &platform.app().sources;
    let pass = Pass {
        database: platform.database(),
        lease: &lease,
        rules: &rules,
        since,
        interval,
        clock: sources.clock(),
        is_announced,
        progress: &|_| {},
    };
    let mut report = PassReport::default();
    assert_eq!(pass.run(source, &mut report).await.unwrap(), PassEnd::Whole);
    platform.database().sync_release(&lease).await.unwrap();
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_takes_everything_over_and_the_next_one_only_what_is_new() {
    let platform = TestPlatform::start().await;
    let since = platform.app().clock.now() - TimeDelta::days(6);
    let first = pass(&platform, since, None).await;
    assert!(first.failed.is_empty(), "{:?}", first.failed);
    assert!(first.written.created > 500, "{first:?}");
    assert!(first.parts_read > 50);
    let mut connection = connect(&platform).await;
    assert_eq!(usize::try_from(count(&mut connection).await).unwrap(), first.written.created);
    let second = pass(&platform, since, None).await;
    assert_eq!(second.parts_read, first.parts_read);
    // The world moves on meanwhile.
    assert!(second.written.created < 50, "{second:?}");
    // Read just now, so that nothing is due.
    let third = pass(&platform, since, Some(Duration::from_secs(3_600))).await;
    assert_eq!(third.parts_read, 0);
    // Further back than it was ever read: everything is asked for anew, and what is known stays as it is.
    let further = pass(&platform, since - TimeDelta::days(300), Some(Duration::from_secs(3_600))).await;
    assert_eq!(further.parts_read, first.parts_read);
    assert!(further.written.created > 100, "{further:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_event_announced_is_told_as_healed_and_counted() {
    let platform = TestPlatform::start().await;
    let since = platform.app().clock.now() - TimeDelta::days(6);
    let sources = platform.app().sources.deployment_sources();
    let gitlab = *sources.iter().find(|source| source.name() == "gitlab").unwrap();
    // Of the tenant that is asked about below: of another, something may have come to light meanwhile, too.
    let healed = "select count(*) from change_log where tenant = 'default' and topic = 'deployment' and (payload ->> 'healed')::boolean";
    let mut connection = connect(&platform).await;
    // What was there before anybody listened was missed by nobody.
    announced_pass(&platform, gitlab, since, None, true).await;
    let count = async |connection: &mut sqlx::PgConnection| -> i64 {
        sqlx::query_scalar(healed).fetch_one(connection).await.unwrap()
    };
    assert_eq!(count(&mut connection).await, 0);
    let moved = "update sync_mark set read_to = read_to - interval '5 days' where source_name = 'gitlab' and tenant = 'default'";
    sqlx::query(moved).execute(&mut connection).await.unwrap();
    let lost = "delete from deployment where created_at > now() - interval '4 days' and source_name = 'gitlab' and tenant = 'default'";
    let lost = sqlx::query(lost).execute(&mut connection).await.unwrap().rows_affected();
    assert!(lost > 3, "{lost}");
    let second = announced_pass(&platform, gitlab, since, None, true).await;
    // What GitLab keeps no more by then is not found again.
    assert!(second.written.created as u64 * 20 >= lost * 19, "{lost} were lost: {second:?}");
    let told = count(&mut connection).await;
    // What happened in the last two minutes may still be announced.
    assert!(told * 10 >= i64::try_from(lost).unwrap() * 9, "{told} of {lost}");
    let data = platform.client("engineer").data("{ sources { name healedCount } }", json!({})).await;
    let found = data["sources"].as_array().unwrap().iter().find(|source| source["name"] == "gitlab").unwrap();
    assert_eq!(found["healedCount"].as_i64().unwrap(), told, "{found}");
    let other = platform.client("other_tenant_engineer").data("{ sources { name healedCount } }", json!({})).await;
    let found = other["sources"].as_array().unwrap().iter().find(|source| source["name"] == "gitlab").unwrap();
    assert!(found["healedCount"].as_i64().unwrap() < told, "{found}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_is_read_to_its_end_and_each_deployment_leads_to_what_did_it() {
    let platform = TestPlatform::start().await;
    let since = platform.app().clock.now() - TimeDelta::hours(8);
    let client = platform.client("admin");
    let query = "query($source: SourceKind!) { deployments(first: 20, filter: { source: [$source], status: [SUCCEEDED] }) { nodes { \
        environment tier triggeredBy url finishedAt durationSeconds component { name } job { __typename } } } }";
    for source in platform.app().sources.deployment_sources() {
        let first = pass_of(&platform, source, since, None).await;
        assert!(first.failed.is_empty(), "{}: {:?}", source.name(), first.failed);
        assert!(first.written.created > 20, "{}: {first:?}", source.name());
        let second = pass_of(&platform, source, since, None).await;
        assert!(second.written.created * 10 < first.written.created, "{}: {second:?}", source.name());
        let data = client.data(query, json!({ "source": source.kind().as_str().to_uppercase() })).await;
        let nodes = data["deployments"]["nodes"].as_array().unwrap();
        assert!(!nodes.is_empty(), "{}", source.name());
        for node in nodes {
            assert!(node["component"]["name"].is_string() && node["finishedAt"].is_string(), "{node:#}");
            assert_ne!(node["environment"], "", "{node:#}");
        }
        let kind = match source.name() {
            "gitlab" => "Pipeline",
            "awx" => "AutomationJob",
            "terraform" => "TerraformRun",
            // A rollout is nobody's job.
            _ => continue,
        };
        let led = nodes.iter().filter(|node| node["job"]["__typename"] == kind).count();
        assert!(led > 0, "{}: no job of {nodes:#?}", source.name());
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_project_that_cannot_be_read_holds_up_no_other() {
    let platform = TestPlatform::start().await;
    let hidden = "money/payments-api";
    platform.simulator().gitlab().remove_project(hidden);
    let report = pass(&platform, platform.app().clock.now() - TimeDelta::days(6), None).await;
    // Gone is not failed: it says nothing more.
    assert!(report.failed.is_empty() && report.written.created > 500, "{report:?}");
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let down = pass(&platform, platform.app().clock.now() - TimeDelta::days(6), None).await;
    assert_eq!(down.parts_read, 0);
    assert!(!down.failed.is_empty());
    assert!(down.failed.iter().all(|(_, error)| !matches!(error, SourceError::Statement(_))), "{:?}", down.failed);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_killed_again_and_again_leaves_the_table_of_an_undisturbed_one() {
    let undisturbed = TestPlatform::start().await;
    let killed = TestPlatform::start().await;
    let since = (undisturbed.app().clock.now() - TimeDelta::days(12)).date_naive().to_string();
    let since = since.as_str();
    for turn in 0..12_u64 {
        let mut command = command(&killed, since);
        let mut child = command.spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(300 + turn * 70)).await;
        // The process may be through by then.
        let _ = child.kill().await;
    }
    for platform in [&killed, &undisturbed] {
        let output = command(platform, since).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with("gitlab: "), "{text}");
    }
    // Of what had ended by then both know the same, but for what GitLab itself forgot between the two.
    let now = undisturbed.app().clock.now();
    let of = async |platform: &TestPlatform| -> Vec<Ended> {
        let rows = "select component_ref || ' ' || environment || ' ' || source_key as name, status, finished_at, created_at \
                    from deployment where state_at < $1 order by 1";
        let ended = sqlx::query_as(rows).bind(now - TimeDelta::minutes(10));
        ended.fetch_all(&mut connect(platform).await).await.unwrap()
    };
    let (one, other) = (of(&killed).await, of(&undisturbed).await);
    assert!(one.len() > 500 && other.len() > 500, "{} and {}", one.len(), other.len());
    let lost: Vec<&Ended> = other.iter().filter(|row| !one.contains(row)).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    let kept_for_sure = now - TimeDelta::minutes(80);
    let more: Vec<&Ended> = one.iter().filter(|row| !other.contains(row) && row.created_at > kept_for_sure).collect();
    assert!(more.is_empty(), "{more:#?}");
    killed.stop().await;
    undisturbed.stop().await;
}

/// A deployment that has come to its end.
#[derive(Debug, PartialEq, sqlx::FromRow)]
struct Ended {
    name: String,
    status: String,
    finished_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

fn command(platform: &TestPlatform, since: &str) -> Command {
    let (toml, variables) = platform.configuration();
    let file = std::env::temp_dir().join(format!("weft-sync-{}.toml", Uuid::new_v4()));
    std::fs::write(&file, toml).unwrap();
    let mut command = Command::new(Program::of_this_build());
    command
        .arg("--config")
        .arg(file)
        .args(["sync", "--since", since, "--source", "gitlab"])
        .envs(variables.iter().cloned())
        .env("WEFT_SYNC__LEASE", "2s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_replica_that_reads_is_gone_another_one_goes_on() {
    let settings = [
        ("WEFT_SYNC__ENABLED", "true"),
        ("WEFT_SYNC__LEASE", "2s"),
        ("WEFT_SYNC__INTERVAL", "1s"),
        ("WEFT_SYNC__HISTORY", "1d"),
    ];
    let platform = TestPlatform::start_with(&settings).await;
    let mut connection = connect(&platform).await;
    let mut fence = async || -> i64 {
        sqlx::query_scalar("select coalesce(max(fence), 0) from sync_lease").fetch_one(&mut connection).await.unwrap()
    };
    let mut seen = 0;
    let other = platform.replica().await;
    for _ in 0..3 {
        until("another holder of the lease", async || {
            let now = fence().await;
            (now > seen).then(|| seen = now)
        })
        .await;
    }
    other.stop().await;
    let mut connection = connect(&platform).await;
    until("deployments", async || (count(&mut connection).await > 300).then_some(())).await;
    let query = "{ component(ref: \"payments-api\") { environments { environment deployment { commitSha job { __typename } } } } }";
    let data = platform.client("engineer").data(query, json!({})).await;
    let environments = data["component"]["environments"].as_array().unwrap();
    assert!(!environments.is_empty(), "{data:#}");
    let doubled: i64 = sqlx::query_scalar(
        "select count(*) from (select 1 from deployment group by tenant, source_name, source_key, component_ref having count(*) > 1) d",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(doubled, 0);
    platform.stop().await;
}
