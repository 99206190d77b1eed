//! `PublishedByMutation`: what `publishSubgraph` and `removeSubgraph` do, the same as the commands.

use resolvers::{ChangedBy, Changing, SubgraphChange, SubgraphRegistry};
use schema::{PublishSubgraphInput, SubgraphDiagnostic, UserErrorCode};
use sources::{SourceError, Sources};
use url::{Host, Url};

use super::{
    compose::Diagnostic,
    publish::{Publish, Published, check, publish, read_only, remove},
};
use crate::config::FederationConfig;

/// Publishes into the database of these sources.
pub struct PublishedByMutation {
    sources: Sources,
    config: FederationConfig,
    tenant: String,
}

impl PublishedByMutation {
    /// As configured, by administrators of this tenant.
    pub fn new(sources: Sources, config: FederationConfig, tenant: String) -> Self {
        Self { sources, config, tenant }
    }

    async fn published(&self, input: &PublishSubgraphInput, by: ChangedBy<'_>) -> Result<SubgraphChange, SourceError> {
        if let Some(reason) = read_only(&self.config) {
            return Ok(refused(UserErrorCode::ReadOnly, vec![reason]));
        }
        let owner = input.owner.as_ref().map(|owner| owner.as_str());
        let what = Publish { name: &input.name, url: &input.url, sdl: &input.sdl, owner };
        if !self.config.loopback && is_loopback(&input.url) {
            let message =
                "the address is on the machine that Weft runs on: publish it by command, or set `federation.loopback`";
            return Ok(refused(UserErrorCode::Invalid, vec![Diagnostic::of(&input.name, message)]));
        }
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
    fn tenant(&self) -> &str {
        &self.tenant
    }

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

/// Whether the address leads to this machine. What listens there, such as the administration of Weft itself, is not for whoever only has a
/// token.
fn is_loopback(url: &str) -> bool {
    let host = Url::parse(url).ok();
    match host.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => {
            name.trim_end_matches('.').rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        None => false,
    }
}

fn refused(code: UserErrorCode, reasons: Vec<Diagnostic>) -> SubgraphChange {
    let told = |Diagnostic { subgraph, place, message }| SubgraphDiagnostic { subgraph, place, message };
    SubgraphChange::Refused(code, reasons.into_iter().map(told).collect())
}
