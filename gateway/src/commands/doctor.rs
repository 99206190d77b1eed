//! `weft doctor`.

use std::{path::Path, process::ExitCode};

use chrono::TimeDelta;
use schema::SourceStatus;
use sources::{Clock, Connector, Sources, subgraph::Subgraph, upstream::diagnosis};
use url::Url;

use crate::{
    auth::Authenticator,
    config::{FederationConfig, Loaded},
    federation::ready,
};

/// Further apart, and tokens count too early or too late.
const CLOCK_APART_MAX: TimeDelta = TimeDelta::seconds(30);

/// What is printed, and how much of it was bad.
#[derive(Default)]
struct Findings {
    failed: usize,
}

impl Findings {
    fn tell(&mut self, key: &str, outcome: Result<String, String>) {
        match outcome {
            Ok(text) => println!("ok      {key}: {text}"),
            Err(text) => {
                self.failed += 1;
                println!("FAILED  {key}: {text}");
            }
        }
    }

    /// Works, and somebody should look at it.
    fn warn(&self, key: &str, text: &str) {
        println!("warning {key}: {text}");
    }
}

/// Asks every dependency once and names the key at fault.
pub async fn run(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let Loaded { config, secrets, .. } = loaded;
    let mut findings = Findings::default();
    let mut database_config = config.database.clone();
    let has_database = database_config.url.is_some();
    // Sources are built around a database; without one nothing is asked of it, and everything else is looked at all the same.
    database_config.url.get_or_insert_with(|| "postgres://localhost".to_owned().into());
    let sources = Sources::build(
        &database_config,
        &config.redis,
        &config.sources,
        &secrets,
        Clock::system(),
        &config.catalog.default_tenant,
    )?;
    if has_database {
        database(&sources, &mut findings).await;
    } else {
        findings.tell("database.url", Err("not set; DATABASE_URL is not set either".to_owned()));
    }
    every_source(&sources, &mut findings).await;
    match &config.federation.supergraph {
        _ if !config.federation.enabled => {}
        Some(file) => ready_supergraph(&sources, file, &config.federation, &mut findings).await,
        None if has_database => published_subgraphs(&sources, &config.federation, &mut findings).await,
        None => {}
    }
    let authenticator =
        Authenticator::new(config.auth.clone(), config.catalog.default_tenant.clone(), Vec::new(), Clock::system())?;
    for (issuer, outcome) in authenticator.check().await {
        findings.tell(&format!("auth.issuers {issuer}"), outcome);
    }
    Ok(if findings.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn every_source(sources: &Sources, findings: &mut Findings) {
    for connector in sources.connectors() {
        upstream(connector, findings).await;
    }
    for source in sources.records().iter().filter(|source| source.status == SourceStatus::Disabled) {
        findings.tell(&format!("sources.{}", source.name), Ok("not configured".to_owned()));
    }
    match sources.redis() {
        Some(redis) => findings.tell("redis.url", redis.check().await),
        None => findings.tell("redis.url", Ok("not configured, in process caches".to_owned())),
    }
}

/// Those that are published.
async fn published_subgraphs(sources: &Sources, config: &FederationConfig, findings: &mut Findings) {
    // A database that cannot be read was told of already.
    let set = sources.database().subgraphs().await.unwrap_or_default();
    for record in &set.subgraphs {
        match Url::parse(&record.url) {
            Ok(url) => subgraph(sources, (&record.name, &url, record.version), config, findings).await,
            Err(error) => findings.tell(&format!("federation.{}", record.name), Err(error.to_string())),
        }
    }
}

/// The file that is configured, and those that it names.
async fn ready_supergraph(sources: &Sources, file: &Path, config: &FederationConfig, findings: &mut Findings) {
    let key = "federation.supergraph";
    match ready::checked(file, config).await {
        Ok((version, subgraphs)) => {
            findings.tell(key, Ok(format!("fits, version {version}")));
            for named in &subgraphs {
                subgraph(sources, (&named.name, &named.url, version), config, findings).await;
            }
        }
        Err(error) => findings.tell(key, Err(error)),
    }
}

/// Reachable, trusted, and answering.
async fn subgraph(
    sources: &Sources,
    (name, url, version): (&str, &Url, i64),
    config: &FederationConfig,
    findings: &mut Findings,
) {
    let outcome = match Subgraph::new(name, url, version, &config.calls, sources.shared()) {
        Ok(subgraph) => subgraph.probe().await.map_err(|error| diagnosis(&error)),
        Err(error) => Err(error.chain()),
    };
    findings.tell(&format!("federation.{name}"), outcome.map(|()| format!("answers, version {version}")));
}

async fn database(sources: &Sources, findings: &mut Findings) {
    let version = sources.database().server_version().await;
    findings.tell("database.url", version.map_err(|error| error.chain()));
    let migrated = sources.database().is_migrated().await;
    findings.tell(
        "database schema",
        match migrated {
            Ok(true) => Ok("up to date".to_owned()),
            Ok(false) => Err("changes are missing: run `weft migrate`".to_owned()),
            Err(error) => Err(error.chain()),
        },
    );
}

/// Reachable, trusted, with the right token, of a known version, at the same time of day.
async fn upstream(connector: &dyn Connector, findings: &mut Findings) {
    let about = connector.about();
    let kind = about.kind.as_str();
    let key = match connector.name() {
        name if name == kind => format!("sources.{kind}"),
        name => format!("sources.{kind}.{name}"),
    };
    let probe = connector.probe().await;
    // Looked at first: a clock that is wrong makes tokens and certificates look wrong.
    if let Some(ahead) = connector.upstream().clock_ahead().filter(|ahead| ahead.abs() > CLOCK_APART_MAX) {
        let (seconds, side) = (ahead.num_seconds().abs(), if ahead > TimeDelta::zero() { "ahead" } else { "behind" });
        findings.tell(&key, Err(format!("clock: its clock is {seconds} s {side} of this machine's")));
    }
    if let Err(error) = probe {
        findings.tell(&key, Err(diagnosis(&error)));
        return;
    }
    let version = connector.upstream().health().report().api_version;
    findings.tell(&key, Ok(version.clone().unwrap_or_else(|| "version unknown".to_owned())));
    let (first, last) = about.tested_versions;
    if version.as_deref().and_then(|version| sources::is_within(version, (first, last))) == Some(false) {
        findings.warn(&key, &format!("version: Weft is tested with {first} – {last}"));
    }
    match connector.missing_rights().await {
        Ok(missing) => missing.iter().for_each(|right| findings.tell(&key, Err(format!("right: {right}")))),
        Err(error) => findings.tell(&key, Err(diagnosis(&error))),
    }
}
