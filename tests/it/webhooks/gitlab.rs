//! GitLab tells, and what it says when it is asked stands in the tables at once.

use it::{TestPlatform, until};
use serde_json::{Value, json};
use simulator::{Upstream, gitlab::Project, hook::Hook};
use sqlx::PgConnection;

use super::{NEW, all_done, connect, counts, deployments, eager, hooks, now, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_stands_as_gitlab_says_it_and_not_as_the_payload_does() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let mut connection = connect(&platform).await;
    let (path, told) = eager(&platform);
    let hook = told.last().unwrap().clone();
    // The payload lies about its state, which is not looked at.
    let payload: Value = serde_json::from_str(&hook.body).unwrap();
    let lie = json!({ "status": "blocked" });
    let mut lying = payload.clone();
    lying.as_object_mut().unwrap().extend(lie.as_object().unwrap().clone());
    let hook = Hook { body: lying.to_string(), ..hook };
    assert_eq!(hooks(&platform).send(hook.gitlab_token(NEW)).await, [200]);
    all_done(&mut connection, 1).await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("select source_key, lower(status) from deployment").fetch_all(&mut connection).await.unwrap();
    assert!(!rows.is_empty(), "nothing of {path} was written");
    let key = payload["deployment_id"].to_string();
    assert!(rows.iter().any(|(found, _)| *found == key), "{rows:?}");
    assert!(rows.iter().all(|(_, status)| status != "blocked"), "{rows:?}");
    // What is kept are names: no person, no commit.
    let kept: Vec<Value> =
        sqlx::query_scalar("select to_jsonb(d) from webhook_delivery d").fetch_all(&mut connection).await.unwrap();
    let text = kept[0].to_string();
    assert!(!text.contains("amara") && !text.contains("279484c0") && !text.contains(NEW), "{text}");
    assert_eq!(
        kept[0]["hint"],
        json!({ "of": "project", "id": payload["project"]["id"], "path": path, "topic": "delivery" })
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_names_its_project_by_number_alone_leads_to_it() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let mut connection = connect(&platform).await;
    let (path, _) = eager(&platform);
    let hook = platform.simulator().gitlab().job_hook(&path).unwrap();
    assert_eq!(hooks(&platform).send(hook.gitlab_token(NEW)).await, [200]);
    all_done(&mut connection, 1).await;
    assert!(deployments(&mut connection).await > 0);
    platform.stop().await;
}

/// A project below `found/` with a catalog file that declares a component of this name.
fn project(path: &str, component: &str, at: chrono::DateTime<chrono::Utc>) -> Project {
    let file = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {component}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: team-a\n"
    );
    let files = [("catalog-info.yaml".to_owned(), file)].into();
    Project { pipeline_every: None, pushed_at: Some(at), files, ..Project::new(path) }
}

async fn components(platform: &TestPlatform) -> Vec<String> {
    let data = platform.client("admin").data("{ components(first: 100) { nodes { name isOrphan } } }", json!({})).await;
    let nodes = data["components"]["nodes"].as_array().unwrap().iter();
    nodes.filter(|node| node["isOrphan"] == false).map(|node| node["name"].as_str().unwrap().to_owned()).collect()
}

