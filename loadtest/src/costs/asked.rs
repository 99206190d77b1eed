//! The import and the questions.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use chrono::{Days, NaiveDate};
use demo::{database, estate::roles, platform::claims, postgres::Cluster};
use hyper::Uri;
use serde_json::{Value, json};
use simulator::{Clock, Config, Simulator};
use tokio::process::Command;

use super::charges::{self, COMPONENTS, MONTHS, TEAMS};
use crate::{
    child::Process,
    client::{Shot, Target},
    cpu,
    gateway::{Gateway, headers},
    place::Place,
    platform::{ISSUER_PORT, with_postgres},
    tally::median,
};

const CALLERS: usize = 4;
const LASTING: Duration = Duration::from_secs(3);
const ROUNDS: usize = 5;
/// Fewest rows a second that are taken over.
const RATE_MIN: f64 = 20_000.0;

/// A question of a dashboard, and the longest p99 that it may have.
struct Question {
    name: &'static str,
    query: &'static str,
    p99_max_ms: f64,
    variables: fn(usize, NaiveDate) -> Value,
}

const GROUPS: &str = "query($q: CostQuery!) { cost(query: $q) { total owned shared unallocated restricted currency completeUntil \
                      groups(top: 99, first: 100) { nodes { keys { value label } kind total share } totalCount } } }";
const SERIES: &str = "query($q: CostQuery!) { cost(query: $q) { total series { date amount isComplete } } }";
const COMPONENT: &str = "query($ref: EntityRef!, $q: CostQuery!) { component(ref: $ref) { cost(query: $q) { total previousTotal \
                         changeRatio series { date amount isComplete } } } }";
const ROWS: &str =
    "query($q: CostQuery!) { cost(query: $q) { rows(first: 10000) { date team: key(index: 0) kind amount } } }";

fn days(last: NaiveDate, count: u64) -> Value {
    json!({ "from": last - Days::new(count - 1), "to": last })
}

const QUESTIONS: [Question; 4] = [
    Question {
        name: "team by service, 90 days",
        query: GROUPS,
        p99_max_ms: 100.0,
        variables: |turn, last| {
            let last = last - Days::new(u64::try_from(turn % 30).unwrap_or(0));
            json!({ "q": { "range": days(last, 90), "groupBy": [{ "dimension": "TEAM" }, { "dimension": "SERVICE" }] } })
        },
    },
    Question {
        name: "a team's year by day",
        query: SERIES,
        p99_max_ms: 100.0,
        variables: |turn, last| {
            let team = format!("team-{}", turn % TEAMS);
            json!({ "q": { "range": days(last, 365), "granularity": "DAY", "filter": { "team": [team] } } })
        },
    },
    Question {
        name: "a component by month, with the year before",
        query: COMPONENT,
        p99_max_ms: 100.0,
        variables: |turn, last| {
            let component = format!("component:default/project-{:05}", turn * 37 % COMPONENTS);
            json!({ "ref": component, "q": { "range": days(last, 365), "granularity": "MONTH", "compareToPrevious": true } })
        },
    },
    Question {
        name: "7,200 rows: teams by day",
        query: ROWS,
        p99_max_ms: 250.0,
        variables: |turn, last| {
            let last = last - Days::new(u64::try_from(turn % 30).unwrap_or(0));
            json!({ "q": { "range": days(last, 120), "granularity": "DAY", "groupBy": [{ "dimension": "TEAM" }] } })
        },
    },
];

/// Measures over a tenth of `rows`, then over all.
pub(crate) async fn run(rows: usize, program: Option<PathBuf>) -> anyhow::Result<()> {
    let place = Place::find()?.with_program(program);
    with_postgres(&place, async |cluster| {
        let few = measure(&place, cluster, rows / 10).await?;
        let many = measure(&place, cluster, rows).await?;
        println!("\n{:44} {:>10} {:>10} {:>8} {:>8}", "question", "p99 few", "p99 many", "ratio", "goal");
        let mut is_good = many.rate >= RATE_MIN;
        for ((question, few), many) in QUESTIONS.iter().zip(&few.p99).zip(&many.p99) {
            let is_met = *many <= question.p99_max_ms && *many <= few * 2.0;
            is_good &= is_met;
            let verdict = if is_met { "" } else { "  MISSED" };
            let (name, goal, ratio) = (question.name, question.p99_max_ms, many / few);
            println!("{name:44} {few:>8.1} ms {many:>8.1} ms {ratio:>8.2} {goal:>5.0} ms{verdict}");
        }
        println!("import: {:.0} rows/s, at least {RATE_MIN:.0}", many.rate);
        anyhow::ensure!(is_good, "a goal is missed");
        Ok(())
    })
    .await
}

