//! Ten times as much arrives as can be answered.

use std::time::{Duration, Instant};

use anyhow::Context;
use demo::postgres::Cluster;
use hyper::StatusCode;

use super::{UNLIMITED, load, pages};
use crate::{cpu, place::Place, stitched::Stage};

const OVERLOAD: f64 = 10.0;
/// Part of the peak that must still be answered.
const GOODPUT_MIN: f64 = 0.8;
/// Part of the refusals that must be told within ten milliseconds.
const QUICK_MIN: f64 = 0.99;
const MEMORY_MAX: f64 = 1.5;
const RECOVERY_MAX: Duration = Duration::from_secs(5);
/// So many at once show the peak: they keep the processors busy, and none waits so long that it would be refused.
const CALLERS: usize = 16;
/// What is asked afterwards, over what is possible, and how long each look at it lasts.
const AFTERWARDS: f64 = 0.3;
const LOOK: Duration = Duration::from_millis(500);

pub(super) async fn run(place: &Place, cluster: &Cluster, lasting: Duration) -> anyhow::Result<Vec<String>> {
    let stage = Stage::start(place, cluster, 1, &UNLIMITED).await?;
    let gateway = stage.gateways.first().context("a gateway")?;
    let mut targets = Vec::new();
    for number in 0..16 {
        targets.push(load::caller(
            &stage.simulator,
            gateway.address,
            "admin",
            &format!("caller-{number}"),
            &pages(),
            true,
        )?);
    }
    let first = targets.first().context("a caller")?;
    // Connections to Postgres are made and statements planned before many ask at once.
    first.closed_loop(4, Duration::from_secs(2)).await?;
    // Of several short looks the best: what can be done, not what was done while it warmed up.
    let mut peak = 0.0f64;
    for _ in 0..3 {
        peak = peak.max(first.closed_loop(CALLERS, Duration::from_secs(4)).await?.rate());
    }
    let before = load::paced(&targets, peak * AFTERWARDS, LOOK * 8).await?;
    let usual = load::latencies(&before, StatusCode::OK, LOOK).quantile_ms(0.99);
    let memory_before = cpu::memory_mib(gateway.pid(), "VmRSS");
    println!("{peak:.0} pages/s are possible; ten times as many arrive for {lasting:?} …");
    let replies = load::paced(&targets, peak * OVERLOAD, lasting).await?;
    let ended = Instant::now();
    let memory = cpu::memory_mib(gateway.pid(), "VmHWM");
    let goodput = load::count(&replies, StatusCode::OK) as f64 / lasting.as_secs_f64() / peak;
    let refused = load::count(&replies, StatusCode::SERVICE_UNAVAILABLE);
    let others = replies.len() - load::count(&replies, StatusCode::OK) - refused;
    let mut recovery = None;
    while ended.elapsed() < RECOVERY_MAX * 3 {
        let look = load::paced(&targets, peak * AFTERWARDS, LOOK).await?;
        let p99 = load::latencies(&look, StatusCode::OK, LOOK).quantile_ms(0.99);
        if load::count(&look, StatusCode::OK) == look.len() && p99 <= usual * 1.5 + 10.0 {
            recovery = Some(ended.elapsed());
            break;
        }
    }
    let quick = gateway.quick_share("weft_http_refused_seconds", "0.01").await?;
    let (good, memory_ratio) = (load::latencies(&replies, StatusCode::OK, lasting), memory / memory_before.max(1.0));
    println!(
        "  answered {:.1} % of the peak (p50 {:.1} p99 {:.1} ms), {refused} refused of which {:.2} % within 10 ms, {others} neither; memory {memory_before:.0} -> {memory:.0} MiB; as before after {}",
        goodput * 100.0,
        good.quantile_ms(0.5),
        good.quantile_ms(0.99),
        quick * 100.0,
        recovery.map_or("never".to_owned(), |recovery| format!("{:.1} s", recovery.as_secs_f64()))
    );
    stage.stop().await?;
    let mut bad = Vec::new();
    for (is_bad, what) in [
        (goodput < GOODPUT_MIN, format!("{:.1} % of the peak", goodput * 100.0)),
        (quick < QUICK_MIN, format!("{:.2} % of refusals within 10 ms", quick * 100.0)),
        (others > 0, format!("{others} requests were neither answered nor refused")),
        (memory_ratio > MEMORY_MAX, format!("{memory_ratio:.2} times the memory")),
        (recovery.is_none_or(|recovery| recovery > RECOVERY_MAX), "no recovery in time".to_owned()),
    ] {
        if is_bad {
            bad.push(format!("overload: {what}"));
        }
    }
    Ok(bad)
}
