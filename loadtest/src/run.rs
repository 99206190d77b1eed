//! One run from beginning to end: everything is started, checked, measured, told, and ended.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use demo::postgres::Cluster;
use tokio::process::Command;

use crate::{
    child::Process,
    client::Target,
    cpu, estate,
    gateway::Gateway,
    goals::{DIRECT_MIN, LARGE, goals},
    machine::{Machine, commit},
    operation::OPERATIONS,
    pgbench::Pgbench,
    place::Place,
    platform::{Platform, with_postgres},
    report::{PlainPages, Report},
    rounds::Bench,
    sample::Sample,
    stitched,
    tally::median,
    turn::Plan,
};

/// Answers of which gateway and `direct` must agree to the byte.
const COMPARED: usize = 50;
/// The estate that a large one is compared with.
const SMALL: usize = 10_000;

/// What was asked for.
pub(crate) struct RunArgs {
    pub(crate) estate: usize,
    pub(crate) plan: Plan,
    pub(crate) operations: Vec<String>,
}

/// Runs; an error means that there is no result worth reading.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<()> {
    let place = Place::find()?;
    with_postgres(&place, async |cluster| measure(&place, cluster, &args).await).await
}

async fn measure(place: &Place, cluster: &Cluster, args: &RunArgs) -> anyhow::Result<()> {
    let database_url = estate::prepare(place, cluster, args.estate).await?;
    let small_url = match args.estate >= LARGE {
        true => Some(estate::prepare(place, cluster, SMALL).await?),
        false => None,
    };
    let mut machine = Machine::look();
    let platform = Platform::start(place, &database_url).await?;
    let Platform { gateway, sample, cold, warm, viewer, .. } = &platform;
    let answers = keep_answers(place, gateway, sample, cold).await?;
    let (ceilings, address) = ceilings(&database_url, &answers).await?;
    let pgbench = Pgbench::prepare(place, cluster, &database_url, viewer, sample)?;
    let bench = Bench {
        plan: args.plan,
        gateway,
        ceilings: (address, ceilings.pid),
        postgres_data: cluster.data_dir(),
        sample,
        cold: cold.clone(),
        warm: warm.clone(),
        pgbench: &pgbench,
    };
    compare(&bench).await?;
    let outcome = bench.run(&args.operations).await?;
    let plain_pages = match small_url {
        Some(url) => Some(page_plain_pair(place, &url, &bench).await?),
        None => None,
    };
    let stitched = match args.operations.is_empty() || args.operations.iter().any(|name| name == "stitched") {
        true => Some(stitched::measure_cost(place, cluster, args.plan).await?),
        false => None,
    };
    machine.load_after = cpu::load_average();
    let mut report = Report {
        date: now(),
        command: command(),
        commit: commit(&place.root),
        machine,
        postgres: postgres_settings(&database_url).await?,
        estate: args.estate,
        clients: args.plan.clients,
        rounds: args.plan.rounds,
        seconds_each: args.plan.lasting.as_secs_f64(),
        pgbench_rate: outcome.pgbench_rate,
        direct_over_pgbench: outcome.direct_over_pgbench,
        direct_over_parts: outcome.direct_over_parts,
        pgbench_cpu_over_direct: outcome.pgbench_cpu_over_direct,
        is_void: outcome.direct_over_parts < DIRECT_MIN,
        gateway_rss_mib: cpu::memory_mib(gateway.pid(), "VmRSS"),
        gateway_peak_mib: cpu::memory_mib(gateway.pid(), "VmHWM"),
        import: estate::last_import(place, args.estate),
        plain_pages,
        operations: outcome.operations,
        stitched,
        goals: Vec::new(),
    };
    report.goals = goals(&report);
    ceilings.stop().await;
    platform.stop().await;
    report.print();
    report.write(place)?;
    ensure!(!report.is_void, "this run is void: `direct` is too slow to be a ceiling");
    Ok(())
}

