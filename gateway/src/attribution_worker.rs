//! Looks again at what charges are for, where rules or the catalog have changed, one replica at a time.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{App, commands::cost_import};

/// How often it is looked whether something has changed.
const EVERY: Duration = Duration::from_secs(30);

/// Looks until the gateway ends.
pub async fn run(app: Arc<App>, mut ended: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = ended.changed() => return,
        }
        tokio::select! {
            () = look(&app) => {}
            // A transaction that does not end has never been.
            _ = ended.changed() => return,
        }
    }
}

async fn look(app: &App) {
    let database = app.sources.database();
    let tenants = match database.tenants_with_costs().await {
        Ok(tenants) => tenants,
        Err(error) => {
            tracing::warn!(error = error.chain(), "it cannot be told who has charges");
            return;
        }
    };
    for tenant in tenants {
        let import = cost_import(&app.config, &tenant, &|_| {});
        match database.attribute_costs(&tenant, import.rules, import.annotations).await {
            Ok(None) => {}
            Ok(Some(attributed)) => tracing::info!(
                tenant,
                kinds = attributed.keys,
                slices = attributed.slices,
                "charges are attributed by what rules and catalog say now"
            ),
            Err(error) => tracing::warn!(tenant, error = error.chain(), "charges cannot be attributed anew"),
        }
    }
}
