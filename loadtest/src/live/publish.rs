//! `Publisher`: changes of the catalog, written as an import writes them: the entity and its line in the change log, in one transaction.
//! What an import does besides, reading files, is not looked at here.

use std::{fmt::Write, ops::Range, path::Path};

use anyhow::ensure;
use tokio_postgres::{Client, NoTls, Statement};

use super::board::Board;

/// Components to be changed, and those among them that are told at length.
pub(super) const COMPONENTS: usize = 1_000;
pub(super) const LARGE: usize = 50;
/// Characters of the description of a large one.
pub(super) const LARGE_CHARS: usize = 8_000;

const SQL: &str = include_str!("../../queries/live_publish.sql");

pub(super) struct Publisher {
    client: Client,
    statement: Statement,
    tenant: String,
}

/// The name of the component that an event of this number is about.
pub(super) fn name(number: usize) -> String {
    format!("live-{}", number % COMPONENTS)
}

/// The same for an event with much to tell.
pub(super) fn large_name(number: usize) -> String {
    format!("large-{}", number % LARGE)
}

/// Writes the catalog file of all of them.
pub(super) fn write_catalog(file: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    let names = (0..COMPONENTS).map(|number| (name(number), 20));
    for (name, chars) in names.chain((0..LARGE).map(|number| (large_name(number), LARGE_CHARS))) {
        write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  description: {}\n\
             spec:\n  type: service\n  lifecycle: production\n  owner: payments\n",
            "d".repeat(chars)
        )?;
    }
    Ok(std::fs::write(file, text)?)
}

impl Publisher {
    pub(super) async fn connect(database_url: &str, tenant: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        tokio::spawn(connection);
        let statement = client.prepare(SQL).await?;
        Ok(Self { client, statement, tenant: tenant.to_owned() })
    }

    /// One transaction with an event for each of these marks. They count as published when it is about to be committed.
    pub(super) async fn publish(
        &self,
        boards: &[&Board],
        marks: Range<usize>,
        name: fn(usize) -> String,
    ) -> anyhow::Result<()> {
        let refs: Vec<String> = marks.clone().map(|mark| format!("component:default/{}", name(mark))).collect();
        let numbers = marks.clone().map(i32::try_from).collect::<Result<Vec<_>, _>>()?;
        self.client.batch_execute("begin").await?;
        let written = self.client.execute(&self.statement, &[&self.tenant, &refs, &numbers]).await?;
        ensure!(usize::try_from(written)? == marks.len(), "{written} of {} events were written", marks.len());
        for board in boards {
            board.publish(marks.clone());
        }
        Ok(self.client.batch_execute("commit").await?)
    }
}
