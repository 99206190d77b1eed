//! What several systems say of one place, and what a source says wrong.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use it::TestPlatform;
use schema::{DeploymentStatus, SourceKind};
use serde_json::{Value, json};
use simulator::openshift::App;
use sources::{
    SourceError,
    ingest::{Applied, DeploymentBatch, DeploymentEvent, DeploymentReport, Lease, Origin},
    sync::{DeploymentSource, Mapped, Part, Pass, PassReport, Place, Step},
};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{at, event, rules, sync::pass_of};

const COMPONENT: &str = "component:default/payments-api";

async fn apply(platform: &TestPlatform, source: SourceKind, events: &[DeploymentEvent]) -> DeploymentReport {
    let database = platform.database();
    let lease = database.sync_lease(source.as_str(), Uuid::new_v4(), Duration::from_millis(1)).await.unwrap().unwrap();
    let rules = rules(platform);
    let origin = Origin { tenant: "default", source, source_name: source.as_str() };
    let batch = DeploymentBatch { origin, lease: &lease, events, marks: &[], rules: &rules, healed: false };
    let Applied::Done(report) = database.apply_deployments(&batch).await.unwrap() else { panic!("the lease is lost") };
    tokio::time::sleep(Duration::from_millis(3)).await;
    report
}

async fn shown(platform: &TestPlatform, from: DateTime<Utc>) -> Value {
    let query = "query($range: DateRange!) { component(ref: \"payments-api\") { environments { environment deployment { source commitSha } } \
                 delivery(range: $range) { deploymentCount sample { failedDeployments reworkDeployments } } \
                 deployments(first: 20) { nodes { source commitSha isRollback previous { commitSha } } } } }";
    let range = json!({ "from": from.date_naive(), "to": (from + TimeDelta::days(200)).date_naive() });
    platform.client("admin").data(query, json!({ "range": range })).await["component"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_systems_report_of_one_place_is_kept_apart() {
    let platform = TestPlatform::start().await;
    let of = |number, minutes, artifact: &str| event(COMPONENT, number, minutes, artifact);
    // As if `a` came back, if `b` of Terraform stood between the two of GitLab.
    apply(&platform, SourceKind::Gitlab, &[of(1, 0, "a"), of(2, 60, "a")]).await;
    apply(&platform, SourceKind::Terraform, &[of(3, 30, "b"), of(4, 90, "c")]).await;
    let component = shown(&platform, at(0)).await;
    assert_eq!(
        component["environments"],
        json!([{ "environment": "production", "deployment": { "source": "GITLAB", "commitSha": "a" } }])
    );
    assert_eq!(component["delivery"]["deploymentCount"], 2, "{component:#}");
    assert_eq!(component["delivery"]["sample"], json!({ "failedDeployments": 0, "reworkDeployments": 0 }));
    let nodes = component["deployments"]["nodes"].as_array().unwrap();
    let previous: Vec<&Value> = nodes.iter().map(|node| &node["previous"]).collect();
    assert_eq!(nodes.len(), 4);
    assert_eq!(previous, [&json!({ "commitSha": "b" }), &json!({ "commitSha": "a" }), &Value::Null, &Value::Null]);
    assert!(nodes.iter().all(|node| node["isRollback"] == false), "{component:#}");
    // GitLab says nothing for more than 90 days: what Terraform says counts from there on.
    let later = 60 * 24 * 120;
    apply(&platform, SourceKind::Terraform, &[of(5, later, "d")]).await;
    let component = shown(&platform, at(0)).await;
    assert_eq!(component["environments"][0]["deployment"], json!({ "source": "TERRAFORM", "commitSha": "d" }));
    assert_eq!(component["delivery"]["deploymentCount"], 3, "{component:#}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotation_marks_a_rollout_as_the_cause_of_an_incident() {
    let platform = TestPlatform::start_with(&[
        ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__FRESH", "0s"),
        ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__STALE", "0s"),
        ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__NEGATIVE", "0s"),
    ])
    .await;
    let put = |labels: &str| {
        let mut app = App::new("money-payments", "payments-api");
        app.rollout_every = None;
        app.annotations.insert("weft.dev/deployment-labels".to_owned(), labels.to_owned());
        platform.simulator().openshift().put_app(app);
    };
    let since = DateTime::UNIX_EPOCH + TimeDelta::days(366 * 40);
    let client = platform.client("admin");
    let query = "{ component(ref: \"payments-api\") { deployments(first: 1, filter: { source: [OPENSHIFT] }) { nodes { remedyReason } } } }";
    for (labels, reason) in [("calm, quiet", Value::Null), ("quiet, incident", json!("INCIDENT"))] {
        put(labels);
        let sources = platform.app().sources.deployment_sources();
        let cluster = sources.iter().find(|source| source.kind() == SourceKind::Openshift).unwrap();
        pass_of(&platform, *cluster, since, None).await;
        let data = client.data(query, json!({})).await;
        assert_eq!(data["component"]["deployments"]["nodes"][0]["remedyReason"], reason, "{data:#}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_seen_keeps_the_moment_when_it_was_seen_first() {
    let platform = TestPlatform::start().await;
    let seen = |minutes| DeploymentEvent { is_seen_only: true, ..event(COMPONENT, 1, minutes, "a") };
    let first = apply(&platform, SourceKind::Openshift, &[seen(10), seen(5)]).await;
    assert_eq!((first.created, first.unchanged), (1, 0));
    // Paused and resumed: the cluster says a later moment of the same rollout.
    let second = apply(&platform, SourceKind::Openshift, &[seen(30)]).await;
    assert_eq!((second.created, second.updated), (0, 1));
    let third = apply(&platform, SourceKind::Openshift, &[seen(30)]).await;
    assert_eq!((third.created, third.updated, third.unchanged), (0, 0, 1));
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let rows: Vec<(DateTime<Utc>, DateTime<Utc>)> =
        sqlx::query_as("select created_at, finished_at from deployment").fetch_all(&mut connection).await.unwrap();
    assert_eq!(rows, [(at(5), at(31))]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_that_cannot_be_lose_no_deployment_and_pin_no_state() {
    let platform = TestPlatform::start().await;
    let never = DateTime::<Utc>::MAX_UTC;
    let wrong = DeploymentEvent {
        state_at: never,
        committed_at: Some(DateTime::<Utc>::MIN_UTC),
        finished_at: Some(never),
        status: DeploymentStatus::Failed,
        ..event(COMPONENT, 1, 0, "a")
    };
    let report = apply(&platform, SourceKind::Gitlab, &[wrong, event(COMPONENT, 2, 1, "b")]).await;
    assert_eq!((report.created, report.refused), (2, 0));
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let rows: Vec<(bool, bool, bool)> = sqlx::query_as(
        "select committed_at is null, finished_at is null, state_at < now() + interval '25 hours' from deployment where source_key = '1'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(rows, [(true, true, true)]);
    platform.stop().await;
}

/// A source of two parts: one says that there is more for ever, the other has a deployment.
struct Stuck;

#[async_trait]
impl DeploymentSource for Stuck {
    fn kind(&self) -> SourceKind {
        SourceKind::Gitlab
    }

    fn name(&self) -> &str {
        "stuck"
    }

    fn annotations(&self) -> Vec<&str> {
        vec!["gitlab.com/project-slug"]
    }

    fn parts(&self, tenant: &str, _mapped: &[Mapped]) -> Vec<Part> {
        let part = |name: &str| Part { tenant: tenant.to_owned(), name: name.to_owned(), members: Vec::new() };
        vec![part("stuck"), part("well")]
    }

    fn parts_at_once(&self) -> usize {
        1
    }

    async fn read(&self, part: &Part, _place: Place<'_>) -> Result<Step, SourceError> {
        let has_more = part.name == "stuck";
        let events = if has_more { Vec::new() } else { vec![event(COMPONENT, 1, 0, "a")] };
        Ok(Step { events, read_to: Some(at(0)), has_more, cursor: None })
    }
}

async fn pass(platform: &TestPlatform, lease: &Lease) -> PassReport {
    let rules = rules(platform);
    let pass = Pass {
        database: platform.database(),
        lease,
        rules: &rules,
        since: at(-60),
        interval: None,
        clock: platform.app().sources.clock(),
        is_announced: false,
        progress: &|_| {},
    };
    let mut report = PassReport::default();
    pass.run(&Stuck, &mut report).await.unwrap();
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_does_not_go_on_fails_its_part_and_no_other() {
    let platform = TestPlatform::start().await;
    let lease =
        platform.database().sync_lease("stuck", Uuid::new_v4(), Duration::from_secs(60)).await.unwrap().unwrap();
    let report = pass(&platform, &lease).await;
    let failed: Vec<&str> = report.failed.iter().map(|(part, _)| part.as_str()).collect();
    assert!(!failed.is_empty() && failed.iter().all(|part| *part == "stuck"), "{report:?}");
    assert_eq!(report.parts_read, failed.len());
    assert!(report.written.created > 0 && !report.has_lost, "{report:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_of_one_tenant_keeps_no_other_from_being_read() {
    let platform = TestPlatform::start().await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    sqlx::raw_sql(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$; \
         create trigger refuse before insert on sync_mark for each row when (new.tenant = 'default') execute function refuse()",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let lease =
        platform.database().sync_lease("stuck", Uuid::new_v4(), Duration::from_secs(60)).await.unwrap().unwrap();
    let report = pass(&platform, &lease).await;
    assert!(report.has_lost, "{report:?}");
    assert!(report.failed.iter().any(|(part, _)| part == "tenant default"), "{report:?}");
    let written: Vec<String> = sqlx::query_scalar("select distinct tenant from sync_mark where source_name = 'stuck'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(!written.is_empty() && !written.contains(&"default".to_owned()), "{written:?}");
    platform.stop().await;
}
