//! `weft webhooks`: what was given up is listed and tried again, on the record.

use std::process::Output;

use it::{Program, TestPlatform, until};
use serde_json::json;
use simulator::{Fault, Upstream};
use tokio::process::Command;

use super::{NEW, all_done, connect, deployments, eager, hooks, with};

async fn weft(platform: &TestPlatform, arguments: &[&str]) -> Output {
    let (toml, variables) = platform.configuration();
    let file = std::env::temp_dir().join(format!("weft-it-{:016x}.toml", rand::random::<u64>()));
    std::fs::write(&file, toml).unwrap();
    let mut command = Command::new(Program::of_this_build());
    command.arg("--config").arg(&file).arg("webhooks").args(arguments).envs(variables.iter().cloned());
    let output = command.output().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_listed_and_replayed() {
    let platform = TestPlatform::start_with(&with(&[("WEFT_WEBHOOKS__ATTEMPTS_MAX", "1")])).await;
    let mut connection = connect(&platform).await;
    let (_, told) = eager(&platform);
    platform.simulator().faults(Upstream::Gitlab).always(Fault::Garbage);
    for hook in told.iter().take(2).cloned() {
        hooks(&platform).send(hook.gitlab_token(NEW)).await;
    }
    until("both are set aside", async || {
        let aside: i64 = sqlx::query_scalar("select count(*) from webhook_delivery where state = 'quarantined'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        (aside == 2).then_some(())
    })
    .await;
    platform.simulator().faults(Upstream::Gitlab).clear();
    let listed = weft(&platform, &["list"]).await;
    let text = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(text.lines().count(), 2, "{text} {}", String::from_utf8_lossy(&listed.stderr));
    let fields: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    assert_eq!((fields[2], fields[3], fields[5]), ("gitlab", "deployment", "1"), "{text}");
    assert!(fields[4].starts_with("project ") && fields[6].contains("gitlab"), "{text}");
    assert_eq!(deployments(&mut connection).await, 0);

    let one = weft(&platform, &["replay", fields[0], "--by", "amara"]).await;
    assert!(one.status.success(), "{}", String::from_utf8_lossy(&one.stderr));
    until("one is done", async || (super::counts(&mut connection).await == (2, 1)).then_some(())).await;
    assert!(deployments(&mut connection).await > 0);
    let unknown = weft(&platform, &["replay", &uuid::Uuid::new_v4().to_string()]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(weft(&platform, &["replay", "--all"]).await.status.success());
    all_done(&mut connection, 2).await;
    assert_eq!(weft(&platform, &["replay"]).await.status.code(), Some(2), "what is meant has to be said");

    let log = "{ auditLog(first: 100) { nodes { action subject target } } }";
    let data = platform.client("admin").data(log, json!({})).await;
    let nodes = data["auditLog"]["nodes"].as_array().unwrap().iter();
    let replays: Vec<_> = nodes.filter(|node| node["action"] == "webhooks.replay").collect();
    assert_eq!(replays.len(), 2, "{data:#}");
    assert!(replays.iter().any(|node| node["subject"] == "amara" && node["target"] == fields[0]), "{replays:#?}");
    platform.stop().await;
}
