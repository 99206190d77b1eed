//! Logs and metrics, set up once at the start of the process.

use std::io::IsTerminal;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{self, writer::BoxMakeWriter},
    prelude::*,
};

use crate::{
    config::{LogFormat, TelemetryConfig},
    http::SPAN_TARGET,
    json_line::JsonLine,
    log_buffer::{FlushAtEnd, LogBuffer},
};

/// Bounds of latency histograms, in seconds.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 3.0, 10.0];

/// Starts logging. Lines go to standard error; standard output belongs to what a command prints. Lines that are still under way
/// are written when the returned value is dropped.
#[must_use = "lines that are under way are lost without it"]
pub fn log(config: &TelemetryConfig) -> anyhow::Result<Option<FlushAtEnd>> {
    // Not `EnvFilter`: it looks into a table whenever a span is entered, so several times for each row that a driver hands on.
    let filter = config.filter().map_err(|message| anyhow::anyhow!("telemetry.log: {message}"))?;
    let is_terminal = std::io::stderr().is_terminal();
    let is_json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !is_terminal,
    };
    let (writer, flush_at_end) = if is_terminal {
        (BoxMakeWriter::new(std::io::stderr), None)
    } else {
        let (buffer, flush_at_end) = LogBuffer::to_stderr().context("logging cannot be set up")?;
        (BoxMakeWriter::new(buffer), Some(flush_at_end))
    };
    let lines = fmt::layer().with_writer(writer);
    let outcome = if is_json {
        // These have what the span knows from elsewhere.
        let filter = filter.with_target(SPAN_TARGET, LevelFilter::OFF);
        tracing_subscriber::registry().with(filter).with(lines.json().event_format(JsonLine)).try_init()
    } else {
        // And these only from the span, whatever the levels of others are.
        let filter = filter.with_target(SPAN_TARGET, LevelFilter::INFO);
        tracing_subscriber::registry().with(filter).with(lines.compact()).try_init()
    };
    outcome.map_err(|error| anyhow::anyhow!("logging cannot be set up: {error}"))?;
    Ok(flush_at_end)
}

/// Starts collecting metrics, for `/metrics` to show; none when somebody else in this process collects them already.
pub fn metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .ok()?
        .install_recorder()
        .ok()
}
