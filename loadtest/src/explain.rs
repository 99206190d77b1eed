//! The plans of the hot statements, as Postgres chose them for the gateway's own statements and parameters. They are kept in
//! `loadtest/explain/` without costs and times, so that a change of plan shows as a change of text.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, bail, ensure};
use demo::postgres::{
    Cluster,
    plan::{Plan, SETTINGS, difference},
};
use tokio_postgres::NoTls;

use crate::{
    client::Target,
    estate,
    operation::{OPERATIONS, Operation},
    place::Place,
    platform::{Platform, with_postgres},
};

/// Times each operation is sent: after five, Postgres decides whether one plan serves all parameters.
const TIMES: usize = 12;
/// Statements that count over a whole tenant and may read a whole table for it.
const WHOLE_TENANT: [&str; 2] = ["entities_count", "entity_facets"];
/// Statements of the gateway's own that belong to no operation.
const BACKGROUND: [&str; 2] = ["location_lease", "server_version"];

/// Writes the plans over an estate of this size, or holds them against what is written.
pub(crate) async fn run(count: usize, only_checks: bool) -> anyhow::Result<()> {
    let place = Place::find()?;
    with_postgres(&place, async |cluster| {
        let database_url = estate::prepare(&place, cluster, count).await?;
        let database = database_url.rsplit('/').next().unwrap_or_default();
        alter(cluster, &SETTINGS.map(|setting| format!("alter database {database} set {setting}"))).await?;
        let platform = Platform::start(&place, &database_url).await?;
        let outcome = every(&place, cluster, &platform, only_checks).await;
        platform.stop().await;
        alter(cluster, &[format!("alter database {database} reset all")]).await?;
        outcome
    })
    .await
}

async fn alter(cluster: &Cluster, statements: &[String]) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await?;
    tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await.context("auto_explain cannot be set up")?;
    }
    Ok(())
}

/// Sends each operation, and refuses a scan of a whole table where none may be.
async fn every(place: &Place, cluster: &Cluster, platform: &Platform, only_checks: bool) -> anyhow::Result<()> {
    let folder = place.root.join("loadtest/explain");
    fs::create_dir_all(&folder)?;
    let log = cluster.data_dir().with_file_name("server.log");
    let mut refused = Vec::new();
    for operation in &OPERATIONS {
        let before = fs::metadata(&log).with_context(|| format!("{} cannot be read", log.display()))?.len();
        let shots = operation.graphql(&platform.sample);
        Target::new(platform.gateway.address, platform.cold.clone(), shots)?.answers(TIMES).await?;
        let plans = plans(&log, before)?;
        ensure!(!plans.is_empty(), "Postgres told no plan of {}", operation.name);
        let told = plans.iter().map(|(name, plan)| format!("{name} ({})", how(plan)));
        println!("{}: {}", operation.name, told.collect::<Vec<_>>().join(", "));
        for (statement, plan) in &plans {
            if !plan.scanned().is_empty() && !WHOLE_TENANT.contains(&statement.as_str()) {
                refused.push(format!("{}: {statement} reads a whole table", operation.name));
            }
        }
        let file = folder.join(format!("{}.txt", operation.name));
        match only_checks {
            true => refused.extend(changed(&file, &text(operation, &plans))),
            false => fs::write(&file, text(operation, &plans))
                .with_context(|| format!("{} cannot be written", file.display()))?,
        }
    }
    if !refused.is_empty() {
        bail!("the plans are not what they should be\n{}", refused.join("\n"));
    }
    Ok(())
}

fn text(operation: &Operation, plans: &BTreeMap<String, Plan>) -> String {
    let mut text = format!("The statements of `{}` and how Postgres runs them.\n", operation.name);
    for (statement, plan) in plans {
        // A plan for all parameters holds the expression where one for these alone holds its value.
        let _ = writeln!(text, "\n{statement}\n{}", plan.told().replace("to_tsquery(?, ?)", "?"));
    }
    text
}

/// Told and not written: where both cost about the same, it follows from what Postgres happened to sample.
fn how(plan: &Plan) -> &'static str {
    if plan.is_made_each_time() { "planned anew each time" } else { "planned once" }
}

/// How the plans differ from what is written; none when they do not.
fn changed(file: &Path, text: &str) -> Option<String> {
    let difference = difference(&fs::read_to_string(file).unwrap_or_default(), text);
    (!difference.is_empty()).then(|| format!("{}\n{difference}", file.display()))
}

/// The last plan of each named statement since a place in the log.
fn plans(log: &Path, from: u64) -> anyhow::Result<BTreeMap<String, Plan>> {
    let bytes = fs::read(log)?;
    let text = String::from_utf8_lossy(bytes.get(usize::try_from(from)?..).unwrap_or_default()).into_owned();
    let mut plans = BTreeMap::new();
    for part in text.split(" ms  plan:\n").skip(1) {
        let json: String = part.lines().take_while(|line| line.starts_with('\t')).collect();
        let Some(plan) = Plan::read(&json) else { continue };
        if let Some(statement) = plan.statement().filter(|name| !BACKGROUND.contains(name)).map(str::to_owned) {
            plans.insert(statement, plan);
        }
    }
    Ok(plans)
}
