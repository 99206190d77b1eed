//! One tenant asks ten times as much as another, more than the gateway can do.

use std::time::Duration;

use anyhow::Context;
use demo::postgres::Cluster;
use hyper::StatusCode;

use super::{UNLIMITED, load, pages};
use crate::{place::Place, stitched::Stage};

/// What the quiet tenant asks, over what the gateway can do.
const QUIET: f64 = 0.15;
const NOISE: f64 = 10.0;
/// Tenants share as many places as the processors that figures are given for.
const SHARED: (&str, &str) = ("WEFT_OVERLOAD__SHARED_MIN", "2");
/// How much slower its answers may be beside the noise: the more generous of both counts.
const SLOWER_MAX: f64 = 1.2;
const SLOWER_MAX_MS: f64 = 10.0;

pub(super) async fn run(place: &Place, cluster: &Cluster, lasting: Duration) -> anyhow::Result<Vec<String>> {
    let stage = Stage::start(place, cluster, 1, &[UNLIMITED[0], SHARED]).await?;
    let gateway = stage.gateways.first().context("a gateway")?.address;
    let noisy = load::caller(&stage.simulator, gateway, "admin", "noisy", &pages(), true)?;
    let quiet = load::caller(&stage.simulator, gateway, "other_tenant_engineer", "quiet", &pages(), true)?;
    let capacity = quiet.closed_loop(8, Duration::from_secs(5)).await?.rate();
    let rate = capacity * QUIET;
    println!(
        "{capacity:.0} pages/s are possible; a quiet tenant asks {rate:.0}/s, a noisy one ten times as much, {lasting:?} …"
    );
    let alone = load::paced(std::slice::from_ref(&quiet), rate, lasting).await?;
    let (beside, noise) = futures::future::try_join(
        load::paced(std::slice::from_ref(&quiet), rate, lasting),
        load::paced(std::slice::from_ref(&noisy), rate * NOISE, lasting),
    )
    .await?;
    let p99 = |replies: &[load::Reply]| load::latencies(replies, StatusCode::OK, lasting).quantile_ms(0.99);
    let p50 = |replies: &[load::Reply]| load::latencies(replies, StatusCode::OK, lasting).quantile_ms(0.5);
    let served = |replies: &[load::Reply]| load::count(replies, StatusCode::OK) as f64 / replies.len().max(1) as f64;
    println!(
        "  quiet: alone p50 {:.1} p99 {:.1} ms, beside noise p50 {:.1} p99 {:.1} ms, {:.2} % served; noisy: {:.1} % served",
        p50(&alone),
        p99(&alone),
        p50(&beside),
        p99(&beside),
        served(&beside) * 100.0,
        served(&noise) * 100.0
    );
    stage.stop().await?;
    let most = (p99(&alone) * SLOWER_MAX).max(p99(&alone) + SLOWER_MAX_MS);
    let mut bad = Vec::new();
    if p99(&beside) > most {
        bad.push(format!("noisy: p99 {:.1} ms of at most {most:.1}", p99(&beside)));
    }
    if served(&beside) < 0.999 {
        bad.push(format!("noisy: only {:.2} % of the quiet tenant's requests were served", served(&beside) * 100.0));
    }
    Ok(bad)
}
