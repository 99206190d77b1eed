//! Counts the SQL statements of this process, as the driver itself reports them: whatever way a statement takes, it is seen.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::LevelFilter, layer::Context, prelude::*};

/// Statements that run in the background and belong to no request.
const BACKGROUND: [&str; 3] = ["location_lease", "server_version", "split_part"];

/// The statements that were run.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Begins to count. Once per process, which is once per test.
    pub fn count() -> Self {
        let statements = Self::default();
        let layer = Counter(statements.clone()).with_filter(LevelFilter::DEBUG);
        // Another test of the same process may have begun already, when they are not run one process each.
        let _ = tracing_subscriber::registry().with(layer).try_init();
        statements
    }

    /// What was run since the last look, background work left out.
    pub fn take(&self) -> Vec<String> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter().filter(|text| !BACKGROUND.iter().any(|name| text.contains(name))).collect()
    }
}

struct Counter(Statements);

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut text = Text(String::new());
            event.record(&mut text);
            self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.0);
        }
    }
}

struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            self.0 = value.to_owned();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "summary" {
            self.0 = format!("{value:?}");
        }
    }
}
