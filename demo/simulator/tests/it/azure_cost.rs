//! Charges of the fake Azure over HTTP: answers as the specification has them, units that run out, and a storage that wants a token of its
//! own.

use chrono::TimeDelta;
use reqwest::Response;
use serde_json::{Value, json};
use simulator::azure::{CostLine, TENANT_ID, World};

use super::{
    NOW,
    azure::{Azure, ONE, contracts, document, validator},
};

const FILES: &str = "cost-management/resource-manager/Microsoft.CostManagement/stable/2023-11-01";

fn query(view: &str) -> Value {
    json!({
        "type": view, "timeframe": "Custom",
        "timePeriod": { "from": "2026-03-01T00:00:00Z", "to": "2026-03-31T23:59:59Z" },
        "dataset": {
            "granularity": "Daily", "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
            "grouping": [{ "type": "Dimension", "name": "ResourceId" }, { "type": "Dimension", "name": "ServiceName" }],
        },
    })
}

async fn ask(azure: &Azure, url: &str, body: &Value) -> Response {
    azure.http.post(url).bearer_auth(&azure.token).json(body).send().await.unwrap()
}

fn url(azure: &Azure) -> String {
    format!("{}/subscriptions/{ONE}/providers/Microsoft.CostManagement/query?api-version=2023-11-01", azure.url())
}

fn line(day: u32, group: &str) -> CostLine {
    CostLine {
        day: format!("2026-03-{day:02}").parse().unwrap(),
        resource: format!("/subscriptions/{ONE}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/a"),
        service: "Storage".to_owned(),
        currency: "EUR".to_owned(),
        actual: Some("1.5".to_owned()),
        amortized: None,
    }
}

#[tokio::test]
async fn queries_of_cost_are_answered_as_the_specification_says() {
    let azure = Azure::of(World::default()).await;
    assert_eq!(ask(&azure, &url(&azure), &query("ActualCost")).await.status(), 403);
    azure.simulator.azure().set_costs(ONE, Vec::new());
    assert_eq!(ask(&azure, &url(&azure), &query("ActualCost")).await.status(), 204);
    azure.simulator.azure().set_costs(ONE, (1..=3).map(|day| line(day, "one")).collect());
    azure.simulator.azure().set_cost_page_max(2);
    let first: Value = ask(&azure, &url(&azure), &query("ActualCost")).await.json().await.unwrap();
    let next = first["properties"]["nextLink"].as_str().unwrap();
    let second: Value = ask(&azure, next, &query("ActualCost")).await.json().await.unwrap();
    assert_eq!(first["properties"]["rows"].as_array().unwrap().len(), 2);
    assert_eq!(second["properties"]["rows"][0][1], 20260303);
    assert_eq!(ask(&azure, &url(&azure), &query("AmortizedCost")).await.status(), 204);
    let Some(root) = contracts() else { return };
    let file = format!("{FILES}/costmanagement.json");
    let check = |definition: &str, value: &Value| {
        let problems: Vec<_> =
            validator(&root, &file, definition).iter_errors(value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{definition}: {problems:?}\n{value}");
    };
    check("QueryDefinition", &query("ActualCost"));
    check("QueryResult", &first);
    check("QueryResult", &second);
    let example = document(&root, &format!("{FILES}/examples/SubscriptionQueryGrouping.json"));
    let recorded = &example["responses"]["200"]["body"];
    for key in recorded.as_object().unwrap().keys() {
        assert!(first.get(key).is_some(), "it lacks `{key}`");
    }
    assert_eq!(first["properties"]["columns"][0]["type"], recorded["properties"]["columns"][0]["type"]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_units_run_out() {
    let azure = Azure::of(World::default()).await;
    azure.simulator.azure().set_costs(ONE, Vec::new());
    let mut odd = query("ActualCost");
    odd["dataset"]["grouping"] = json!(vec![json!({ "type": "Dimension", "name": "ResourceId" }); 3]);
    assert_eq!(ask(&azure, &url(&azure), &odd).await.status(), 400);
    for _ in 0..12 {
        assert_eq!(ask(&azure, &url(&azure), &query("ActualCost")).await.status(), 204);
    }
    let refused = ask(&azure, &url(&azure), &query("ActualCost")).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().get("retry-after").is_none());
    let wait = &refused.headers()["x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"];
    azure.clock.advance(TimeDelta::seconds(wait.to_str().unwrap().parse().unwrap()));
    assert_eq!(ask(&azure, &url(&azure), &query("ActualCost")).await.status(), 204);
}

#[tokio::test]
async fn storage_wants_a_version_and_a_token_of_its_own() {
    let azure = Azure::of(World::default()).await;
    let container = azure.simulator.azure().container_url("exports");
    for name in ["a/one.csv", "a/two & three.csv", "b/four.csv"] {
        azure.simulator.azure().put_blob("exports", name, "x,y\n", NOW);
    }
    let get = async |url: &str, token: &str, version: &str| {
        azure.http.get(url).bearer_auth(token).header("x-ms-version", version).send().await.unwrap()
    };
    let answer = azure.token_answer(TENANT_ID, &[("scope", "https://storage.azure.com/.default")]).await;
    let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
    let list = format!("{container}?restype=container&comp=list&prefix=a/&marker=");
    let wrong = get(&list, &azure.token, "2021-12-02").await;
    assert_eq!(wrong.status(), 401);
    assert!(wrong.headers()["www-authenticate"].to_str().unwrap().contains("storage.azure.com"));
    assert_eq!(get(&list, &token, "2015-02-21").await.status(), 403);
    let page = get(&list, &token, "2021-12-02").await.text().await.unwrap();
    assert!(page.contains("<Name>a/two &amp; three.csv</Name>") && !page.contains("b/four.csv"), "{page}");
    let blob = get(&format!("{container}/a/one.csv"), &token, "2021-12-02").await;
    assert!(blob.headers().contains_key("content-md5"));
    assert_eq!(blob.text().await.unwrap(), "x,y\n");
    assert_eq!(get(&format!("{container}/a/none.csv"), &token, "2021-12-02").await.status(), 404);
}
