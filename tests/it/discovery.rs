//! Discovery: the catalog fills itself from the projects of groups, with few calls, and follows what becomes of them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use it::{TestPlatform, until};
use serde_json::{Value, json};
use simulator::{Fault, Upstream, gitlab::Project};
use sources::{
    Clock, SourceError,
    discovery::{DiscoveredGroup, DiscoveryConfig, Scan, ScanReport},
};

/// A project below `found/` with a catalog file that declares a component of this name.
fn project(path: &str, component: &str, pushed_at: DateTime<Utc>) -> Project {
    let file = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {component}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: team-a\n"
    );
    let files = [("catalog-info.yaml".to_owned(), file)].into();
    Project { pipeline_every: None, pushed_at: Some(pushed_at), files, ..Project::new(path) }
}

/// What the tenant may read.
const OURS: (&str, &str) = ("WEFT_SOURCES__GITLAB__TENANTS__DEFAULT", r#"["found"]"#);

fn group() -> DiscoveredGroup {
    serde_json::from_value(json!({ "group": "found" })).unwrap()
}

/// One run as of `now`; every run is due, and a whole one after a day.
async fn scan(platform: &TestPlatform, group: &DiscoveredGroup, now: DateTime<Utc>) -> ScanReport {
    try_scan(platform, group, now).await.unwrap()
}

async fn try_scan(
    platform: &TestPlatform,
    group: &DiscoveredGroup,
    now: DateTime<Utc>,
) -> Result<ScanReport, SourceError> {
    let config =
        DiscoveryConfig { interval: Duration::ZERO, whole_interval: Duration::from_secs(86_400), groups: Vec::new() };
    let limits = platform.app().config.catalog.apply_limits();
    let scan = Scan {
        database: platform.database(),
        gitlab: platform.app().sources.gitlab().unwrap(),
        config: &config,
        group,
        tenant: "default",
        limits: &limits,
        text_bytes_max: 10_000,
        clock: &Clock::of(move || now),
    };
    Ok(scan.run().await?.expect("a run that is due"))
}

/// Calls for lists and files; the probe of health is none of them.
fn calls(platform: &TestPlatform) -> usize {
    let calls = platform.simulator().calls(Upstream::Gitlab).recent();
    calls.iter().filter(|call| call.path.contains("/projects")).count()
}

/// Name and orphanhood of all components, by name.
async fn components(platform: &TestPlatform) -> Value {
    let query = "{ components(first: 100) { nodes { name isOrphan } } }";
    let data = platform.client("admin").data(query, json!({})).await;
    let nodes = data["components"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| (node["name"].as_str().unwrap().to_owned(), node["isOrphan"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_fills_itself_and_asks_once_for_what_changed() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let (gitlab, now) = (platform.simulator().gitlab(), platform.app().clock.now());
    let old = now - TimeDelta::days(30);
    for number in 0..250 {
        gitlab.put_project(project(&format!("found/deep/p{number}"), &format!("c{number}"), old));
    }
    gitlab.put_project(Project { files: [].into(), ..project("found/empty", "none", old) });
    gitlab.put_project(Project { is_archived: true, ..project("found/archived", "archived", old) });
    gitlab.put_project(project("elsewhere/x", "x", old));
    let first = scan(&platform, &group(), now).await;
    assert_eq!((first.listed, first.looked_at, first.taken_over, first.failed), (252, 251, 250, 0));
    // Three pages and a file for each project that is not archived.
    assert_eq!(calls(&platform), 3 + 251);
    assert_eq!(components(&platform).await.as_object().unwrap().len(), 100);
    let count = platform.client("admin").data("{ components { totalCount } }", json!({})).await;
    assert_eq!(count["components"]["totalCount"], 250);

    // Nothing changed: one call.
    let before = calls(&platform);
    let second = scan(&platform, &group(), now + TimeDelta::minutes(5)).await;
    assert_eq!((second.looked_at, calls(&platform) - before), (0, 1));

    // One changed, and one was active without a change of the file.
    let minutes = |minutes| now + TimeDelta::minutes(minutes);
    gitlab.put_project(project("found/deep/p7", "renamed", minutes(6)));
    gitlab.put_project(project("found/deep/p8", "c8", minutes(6)));
    let before = calls(&platform);
    let third = scan(&platform, &group(), minutes(10)).await;
    assert_eq!((third.looked_at, third.taken_over, calls(&platform) - before), (2, 1, 3));
    // A push within the hour is not noted by GitLab: each is looked at once more when it is over, and never again.
    gitlab.put_project(project("found/deep/p8", "unnoted", minutes(6)));
    let early = scan(&platform, &group(), minutes(30)).await;
    assert_eq!(early.looked_at, 0);
    let files = || {
        let calls = platform.simulator().calls(Upstream::Gitlab).recent();
        calls.iter().filter(|call| call.path.contains("/repository/files/")).count()
    };
    let before = files();
    let later = scan(&platform, &group(), minutes(70)).await;
    assert_eq!((later.looked_at, later.taken_over), (1, 1));
    assert_eq!(files() - before, 1, "of the one that has another file");
    let last = scan(&platform, &group(), minutes(140)).await;
    assert_eq!(last.looked_at, 0);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_moved_archived_and_deleted_is_followed() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let (gitlab, now) = (platform.simulator().gitlab(), platform.app().clock.now());
    let old = now - TimeDelta::days(30);
    for name in ["moved", "archived", "deleted", "left", "stays", "emptied"] {
        gitlab.put_project(project(&format!("found/{name}"), name, old));
    }
    assert_eq!(scan(&platform, &group(), now).await.taken_over, 6);
    gitlab.move_project("found/moved", "found/elsewhere/moved");
    gitlab.move_project("found/left", "other/left");
    gitlab.put_project(Project { is_archived: true, ..project("found/archived", "archived", old) });
    gitlab.put_project(Project { files: [].into(), ..project("found/emptied", "", now) });
    gitlab.remove_project("found/deleted");
    // By a whole run: none of it is an activity but the push.
    let report = scan(&platform, &group(), now + TimeDelta::days(2)).await;
    assert_eq!((report.taken_over, report.withdrawn, report.failed), (1, 4, 0), "{report:?}");
    let expected =
        json!({ "moved": false, "archived": true, "deleted": true, "left": true, "stays": false, "emptied": true });
    assert_eq!(components(&platform).await, expected);
    let targets: Vec<String> =
        sqlx::query_scalar("select target from entity where not orphaned_at is not null order by target")
            .fetch_all(&mut connect(&platform).await)
            .await
            .unwrap();
    let moved = |target: &String| target.ends_with("/found/elsewhere/moved/-/blob/main/catalog-info.yaml");
    assert_eq!(targets.iter().filter(|target| moved(target)).count(), 1, "{targets:?}");
    // Back again.
    gitlab.put_project(project("found/archived", "archived", old));
    gitlab.move_project("other/left", "found/left");
    let report = scan(&platform, &group(), now + TimeDelta::days(4)).await;
    assert_eq!(report.taken_over, 2, "{report:?}");
    let after = components(&platform).await;
    assert_eq!((&after["archived"], &after["left"], &after["deleted"]), (&json!(false), &json!(false), &json!(true)));
    platform.stop().await;
}

async fn connect(platform: &TestPlatform) -> sqlx::PgConnection {
    <sqlx::PgConnection as sqlx::Connection>::connect(&platform.database_url()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_an_error_with_a_link_and_removes_nothing() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let (gitlab, now) = (platform.simulator().gitlab(), platform.app().clock.now());
    let with_file = |path: &str, text: &str, at| Project {
        files: [("catalog-info.yaml".to_owned(), text.to_owned())].into(),
        ..project(path, "", at)
    };
    gitlab.put_project(project("found/good", "good", now - TimeDelta::days(3)));
    scan(&platform, &group(), now).await;
    gitlab.put_project(with_file("found/bad", "kind: [", now + TimeDelta::minutes(1)));
    gitlab.put_project(with_file("found/large", &"# filler\n".repeat(2_000), now + TimeDelta::minutes(1)));
    gitlab.put_project(with_file("found/good", "kind: Component\n", now + TimeDelta::minutes(1)));
    let report = scan(&platform, &group(), now + TimeDelta::minutes(2)).await;
    assert_eq!((report.looked_at, report.failed), (3, 0));
    // Of files that never declared anything the group tells.
    let query = "{ entities(filter: { kind: [\"Location\"] }, first: 1) { nodes { processingErrors { message target line } } } }";
    let data = platform.client("admin").data(query, json!({})).await;
    let errors = data["entities"]["nodes"][0]["processingErrors"].as_array().unwrap();
    assert!(errors.len() >= 3, "{data:#}");
    for error in errors {
        assert!(
            error["target"].as_str().unwrap().starts_with("http")
                && error["target"].as_str().unwrap().contains("/-/blob/")
        );
    }
    assert!(
        errors.iter().any(|error| error["message"].as_str().unwrap().contains("larger than 10000 bytes")),
        "{data:#}"
    );
    assert_eq!(components(&platform).await, json!({ "good": false }));

    // GitLab fails at the file: told, tried again, and gone from the list of errors once it is read.
    gitlab.put_project(project("found/good", "good", now + TimeDelta::minutes(3)));
    gitlab.put_project(project("found/bad", "better", now + TimeDelta::minutes(3)));
    gitlab.put_project(project("found/large", "small", now + TimeDelta::minutes(3)));
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    let down = async || try_scan(&platform, &group(), now + TimeDelta::minutes(4)).await;
    assert!(down().await.is_err());
    assert_eq!(components(&platform).await, json!({ "good": false }));
    platform.simulator().faults(Upstream::Gitlab).clear();
    until("GitLab is asked again", async || down().await.ok()).await;
    assert_eq!(components(&platform).await, json!({ "better": false, "good": false, "small": false }));
    let data = platform.client("admin").data(query, json!({})).await;
    assert_eq!(data["entities"]["nodes"][0]["processingErrors"], json!([]), "{data:#}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_projects_and_other_filters_look_anew() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let (gitlab, now) = (platform.simulator().gitlab(), platform.app().clock.now());
    let old = now - TimeDelta::days(30);
    gitlab.put_project(Project { topics: vec!["backend".to_owned()], ..project("found/a", "a", old) });
    let mut other = project("found/b", "b", old);
    let file = other.files.remove("catalog-info.yaml").unwrap();
    other.files.insert("deploy/weft.yaml".to_owned(), file);
    gitlab.put_project(other);
    let group = |more: Value| -> DiscoveredGroup {
        let mut group = json!({ "group": "found" });
        group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(group).unwrap()
    };
    scan(&platform, &group(json!({ "topics": ["backend", "api"] })), now).await;
    assert_eq!(components(&platform).await, json!({ "a": false }));
    scan(&platform, &group(json!({ "path": "deploy/weft.yaml" })), now).await;
    assert_eq!(components(&platform).await, json!({ "a": true, "b": false }));
    // There is no such branch.
    scan(&platform, &group(json!({ "path": "deploy/weft.yaml", "branch": "release" })), now).await;
    assert_eq!(components(&platform).await, json!({ "a": true, "b": true }));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_gateway_looks_by_itself() {
    let settings = [
        OURS,
        ("WEFT_SOURCES__GITLAB__DISCOVERY__GROUPS", r#"[{ "group": "found" }]"#),
        ("WEFT_SOURCES__GITLAB__DISCOVERY__INTERVAL", "1s"),
    ];
    let platform = TestPlatform::start_empty(&settings).await;
    let now = platform.app().clock.now();
    let gitlab = platform.simulator().gitlab();
    gitlab.put_project(project("found/a", "a", now - TimeDelta::days(1)));
    until("the first component", async || (components(&platform).await == json!({ "a": false })).then_some(())).await;
    gitlab.put_project(project("found/b", "b", now));
    until("the second", async || (components(&platform).await == json!({ "a": false, "b": false })).then_some(()))
        .await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_takes_the_place_of_another_is_not_mistaken_for_it() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let (gitlab, now) = (platform.simulator().gitlab(), platform.app().clock.now());
    let old = now - TimeDelta::days(30);
    gitlab.put_project(project("found/pay", "pay", old));
    scan(&platform, &group(), now).await;
    // Its name goes on to another project, which declares something else.
    gitlab.move_project("found/pay", "found/pay-legacy");
    gitlab.put_project(project("found/pay", "pay-new", now));
    scan(&platform, &group(), now + TimeDelta::minutes(5)).await;
    scan(&platform, &group(), now + TimeDelta::days(2)).await;
    let both = json!({ "pay": false, "pay-new": false });
    assert_eq!(components(&platform).await, both);
    let mut targets: Vec<String> =
        sqlx::query_scalar("select target from entity where kind = 'Component' order by name")
            .fetch_all(&mut connect(&platform).await)
            .await
            .unwrap();
    assert!(targets.remove(0).contains("/found/pay-legacy/-/"), "{targets:?}");
    assert!(targets.remove(0).contains("/found/pay/-/"), "{targets:?}");
    // Deleted, and made anew under its path with the same file: refused while the old one stands, and taken over then.
    gitlab.remove_project("found/pay");
    gitlab.put_project(project("found/pay-again", "pay-new", now + TimeDelta::days(2)));
    scan(&platform, &group(), now + TimeDelta::days(2) + TimeDelta::minutes(1)).await;
    assert_eq!(components(&platform).await, both);
    scan(&platform, &group(), now + TimeDelta::days(4)).await;
    scan(&platform, &group(), now + TimeDelta::days(4) + TimeDelta::hours(1)).await;
    assert_eq!(components(&platform).await, both);
    let targets: Vec<String> = sqlx::query_scalar("select target from entity where ref = 'component:default/pay-new'")
        .fetch_all(&mut connect(&platform).await)
        .await
        .unwrap();
    assert!(targets[0].contains("/found/pay-again/"), "{targets:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_for_good_is_asked_for_less_and_less_and_holds_up_nobody() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let (gitlab, now) = (platform.simulator().gitlab(), platform.app().clock.now());
    let old = now - TimeDelta::days(30);
    // The first that is looked at has no file: nothing of the tenant is there yet.
    gitlab.put_project(Project { files: [].into(), ..project("found/empty", "", old) });
    scan(&platform, &group(), now).await;
    let refused = Project {
        files: [("catalog-info.yaml".to_owned(), "kind: [".to_owned())].into(),
        ..project("found/bad", "", now)
    };
    gitlab.put_project(refused);
    let mut looks = 0;
    for minutes in (0..24 * 60).step_by(2) {
        looks += scan(&platform, &group(), now + TimeDelta::minutes(minutes)).await.looked_at;
    }
    // After 2, 4, 8, … minutes; one each 12 hours would be two.
    assert!((8..=14).contains(&looks), "{looks}");
    gitlab.put_project(project("found/good", "good", now + TimeDelta::days(1)));
    scan(&platform, &group(), now + TimeDelta::days(1) + TimeDelta::minutes(1)).await;
    assert_eq!(components(&platform).await, json!({ "good": false }));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_not_there_is_told_where_people_look() {
    let platform = TestPlatform::start_empty(&[OURS]).await;
    let now = platform.app().clock.now();
    assert!(try_scan(&platform, &group(), now).await.is_err());
    let query =
        "{ entities(filter: { kind: [\"Location\"] }, first: 5) { nodes { processingErrors { message target } } } }";
    let errors = async || {
        platform.client("admin").data(query, json!({})).await["entities"]["nodes"][0]["processingErrors"].take()
    };
    let told = errors().await;
    assert!(told[0]["message"].as_str().unwrap().contains("no group found"), "{told:#}");
    assert!(told[0]["target"].as_str().unwrap().ends_with("/found"), "{told:#}");
    platform.simulator().gitlab().put_project(project("found/a", "a", now));
    scan(&platform, &group(), now).await;
    assert_eq!(errors().await, json!([]));
    platform.stop().await;
}