/// Discovery that by itself looks once, at the start.
const SELDOM: [(&str, &str); 3] = [
    ("WEFT_SOURCES__GITLAB__TENANTS__DEFAULT", r#"["found"]"#),
    ("WEFT_SOURCES__GITLAB__DISCOVERY__GROUPS", r#"[{ "group": "found" }]"#),
    ("WEFT_SOURCES__GITLAB__DISCOVERY__INTERVAL", "12h"),
];

/// Waits until the gateway's own look is over; the next one is half a day away. GitLab knows no group without a project.
async fn first_scan(platform: &TestPlatform, connection: &mut PgConnection) {
    platform
        .simulator()
        .gitlab()
        .put_project(Project { files: [].into(), ..project("found/empty", "", now(platform)) });
    until("a first scan", async || {
        let scans: i64 =
            sqlx::query_scalar("select count(*) from discovery_scan").fetch_one(&mut *connection).await.unwrap();
        (scans > 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_has_the_catalog_file_read_at_once() {
    let platform = TestPlatform::start_empty(&with(&SELDOM)).await;
    let (gitlab, hooks) = (platform.simulator().gitlab(), hooks(&platform));
    let mut connection = connect(&platform).await;
    first_scan(&platform, &mut connection).await;
    let push = async |path: &str| hooks.send(gitlab.push_hook(path).unwrap().gitlab_token(NEW)).await;
    gitlab.put_project(project("found/a", "first", now(&platform)));
    gitlab.put_project(project("elsewhere/b", "foreign", now(&platform)));
    assert_eq!(push("found/a").await, [200]);
    assert_eq!(push("elsewhere/b").await, [200]);
    until("the component", async || (components(&platform).await == ["first"]).then_some(())).await;
    all_done(&mut connection, 2).await;
    // Another file, another push; the id of the first would be the same, as GitLab repeats it.
    gitlab.put_project(project("found/a", "second", now(&platform)));
    let again = gitlab.push_hook("found/a").unwrap().header("idempotency-key", "another push");
    assert_eq!(hooks.send(again.gitlab_token(NEW)).await, [200]);
    until("the other component", async || (components(&platform).await == ["second"]).then_some(())).await;
    // Out of the group: withdrawn.
    gitlab.move_project("found/a", "elsewhere/a");
    let moved = gitlab.push_hook("elsewhere/a").unwrap();
    assert_eq!(hooks.send(moved.gitlab_token(NEW)).await, [200]);
    until("nothing declared", async || components(&platform).await.is_empty().then_some(())).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_of_many_projects_at_once_are_looked_at_without_a_pause() {
    let platform = TestPlatform::start_empty(&with(&SELDOM)).await;
    let (gitlab, hooks) = (platform.simulator().gitlab(), hooks(&platform));
    let mut connection = connect(&platform).await;
    first_scan(&platform, &mut connection).await;
    for number in 0..30 {
        let path = format!("found/many-{number}");
        gitlab.put_project(project(&path, &format!("many-{number}"), now(&platform)));
        assert_eq!(hooks.send(gitlab.push_hook(&path).unwrap().gitlab_token(NEW)).await, [200]);
    }
    // Put off for five seconds whenever another one is looked at, they would take minutes.
    all_done(&mut connection, 30).await;
    assert_eq!(components(&platform).await.len(), 30);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_project_is_forgotten_when_something_happens_to_it() {
    let settings =
        with(&[("WEFT_SOURCES__GITLAB__CACHE__FRESH", "1h"), ("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h")]);
    let platform = TestPlatform::start_with(&settings).await;
    let mut connection = connect(&platform).await;
    let client = platform.client("engineer");
    let query =
        "{ component(ref: \"payments-api\") { repository { path mergeRequests(first: 2) { nodes { number } } } } }";
    let path = client.data(query, json!({})).await["component"]["repository"]["path"].as_str().unwrap().to_owned();
    let calls = platform.simulator().calls(Upstream::Gitlab);
    calls.reset();
    client.data(query, json!({})).await;
    assert_eq!(calls.count(), 0, "it is known");
    let hook = platform.simulator().gitlab().merge_request_hook(&path).unwrap();
    assert_eq!(hooks(&platform).send(hook.gitlab_token(NEW)).await, [200]);
    all_done(&mut connection, 1).await;
    assert_eq!(calls.count(), 0, "nobody has asked yet");
    client.data(query, json!({})).await;
    assert_eq!(calls.count(), 2, "the repository and its merge requests");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_reversed_and_lost_deliveries_end_in_the_same_tables() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let mut connection = connect(&platform).await;
    let (path, told) = eager(&platform);
    let network = hooks(&platform);
    network.reorder(told.len() * 2 - 1);
    network.duplicate_next(u32::try_from(told.len()).unwrap());
    // The first is lost.
    network.drop_next(1);
    let mut statuses = Vec::new();
    for hook in told.iter().cloned() {
        statuses.extend(network.send(hook.gitlab_token(NEW)).await);
    }
    network.reorder(0);
    statuses.extend(network.send(told[1].clone().gitlab_token(NEW)).await);
    assert!(statuses.iter().all(|status| *status == 200) && statuses.len() >= told.len(), "{statuses:?}");
    all_done(&mut connection, i64::try_from(told.len() - 1).unwrap()).await;
    // Whatever came last: each that has ended stands with its end.
    let ended = check_ends(&mut connection, &told).await;
    assert!(ended > 0, "nothing of {path} has ended");
    // All of it again, in order and one by one: under other ids, as a second hook would send them.
    for (number, hook) in told.iter().enumerate() {
        let hook = hook.clone().header("idempotency-key", format!("again {number}"));
        assert_eq!(network.send(hook.gitlab_token(NEW)).await, [200]);
    }
    let (count, _) = counts(&mut connection).await;
    all_done(&mut connection, count).await;
    assert_eq!(check_ends(&mut connection, &told).await, ended);
    let twice: i64 =
        sqlx::query_scalar("select count(*) - count(distinct (source_key, component_ref)) from deployment")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(twice, 0, "a deployment stands twice");
    platform.stop().await;
}

/// Looks whether each deployment that was told to have ended stands so; answers how many there are.
async fn check_ends(connection: &mut PgConnection, told: &[Hook]) -> usize {
    let mut ended = 0;
    for hook in told {
        let payload: Value = serde_json::from_str(&hook.body).unwrap();
        let expected = match payload["status"].as_str().unwrap() {
            "success" => "succeeded",
            "failed" => "failed",
            "canceled" => "canceled",
            _ => continue,
        };
        let found: Vec<String> =
            sqlx::query_scalar("select lower(status) from deployment where source_key = $1 and source = 'gitlab'")
                .bind(payload["deployment_id"].to_string())
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        assert!(!found.is_empty() && found.iter().all(|status| status == expected), "{found:?} of {payload}");
        ended += 1;
    }
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_tells_by_itself_when_its_world_goes_on() {
    let platform = TestPlatform::start_empty(&with(&SELDOM)).await;
    let gitlab = platform.simulator().gitlab();
    let mut connection = connect(&platform).await;
    first_scan(&platform, &mut connection).await;
    let following = hooks(&platform).follow(gitlab, NEW);
    gitlab.put_project(project("found/told", "told", now(&platform)));
    until("the component", async || (components(&platform).await == ["told"]).then_some(())).await;
    drop(following);
    platform.stop().await;
}
