//! `weft-load federated`: what subgraphs cost.
//!
//! `own`: those who ask for Weft's own types only must not notice that a subgraph is published: two gateways over one database, with
//! and without. `passing`: what comes from a subgraph and passes through, beside `bare`. The subgraph is `service`, which answers at once.

mod compared;
mod own;
mod passing;
mod report;
mod service;
mod stage;

use std::path::PathBuf;

use anyhow::ensure;
use demo::postgres::Cluster;

pub(crate) use service::serve as serve_features;

use crate::{
    cpu,
    machine::{Machine, commit},
    place::Place,
    platform::with_postgres,
    run::{command, now},
    turn::Plan,
};
use report::{FederatedReport, goals};
use stage::Stage;

/// Measures both; an error when a goal is missed.
pub(crate) async fn run(plan: Plan, program: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(program);
    let report = with_postgres(&place, async |cluster| measure(&place, cluster, plan).await).await?;
    report.print();
    report.write(&place)?;
    ensure!(report.goals.iter().all(|goal| goal.met), "a goal is missed");
    Ok(())
}

async fn measure(place: &Place, cluster: &Cluster, plan: Plan) -> anyhow::Result<FederatedReport> {
    let mut machine = Machine::look();
    let stage = Stage::start(place, cluster).await?;
    let own = own::measure(&stage, plan).await?;
    let (point, usual_point, list) = passing::measure(place, &stage, plan).await?;
    stage.stop().await;
    machine.load_after = cpu::load_average();
    let goals = goals(&own, &point, &usual_point, &list);
    Ok(FederatedReport {
        date: now(),
        command: command(),
        commit: commit(&place.root),
        machine,
        estate: stage::ESTATE,
        clients: plan.clients,
        rounds: plan.rounds,
        seconds_each: plan.lasting.as_secs_f64(),
        own,
        cpu_us_per_scalar: passing::per_scalar(&list, None),
        cpu_us_per_scalar_besides_point: passing::per_scalar(&list, Some(&point)),
        point,
        usual_point,
        list,
        goals,
    })
}
