//! The subgraph: a thousand features in a process of its own. Its answers are prepared; it reads of a question only which it is.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::process::Command;

use crate::{child::Process, place::Place};

/// Features.
pub(super) const FEATURES: usize = 1_000;
/// Scalar fields of the list: ten of each.
pub(super) const SCALARS: f64 = 10_000.0;
const READY_MAX: Duration = Duration::from_secs(20);

/// The fields in the order in which the list asks for them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Feature {
    id: String,
    name: String,
    title: String,
    description: Option<String>,
    owner: String,
    stage: &'static str,
    is_enabled: bool,
    percentage: usize,
    created_at: String,
    updated_at: Option<String>,
}

/// The ids.
pub(super) fn ids() -> impl Iterator<Item = String> {
    (0..FEATURES).map(|number| format!("{number:04}"))
}

/// What it is called, by its id.
pub(super) fn name(id: &str) -> String {
    format!("feature-{id}")
}

fn feature(number: usize, id: String) -> Feature {
    let stages = ["draft", "preview", "general", "retired"];
    Feature {
        name: name(&id),
        title: format!("Feature number {number}"),
        description: (!number.is_multiple_of(5))
            .then(|| format!("What customers of ring {} see of it before all.", number % 7)),
        owner: format!("group:default/team-{}", number % 60),
        stage: stages.get(number % stages.len()).copied().unwrap_or("draft"),
        is_enabled: number.is_multiple_of(3),
        percentage: number % 101,
        created_at: format!("2026-{:02}-{:02}T08:15:30Z", number % 12 + 1, number % 28 + 1),
        updated_at: number.is_multiple_of(2).then(|| format!("2027-01-{:02}T10:00:00Z", number % 31 + 1)),
        id,
    }
}

/// What it answers, prepared.
pub(super) struct Answers {
    /// `{ id name }` of each.
    point: HashMap<String, Bytes>,
    /// Everything of all.
    pub(super) list: Bytes,
}

impl Answers {
    pub(super) fn prepare() -> anyhow::Result<Self> {
        #[derive(Serialize)]
        struct Data {
            features: Vec<Feature>,
        }
        #[derive(Serialize)]
        struct Body {
            data: Data,
        }
        let features = ids().enumerate().map(|(number, id)| feature(number, id)).collect();
        let list = serde_json::to_vec(&Body { data: Data { features } })?.into();
        Ok(Self { point: ids().map(|id| (id.clone(), point(&id).into())).collect(), list })
    }

    /// The answer to a question; none where it is none of the two.
    fn to(&self, question: &[u8]) -> Option<Bytes> {
        #[derive(Deserialize)]
        struct Asked {
            query: String,
            #[serde(default)]
            variables: Variables,
        }
        #[derive(Deserialize, Default)]
        struct Variables {
            id: Option<String>,
        }
        let Asked { query, variables } = serde_json::from_slice(question).ok()?;
        match variables.id {
            Some(id) => self.point.get(&id).cloned(),
            None if query.contains("features") => Some(self.list.clone()),
            // The gateway looks whether it is there.
            None => (query == "{ __typename }").then(|| Bytes::from_static(br#"{"data":{"__typename":"Query"}}"#)),
        }
    }
}

/// The answer to a point query: of the subgraph, and so of the gateway.
pub(super) fn point(id: &str) -> String {
    format!(r#"{{"data":{{"feature":{{"id":{},"name":{}}}}}}}"#, json!(id), json!(name(id)))
}

/// Serves until the process ends. The address is the first line on standard output.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let router = Router::new().route("/graphql", post(answer)).with_state(Arc::new(Answers::prepare()?));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

async fn answer(State(answers): State<Arc<Answers>>, question: Bytes) -> Response {
    match answers.to(&question) {
        Some(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The process.
pub(super) struct Service {
    process: Process,
    address: SocketAddr,
}

impl Service {
    pub(super) async fn start(place: &Place) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve-features");
        let mut process = Process::start(&mut command, &place.load.join("features.log"))?;
        let address = process.first_line(READY_MAX).await?.parse().context("no address")?;
        Ok(Self { process, address })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    pub(super) async fn stop(self) {
        self.process.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_question_has_its_answer_and_others_have_none() {
        let answers = Answers::prepare().unwrap();
        let answer = |question: Value| answers.to(question.to_string().as_bytes());
        let point =
            answer(json!({ "query": "query($id:ID!){feature(id:$id){id name}}", "variables": { "id": "0042" } }));
        assert_eq!(point.unwrap(), r#"{"data":{"feature":{"id":"0042","name":"feature-0042"}}}"#);
        assert!(answer(json!({ "query": "{ __typename }" })).is_some());
        assert!(answer(json!({ "query": "{ others { id } }", "variables": {} })).is_none());
        let list: Value = serde_json::from_slice(&answer(json!({ "query": "{features{id}}" })).unwrap()).unwrap();
        let features = list["data"]["features"].as_array().unwrap();
        let scalars: usize = features.iter().map(|feature| feature.as_object().unwrap().len()).sum();
        assert_eq!((features.len(), scalars as f64), (FEATURES, SCALARS));
    }
}
