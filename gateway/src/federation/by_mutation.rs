//! `PublishedByMutation`: what `publishSubgraph` and `removeSubgraph` do, the same as the commands.

use resolvers::{ChangedBy, Changing, SubgraphChange, SubgraphRegistry};
use schema::{PublishSubgraphInput, SubgraphDiagnostic, UserErrorCode};
use sources::{SourceError, Sources};

use super::{
    compose::Diagnostic,
    publish::{Publish, Published, check, publish, read_only, remove},
};
use crate::config::FederationConfig;

/// Publishes into the database of these sources.
pub struct PublishedByMutation {
    sources: Sources,
    config: FederationConfig,
}

impl PublishedByMutation {
    /// As configured.
    pub fn new(sources: Sources, config: FederationConfig) -> Self {
        Self { sources, config }
    }

    async fn published(&self, input: &PublishSubgraphInput, by: ChangedBy<'_>) -> Result<SubgraphChange, SourceError> {
        if let Some(reason) = read_only(&self.config) {
            return Ok(refused(UserErrorCode::ReadOnly, vec![reason]));
        }
        let owner = input.owner.as_ref().map(|owner| owner.as_str());
        let what = Publish { name: &input.name, url: &input.url, sdl: &input.sdl, owner };
        let database = self.sources.database();
        if input.dry_run {
            let reasons = check(database, &self.config, &what).await?;
            let fits = reasons.is_empty();
            return Ok(if fits { SubgraphChange::Fits } else { refused(UserErrorCode::Invalid, reasons) });
        }
        Ok(change(publish(database, &self.config, &what, &by.audit, by.tenant).await?))
    }

    async fn removed(&self, name: &str, by: ChangedBy<'_>) -> Result<SubgraphChange, SourceError> {
        match read_only(&self.config) {
            Some(reason) => Ok(refused(UserErrorCode::ReadOnly, vec![reason])),
            None => Ok(change(remove(self.sources.database(), name, &by.audit, by.tenant).await?)),
        }
    }
}

impl SubgraphRegistry for PublishedByMutation {
    fn publish<'a>(&'a self, subgraph: &'a PublishSubgraphInput, by: ChangedBy<'a>) -> Changing<'a> {
        Box::pin(self.published(subgraph, by))
    }

    fn remove<'a>(&'a self, name: &'a str, by: ChangedBy<'a>) -> Changing<'a> {
        Box::pin(self.removed(name, by))
    }
}

fn change(published: Published) -> SubgraphChange {
    match published {
        Published::Changed(version) => SubgraphChange::Changed(version),
        Published::Same(version) => SubgraphChange::Same(version),
        Published::Refused(reasons) => refused(UserErrorCode::Invalid, reasons),
        Published::Busy => {
            let reason = Diagnostic::of_all("others change the subgraphs all the time: try again");
            refused(UserErrorCode::Conflict, vec![reason])
        }
    }
}

fn refused(code: UserErrorCode, reasons: Vec<Diagnostic>) -> SubgraphChange {
    let told = |Diagnostic { subgraph, place, message }| SubgraphDiagnostic { subgraph, place, message };
    SubgraphChange::Refused(code, reasons.into_iter().map(told).collect())
}
