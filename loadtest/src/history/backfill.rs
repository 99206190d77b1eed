//! `weft sync --since` over many projects: once undisturbed, once killed on the way, and the tables compared.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use demo::postgres::Cluster;
use tokio::process::Command;
use tokio_postgres::NoTls;

use super::world;
use crate::{child::Process, place::Place, platform::with_postgres};

/// From here on everything is read.
const SINCE: &str = "2020-01-01";

/// All of these is kept; nothing in them only tells when something was written.
const TABLES: [&str; 6] =
    ["deployment", "environment_state", "delivery_day", "delivery_month", "delivery_owner_day", "delivery_owner_month"];

/// Reads so many projects, and again in a process that is killed so often.
pub(crate) async fn run(projects: usize, kills: u32, program: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(program);
    with_postgres(&place, async |cluster| read_twice(&place, cluster, projects, kills).await).await
}

async fn read_twice(place: &Place, cluster: &Cluster, projects: usize, kills: u32) -> anyhow::Result<()> {
    println!("A GitLab with {projects} projects and a catalog with a component for each …");
    let simulator = world::start(projects).await?;
    let config = world::write_config(place, &simulator)?;
    let token = simulator.gitlab_token().to_owned();
    let undisturbed = world::catalog(place, cluster, "history_whole", projects).await?;
    let killed = world::catalog(place, cluster, "history_killed", projects).await?;
    let sync = |url: &str| sync(place, &config, url, &token);

    let started = Instant::now();
    sync(&undisturbed)?.finished().await.context("it could not be read")?;
    let whole = started.elapsed();
    let digests = digests(&undisturbed).await?;
    let count = digests.first().map_or(0, |digest| digest.0);
    println!(
        "  {count} deployments in {:.1} s: {:.0} a second",
        whole.as_secs_f64(),
        count as f64 / whole.as_secs_f64()
    );

    let started = Instant::now();
    let share = whole.div_f64(f64::from(kills.max(1)) * 1.2);
    for turn in 1..=kills {
        let process = sync(&killed)?;
        tokio::time::sleep(share + Duration::from_millis(u64::from(turn) * 7)).await;
        // Nothing is told beforehand: it ends where it stands.
        drop(process);
    }
    sync(&killed)?.finished().await.context("it could not be read after all")?;
    println!("  killed {kills} times on the way: {:.1} s", started.elapsed().as_secs_f64());
    let other = self::digests(&killed).await?;
    for (name, (one, other)) in TABLES.iter().zip(digests.iter().zip(&other)) {
        println!("  {name}: {} rows, {}", one.0, if one == other { "the same" } else { "NOT the same" });
    }
    simulator.stop().await;
    ensure!(digests == other, "the table of the killed run is another one");
    ensure!(whole < Duration::from_secs(600), "it took more than ten minutes");
    Ok(())
}

fn sync(place: &Place, config: &Path, url: &str, token: &str) -> anyhow::Result<Process> {
    let mut command = Command::new(place.weft()?);
    command.arg("--config").arg(config).args(["sync", "--since", SINCE]);
    command.env("DATABASE_URL", url).env("GITLAB_TOKEN", token);
    Process::start(&mut command, &place.load.join("history-sync.log"))
}

/// How many rows each table has, and one number of all that is in them.
async fn digests(url: &str) -> anyhow::Result<Vec<(i64, String)>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let mut digests = Vec::new();
    for table in TABLES {
        let statement =
            format!("select count(*), coalesce(sum(hashtextextended(to_jsonb(d)::text, 0)), 0)::text from {table} d");
        let row = client.query_one(&statement, &[]).await?;
        digests.push((row.try_get(0)?, row.try_get(1)?));
    }
    Ok(digests)
}
