//! In whatever order events come, twice or late: the tables and the measures are the same.

use chrono::TimeDelta;
use it::TestPlatform;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRng, TestRunner},
};
use schema::{DeploymentStatus, EntityRef};
use sources::ingest::DeploymentEvent;
use sqlx::{Connection, PgConnection};

use super::{apply, at, event, lease};

/// All that is kept of deployments, in an order of its own; not what only tells when something was written.
const DUMPS: [&str; 6] = [
    "select to_jsonb(d)::text from deployment d order by id",
    "select to_jsonb(s)::text from environment_state s order by tenant, component_ref, environment",
    "select to_jsonb(d)::text from delivery_day d order by tenant, component_ref, environment, day, tier, owner_ref",
    "select to_jsonb(m)::text from delivery_month m order by tenant, component_ref, environment, month, tier, owner_ref",
    "select to_jsonb(d)::text from delivery_owner_day d order by tenant, owner_ref, environment, day, tier",
    "select to_jsonb(m)::text from delivery_owner_month m order by tenant, owner_ref, environment, month, tier",
];

async fn dump(connection: &mut PgConnection) -> Vec<Vec<String>> {
    let mut dumps = Vec::new();
    for statement in DUMPS {
        dumps.push(sqlx::query_scalar(statement).fetch_all(&mut *connection).await.unwrap());
    }
    dumps
}

