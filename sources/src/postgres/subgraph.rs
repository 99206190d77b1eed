//! Subgraphs that were published, for gateways that compose them. They are the installation's and no tenant's.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::Database;
use crate::SourceError;

/// A subgraph, as it was published last.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SubgraphRecord {
    /// Its name, unique: a lower-case letter, then letters, digits, `_` and `-`, 40 at most.
    pub name: String,
    /// Where it answers.
    pub url: String,
    /// Its SDL, with the directives of federation.
    pub sdl: String,
    /// SHA-256 of the SDL, in hexadecimal.
    pub sdl_hash: String,
    /// Reference of the entity that answers for it.
    pub owner: Option<String>,
    /// The version of the supergraph that its publication made.
    pub version: i64,
    /// When.
    pub published_at: DateTime<Utc>,
    /// By whom.
    pub published_by: String,
}

/// All subgraphs of one version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubgraphSet {
    /// Another number than before means that others are published.
    pub version: i64,
    /// By name.
    pub subgraphs: Vec<SubgraphRecord>,
}

const ALL: &str =
    "select name, url, sdl, sdl_hash, owner, version, published_at, published_by from subgraph order by name";

impl Database {
    /// Another number than before means that other subgraphs are published.
    pub async fn supergraph_version(&self) -> Result<i64, SourceError> {
        let version = sqlx::query_as("select version from supergraph_version");
        Ok(self.one::<(i64,)>("supergraph_version", version).await?.0)
    }

    /// The subgraphs that are published. The version is read first: what is published in between is read again at the next look,
    /// never missed.
    pub async fn subgraphs(&self) -> Result<SubgraphSet, SourceError> {
        let version = self.supergraph_version().await?;
        let subgraphs = self.all("subgraphs", sqlx::query_as(ALL)).await?;
        Ok(SubgraphSet { version, subgraphs })
    }
}
