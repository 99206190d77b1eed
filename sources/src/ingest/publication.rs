//! Publishes documents: all of them or none, with one audit record. What is published already stays as it is.

use schema::AuditEntry;

use super::audit;
use crate::{SourceError, postgres::Database, postgres::TrustedDocument};

/// Documents to be published together.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// The documents, each of this client.
    pub documents: &'a [TrustedDocument],
    /// The only client that may use them; none: any.
    pub client: Option<&'a str>,
    /// Who publishes.
    pub subject: &'a str,
    /// The tenant whose audit log tells of it.
    pub tenant: &'a str,
    /// Most published documents, these included.
    pub documents_max: u32,
    /// Most bytes of all of them.
    pub bytes_max: u64,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// So many are new.
    New(u64),
    /// Nothing was written: these ids stand for other texts.
    Conflicts(Vec<String>),
    /// Nothing was written: there would be so many, with so many bytes, which is more than may be.
    TooMany(i64, i64),
}

impl Database {
    /// Publishes documents.
    pub async fn publish_documents(&self, publication: &Publication<'_>) -> Result<Published, SourceError> {
        self.timed("publish_documents", async {
            let mut transaction = self.writers().begin().await?;
            let at = audit::begin(&mut transaction, publication.tenant).await?;
            // Whoever else publishes waits here, so that what is counted below stays true.
            sqlx::query("select from trusted_version for update").execute(&mut *transaction).await?;
            let documents = publication.documents;
            let texts = |of: fn(&TrustedDocument) -> &str| documents.iter().map(of).collect::<Vec<&str>>();
            let hashes = texts(|document| &document.hash);
            let ids: Vec<Option<&str>> = documents.iter().map(|document| document.id.as_deref()).collect();
            let conflicts: Vec<String> =
                sqlx::query_scalar(include_str!("../../queries/documents/trusted_conflicts.sql"))
                    .bind(&ids)
                    .bind(&hashes)
                    .bind(publication.client)
                    .fetch_all(&mut *transaction)
                    .await?;
            if !conflicts.is_empty() {
                return Ok(Published::Conflicts(conflicts));
            }
            let written = sqlx::query(include_str!("../../queries/documents/trusted_insert.sql"))
                .bind(&hashes)
                .bind(&ids)
                .bind(texts(|document| &document.text))
                .bind(documents.iter().map(|document| document.cost).collect::<Vec<i64>>())
                .bind(publication.client)
                .bind(at)
                .bind(publication.subject)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if written == 0 {
                // Nothing changed, and nobody need read anew.
                return Ok(Published::New(0));
            }
            let (count, bytes): (i64, i64) =
                sqlx::query_as("select count(*), coalesce(sum(octet_length(text)), 0)::bigint from trusted_document")
                    .fetch_one(&mut *transaction)
                    .await?;
            if count > i64::from(publication.documents_max) || u64::try_from(bytes).unwrap_or(0) > publication.bytes_max
            {
                return Ok(Published::TooMany(count, bytes));
            }
            let entry = AuditEntry {
                subject: publication.subject.to_owned(),
                action: "documents.publish".to_owned(),
                target: Some(format!("{written} documents for {}", publication.client.unwrap_or("any client"))),
                ..AuditEntry::default()
            };
            audit::append(&mut transaction, publication.tenant, &entry, at).await?;
            transaction.commit().await?;
            Ok(Published::New(written))
        })
        .await
    }

    /// Takes documents back: all that have these hashes, or only those for this client alone. Answers how many are gone.
    pub async fn withdraw_documents(
        &self,
        hashes: &[String],
        client: Option<&str>,
        subject: &str,
        tenant: &str,
    ) -> Result<u64, SourceError> {
        self.timed("withdraw_documents", async {
            let mut transaction = self.writers().begin().await?;
            let at = audit::begin(&mut transaction, tenant).await?;
            let gone =
                sqlx::query("delete from trusted_document where hash = any($1) and ($2::text is null or client = $2)")
                    .bind(hashes)
                    .bind(client)
                    .execute(&mut *transaction)
                    .await?
                    .rows_affected();
            if gone > 0 {
                let entry = AuditEntry {
                    subject: subject.to_owned(),
                    action: "documents.withdraw".to_owned(),
                    target: Some(format!("{gone} documents of {}", client.unwrap_or("any client"))),
                    ..AuditEntry::default()
                };
                audit::append(&mut transaction, tenant, &entry, at).await?;
                transaction.commit().await?;
            }
            Ok(gone)
        })
        .await
    }
}