/// Every state that each deployment of a history goes through.
fn history() -> impl Strategy<Value = Vec<DeploymentEvent>> {
    use DeploymentStatus::{Canceled, Failed, Pending, Running, Succeeded};
    let component = prop::sample::select(vec!["component:default/payments-api", "component:default/checkout-web"]);
    let environment = prop::sample::select(vec!["production", "staging"]);
    let end = prop_oneof![5 => Just(Succeeded), 2 => Just(Failed), 1 => Just(Canceled), 1 => Just(Running)];
    let git_ref = prop::sample::select(vec!["main", "main", "hotfix/1"]);
    // Two in the same minute are told apart by their keys alone.
    let one = (component, environment, end, git_ref, 0_i64..5, 0_u8..5, 0_i64..60 * 24 * 40);
    prop::collection::vec(one, 1..20).prop_map(|ones| {
        let mut events = Vec::new();
        for (number, (component, environment, end, git_ref, took, artifact, minute)) in (1_i64..).zip(ones) {
            let last = DeploymentEvent {
                environment: environment.to_owned(),
                tier: schema::EnvironmentTier::of_environment(environment),
                status: end,
                git_ref: Some(git_ref.to_owned()),
                state_at: at(minute + took),
                finished_at: end.has_ended().then(|| at(minute + took)),
                ..event(component, number, minute, &format!("{artifact}"))
            };
            // All three may bear the same moment.
            let earlier = |status, state_at| DeploymentEvent { status, state_at, finished_at: None, ..last.clone() };
            events.push(earlier(Pending, at(minute)));
            events.push(earlier(Running, at(minute + took.min(1))));
            events.push(last);
        }
        events
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn permuted_doubled_and_late_events_give_the_same_tables() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(Default::default()));
    for round in 0..40 {
        let events = history().new_tree(&mut runner).unwrap().current();
        let doubled: Vec<DeploymentEvent> = events.iter().chain(events.iter().step_by(3)).cloned().collect();
        let shuffled = Just(doubled).prop_shuffle().new_tree(&mut runner).unwrap().current();
        let chunk = (1_usize..15).new_tree(&mut runner).unwrap().current();
        let mut found = Vec::new();
        for (events, chunk) in [(&events, events.len()), (&shuffled, chunk), (&shuffled, 1)] {
            sqlx::raw_sql("truncate deployment, environment_state, delivery_day, delivery_month, delivery_owner_day, delivery_owner_month")
                .execute(&mut connection)
                .await
                .unwrap();
            for events in events.chunks(chunk) {
                apply(&platform, &lease, events).await;
            }
            found.push(dump(&mut connection).await);
        }
        assert!(found[0][..2].iter().all(|rows| !rows.is_empty()));
        for (other, how) in [(1, format!("in batches of {chunk}")), (2, "one by one".to_owned())] {
            for (whole, permuted) in found[0].iter().zip(&found[other]) {
                let only = |here: &[String], there: &[String]| -> Vec<String> {
                    here.iter().filter(|row| !there.contains(row)).cloned().collect()
                };
                let (ordered, permuted) = (only(whole, permuted), only(permuted, whole));
                assert!(
                    ordered.is_empty() && permuted.is_empty(),
                    "round {round}, {how}: in order {ordered:#?}, permuted {permuted:#?}"
                );
            }
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_again_changes_nothing_and_leaves_no_trace() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let events =
        [event("component:default/payments-api", 1, 0, "a"), event("component:default/payments-api", 2, 10, "b")];
    let first = apply(&platform, &lease, &events).await;
    assert_eq!((first.created, first.updated, first.unchanged), (2, 0, 0));
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let traces = "select (select count(*) from change_log) + (select count(*) from audit_log)";
    let before: i64 = sqlx::query_scalar(traces).fetch_one(&mut connection).await.unwrap();
    let again = apply(&platform, &lease, &events).await;
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 2));
    let older = DeploymentEvent { status: DeploymentStatus::Running, state_at: at(0), ..events[0].clone() };
    assert_eq!(apply(&platform, &lease, &[older]).await.unchanged, 1);
    let after: i64 = sqlx::query_scalar(traces).fetch_one(&mut connection).await.unwrap();
    assert_eq!(after, before);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_is_renamed_and_times_that_cannot_be_are_no_new_deployments() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let one = event("component:default/payments-api", 1, 0, "a");
    apply(&platform, &lease, std::slice::from_ref(&one)).await;
    let renamed = DeploymentEvent { environment: "eu-production".to_owned(), state_at: at(60), ..one.clone() };
    let report = apply(&platform, &lease, &[renamed]).await;
    assert_eq!((report.created, report.updated), (0, 1));
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    for table in ["environment_state", "delivery_day", "delivery_month", "delivery_owner_day", "delivery_owner_month"] {
        let statement = format!("select environment from {table}");
        let environments: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(&mut connection).await.unwrap();
        assert_eq!(environments, ["eu-production"], "{table}");
    }
    let never = DeploymentEvent { created_at: chrono::DateTime::UNIX_EPOCH, ..one.clone() };
    let not_yet = DeploymentEvent { created_at: platform.app().clock.now() + TimeDelta::days(3), ..one };
    let report = apply(&platform, &lease, &[never, not_yet]).await;
    assert_eq!((report.created, report.refused), (0, 2));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_belongs_to_who_owned_the_component_then() {
    let platform = TestPlatform::start().await;
    let lease = lease(platform.database()).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let component = "component:default/payments-api";
    sqlx::query(
        "update owner_interval set valid_from = $2, owner_ref = 'group:default/now' where entity_ref = $1 and tenant = 'default'",
    )
    .bind(component)
    .bind(at(100))
    .execute(&mut connection)
    .await
    .unwrap();
    sqlx::query(
        "insert into owner_interval (tenant, entity_id, entity_ref, owner_ref, valid_from, valid_to) \
         select tenant, entity_id, entity_ref, 'group:default/then', $2, $3 from owner_interval where entity_ref = $1 and tenant = 'default'",
    )
    .bind(component)
    .bind(at(50))
    .bind(at(100))
    .execute(&mut connection)
    .await
    .unwrap();
    let events = [event(component, 1, 0, "a"), event(component, 2, 60, "b"), event(component, 3, 120, "c")];
    apply(&platform, &lease, &events).await;
    let owners: Vec<String> = sqlx::query_scalar("select owner_ref from deployment order by created_at")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    // Of before the catalog knew it: its first owner.
    assert_eq!(owners, ["group:default/then", "group:default/then", "group:default/now"]);
    let unknown = DeploymentEvent {
        component: Some(EntityRef::stored("component:default/nobody-knows".to_owned())),
        ..event(component, 4, 0, "a")
    };
    apply(&platform, &lease, &[unknown]).await;
    platform.stop().await;
}
