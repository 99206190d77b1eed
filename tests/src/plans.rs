//! The plans of the statements of this process: Postgres tells each to the connection that runs it, as a notice.

use demo::postgres::plan::{Plan, SETTINGS};

use crate::events::Events;

/// Statements that run in the background and belong to no request.
const BACKGROUND: [&str; 3] = ["location_lease", "server_version", "migrations_newest"];

/// The plans that were told.
#[derive(Clone)]
pub struct Plans(Events);

impl Plans {
    /// Begins to listen. Once per process, which is once per test.
    pub fn listen() -> Self {
        Self(Events::listen("sqlx::postgres::notice", "message"))
    }

    /// Has Postgres tell every plan to whoever connects to the database from now on.
    pub fn statements() -> String {
        let level = "auto_explain.log_level = ''notice''".to_owned();
        let settings = SETTINGS.iter().map(|setting| setting.replace('\'', "''")).chain([level]);
        let set =
            settings.map(|setting| format!("execute format('alter database %I set {setting}', current_database());"));
        format!("do $$ begin {} end $$;", set.collect::<Vec<_>>().join(" "))
    }

    /// What was told since the last look, by the names of statements; of each the last plan. Background work is left out.
    pub fn take(&self) -> Vec<(String, Plan)> {
        let mut plans: Vec<(String, Plan)> = Vec::new();
        for text in self.0.take() {
            let Some(plan) = text.split_once("plan:\n").and_then(|(_, json)| Plan::read(json)) else { continue };
            let Some(statement) = plan.statement().map(str::to_owned) else { continue };
            match plans.iter_mut().find(|(other, _)| *other == statement) {
                Some(found) => found.1 = plan,
                None if BACKGROUND.contains(&statement.as_str()) => {}
                None => plans.push((statement, plan)),
            }
        }
        plans.sort_by(|(one, _), (other, _)| one.cmp(other));
        plans
    }
}
