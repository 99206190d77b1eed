use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use simulator::gitlab::{Pace, Project, World};

use super::{NOW, Setup};

const LIST: &str = "/api/v4/projects/group%2Fapi/deployments";

async fn world(pace: Pace) -> Setup {
    let project = Project { deploys: Some(pace), ..Project::believable("group/api") };
    Setup::of(World::builder().project(project).build()).await
}

async fn rows(setup: &Setup, query: &str) -> Vec<Value> {
    let response = setup.get(&format!("{LIST}?{query}")).await;
    assert_eq!(response.status(), 200, "{query}");
    response.json().await.unwrap()
}

fn moment(row: &Value, field: &str) -> DateTime<Utc> {
    row[field].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn pages_carry_the_headers_of_gitlab_and_lead_through_everything_once() {
    let setup = world(Pace { every: TimeDelta::hours(6), kept: 60 }).await;
    let first = setup.get(&format!("{LIST}?per_page=500&sort=desc")).await;
    let header = |name: &str| first.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("x-per-page"), header("x-page"), header("x-next-page")), ("100".into(), "1".into(), "2".into()));
    assert_eq!(header("x-prev-page"), "");
    let total: usize = header("x-total").parse().unwrap();
    assert!((100..=120).contains(&total), "{total}");
    assert!(header("link").contains("sort=desc&page=2&per_page=100>; rel=\"next\""), "{}", header("link"));
    let mut ids: Vec<u64> = Vec::new();
    for page in 1..=2 {
        let page = rows(&setup, &format!("per_page=100&sort=desc&page={page}")).await;
        ids.extend(page.iter().map(|row| row["id"].as_u64().unwrap()));
    }
    assert_eq!(ids.len(), total);
    assert!(ids.is_sorted_by(|one, other| one > other));
}

#[tokio::test]
async fn windows_over_changes_need_their_order_and_filters_hold() {
    let setup = world(Pace { every: TimeDelta::hours(1), kept: 40 }).await;
    let answer = setup.get(&format!("{LIST}?updated_after=2026-03-01T00:00:00Z")).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.json::<Value>().await.unwrap()["message"].as_str().unwrap().contains("updated_at"));
    for refused in ["order_by=color", "sort=up", "status=fine", "order_by=updated_at&updated_after=yesterday"] {
        assert_eq!(setup.get(&format!("{LIST}?{refused}")).await.status(), 400, "{refused}");
    }
    let from = NOW - TimeDelta::hours(10);
    let window =
        format!("order_by=updated_at&sort=asc&per_page=100&updated_after={}", from.format("%Y-%m-%dT%H:%M:%SZ"));
    let found = rows(&setup, &window).await;
    assert!((10..=24).contains(&found.len()), "{}", found.len());
    assert!(found.iter().all(|row| moment(row, "updated_at") >= from));
    assert!(found.is_sorted_by_key(|row| moment(row, "updated_at")));
    let production = rows(&setup, "environment=production&status=success&per_page=100").await;
    assert!(!production.is_empty());
    assert!(production.iter().all(|row| row["environment"]["name"] == "production" && row["status"] == "success"));
    let missing = setup.get("/api/v4/projects/group%2Fabsent/deployments").await;
    assert_eq!(missing.status(), 404);
    let one = setup.get(&format!("{LIST}/{}", production[0]["id"])).await;
    assert_eq!(one.json::<Value>().await.unwrap(), production[0]);
}

#[tokio::test]
async fn the_newest_moves_on_with_the_clock_and_keeps_its_identity() {
    let setup = world(Pace { every: TimeDelta::minutes(4), kept: 20 }).await;
    let mut words = BTreeSet::new();
    let mut newest = 0;
    for _ in 0..60 {
        setup.clock.advance(TimeDelta::seconds(7));
        let last = rows(&setup, "order_by=id&sort=desc&per_page=1").await.remove(0);
        words.insert(last["status"].as_str().unwrap().to_owned());
        newest = newest.max(last["id"].as_u64().unwrap());
        assert_eq!(last["id"].as_u64().unwrap(), newest, "a deployment vanished");
    }
    assert!(words.contains("running") && words.contains("created") && words.contains("success"), "{words:?}");
}

#[tokio::test]
async fn over_many_changes_some_fail_some_come_back_and_some_are_urgent() {
    let setup = world(Pace { every: TimeDelta::hours(2), kept: 400 }).await;
    let mut all = Vec::new();
    for page in 1..=8 {
        all.extend(rows(&setup, &format!("per_page=100&page={page}")).await);
    }
    assert!(all.len() > 700, "{}", all.len());
    assert!(all.iter().any(|row| row["status"] == "failed"));
    assert!(all.iter().any(|row| row["ref"].as_str().unwrap().starts_with("hotfix/")));
    assert!(all.iter().any(|row| row["deployable"] == json!(null)));
    let production: Vec<&Value> = all.iter().filter(|row| row["environment"]["name"] == "production").collect();
    let shas: BTreeSet<&str> = production.iter().map(|row| row["sha"].as_str().unwrap()).collect();
    assert!(shas.len() < production.len(), "no sha comes twice");
    for row in all.iter().filter(|row| !row["deployable"].is_null()) {
        let committed = moment(&row["deployable"]["commit"], "committed_date");
        assert!(committed < moment(row, "created_at"), "{row:#}");
        assert!(moment(row, "updated_at") >= moment(row, "created_at"));
    }
    let environments: Vec<Value> = setup.get("/api/v4/projects/group%2Fapi/environments").await.json().await.unwrap();
    assert_eq!(environments.iter().map(|one| &one["tier"]).collect::<Vec<_>>(), ["production", "staging"]);
}
