//! What comes from a subgraph and passes through: one feature, and a thousand with ten scalar fields each, beside `bare`, which
//! answers the same bytes.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, ensure};
use hyper::{HeaderMap, Uri};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    service::{self, Answers, SCALARS},
    stage::Stage,
};
use crate::{
    client::{Shot, Target},
    figures::Figures,
    operation::graphql,
    place::Place,
    run::ceilings,
    turn::{Load, Meter, Plan},
};

const POINT: &str = include_str!("../../operations/feature.graphql");
const LIST: &str = include_str!("../../operations/features.graphql");
/// Fewest calls of the subgraph for each request: each is a call, and what runs in the background adds some.
const CALLS_MIN: f64 = 0.99;

/// One question.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PassingResult {
    pub(super) name: &'static str,
    pub(super) gateway: Figures,
    pub(super) bare: Figures,
    /// Processor time of the gateway over that of `bare`.
    pub(super) cpu_over_bare: f64,
    pub(super) rate_over_bare: f64,
}

/// Processor time for each scalar field of the list in microseconds, whole or without that of a point query.
pub(super) fn per_scalar(list: &PassingResult, point: Option<&PassingResult>) -> f64 {
    let besides = point.map_or(0.0, |point| point.gateway.server_cpu_us);
    (list.gateway.server_cpu_us - besides) / SCALARS
}

struct Question {
    name: &'static str,
    gateway: Arc<Target>,
    bare: Arc<Target>,
    rounds: [Vec<Figures>; 2],
}

/// All rounds: the point query past caches, the same as usual, and the list.
///
/// Equal questions that meet are asked once (`flights`), which would hide work. Who asks past caches is always asked for anew; of what is
/// sent as usual each request names another feature than those under way, and since the subgraph does not say how long its answers are
/// good, none is kept.
pub(super) async fn measure(
    place: &Place,
    stage: &Stage,
    plan: Plan,
) -> anyhow::Result<(PassingResult, PassingResult, PassingResult)> {
    let points: Vec<Shot> = service::ids().map(|id| graphql(POINT, &json!({ "id": id }))).collect();
    let list = vec![graphql(LIST, &json!({}))];
    let answers = kept_answers(place, stage, &points, &list).await?;
    let (ceilings, address) = ceilings(&stage.database_url, &answers).await?;
    let question = |name, shots: &[Shot], headers: &HeaderMap, path: &'static str| {
        let to_bare = shots.iter().map(|shot| Shot { uri: Uri::from_static(path), ..shot.clone() }).collect();
        anyhow::Ok(Question {
            name,
            gateway: Target::new(stage.federated.address, headers.clone(), shots.to_vec())?,
            bare: Target::new(address, HeaderMap::new(), to_bare)?,
            rounds: Default::default(),
        })
    };
    let mut questions = [
        question("point", &points, &stage.cold, "/bare/feature")?,
        question("point, usual", &points, &stage.warm, "/bare/feature")?,
        question("1,000 x 10", &list, &stage.cold, "/bare/features")?,
    ];
    let meter = Meter { plan, gateway: &stage.federated, postgres_data: &stage.postgres_data };
    for round in 1..=plan.rounds {
        println!("Passed through, round {round} of {} …", plan.rounds);
        for question in &mut questions {
            let [gateway, bare] = &mut question.rounds;
            gateway.push(meter.turn(&question.gateway, stage.federated.pid(), Load::Closed(plan.clients)).await?);
            bare.push(meter.turn(&question.bare, ceilings.pid, Load::Closed(plan.clients)).await?);
        }
    }
    ceilings.stop().await;
    let [point, usual_point, list] = questions.map(Question::result);
    Ok((point?, usual_point?, list?))
}

impl Question {
    fn result(self) -> anyhow::Result<PassingResult> {
        let [gateway, bare] = self.rounds.map(|rounds| Figures::median(&rounds));
        let calls = gateway.upstream_calls;
        ensure!(calls >= CALLS_MIN, "{}: {calls:.2} calls of the subgraph for each request", self.name);
        Ok(PassingResult {
            name: self.name,
            gateway,
            bare,
            cpu_over_bare: gateway.server_cpu_us / bare.server_cpu_us.max(1e-9),
            rate_over_bare: gateway.rate / bare.rate.max(1e-9),
        })
    }
}

/// Answers of the gateway for `bare`, once they are known to be right.
async fn kept_answers(place: &Place, stage: &Stage, points: &[Shot], list: &[Shot]) -> anyhow::Result<PathBuf> {
    let folder = place.load.join("answers-federated");
    std::fs::create_dir_all(&folder)?;
    let asked = async |shots: &[Shot]| {
        Target::new(stage.federated.address, stage.cold.clone(), shots.to_vec())?.answers(shots.len()).await
    };
    let found = asked(points).await.context("the point query")?;
    for (id, found) in service::ids().zip(&found) {
        let right = service::point(&id);
        ensure!(*found == right, "of {id} the gateway says {}", String::from_utf8_lossy(found));
    }
    std::fs::write(folder.join("feature.json"), found.first().context("no answer")?)?;
    let found = asked(list).await.context("the list")?;
    let found = found.first().context("no answer")?;
    let (ours, right): (Value, Value) =
        (serde_json::from_slice(found)?, serde_json::from_slice(&Answers::prepare()?.list)?);
    ensure!(ours == right, "the gateway's list is not that of the subgraph");
    std::fs::write(folder.join("features.json"), found)?;
    Ok(folder)
}
