//! Documents that were published, for gateways that keep them in memory. They are the installation's and no tenant's: what
//! they answer is still held to the visibility of whoever executes them.

use sqlx::FromRow;

use super::Database;
use crate::SourceError;

/// A document that was published.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TrustedDocument {
    /// SHA-256 of the text, in hexadecimal.
    pub hash: String,
    /// What its manifest calls it, where that is not the hash.
    pub id: Option<String>,
    /// The only client that may use it; none: any.
    pub client: Option<String>,
    /// The document.
    pub text: String,
    /// Points of its dearest operation, with the defaults of its variables.
    pub cost: i64,
}

/// Published documents, within bounds.
#[derive(Debug, Clone, Default)]
pub struct TrustedDocuments {
    /// The newest that fit.
    pub documents: Vec<TrustedDocument>,
    /// How many did not fit.
    pub left_out: u64,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    document: TrustedDocument,
    total: i64,
}

impl Database {
    /// Another number than before means that other documents are published.
    pub async fn trusted_version(&self) -> Result<i64, SourceError> {
        let version = sqlx::query_as("select version from trusted_version");
        Ok(self.one::<(i64,)>("trusted_version", version).await?.0)
    }

    /// Published documents, the newest first, at most so many and so many bytes of text together.
    pub async fn trusted_documents(&self, max: u32, bytes_max: u64) -> Result<TrustedDocuments, SourceError> {
        let rows = sqlx::query_as::<_, Row>(include_str!("../../queries/documents/trusted_documents.sql"))
            .bind(i64::from(max))
            .bind(i64::try_from(bytes_max).unwrap_or(i64::MAX));
        let rows = self.all("trusted_documents", rows).await?;
        let total = rows.first().map_or(0, |row| u64::try_from(row.total).unwrap_or(0));
        let documents: Vec<_> = rows.into_iter().map(|row| row.document).collect();
        let left_out = total.saturating_sub(u64::try_from(documents.len()).unwrap_or(0));
        Ok(TrustedDocuments { documents, left_out })
    }
}
