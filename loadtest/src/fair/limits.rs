//! Ten callers at three times their points, over two replicas that share accounts through Redis.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use demo::postgres::Cluster;
use hyper::StatusCode;
use serde_json::json;

use super::load::{Reply, caller, count, paced};
use crate::{client::Target, place::Place, stitched::Stage};

const CALLERS: usize = 10;
/// Points of each caller in a minute, and at once.
const POINTS: u64 = 6_000;
/// What one request is worth: a connection, nodes and their systems.
const QUERY: &str = "{ components(first: 9) { nodes { ref system { ref } } } }";
/// Requests of each caller a second: three times its points, at 15 to 19 points each.
const RATE_EACH: f64 = 18.0;
/// How far what is admitted may be from what is granted.
const TOLERANCE: f64 = 0.01;

/// `kills`: Redis ends in the middle and does not come back.
pub(super) async fn run(
    place: &Place,
    cluster: &Cluster,
    lasting: Duration,
    kills: bool,
) -> anyhow::Result<Vec<String>> {
    let settings = [
        ("WEFT_LIMITS__RATE__POINTS", "6000"),
        ("WEFT_LIMITS__COST_MAX", "6000"),
        ("WEFT_SERVER__RESPONSE_CACHE", "0"),
    ];
    let mut stage = Stage::start(place, cluster, 2, &settings).await?;
    ensure!(stage.has_redis(), "replicas share limits through Redis, and redis-server is not there");
    // Both have to know of each other before one of them is on its own.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut asking = Vec::new();
    for number in 0..CALLERS {
        let subject = format!("caller-{number}");
        let mut targets = Vec::new();
        for gateway in &stage.gateways {
            targets.push(caller(
                &stage.simulator,
                gateway.address,
                "engineer",
                &subject,
                &[json!({ "query": QUERY })],
                false,
            )?);
        }
        asking.push(targets);
    }
    println!(
        "{CALLERS} callers with {POINTS} points a minute at three times that, two replicas, {lasting:?}{} …",
        if kills { ", Redis killed in the middle" } else { "" }
    );
    let loads = asking.iter().map(|targets: &Vec<Arc<Target>>| paced(targets, RATE_EACH, lasting));
    let killing = async {
        if kills {
            tokio::time::sleep(lasting / 2).await;
            stage.kill_redis().await?;
        }
        anyhow::Ok(())
    };
    let (replies, killed) = futures::future::join(futures::future::try_join_all(loads), killing).await;
    killed?;
    let replies = replies?;
    let outcome = judge(&replies, lasting, kills);
    stage.stop().await?;
    Ok(outcome)
}

fn judge(callers: &[Vec<Reply>], lasting: Duration, kills: bool) -> Vec<String> {
    let granted = POINTS as f64 * (1.0 + lasting.as_secs_f64() / 60.0);
    let mut bad = Vec::new();
    let mut shares = Vec::new();
    for replies in callers {
        let admitted: u64 =
            replies.iter().filter(|reply| reply.status == Some(StatusCode::OK)).map(|reply| reply.points).sum();
        shares.push(admitted as f64 / granted);
        let refused = count(replies, StatusCode::TOO_MANY_REQUESTS);
        let answered = count(replies, StatusCode::OK) + refused;
        if answered != replies.len() {
            bad.push(format!(
                "limits: {} of {} requests were neither answered nor refused",
                replies.len() - answered,
                replies.len()
            ));
        }
    }
    let (least, most) =
        shares.iter().fold((f64::MAX, 0.0f64), |(least, most), share| (least.min(*share), most.max(*share)));
    let slowest = callers.iter().flatten().map(|reply| reply.answered_in).max().unwrap_or_default();
    println!(
        "  admitted {least:.4} to {most:.4} of rate x time and one burst; the slowest answer took {:.1} ms",
        slowest.as_secs_f64() * 1e3
    );
    let is_right = if kills {
        least >= 1.0 - TOLERANCE && most <= 2.0
    } else {
        least >= 1.0 - TOLERANCE && most <= 1.0 + TOLERANCE
    };
    if !is_right {
        bad.push(format!("limits{}: {least:.4} to {most:.4} were admitted", if kills { " without Redis" } else { "" }));
    }
    bad
}
