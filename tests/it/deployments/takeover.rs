//! Two replicas, of which the one that reads is killed again and again: the other one goes on.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use it::{Program, TestPlatform, until, until_within};
use simulator::{Fault, Upstream};
use sqlx::{Connection, PgConnection};

const KILLS: usize = 20;

/// How soon the other one must read.
const TAKEOVER_MAX: Duration = Duration::from_secs(15);

const LEADS: &str = "weft_sync_leads{source=\"gitlab\"} 1";

/// How soon all of it must be there in the end.
const READ_MAX: Duration = Duration::from_secs(300);

/// A replica that reads GitLab alone, as often as it can.
async fn start(platform: &TestPlatform) -> Program {
    let settings = [
        ("WEFT_SYNC__ENABLED", "true"),
        ("WEFT_SYNC__LEASE", "2s"),
        ("WEFT_SYNC__INTERVAL", "1s"),
        ("WEFT_SYNC__HISTORY", "6d"),
        ("WEFT_SOURCES__OPENSHIFT", "[]"),
        ("WEFT_SOURCES__AWX__ENABLED", "false"),
        ("WEFT_SOURCES__TERRAFORM__ENABLED", "false"),
    ];
    platform.program_with(&Program::of_this_build(), &settings).await
}

/// Which of them reads GitLab now.
async fn leader(replicas: &VecDeque<Program>) -> usize {
    until("a replica that reads", async || {
        for (at, replica) in replicas.iter().enumerate() {
            if replica.measures(LEADS).await {
                return Some(at);
            }
        }
        None
    })
    .await
}

/// A deployment: what the source says of it, what follows from others, and when it was created.
type Row = (String, String, DateTime<Utc>);

/// All that had ended by `now`.
async fn ended(platform: &TestPlatform, now: DateTime<Utc>) -> Vec<Row> {
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    sqlx::query_as(
        "select concat_ws(' ', component_ref, environment, source_key, status, finished_at), \
         concat_ws(' ', is_rollback, remedy_reason), created_at from deployment where source_name = 'gitlab' and state_at < $1 order by 1",
    )
    .bind(now - TimeDelta::minutes(10))
    .fetch_all(&mut connection)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_is_killed_in_the_middle_and_nothing_is_lost_or_doubled() {
    let platform = TestPlatform::start().await;
    // A pass takes seconds, so that every kill comes in the middle of one.
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Latency { delay_ms: 300 });
    let mut replicas = VecDeque::from([start(&platform).await, start(&platform).await]);
    for turn in 0..KILLS {
        let at = loop {
            let at = leader(&replicas).await;
            tokio::time::sleep(Duration::from_millis(50 + 37 * u64::try_from(turn).unwrap())).await;
            if replicas[at].measures(LEADS).await {
                break at;
            }
        };
        let killed = Instant::now();
        replicas.remove(at).unwrap().stop().await;
        until("the other one reads", async || replicas[0].measures(LEADS).await.then_some(())).await;
        assert!(killed.elapsed() < TAKEOVER_MAX, "turn {turn}: {:?}", killed.elapsed());
        replicas.push_back(start(&platform).await);
    }
    platform.simulator().faults(Upstream::Gitlab).clear();
    let undisturbed = TestPlatform::start().await;
    let alone = start(&undisturbed).await;
    let now = platform.app().clock.now();
    // GitLab itself forgets old ones: of what it kept for sure there are no more than at the undisturbed one.
    let kept_for_sure = now - TimeDelta::minutes(80);
    let waiting = Instant::now();
    // Neither has read to the end yet; what either passed over once it never reads again.
    let (one, other, lost, more) = until_within(READ_MAX * 2, "both are read", async || {
        let (one, other) = (ended(&platform, now).await, ended(&undisturbed, now).await);
        // What follows from deployments that only one of them came in time to read is no loss.
        let is_there = |all: &[Row], row: &Row| match row.2 > kept_for_sure {
            true => all.contains(row),
            false => all.iter().any(|known| known.0 == row.0),
        };
        let lost: Vec<_> = other.iter().filter(|row| !is_there(&one, row)).cloned().collect();
        let more: Vec<_> = one.iter().filter(|row| row.2 > kept_for_sure && !other.contains(row)).cloned().collect();
        let are_whole = one.len() > 500 && other.len() > 500 && lost.is_empty() && more.is_empty();
        // What is still missing then is told below.
        (are_whole || waiting.elapsed() > READ_MAX).then_some((one.len(), other.len(), lost, more))
    })
    .await;
    assert!(one > 500 && other > 500, "{one} and {other}");
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(more.is_empty(), "{more:#?}");
    for replica in replicas {
        replica.stop().await;
    }
    alone.stop().await;
    platform.stop().await;
    undisturbed.stop().await;
}
