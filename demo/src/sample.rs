//! The first query, and its answer as the demo shows it.

use anyhow::Context;
use chrono::{Datelike, Months};
use serde_json::{Value, json};
use sources::Clock;

/// One stitched query: catalog and ownership from Postgres, GitLab beside them.
pub const QUERY: &str = r#"query Payments($first: Int = 50) {
  components(filter: { owner: ["group:default/payments"] }, first: $first) {
    totalCount
    facets(by: [TYPE, LIFECYCLE]) { facet value count }
    nodes {
      ref
      title
      owner { ... on Team { ref title } ... on User { ref displayName } }
      system { ref domain { ref } }
      relations(first: 20) { nodes { type targetRef } }
      repository { path latestPipeline { status finishedAt } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"#;

/// What was spent by which team, this month and last.
pub fn cost_query() -> anyhow::Result<String> {
    let today = Clock::system().now().date_naive();
    let month = today.with_day(1).context("no such day")?;
    let from = month.checked_sub_months(Months::new(1)).context("no such month")?;
    Ok(format!(
        r#"query Spending {{
  cost(query: {{ range: {{ from: "{from}", to: "{today}" }}, granularity: MONTH, groupBy: [{{ dimension: TEAM }}] }}) {{
    currency
    total owned shared unallocated restricted
    completeUntil
    groups(top: 3) {{ nodes {{ keys {{ label }} kind total share }} }}
    series {{ date amount isComplete }}
  }}
}}"#
    ))
}

/// Asks it; answers what came.
pub async fn ask_cost(url: &str, token: &str) -> anyhow::Result<Value> {
    post(url, token, &json!({ "query": cost_query()? })).await
}

/// Asks the query for so many components; answers what came.
pub async fn ask(url: &str, token: &str, first: u32) -> anyhow::Result<Value> {
    post(url, token, &json!({ "query": QUERY, "variables": { "first": first } })).await
}

async fn post(url: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(30)).build()?;
    let answer = client
        .post(format!("{url}/graphql"))
        .bearer_auth(token)
        .json(body)
        .send()
        .await
        .context("the gateway does not answer")?;
    answer.json().await.context("the gateway's answer is not JSON")
}
