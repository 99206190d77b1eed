//! The plans of the statements of this process: Postgres tells each to the connection that runs it, as a notice.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use demo::postgres::plan::{Plan, SETTINGS};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, filter::filter_fn, layer::Context, prelude::*};

/// Statements that run in the background and belong to no request.
const BACKGROUND: [&str; 3] = ["location_lease", "server_version", "migrations_newest"];
const NOTICES: &str = "sqlx::postgres::notice";

/// The plans that were told.
#[derive(Clone, Default)]
pub struct Plans(Arc<Mutex<Vec<String>>>);

impl Plans {
    /// Begins to listen. Once per process, which is once per test.
    pub fn listen() -> Self {
        let plans = Self::default();
        let layer = Listener(plans.clone()).with_filter(filter_fn(|event: &Metadata<'_>| event.target() == NOTICES));
        let _ = tracing_subscriber::registry().with(layer).try_init();
        plans
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
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut plans: Vec<(String, Plan)> = Vec::new();
        for text in all {
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

struct Listener(Plans);

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.0);
    }
}

struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0 = value.to_owned();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
