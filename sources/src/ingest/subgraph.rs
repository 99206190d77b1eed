//! Publishes and removes subgraphs, each with its audit record. Whether what is published can be composed with the others is
//! found out before, against a version; here nothing is written when that version is no longer the newest.

use chrono::{DateTime, Utc};
use schema::AuditEntry;
use sqlx::{Postgres, Transaction};

use super::audit;
use crate::{SourceError, postgres::Database};

/// A subgraph to be published.
#[derive(Debug, Clone)]
pub struct SubgraphPublication<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it answers.
    pub url: &'a str,
    /// Its SDL, with the directives of federation.
    pub sdl: &'a str,
    /// SHA-256 of it, in hexadecimal.
    pub sdl_hash: &'a str,
    /// Reference of the entity that answers for it.
    pub owner: Option<&'a str>,
}

/// Who changes the subgraphs, and of which version what they know is.
#[derive(Debug, Clone)]
pub struct SupergraphChange<'a> {
    /// The version that the change was composed against.
    pub composed_against: i64,
    /// The record of it, its subject filled in.
    pub audit: AuditEntry,
    /// The tenant whose audit log tells of it.
    pub tenant: &'a str,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupergraphOutcome {
    /// It is this version now.
    Changed(i64),
    /// It was so already; this is the version.
    Same(i64),
    /// Nothing was written: others changed the subgraphs meanwhile. Compose again.
    Outdated,
}

impl Database {
    /// Publishes a subgraph, in place of the one with its name.
    pub async fn publish_subgraph(
        &self,
        publication: &SubgraphPublication<'_>,
        change: SupergraphChange<'_>,
    ) -> Result<SupergraphOutcome, SourceError> {
        self.timed("publish_subgraph", async {
            let mut transaction = self.writers().begin().await?;
            let (at, version) = begin(&mut transaction, &change).await?;
            if version != change.composed_against {
                return Ok(SupergraphOutcome::Outdated);
            }
            let written = sqlx::query(include_str!("../../queries/federation/subgraph_publish.sql"))
                .bind(publication.name)
                .bind(publication.url)
                .bind(publication.sdl)
                .bind(publication.sdl_hash)
                .bind(publication.owner)
                .bind(version + 1)
                .bind(at)
                .bind(&change.audit.subject)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if written == 0 {
                return Ok(SupergraphOutcome::Same(version));
            }
            finish(transaction, "subgraph.publish", publication.name, change, at).await
        })
        .await
    }

    /// Removes a subgraph. [`SupergraphOutcome::Same`]: there is none of this name.
    pub async fn remove_subgraph(
        &self,
        name: &str,
        change: SupergraphChange<'_>,
    ) -> Result<SupergraphOutcome, SourceError> {
        self.timed("remove_subgraph", async {
            let mut transaction = self.writers().begin().await?;
            let (at, version) = begin(&mut transaction, &change).await?;
            if version != change.composed_against {
                return Ok(SupergraphOutcome::Outdated);
            }
            let gone =
                sqlx::query("delete from subgraph where name = $1").bind(name).execute(&mut *transaction).await?;
            if gone.rows_affected() == 0 {
                return Ok(SupergraphOutcome::Same(version));
            }
            finish(transaction, "subgraph.remove", name, change, at).await
        })
        .await
    }
}

/// The moment of the change, and the newest version: whoever else changes the subgraphs waits here.
async fn begin(
    transaction: &mut Transaction<'_, Postgres>,
    change: &SupergraphChange<'_>,
) -> Result<(DateTime<Utc>, i64), sqlx::Error> {
    let at = audit::begin(transaction, change.tenant).await?;
    let version = sqlx::query_scalar("select version from supergraph_version for update");
    Ok((at, version.fetch_one(&mut **transaction).await?))
}

async fn finish(
    mut transaction: Transaction<'_, Postgres>,
    action: &str,
    name: &str,
    change: SupergraphChange<'_>,
    at: DateTime<Utc>,
) -> Result<SupergraphOutcome, sqlx::Error> {
    let version: i64 =
        sqlx::query_scalar("select version from supergraph_version").fetch_one(&mut *transaction).await?;
    let entry = AuditEntry {
        action: action.to_owned(),
        target: Some(format!("subgraph {name}, supergraph version {version}")),
        ..change.audit
    };
    audit::append(&mut transaction, change.tenant, &entry, at).await?;
    transaction.commit().await?;
    Ok(SupergraphOutcome::Changed(version))
}
