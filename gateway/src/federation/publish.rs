//! Takes subgraphs in and out. What cannot be composed with the others is refused with every reason, and nothing changes.

use schema::AuditEntry;
use sha2::{Digest, Sha256};
use sources::{
    SourceError,
    ingest::{SubgraphPublication, SupergraphChange, SupergraphOutcome},
    postgres::{Database, SubgraphRecord, SubgraphSet},
};

use super::{
    OWN,
    compose::{self, Diagnostic},
};
use crate::config::FederationConfig;

/// How often a change is composed anew because others changed the subgraphs meanwhile.
const TRIES_MAX: u32 = 5;

/// Longest name.
const NAME_MAX: usize = 40;

/// A subgraph to be published.
#[derive(Debug, Clone)]
pub struct Publish<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it answers.
    pub url: &'a str,
    /// Its SDL, with the directives of federation.
    pub sdl: &'a str,
    /// Reference of the entity that answers for it.
    pub owner: Option<&'a str>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The supergraph is this version now.
    Changed(i64),
    /// It was so already, as of this version; for a removal: there is no such subgraph.
    Same(i64),
    /// Nothing changed, for these reasons.
    Refused(Vec<Diagnostic>),
    /// Nothing changed: others change the subgraphs all the time.
    Busy,
}

/// The record of a change that is made outside of any request, by whom.
pub fn audited_as(subject: &str) -> AuditEntry {
    AuditEntry { subject: subject.to_owned(), ..AuditEntry::default() }
}

/// Why nothing can be published where a ready supergraph is configured. Who publishes asks this first.
pub fn read_only(config: &FederationConfig) -> Option<Diagnostic> {
    let file = config.supergraph.as_ref()?;
    let message = format!(
        "the graph is the one in {}: as long as federation.supergraph is set, nothing is published",
        file.display()
    );
    Some(Diagnostic::of_all(message))
}

/// Composes and publishes. `audit` names who; `tenant` is the one whose audit log tells of it.
pub async fn publish(
    database: &Database,
    config: &FederationConfig,
    what: &Publish<'_>,
    audit: &AuditEntry,
    tenant: &str,
) -> Result<Published, SourceError> {
    let refused = problems(config, what);
    if !refused.is_empty() {
        return Ok(Published::Refused(refused));
    }
    let sdl_hash = hash(what.sdl);
    for _ in 0..TRIES_MAX {
        let mut set = database.subgraphs().await?;
        take_in(&mut set, what, &audit.subject);
        if set.subgraphs.len() > config.subgraphs_max {
            let message = format!("there are {} subgraphs already: federation.subgraphs_max", config.subgraphs_max);
            return Ok(Published::Refused(vec![Diagnostic::of(what.name, message)]));
        }
        if let Err(diagnostics) = composed_apart(set.subgraphs).await {
            return Ok(Published::Refused(diagnostics));
        }
        let publication = SubgraphPublication {
            name: what.name,
            url: what.url,
            sdl: what.sdl,
            sdl_hash: &sdl_hash,
            owner: what.owner,
        };
        let change = SupergraphChange { composed_against: set.version, audit: audit.clone(), tenant };
        match database.publish_subgraph(&publication, change).await? {
            SupergraphOutcome::Changed(version) => return Ok(Published::Changed(version)),
            SupergraphOutcome::Same(version) => return Ok(Published::Same(version)),
            SupergraphOutcome::Outdated => {}
        }
    }
    Ok(Published::Busy)
}

/// What speaks against publishing it now; nothing: it fits.
pub async fn check(
    database: &Database,
    config: &FederationConfig,
    what: &Publish<'_>,
) -> Result<Vec<Diagnostic>, SourceError> {
    let refused = problems(config, what);
    if !refused.is_empty() {
        return Ok(refused);
    }
    let mut set = database.subgraphs().await?;
    take_in(&mut set, what, "");
    Ok(composed_apart(set.subgraphs).await.err().unwrap_or_default())
}

/// Puts a subgraph in place of the one with its name.
fn take_in(set: &mut SubgraphSet, what: &Publish<'_>, by: &str) {
    set.subgraphs.retain(|subgraph| subgraph.name != what.name);
    set.subgraphs.push(SubgraphRecord {
        name: what.name.to_owned(),
        url: what.url.to_owned(),
        sdl: what.sdl.to_owned(),
        sdl_hash: hash(what.sdl),
        owner: what.owner.map(str::to_owned),
        version: set.version + 1,
        published_at: Default::default(),
        published_by: by.to_owned(),
    });
}

fn hash(sdl: &str) -> String {
    hex::encode(Sha256::digest(sdl))
}

/// Removes a subgraph, where the others still make a graph without it.
pub async fn remove(
    database: &Database,
    name: &str,
    audit: &AuditEntry,
    tenant: &str,
) -> Result<Published, SourceError> {
    for _ in 0..TRIES_MAX {
        let mut set = database.subgraphs().await?;
        set.subgraphs.retain(|subgraph| subgraph.name != name);
        if let Err(diagnostics) = composed_apart(set.subgraphs).await {
            return Ok(Published::Refused(diagnostics));
        }
        let change = SupergraphChange { composed_against: set.version, audit: audit.clone(), tenant };
        match database.remove_subgraph(name, change).await? {
            SupergraphOutcome::Changed(version) => return Ok(Published::Changed(version)),
            SupergraphOutcome::Same(version) => return Ok(Published::Same(version)),
            SupergraphOutcome::Outdated => {}
        }
    }
    Ok(Published::Busy)
}

/// Off the threads that serve: composing takes a while.
async fn composed_apart(subgraphs: Vec<SubgraphRecord>) -> Result<(), Vec<Diagnostic>> {
    let composing = tokio::task::spawn_blocking(move || compose::check(&subgraphs));
    composing.await.unwrap_or_else(|_| Err(vec![Diagnostic::of_all("composition gave up on it".to_owned())]))
}

/// What is wrong with a publication, whatever else is published.
fn problems(config: &FederationConfig, what: &Publish<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut tell = |message: String| problems.push(Diagnostic::of(what.name, message));
    let is_name = what.name.len() <= NAME_MAX
        && what.name.starts_with(|first: char| first.is_ascii_lowercase())
        && what.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
        && !what.name.contains("__");
    if !is_name || what.name == OWN {
        tell(format!(
            "a name is a lower-case letter, then letters, digits, `_` and `-`, {NAME_MAX} at most, without `__`, and not `{OWN}`"
        ));
    }
    if let Err(problem) = compose::address(what.url) {
        tell(problem);
    }
    if what.sdl.len() as u64 > config.sdl_max.as_u64() {
        tell(format!("the SDL has {} bytes: federation.sdl_max is {}", what.sdl.len(), config.sdl_max));
    }
    if let Some(Err(error)) = what.owner.map(|owner| schema::EntityRef::parse_with(owner, Some("group"), "default")) {
        tell(format!("the owner is no reference of an entity: {error}"));
    }
    problems
}

#[cfg(test)]
mod tests;
