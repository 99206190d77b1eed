//! Asks Azure what the last days of a scope cost, month by month, where no file tells it yet.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use sources::{
    azure::cost::{CostQueries, QueryScope, QuerySource, months, write},
    cost::Renaming,
    ingest::{CostImport, CostOutcome},
};

use super::exports::{Failure, place, told};
use super::folder::Folder;
use crate::{App, commands::cost_import};

/// What became of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Something was taken over.
    TakenOver,
    /// Azure says what it said before, or nothing.
    Nothing,
    /// Files tell all of it: nothing was asked.
    Told,
}

/// Asks for one scope. Everything or nothing of it is taken over.
pub(super) async fn read(
    app: &App,
    tenant: &str,
    source: &QuerySource,
    queries: &CostQueries,
) -> Result<Asked, Failure> {
    let database = app.sources.database();
    let scope = QueryScope::read(&source.scope).ok_or_else(|| Failure::Refused("its scope is none".to_owned()))?;
    let mut costs = BTreeMap::new();
    let mut is_told = true;
    for (first, last) in months(app.clock.now().date_naive(), source.days) {
        let Some(next) = first.checked_add_months(Months::new(1)) else { continue };
        if database.cost_is_told(tenant, &scope.subscription, (midnight(first), midnight(next))).await? {
            continue;
        }
        is_told = false;
        costs.extend(queries.daily(&scope, (first, last)).await?);
    }
    if costs.is_empty() {
        return Ok(if is_told { Asked::Told } else { Asked::Nothing });
    }
    let folder = Folder::new(&place(app)).map_err(Failure::Folder)?;
    let place = folder.path().to_owned();
    let written = tokio::task::spawn_blocking(move || write(&place, &scope, &costs)).await;
    let written = written.map_err(|error| Failure::Folder(std::io::Error::other(error)))?;
    let export = written.map_err(|error| Failure::Fetch(error.into()))?;
    let import = cost_import(&app.config, tenant, &|_| {});
    // What an operator says of files is not about this one.
    let plain = Renaming::default();
    let import = CostImport { renaming: &plain, subject: "weft", ..import };
    let mut outcome = database.import_costs(&import, &export).await?;
    if matches!(outcome, CostOutcome::Known { is_replaced: true, .. }) {
        outcome = database.import_costs(&CostImport { again: true, ..import }, &export).await?;
    }
    match outcome {
        CostOutcome::Done(_) => Ok(Asked::TakenOver),
        CostOutcome::Known { .. } => Ok(Asked::Nothing),
        CostOutcome::Refused { told: refused, count } => Err(Failure::Refused(format!("{count}: {}", told(&refused)))),
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
