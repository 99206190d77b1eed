//! What the cache promises with Redis and without.

use it::{Answer, TestPlatform, TestRedis, until};
use serde_json::{Value, json};
use simulator::Fault;

use super::{PATH, Rig, Upstream, ask, name, name_becomes};

macro_rules! promises {
    ($($name:ident),*) => {
        mod alone {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Rig::alone(&super::SETTINGS).await).await;
            })*
        }
        mod with_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                if let Some(redis) = super::TestRedis::shared().await {
                    super::$name(super::Rig::with(redis, &super::SETTINGS).await).await;
                }
            })*
        }
    };
}

promises!(
    what_is_fresh_is_not_asked_for_again,
    what_is_old_is_served_and_fetched_anew_behind,
    what_is_old_stands_in_for_a_gitlab_that_fails_but_not_for_ever,
    what_is_not_there_is_remembered_shortly,
    who_may_bypass_is_answered_by_gitlab_and_the_others_profit,
    tenants_share_nothing,
    what_is_evicted_is_asked_for_anew
);

/// The clock is ahead of GitLab's, so pauses are not waited for; every failure is asked about.
const SETTINGS: [(&str, &str); 1] = [("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "1000")];

async fn what_is_fresh_is_not_asked_for_again(rig: Rig) {
    let client = rig.platform.client("engineer");
    let first = ask(&client, "payments-api").await;
    rig.wait(25);
    assert_eq!(ask(&client, "payments-api").await, first);
    assert_eq!(first["data"]["component"]["repository"]["path"], PATH);
    assert_eq!(rig.calls(), 1);
    rig.stop().await;
}

async fn what_is_old_is_served_and_fetched_anew_behind(rig: Rig) {
    let client = rig.platform.client("engineer");
    let old = name(&client).await;
    rig.rename("Renamed");
    rig.wait(60);
    let answer = ask(&client, "payments-api").await;
    assert_eq!(answer["data"]["component"]["repository"]["name"], old, "{answer}");
    assert_eq!(answer["extensions"]["stale"][0]["source"], "gitlab", "{answer}");
    name_becomes(&client, "Renamed").await;
    assert_eq!(rig.calls(), 2);
    rig.stop().await;
}

async fn what_is_old_stands_in_for_a_gitlab_that_fails_but_not_for_ever(rig: Rig) {
    let client = rig.platform.client("engineer");
    let good = ask(&client, "payments-api").await;
    rig.platform.simulator().faults(Upstream::Gitlab).always(Fault::Status { code: 500 });
    rig.wait(14 * 60);
    let old = ask(&client, "payments-api").await;
    assert_eq!(old["data"], good["data"]);
    assert!(old["extensions"]["stale"][0]["ageMs"].as_u64().is_none_or(|age| age >= 14 * 60_000), "{old}");
    rig.wait(2 * 60);
    let none = ask(&client, "payments-api").await;
    assert_eq!(none["data"]["component"]["repository"], Value::Null);
    assert_eq!(none["errors"][0]["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{none}");
    rig.stop().await;
}

async fn what_is_not_there_is_remembered_shortly(rig: Rig) {
    let client = rig.platform.client("engineer");
    rig.platform.simulator().gitlab().remove_project(PATH);
    for _ in 0..3 {
        assert_eq!(ask(&client, "payments-api").await, json!({ "data": { "component": { "repository": null } } }));
    }
    assert_eq!(rig.calls(), 1);
    rig.rename("Back");
    rig.wait(61);
    assert_eq!(name(&client).await, "Back");
    rig.stop().await;
}

async fn who_may_bypass_is_answered_by_gitlab_and_the_others_profit(rig: Rig) {
    let (engineer, admin) = (rig.platform.client("engineer"), rig.platform.client("admin"));
    let old = name(&engineer).await;
    rig.rename("Renamed");
    let asked = json!({ "query": "{ component(ref: \"payments-api\") { repository { name } } }" });
    let past = |client: &it::Client| Answer::of(client.post().header("cache-control", "no-cache").json(&asked));
    let named = |answer: Answer| answer.json()["data"]["component"]["repository"]["name"].as_str().map(str::to_owned);
    assert_eq!(named(past(&engineer).await), Some(old), "a caller without the scope went past the cache");
    assert_eq!(named(past(&admin).await), Some("Renamed".to_owned()));
    assert_eq!(name(&engineer).await, "Renamed");
    assert_eq!(rig.calls(), 2);
    rig.stop().await;
}

async fn tenants_share_nothing(rig: Rig) {
    let theirs = TestPlatform::role("other_tenant_engineer").tenant;
    let variable = format!("WEFT_SOURCES__GITLAB__TENANTS__{}", theirs.to_ascii_uppercase());
    let settings = [(variable.as_str(), r#"["money"]"#)];
    let redis = match &rig.redis {
        Some(_) => TestRedis::shared().await,
        None => None,
    };
    rig.stop().await;
    let rig = Rig::start(redis, &settings).await;
    let mine = ask(&rig.platform.client("engineer"), "payments-api").await;
    let id = &mine["data"]["component"]["repository"]["id"];
    let stranger = rig.platform.client("other_tenant_engineer");
    let query = "query($id: ID!) { node(id: $id) { ... on Repository { path } } }";
    let answer = stranger.data(query, json!({ "id": id })).await;
    if answer["node"].is_null() {
        // Ids hold the tenant: there is no way to the other's entry at all.
        assert_eq!(rig.calls(), 1);
    } else {
        assert_eq!(rig.calls(), 2, "one tenant was answered with what another had fetched");
    }
    if let Some(redis) = &rig.redis {
        // They are written beside the answer.
        let entries = until("an entry for each call", async || {
            let entries = redis.keys(":entry:").await;
            (entries.len() >= rig.calls()).then_some(entries)
        })
        .await;
        assert_eq!(entries.len(), rig.calls(), "{entries:?}");
        assert!(entries.iter().all(|key| !key.contains(rig.platform.simulator().gitlab_token())));
    }
    rig.stop().await;
}

async fn what_is_evicted_is_asked_for_anew(rig: Rig) {
    let client = rig.platform.client("engineer");
    name(&client).await;
    rig.rename("Renamed");
    rig.platform.app().sources.gitlab().unwrap().evict_projects(&["Money/Payments-API".to_owned()]).await;
    assert_eq!(name(&client).await, "Renamed");
    assert_eq!(rig.calls(), 2);
    rig.stop().await;
}
