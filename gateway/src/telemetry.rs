//! Logs and metrics, set up once at the start of the process.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, TelemetryConfig};

/// Bounds of latency histograms, in seconds.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 3.0, 10.0];

/// Starts logging. Lines go to standard error; standard output belongs to what a command prints.
pub fn log(config: &TelemetryConfig) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&config.log).with_context(|| format!("telemetry.log: `{}` is no filter", config.log))?;
    let is_json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = if is_json {
        builder.json().flatten_event(true).with_span_list(false).try_init()
    } else {
        builder.compact().try_init()
    };
    outcome.map_err(|error| anyhow::anyhow!("logging cannot be set up: {error}"))
}

/// Starts collecting metrics, for `/metrics` to show; none when somebody else in this process collects them already.
pub fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .ok()?
        .install_recorder()
        .ok()
}
