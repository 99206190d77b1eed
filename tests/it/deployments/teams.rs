//! Teams are measured by sums of their own, which follow who may see what they are made of.

use std::fs;

use it::{Client, TestPlatform};
use serde_json::{Value, json};

use super::{apply, event, lease};

const MINUTES_A_DAY: i64 = 24 * 60;

/// Whole months and days before and after them, and days alone.
const RANGES: [(&str, &str); 3] =
    [("2026-02-20", "2026-06-10"), ("2026-03-01", "2026-05-31"), ("2026-03-05", "2026-03-20")];

async fn import(platform: &TestPlatform, folder: &std::path::Path, is_hidden: bool) {
    let mut documents = vec![
        "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-a\nspec:\n  type: team\n  children: []\n"
            .to_owned(),
    ];
    for (name, is_hidden) in [("open", false), ("maybe-hidden", is_hidden)] {
        let annotations = if is_hidden { "  annotations:\n    weft.dev/visibility: team\n" } else { "" };
        documents.push(format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n{annotations}spec:\n  type: service\n  lifecycle: production\n  owner: team-a\n"
        ));
    }
    fs::write(folder.join("a.yaml"), documents.join("---\n")).unwrap();
    let config = &platform.app().config.catalog;
    let report =
        gateway::commands::import_catalog(platform.database(), config, "default", &[folder.to_path_buf()]).await;
    assert!(report.unwrap().refused.is_empty());
}

/// What the team and each of its components count up to, for every range: deployments, changes, the median lead time.
async fn measured(client: &Client) -> Vec<Value> {
    let mut measured = Vec::new();
    for (from, to) in RANGES {
        let query = "query($range: DateRange!) {
            team(ref: \"team-a\") { delivery(range: $range) { ...all } }
            components(first: 10) { nodes { name delivery(range: $range) { ...all } } } }
            fragment all on DeliveryMetrics { deploymentCount changeLeadTimeSeconds sample { deployments changes } }";
        measured.push(client.data(query, json!({ "range": { "from": from, "to": to } })).await);
    }
    measured
}

fn count(of: &Value) -> i64 {
    of["delivery"]["deploymentCount"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_measured_by_what_the_caller_sees_of_it() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = std::env::temp_dir().join(format!("weft-it-teams-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    import(&platform, &folder, false).await;
    let lease = lease(platform.database()).await;
    let mut number = 0;
    let mut events = Vec::new();
    for (component, every) in [("component:default/open", 3), ("component:default/maybe-hidden", 2)] {
        for day in (0..90).step_by(every) {
            number += 1;
            events.push(event(component, number, day * MINUTES_A_DAY, &number.to_string()));
        }
    }
    apply(&platform, &lease, &events).await;
    let mut member = demo::platform::claims(&TestPlatform::role("engineer"));
    member.teams = vec!["team-a".to_owned()];
    let member = platform.client_with(Some(platform.simulator().issuer().token(&member)));
    let (engineer, admin) = (platform.client("engineer"), platform.client("admin"));
    let whole = measured(&admin).await;
    for answer in &whole {
        let components = answer["components"]["nodes"].as_array().unwrap();
        assert_eq!(count(&answer["team"]), components.iter().map(count).sum::<i64>(), "{answer:#}");
        assert!(components.iter().all(|component| count(component) > 0));
        // Each event was committed half an hour before its minute.
        assert_eq!(answer["team"]["delivery"]["changeLeadTimeSeconds"], 1_860.0);
    }
    assert_eq!(count(&whole[0]["team"]), 30 + 45);
    assert_eq!(measured(&engineer).await, whole);
    import(&platform, &folder, true).await;
    assert_eq!(measured(&admin).await, whole);
    assert_eq!(measured(&member).await, whole);
    for answer in measured(&engineer).await {
        let components = answer["components"]["nodes"].as_array().unwrap();
        assert_eq!(components.len(), 1);
        assert_eq!(answer["team"]["delivery"], components[0]["delivery"]);
    }
    import(&platform, &folder, false).await;
    assert_eq!(measured(&engineer).await, whole);
    fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}