/// The same page over a small estate, in rounds that alternate with the large one, so that both see the same machine.
async fn page_plain_pair(place: &Place, database_url: &str, large: &Bench<'_>) -> anyhow::Result<PlainPages> {
    println!("The first page over {SMALL} …");
    let gateway = Gateway::start(place, database_url, "gateway-small").await?;
    let small = Bench { gateway: &gateway, ..large.clone() };
    let (mut small_rounds, mut large_rounds) = (Vec::new(), Vec::new());
    for _ in 0..large.plan.rounds {
        small_rounds.push(small.closed_cold("page_plain").await?.p99_ms);
        large_rounds.push(large.closed_cold("page_plain").await?.p99_ms);
    }
    gateway.stop().await;
    Ok(PlainPages { small_p99_ms: median(small_rounds), large_p99_ms: median(large_rounds) })
}

/// When a run took place.
#[expect(clippy::disallowed_methods, reason = "a run is dated by the clock on the wall")]
pub(crate) fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// How this program was called.
pub(crate) fn command() -> String {
    std::env::args().skip(1).fold("weft-load".to_owned(), |line, word| line + " " + &word)
}

/// Version and the settings that matter, as the server tells them.
async fn postgres_settings(database_url: &str) -> anyhow::Result<String> {
    const SQL: &str = "select string_agg(name || '=' || current_setting(name), ', ' order by name) from pg_settings where name \
         in ('server_version', 'shared_buffers', 'fsync', 'synchronous_commit', 'full_page_writes', 'max_connections', 'work_mem', 'jit')";
    let (client, connection) = tokio_postgres::connect(database_url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client.query_one(SQL, &[]).await?.try_get(0)?)
}

/// Keeps one answer of each operation for the server that answers the same bytes.
async fn keep_answers(
    place: &Place,
    gateway: &Gateway,
    sample: &Sample,
    cold: &hyper::HeaderMap,
) -> anyhow::Result<PathBuf> {
    let folder = place.load.join("answers");
    std::fs::create_dir_all(&folder)?;
    for operation in &OPERATIONS {
        let target = Target::new(gateway.address, cold.clone(), operation.graphql(sample))?;
        let answers = target.answers(1).await.with_context(|| format!("operation {}", operation.name))?;
        std::fs::write(folder.join(format!("{}.json", operation.name)), answers.first().context("no answer")?)?;
    }
    Ok(folder)
}

/// The process with the ceilings; `bare` answers with what is in the folder `answers`.
pub(crate) async fn ceilings(
    database_url: &str,
    answers: &std::path::Path,
) -> anyhow::Result<(Process, std::net::SocketAddr)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve-ceilings").arg("--answers").arg(answers).env("DATABASE_URL", database_url);
    let mut process = Process::start(&mut command, &answers.with_extension("log"))?;
    let address = process.first_line(Duration::from_secs(10)).await?.parse()?;
    Ok((process, address))
}

/// Gateway and `direct` must say the same, to the byte.
async fn compare(bench: &Bench<'_>) -> anyhow::Result<()> {
    for operation in OPERATIONS.iter().filter(|operation| operation.has_direct) {
        let gateway = Target::new(bench.gateway.address, bench.cold.clone(), operation.graphql(bench.sample))?;
        let direct = Target::new(bench.ceilings.0, hyper::HeaderMap::new(), operation.direct(bench.sample)?)?;
        let (ours, theirs) = (gateway.answers(COMPARED).await?, direct.answers(COMPARED).await?);
        for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let show = |bytes: &[u8]| {
                String::from_utf8_lossy(bytes.get(..bytes.len().min(400)).unwrap_or_default()).into_owned()
            };
            ensure!(
                ours == theirs,
                "{}, request {number}: the gateway says {}, direct says {}",
                operation.name,
                show(ours),
                show(theirs)
            );
        }
    }
    Ok(())
}
