//! Databases of a server: made, copied and dropped.

use anyhow::Context;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Makes an empty database unless it is there.
pub async fn create(admin_url: &str, name: &str) -> anyhow::Result<()> {
    let mut connection = connect(admin_url).await?;
    let is_there: bool = sqlx::query_scalar("select exists (select 1 from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await?;
    if !is_there {
        execute(&mut connection, format!("create database {}", quoted(name))).await?;
    }
    Ok(())
}

/// Makes a database as a copy of another that nobody uses.
pub async fn copy(admin_url: &str, template: &str, name: &str) -> anyhow::Result<()> {
    let mut connection = connect(admin_url).await?;
    execute(&mut connection, format!("create database {} template {}", quoted(name), quoted(template))).await
}

/// Gives a database another name; nobody may be using it.
pub async fn rename(admin_url: &str, from: &str, to: &str) -> anyhow::Result<()> {
    let mut connection = connect(admin_url).await?;
    execute(&mut connection, format!("alter database {} rename to {}", quoted(from), quoted(to))).await
}

/// Drops a database, whoever uses it.
pub async fn drop(admin_url: &str, name: &str) -> anyhow::Result<()> {
    let mut connection = connect(admin_url).await?;
    execute(&mut connection, format!("drop database if exists {} with (force)", quoted(name))).await
}

async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    PgConnection::connect(url).await.context("the database server does not answer")
}

async fn execute(connection: &mut PgConnection, statement: String) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

/// A name as SQL quotes it; statements that make databases take no parameters.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
