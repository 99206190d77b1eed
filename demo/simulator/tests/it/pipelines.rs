use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use simulator::gitlab::{Project, World};

use super::{NOW, Setup};

const NEWEST: &str = "query($path: ID!) { project(fullPath: $path) { lastActivityAt pipelines(first: 2) { nodes { \
                      iid status createdAt startedAt finishedAt duration } } } }";

async fn newest(setup: &Setup, path: &str) -> Value {
    setup.ask(NEWEST, json!({ "path": path })).await["data"]["project"].clone()
}

#[tokio::test]
async fn the_newest_pipeline_walks_through_its_life_as_the_clock_moves() {
    let setup = Setup::with(1).await;
    let (mut walks, mut last) = (Vec::<(i64, Vec<String>)>::new(), 0);
    // Two hours in steps of 2 s.
    for _ in 0..3600 {
        let project = newest(&setup, "group/project-0").await;
        let pipeline = &project["pipelines"]["nodes"][0];
        let iid: i64 = pipeline["iid"].as_str().unwrap().parse().unwrap();
        assert!(iid == last || iid == last + 1 || last == 0, "no pipeline is passed over");
        let status = pipeline["status"].as_str().unwrap().to_owned();
        match walks.last_mut().filter(|(known, _)| *known == iid) {
            Some((_, walk)) => {
                if walk.last() != Some(&status) {
                    walk.push(status);
                }
            }
            None => walks.push((iid, vec![status])),
        }
        assert_eq!(project["lastActivityAt"], pipeline["createdAt"]);
        let before = &project["pipelines"]["nodes"][1];
        let is_moving = ["CREATED", "PENDING", "RUNNING"].contains(&before["status"].as_str().unwrap());
        assert!(!is_moving, "only the newest moves: {before}");
        last = iid;
        setup.clock.advance(TimeDelta::seconds(2));
    }
    let whole = &walks[1..walks.len() - 1];
    assert!(whole.len() >= 12, "a new one every few minutes, not {} in two hours", whole.len());
    for (iid, walk) in whole {
        let end = walk.last().unwrap().as_str();
        assert!(["SUCCESS", "FAILED", "CANCELED", "SKIPPED", "MANUAL"].contains(&end), "{iid}: {walk:?}");
        assert!(walk.len() == 1 || walk[..walk.len() - 1].ends_with(&["PENDING".into(), "RUNNING".into()]), "{walk:?}");
    }
    assert!(whole.iter().any(|(_, walk)| walk[0] == "CREATED"));
}

#[tokio::test]
async fn the_same_instant_gives_the_same_pipelines_and_times_agree() {
    let setup = Setup::with(1).await;
    let first = newest(&setup, "group/project-0").await;
    setup.clock.advance(TimeDelta::hours(3));
    assert_ne!(newest(&setup, "group/project-0").await, first);
    setup.clock.advance(-TimeDelta::hours(3));
    assert_eq!(newest(&setup, "group/project-0").await, first);
    let done = &first["pipelines"]["nodes"][1];
    let time = |field: &str| done[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!((time("finishedAt") - time("startedAt")).num_seconds(), done["duration"].as_i64().unwrap());
    assert!(time("createdAt") < time("startedAt") && time("finishedAt") <= NOW);
}

#[tokio::test]
async fn quiet_empty_and_ci_less_projects_have_no_new_pipelines() {
    let quiet_since = NOW - TimeDelta::days(90);
    let quiet = Project { is_archived: true, quiet_since: Some(quiet_since), ..Project::believable("a/quiet") };
    let empty = Project { is_empty: true, ..Project::new("a/empty") };
    let without = Project { pipeline_every: None, ..Project::new("a/without") };
    let setup = Setup::of(World::builder().project(quiet).project(empty).project(without).build()).await;
    let project = newest(&setup, "a/quiet").await;
    assert!(project["lastActivityAt"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() <= quiet_since);
    assert!(project["pipelines"]["nodes"][0]["finishedAt"].is_string());
    for path in ["a/empty", "a/without"] {
        assert_eq!(newest(&setup, path).await["pipelines"]["nodes"], json!([]));
    }
}
