//! Texts of documents by their hash, for clients that send the hash alone.

use std::time::Duration;

use redis::cmd;

use super::Redis;
use crate::cache::Patience;

impl Redis {
    /// The text that is kept under this hash for this schema. None where there is none, and where Redis is away.
    ///
    /// Whoever can write to Redis can put anything there: the caller compares the hash.
    pub async fn document(&self, schema: &str, hash: &str, patience: &Patience) -> Option<String> {
        let mut command = cmd("GET");
        command.arg(self.0.keys.document(schema, hash));
        let text = self.run("document", patience, async |mut link| link.query::<Option<String>>(&command).await);
        text.await.flatten()
    }

    /// Keeps a text for so long, unless it is larger than entries may be. Where Redis is away it is not kept.
    pub async fn keep_document(&self, schema: &str, hash: &str, text: &str, life: Duration, patience: &Patience) {
        let config = &self.0.config;
        let bytes_max = usize::try_from(config.entry_bytes_max.as_u64()).unwrap_or(usize::MAX);
        if text.len() > bytes_max {
            return;
        }
        let life = u64::try_from(life.min(config.retention_max).as_millis()).unwrap_or(u64::MAX).max(1);
        let mut command = cmd("SET");
        command.arg(self.0.keys.document(schema, hash)).arg(text).arg("PX").arg(life);
        // The client sends the text again where the hash is not known.
        let _ = self.run("document_keep", patience, async |mut link| link.query::<()>(&command).await).await;
    }
}
