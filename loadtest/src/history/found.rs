//! Lists and measures among many deployments: at 8 callers, over few and over many rows.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use demo::postgres::Cluster;
use hyper::{HeaderMap, Uri};
use serde_json::{Value, json};
use simulator::{Clock, Config, Simulator};
use tokio_postgres::NoTls;

use super::world;
use crate::{
    client::{Shot, Target},
    gateway::{Gateway, headers},
    place::Place,
    platform::{ISSUER_PORT, with_postgres},
    tally::median,
    viewer::engineer_claims,
};

const CALLERS: usize = 8;
const COMPONENTS: usize = 1_000;
const LASTING: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;

/// An operation, the longest p99 that it may have, and how many callers ask at once.
struct Operation {
    name: &'static str,
    query: &'static str,
    p99_max_ms: f64,
    variables: fn(usize) -> Value,
}

const LIST: &str = "query($f: DeploymentFilter) { deployments(filter: $f, first: 50) { nodes { id createdAt componentRef environment \
                    status commitSha startedAt finishedAt isRollback } pageInfo { hasNextPage endCursor } } }";
const YEAR: &str = "query($ref: EntityRef!, $range: DateRange!) { team(ref: $ref) { delivery(range: $range) { deploymentCount \
                    deploymentFrequencyPerDay changeLeadTimeSeconds changeFailRate failedDeploymentRecoverySeconds \
                    deploymentReworkRate sample { deployments changes } } } }";

const OPERATIONS: [Operation; 4] = [
    Operation {
        name: "newest 50 of a team",
        query: LIST,
        p99_max_ms: 60.0,
        variables: |turn| json!({ "f": { "owner": [format!("group:default/team-{}", turn % 10)] } }),
    },
    Operation {
        name: "newest 50 of an environment",
        query: LIST,
        p99_max_ms: 60.0,
        variables: |turn| json!({ "f": { "environment": [if turn % 2 == 0 { "production" } else { "staging" }] } }),
    },
    Operation {
        name: "newest 50 of a component that succeeded",
        query: LIST,
        p99_max_ms: 60.0,
        variables: |turn| {
            let component = format!("component:default/project-{:05}", turn * 37 % COMPONENTS);
            json!({ "f": { "component": [component], "status": ["SUCCEEDED"] } })
        },
    },
    Operation {
        name: "a year's delivery of a team of 100",
        query: YEAR,
        p99_max_ms: 150.0,
        variables: |turn| {
            let today = Clock::system().now().date_naive();
            let range = json!({ "from": today - chrono::TimeDelta::days(364), "to": today });
            json!({ "ref": format!("group:default/team-{}", turn % 10), "range": range })
        },
    },
];

/// Measures over a hundred thousand deployments and over `rows`, in turns: what else the machine does meets both alike.
pub(crate) async fn run(rows: usize, program: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(program);
    with_postgres(&place, async |cluster| {
        let issuer = Simulator::start(Config { issuer_port: ISSUER_PORT, ..Config::default() }).await?;
        let headers = headers(&issuer.issuer().token(&engineer_claims()?), false)?;
        let few = filled(&place, cluster, "history_few", 100_000.min(rows)).await?;
        let many = filled(&place, cluster, "history_many", rows).await?;
        println!("\n{:40} {:>10} {:>10} {:>8} {:>8}", "operation", "p99 few", "p99 many", "ratio", "goal");
        let mut is_good = true;
        for operation in &OPERATIONS {
            let (few, many) = measure(operation, &[&few, &many], &headers).await?;
            let is_met = many <= operation.p99_max_ms && many <= few * 1.5;
            is_good &= is_met;
            let verdict = if is_met { "" } else { "  MISSED" };
            let (name, goal, ratio) = (operation.name, operation.p99_max_ms, many / few);
            println!("{name:40} {few:>8.1} ms {many:>8.1} ms {ratio:>8.2} {goal:>5.0} ms{verdict}");
        }
        few.stop().await;
        many.stop().await;
        issuer.stop().await;
        anyhow::ensure!(is_good, "a goal is missed");
        Ok(())
    })
    .await
}

/// A gateway over a database of its own with so many deployments.
async fn filled(place: &Place, cluster: &Cluster, name: &str, rows: usize) -> anyhow::Result<Gateway> {
    println!("{rows} deployments of {COMPONENTS} components …");
    let url = world::catalog(place, cluster, name, COMPONENTS).await?;
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(&include_str!("../../queries/history.sql").replace("$1", &rows.to_string())).await?;
    client
        .batch_execute("vacuum analyze deployment, delivery_owner_day, delivery_owner_month, environment_state")
        .await?;
    Gateway::start(place, &url, name).await
}

/// The median p99 of an operation at each of two gateways, in milliseconds.
async fn measure(operation: &Operation, gateways: &[&Gateway; 2], headers: &HeaderMap) -> anyhow::Result<(f64, f64)> {
    let shot = |turn| Shot {
        uri: Uri::from_static("/graphql"),
        body: Bytes::from(json!({ "query": operation.query, "variables": (operation.variables)(turn) }).to_string()),
    };
    let [few, many] = gateways;
    let target = |gateway: &Gateway| Target::new(gateway.address, headers.clone(), (0..200).map(shot).collect());
    let targets = [target(few)?, target(many)?];
    for target in &targets {
        // Connections and plans are made by then.
        target.closed_loop(CALLERS, LASTING).await?;
    }
    let mut p99 = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (target, p99) in targets.iter().zip(&mut p99) {
            p99.push(target.closed_loop(CALLERS, LASTING).await?.quantile_ms(0.99));
        }
    }
    let [few, many] = p99;
    Ok((median(few), median(many)))
}
