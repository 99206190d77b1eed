//! Counts the SQL statements of this process, as the driver itself reports them: whatever way a statement takes, it is seen.

use crate::events::Events;

/// Statements that run in the background and belong to no request.
const BACKGROUND: [&str; 8] = [
    "location_lease",
    "server_version",
    "split_part",
    "tenant from cost_state",
    "from trusted_version",
    "from supergraph_version",
    // Of a new connection, and of one that listens.
    "set client_connection_check_interval",
    "signals_beat",
];

/// The statements that were run.
#[derive(Clone)]
pub struct Statements(Events);

impl Statements {
    /// Begins to count. Once per process, which is once per test.
    pub fn count() -> Self {
        Self(Events::listen("sqlx::query", "summary"))
    }

    /// What was run since the last look, background work left out.
    pub fn take(&self) -> Vec<String> {
        let is_background = |text: &String| BACKGROUND.iter().any(|name| text.contains(name));
        self.0.take().into_iter().filter(|text| !is_background(text)).collect()
    }
}