struct Measured {
    /// Rows a second that were taken over.
    rate: f64,
    /// The median p99 of each question, in milliseconds.
    p99: Vec<f64>,
}

async fn measure(place: &Place, cluster: &Cluster, rows: usize) -> anyhow::Result<Measured> {
    println!("{rows} charges of {COMPONENTS} components, {TEAMS} teams, {MONTHS} months …");
    let url = catalog(place, cluster).await?;
    let today = Clock::system().now().date_naive();
    let mut month = charges::first_month(today);
    let (mut taken, mut seconds, mut memory) = (0, 0.0, 0.0_f64);
    let file = place.load.join("charges.csv");
    for _ in 0..MONTHS {
        taken += charges::write(&file, month, rows / MONTHS as usize)?;
        let started = Instant::now();
        memory = weft(place, &url, &["import", "cost", &file.display().to_string()]).await?.max(memory);
        seconds += started.elapsed().as_secs_f64();
        month = month.checked_add_months(chrono::Months::new(1)).context("no such month")?;
    }
    std::fs::remove_file(&file)?;
    let rate = taken as f64 / seconds;
    println!("  {taken} charges in {seconds:.0} s: {rate:.0} a second, attribution and sums included; {memory:.0} MiB");
    let last = month - Days::new(1);
    vacuum(&url).await?;
    let issuer = Simulator::start(Config { issuer_port: ISSUER_PORT, ..Config::default() }).await?;
    let role = roles().into_iter().find(|role| role.name == "finops").context("there is no finops")?;
    let headers = headers(&issuer.issuer().token(&claims(&role)), false)?;
    let gateway = Gateway::start(place, &url, "costs").await?;
    let mut p99 = Vec::new();
    for question in &QUESTIONS {
        let shot = |turn| Shot {
            uri: Uri::from_static("/graphql"),
            body: Bytes::from(
                json!({ "query": question.query, "variables": (question.variables)(turn, last) }).to_string(),
            ),
        };
        let target = Target::new(gateway.address, headers.clone(), (0..200).map(shot).collect())?;
        target.closed_loop(CALLERS, LASTING).await?;
        let (mut high, mut middle, mut rate) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let tally = target.closed_loop(CALLERS, LASTING).await?;
            high.push(tally.quantile_ms(0.99));
            middle.push(tally.quantile_ms(0.5));
            rate.push(tally.rate());
        }
        let (high, middle, rate) = (median(high), median(middle), median(rate));
        println!("  {:44} {rate:>6.0}/s, p50 {middle:.1} ms, p99 {high:.1} ms", question.name);
        p99.push(high);
    }
    println!("  the gateway took {:.0} MiB at most", cpu::memory_mib(gateway.pid(), "VmHWM"));
    gateway.stop().await;
    issuer.stop().await;
    Ok(Measured { rate, p99 })
}

/// A database with teams and components and nothing else.
async fn catalog(place: &Place, cluster: &Cluster) -> anyhow::Result<String> {
    let admin_url = cluster.url("postgres");
    database::drop(&admin_url, "costs").await?;
    database::create(&admin_url, "costs").await?;
    let mut text = String::new();
    for number in 0..COMPONENTS {
        write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: project-{number:05}\nspec:\n  type: service\n  \
             lifecycle: production\n  owner: team-{}\n",
            number % TEAMS
        )?;
    }
    for team in 0..TEAMS {
        write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-{team}\nspec:\n  type: team\n  children: []\n"
        )?;
    }
    let file = place.load.join("costs-catalog.yaml");
    std::fs::write(&file, text)?;
    let url = cluster.url("costs");
    weft(place, &url, &["migrate"]).await?;
    weft(place, &url, &["import", "catalog", &file.display().to_string()]).await?;
    Ok(url)
}

/// Runs a command to its end; the most memory that it held, in MiB.
async fn weft(place: &Place, url: &str, arguments: &[&str]) -> anyhow::Result<f64> {
    let mut command = Command::new(place.weft()?);
    command.args(arguments).env("DATABASE_URL", url);
    let log: &Path = &place.load.join("weft-command.log");
    let process = Process::start(&mut command, log)?;
    let pid = process.pid;
    let mut ended = std::pin::pin!(process.finished());
    let mut memory: f64 = 0.0;
    loop {
        tokio::select! {
            ended = &mut ended => {
                ended.with_context(|| format!("see {}", log.display()))?;
                return Ok(memory);
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                memory = memory.max(cpu::memory_mib(pid, "VmHWM"));
            }
        }
    }
}

async fn vacuum(url: &str) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("vacuum analyze").await?;
    Ok(())
}
