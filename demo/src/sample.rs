//! The first query, and its answer as the demo shows it.

use anyhow::Context;
use serde_json::{Value, json};

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

/// Asks the query for so many components; answers what came.
pub async fn ask(url: &str, token: &str, first: u32) -> anyhow::Result<Value> {
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(30)).build()?;
    let answer = client
        .post(format!("{url}/graphql"))
        .bearer_auth(token)
        .json(&json!({ "query": QUERY, "variables": { "first": first } }))
        .send()
        .await
        .context("the gateway does not answer")?;
    answer.json().await.context("the gateway's answer is not JSON")
}
