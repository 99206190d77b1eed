//! `weft serve`.

use std::process::ExitCode;

use anyhow::bail;
use sources::Clock;

use super::signal::ended_by_signal;
use crate::{App, Serving, config::Loaded, telemetry};

/// Serves until a signal ends it.
pub async fn run(loaded: Loaded) -> anyhow::Result<ExitCode> {
    let problems: Vec<String> = loaded.config.validate_serving().iter().map(ToString::to_string).collect();
    if !problems.is_empty() {
        bail!("the configuration cannot be served:\n  {}", problems.join("\n  "));
    }
    let _flush_at_end = telemetry::log(&loaded.config.telemetry)?;
    let app = App::build(loaded, telemetry::metrics(), Clock::system())?;
    if let Ok(false) = app.sources.database().is_migrated().await {
        bail!("the database lacks schema changes: run `weft migrate` first");
    }
    let serving = Serving::start(app).await?;
    ended_by_signal().await;
    serving.stop().await;
    Ok(ExitCode::SUCCESS)
}
