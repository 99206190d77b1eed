//! The estate in the database: generated and imported once for each size, then kept between runs.

use std::time::{Duration, Instant};

use anyhow::Context;
use demo::{
    database,
    estate::{DEFAULT_TENANT, Estate},
    postgres::Cluster,
};
use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio_postgres::NoTls;

use crate::{child::Process, cpu, place::Place};

/// Another number when generated estates change, so that old ones are not taken for new ones.
const EDITION: u32 = 1;

/// How an import went.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Import {
    pub(crate) entities: i64,
    /// Rows of the table of relations: each relation stands there at both of its ends.
    pub(crate) relation_rows: i64,
    pub(crate) seconds: f64,
    pub(crate) entities_per_second: f64,
    /// Most memory that the importing process held.
    pub(crate) peak_mib: f64,
    /// Processor time of the importing process and of Postgres.
    pub(crate) process_cpu_seconds: f64,
    pub(crate) postgres_cpu_seconds: f64,
}

/// The address of the database with so many generated entities; imports them if that has not been done.
pub(crate) async fn prepare(place: &Place, cluster: &Cluster, count: usize) -> anyhow::Result<String> {
    let name = format!("estate_{count}_{EDITION}");
    if !exists(cluster, &name).await? {
        import(place, cluster, count, &name).await?;
    }
    // A run of `explain` that was interrupted would still have every plan logged.
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(&format!("alter database {name} reset all")).await?;
    let url = cluster.url(&name);
    weft(place, &url, &["migrate"])?.finished().await.context("the schema could not be brought up to date")?;
    Ok(url)
}

/// Imports so many generated entities into a database of this name, which must not be there yet.
pub(crate) async fn import(place: &Place, cluster: &Cluster, count: usize, name: &str) -> anyhow::Result<Import> {
    let files = place.load.join(format!("estate-{count}"));
    println!("Writing an estate of {count} …");
    let folder = files.clone();
    tokio::task::spawn_blocking(move || Estate::generated(count).write(&folder)).await??;
    // Under another name until it is whole: a run that was interrupted begins anew.
    let draft = format!("{name}_draft");
    database::drop(&cluster.url("postgres"), &draft).await?;
    database::create(&cluster.url("postgres"), &draft).await?;
    let url = cluster.url(&draft);
    weft(place, &url, &["migrate"])?.finished().await?;
    println!("Importing it …");
    let path = files.join(DEFAULT_TENANT).display().to_string();
    let (started, postgres_before) = (Instant::now(), cpu::of_postgres(&cluster.data_dir()));
    let process = weft(place, &url, &["import", "catalog", &path])?;
    let (pid, mut peak_mib, mut process_cpu_seconds) = (process.pid, 0.0_f64, 0.0_f64);
    let mut finished = std::pin::pin!(process.finished());
    loop {
        tokio::select! {
            outcome = &mut finished => break outcome?,
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                peak_mib = peak_mib.max(cpu::memory_mib(pid, "VmHWM"));
                process_cpu_seconds = process_cpu_seconds.max(cpu::of_process(pid));
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let postgres_cpu_seconds = cpu::of_postgres(&cluster.data_dir()) - postgres_before;
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let number = async |table: &str| -> anyhow::Result<i64> {
        Ok(client.query_one(&format!("select count(*) from {table}"), &[]).await?.try_get(0)?)
    };
    let (entities, relation_rows) = (number("entity").await?, number("relation").await?);
    // What autovacuum does within minutes in production.
    client.batch_execute("vacuum analyze").await?;
    drop(client);
    connection.await??;
    database::rename(&cluster.url("postgres"), &draft, name).await?;
    let entities_per_second = entities as f64 / seconds;
    let import = Import {
        entities,
        relation_rows,
        seconds,
        entities_per_second,
        peak_mib,
        process_cpu_seconds,
        postgres_cpu_seconds,
    };
    std::fs::write(place.load.join(format!("import-{count}.json")), serde_json::to_string_pretty(&import)?)?;
    println!(
        "  {entities} entities with {relation_rows} rows of relations in {seconds:.1} s: {entities_per_second:.0} a second, \
         at most {peak_mib:.0} MiB; processor {process_cpu_seconds:.1} s, of Postgres {postgres_cpu_seconds:.1} s"
    );
    Ok(import)
}

/// How the estate of this size was imported, as far as that is known.
pub(crate) fn last_import(place: &Place, count: usize) -> Option<Import> {
    serde_json::from_slice(&std::fs::read(place.load.join(format!("import-{count}.json"))).ok()?).ok()
}

fn weft(place: &Place, database_url: &str, arguments: &[&str]) -> anyhow::Result<Process> {
    let mut command = Command::new(place.weft()?);
    command.args(arguments).env("DATABASE_URL", database_url);
    Process::start(&mut command, &place.load.join("weft-command.log"))
}

async fn exists(cluster: &Cluster, name: &str) -> anyhow::Result<bool> {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await?;
    tokio::spawn(connection);
    Ok(client.query_opt("select 1 from pg_database where datname = $1", &[&name]).await?.is_some())
}
