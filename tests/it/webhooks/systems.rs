//! AWX and Terraform tell, and their runs stand in the tables as the systems themselves say.

use chrono::TimeDelta;
use it::TestPlatform;
use serde_json::Value;
use simulator::hook;

use super::{NEW, all_done, connect, hooks, now, with};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_awx_is_written_when_it_is_told_of() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    let values: Vec<String> = sqlx::query_scalar(
        "select annotations ->> 'awx.ansible.com/job-template-id' from entity where annotations ? 'awx.ansible.com/job-template-id' and tenant = 'default'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let templates = values.iter().flat_map(|value| value.split(',')).map(|id| id.trim().parse::<u64>().unwrap());
    let since = now(&platform) - TimeDelta::minutes(45);
    let mut told = templates.flat_map(|template| platform.simulator().awx().run_hooks(template, since));
    let hook = told.find(|hook| !hook.body.contains(r#""finished":null"#)).expect("a run that ended lately");
    let payload: Value = serde_json::from_str(&hook.body).unwrap();
    // The body says that it failed; what AWX says counts.
    let lie = hook::Hook { body: hook.body.replace("\"successful\"", "\"failed\""), ..hook };
    assert_eq!(network.send(lie.secret("x-weft-secret", NEW)).await, [200]);
    all_done(&mut connection, 1).await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("select source_key, lower(status) from deployment where source = 'awx'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let expected = match payload["status"].as_str().unwrap() {
        "successful" => "succeeded",
        "canceled" => "canceled",
        _ => "failed",
    };
    assert!(rows.contains(&(payload["id"].to_string(), expected.to_owned())), "{rows:?} lack {payload}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_of_terraform_is_written_when_it_is_told_of_and_its_test_is_taken() {
    let platform = TestPlatform::start_with(&with(&[])).await;
    let (network, mut connection) = (hooks(&platform), connect(&platform).await);
    assert_eq!(network.send(hook::verification().terraform_signed(NEW)).await, [200]);
    assert_eq!(network.send(hook::verification()).await, [401]);
    assert_eq!(super::counts(&mut connection).await.0, 0, "a test is no event");
    let values: Vec<String> = sqlx::query_scalar(
        "select annotations ->> 'terraform.io/workspace' from entity where annotations ? 'terraform.io/workspace' and tenant = 'default'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let since = now(&platform) - TimeDelta::days(3);
    let told = values.iter().flat_map(|value| value.split(',')).filter_map(|value| {
        let (organization, name) = value.trim().split_once('/')?;
        let told = platform.simulator().terraform().run_hooks(organization, name, since);
        told.into_iter().find(|hook| hook.body.contains("\"run_status\":\"applied\""))
    });
    let hook = told.take(1).next().expect("a run that was applied");
    let payload: Value = serde_json::from_str(&hook.body).unwrap();
    assert_eq!(network.send(hook.terraform_signed(NEW)).await, [200]);
    all_done(&mut connection, 1).await;
    let rows: Vec<(String, String)> =
        sqlx::query_as("select source_key, lower(status) from deployment where source = 'terraform'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let key = payload["run_id"].as_str().unwrap().to_owned();
    assert!(rows.contains(&(key, "succeeded".to_owned())), "{rows:?} lack {payload}");
    platform.stop().await;
}
