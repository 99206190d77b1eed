//! `weft doctor`.

use std::process::ExitCode;

use schema::SourceStatus;
use sources::{Clock, Sources};

use crate::{auth::Authenticator, config::Loaded};

/// Asks every dependency once and names the key at fault.
pub async fn run(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let Loaded { config, secrets, .. } = loaded;
    let mut failed = 0;
    let mut tell = |key: &str, outcome: Result<String, String>| match outcome {
        Ok(text) => println!("ok      {key}: {text}"),
        Err(text) => {
            failed += 1;
            println!("FAILED  {key}: {text}");
        }
    };
    if config.database.url.is_none() {
        tell("database.url", Err("not set; DATABASE_URL is not set either".to_owned()));
    } else {
        let sources = Sources::build(&config.database, &config.redis, &config.sources, &secrets, Clock::system())?;
        sources.probe().await;
        for source in sources.records() {
            let key =
                if source.name == "postgres" { "database.url".to_owned() } else { format!("sources.{}", source.name) };
            let version = source.api_version.unwrap_or_else(|| "version unknown".to_owned());
            tell(
                &key,
                match source.status {
                    SourceStatus::Disabled => Ok("not configured".to_owned()),
                    SourceStatus::Healthy => Ok(version),
                    _ => Err(source.last_error.unwrap_or_else(|| "no answer".to_owned())),
                },
            );
        }
        match sources.redis() {
            Some(redis) => tell("redis.url", redis.check().await),
            None => tell("redis.url", Ok("not configured, in process caches".to_owned())),
        }
        tell(
            "database schema",
            match sources.database().is_migrated().await {
                Ok(true) => Ok("up to date".to_owned()),
                Ok(false) => Err("changes are missing: run `weft migrate`".to_owned()),
                Err(error) => Err(error.chain()),
            },
        );
    }
    let authenticator =
        Authenticator::new(config.auth.clone(), config.catalog.default_tenant.clone(), Clock::system())?;
    for (issuer, outcome) in authenticator.check().await {
        tell(&format!("auth.issuers {issuer}"), outcome);
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
