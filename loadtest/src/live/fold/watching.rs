//! `Watching`: what a subscriber asks for, and the list that says the same of now. `Eyes`: through whose eyes.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use anyhow::Context;
use demo::{estate::roles, platform::claims};
use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use serde_json::{Value, json};
use simulator::Simulator;

use crate::{
    client::{Shot, Target},
    gateway::headers,
};

/// Objects by reference or id, with what is told of each.
pub(super) type Objects = BTreeMap<String, Value>;

/// Most pages of a list.
const PAGES_MAX: usize = 1_000;

/// A subscription and a list of the same filter.
#[derive(Debug, Clone)]
pub(super) struct Watching {
    pub(super) name: &'static str,
    pub(super) field: &'static str,
    pub(super) subscription: &'static str,
    list: &'static str,
    pub(super) filter: Value,
    /// It begins with all that is there; else the list is asked for first.
    pub(super) has_snapshot: bool,
}

impl Watching {
    pub(super) fn entities(name: &'static str, filter: Value) -> Self {
        Self {
            name,
            field: "entityChanged",
            subscription: "subscription($filter: EntityFilter, $after: String, $snapshot: Boolean! = false) {
                entityChanged(filter: $filter, after: $after, snapshot: $snapshot) {
                    __typename
                    ... on EntityChange { cursor kind key: ref now: entity { title ownerRef } }
                    ... on Gap { toCursor reason }
                    ... on SnapshotEnd { cursor count }
                }
            }",
            list: "query($filter: EntityFilter, $after: String) { found: entities(first: 100, filter: $filter, after: $after) {
                nodes { key: ref title ownerRef } pageInfo { hasNextPage endCursor } } }",
            filter,
            has_snapshot: true,
        }
    }

    pub(super) fn deployments(name: &'static str, filter: Value) -> Self {
        Self {
            name,
            field: "deploymentChanged",
            subscription: "subscription($filter: DeploymentFilter, $after: String) {
                deploymentChanged(filter: $filter, after: $after) {
                    __typename
                    ... on DeploymentChange { cursor kind key: id now: deployment { status } }
                    ... on Gap { toCursor reason }
                }
            }",
            list: "query($filter: DeploymentFilter, $after: String) { found: deployments(first: 100, filter: $filter, after: $after) {
                nodes { key: id status } pageInfo { hasNextPage endCursor } } }",
            filter,
            has_snapshot: false,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Eyes {
    pub(super) token: Arc<str>,
    headers: HeaderMap,
}

impl Eyes {
    /// A role of the demo, past every cache.
    pub(super) fn of(simulator: &Simulator, role: &str) -> anyhow::Result<Self> {
        let role = roles().into_iter().find(|known| known.name == role).context("there is no such role")?;
        let mut claims = claims(&role);
        claims.scopes.push("cache:bypass".to_owned());
        let token = simulator.issuer().token(&claims);
        let mut headers = headers(&token, true)?;
        headers.insert(HeaderName::from_static("x-query-cursor"), HeaderValue::from_static("true"));
        Ok(Self { token: token.into(), headers })
    }

    /// All that is there now, and the cursor from which it can be followed.
    pub(super) async fn list(&self, address: SocketAddr, watching: &Watching) -> anyhow::Result<(Objects, String)> {
        let (mut objects, mut after, mut cursor) = (Objects::new(), Value::Null, None);
        for _ in 0..PAGES_MAX {
            let variables = json!({ "filter": watching.filter, "after": after });
            let body = json!({ "query": watching.list, "variables": variables }).to_string().into();
            let shot = Shot { uri: "/graphql".parse()?, body };
            let answers = Target::new(address, self.headers.clone(), vec![shot])?.answers(1).await?;
            let mut answer: Value = serde_json::from_slice(answers.first().context("no answer")?)?;
            // What changes while pages are turned comes after the cursor of the first one.
            if cursor.is_none() {
                let told = answer.pointer("/extensions/cursor").and_then(Value::as_str);
                cursor = Some(told.context("the gateway tells no cursor")?.to_owned());
            }
            let page = answer.pointer_mut("/data/found").context("no list")?.take();
            let nodes = page.get("nodes").and_then(Value::as_array).context("no nodes")?;
            for node in nodes {
                let mut node = node.as_object().context("a node is no object")?.clone();
                let key = node.remove("key").context("a node without a key")?;
                objects.insert(key.as_str().context("a key is no text")?.to_owned(), node.into());
            }
            if page.pointer("/pageInfo/hasNextPage") != Some(&Value::Bool(true)) {
                return Ok((objects, cursor.unwrap_or_default()));
            }
            after = page.pointer("/pageInfo/endCursor").cloned().unwrap_or_default();
        }
        anyhow::bail!("a list has no end")
    }
}
