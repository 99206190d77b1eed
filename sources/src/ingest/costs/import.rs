//! One export, in one transaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use schema::AuditEntry;
use serde_json::json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    met,
    read::{self, CostRefusal, Part, ReadEnd, Reading},
    slice::{self, SLICES_MAX, Slice, Slices},
    sums,
    targets::{self, Annotations},
    told::Touched,
};
use crate::{
    SourceError,
    cost::{Basis, CostRules, Export, Renaming},
    ingest::audit,
    postgres::Database,
};

/// Parts that wait for Postgres: 4 MiB each.
const PARTS_WAITING_MAX: usize = 4;

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// How an export is taken over.
#[derive(Clone, Copy)]
pub struct CostImport<'a> {
    /// Whose charges.
    pub tenant: &'a str,
    /// Who takes it over, for the audit.
    pub subject: &'a str,
    /// What the export is about; none: what its manifest says.
    pub scope: Option<&'a str>,
    /// Names and values of columns.
    pub renaming: &'a Renaming,
    /// What is for whom.
    pub rules: &'a CostRules,
    /// What maps components to charges.
    pub annotations: Annotations<'a>,
    /// Rows that cannot be used are left out; else the export is not taken over at all.
    pub sets_aside: bool,
    /// It may take the place of charges of sub-accounts that it does not tell itself.
    pub replaces: bool,
    /// It is taken over although it was before.
    pub again: bool,
    /// Told now and then.
    pub progress: &'a (dyn Fn(CostProgress) + Send + Sync),
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostProgress {
    /// Bytes of the files that were read.
    pub bytes: u64,
    /// Rows that were read.
    pub rows: u64,
}

/// What became of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CostOutcome {
    /// It was taken over.
    Done(CostReport),
    /// It had been before, and nothing changed.
    Known {
        /// When.
        imported_at: DateTime<Utc>,
        /// Some or all of it was replaced since.
        is_replaced: bool,
    },
    /// Nothing of it was taken over.
    Refused {
        /// The first rows that cannot be used.
        told: Vec<CostRefusal>,
        /// How many there are.
        count: u64,
    },
}

/// What was taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CostReport {
    /// Charges.
    pub rows: u64,
    /// Billing accounts and periods.
    pub slices: usize,
    /// Of those, the ones that took the place of others.
    pub replaced: usize,
    /// The first rows that were left out.
    pub set_aside: Vec<CostRefusal>,
    /// How many were.
    pub set_aside_count: u64,
}

#[derive(FromRow)]
struct Before {
    id: i64,
    number: i64,
    period_start: DateTime<Utc>,
    invoice_issuer: String,
    billing_account: String,
    sub_accounts: Vec<String>,
}

impl Database {
    /// Takes an export over, everything or nothing.
    pub async fn import_costs(&self, import: &CostImport<'_>, export: &Export) -> Result<CostOutcome, SourceError> {
        let content = hashed(export).await?;
        self.timed("import_costs", async {
            let mut transaction = self.writers().begin().await?;
            sqlx::raw_sql("set local lock_timeout = 0; set local statement_timeout = 0")
                .execute(&mut *transaction)
                .await?;
            let outcome = take_over(&mut transaction, import, export, &content).await?;
            match outcome {
                CostOutcome::Done(_) => transaction.commit().await?,
                CostOutcome::Known { .. } | CostOutcome::Refused { .. } => transaction.rollback().await?,
            }
            Ok(outcome)
        })
        .await
    }
}

async fn hashed(export: &Export) -> Result<Vec<u8>, SourceError> {
    let export = export.clone();
    let hashed = tokio::task::spawn_blocking(move || export.content()).await;
    let hashed = hashed.map_err(|error| SourceError::Statement(Arc::new(error.into())))?;
    hashed.map_err(|problem| SourceError::Invalid(problem.to_string()))
}

async fn take_over(
    connection: &mut PgConnection,
    import: &CostImport<'_>,
    export: &Export,
    content: &[u8],
) -> Result<CostOutcome, sqlx::Error> {
    let tenant = import.tenant;
    let at = audit::begin(connection, tenant).await?;
    // Imports of one tenant go one after another.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('costs:' || $1, 0))")
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
    if !import.again
        && let Some((imported_at, is_replaced)) = known(connection, tenant, content).await?
    {
        return Ok(CostOutcome::Known { imported_at, is_replaced });
    }
    let scope = import.scope.or(export.scope.as_deref()).unwrap_or_default();
    let ids =
        sqlx::query_scalar("select nextval(pg_get_serial_sequence('cost_slice', 'id')) from generate_series(1, $1)")
            .bind(i32::try_from(SLICES_MAX).unwrap_or(i32::MAX))
            .fetch_all(&mut *connection)
            .await?;
    let targets = targets::load(connection, tenant, import.annotations).await?;
    let fingerprints = (import.rules.fingerprint(), targets.fingerprint());
    let reading = Reading {
        files: export.files.clone(),
        renaming: import.renaming.clone(),
        rules: import.rules.clone(),
        targets,
        sets_aside: import.sets_aside,
        bytes_read: Arc::default(),
        rows_read: Arc::default(),
        slices: Slices::with_ids(ids),
    };
    sqlx::raw_sql(include_str!("../../../queries/costs/keys_stage.sql")).execute(&mut *connection).await?;
    let ReadEnd { slices, refused, refused_count, is_broken } = copy(connection, reading, import.progress).await?;
    let slices: Vec<Slice> = slices.into_iter().filter(|slice| slice.rows > 0).collect();
    if refused_count > 0 && (is_broken || !import.sets_aside || slices.is_empty()) {
        return Ok(CostOutcome::Refused { told: refused, count: refused_count });
    }
    let before = before(connection, tenant, scope, &slices).await?;
    let refused_whole = |reason: String| {
        let refusal = CostRefusal { file: export.name.clone().into(), place: None, reason };
        CostOutcome::Refused { told: vec![refusal], count: 1 }
    };
    // Before anything looks at them: what is refused is rolled back.
    let mut touched = match met::outdated(connection, tenant, scope, export.basis, &slices).await? {
        Ok(outdated) => {
            let starts = slices.iter().map(|slice| slice.period_start).chain(outdated.iter().map(|(_, start)| *start));
            let mut touched = Touched::begin(connection, tenant, starts.collect()).await?;
            remove(connection, &outdated, &mut touched).await?;
            touched
        }
        Err(reason) => return Ok(refused_whole(reason)),
    };
    let reason = match lost(&before, &slices).filter(|_| scope.is_empty()) {
        Some(reason) => Some(reason),
        // Queries of several groups stand side by side in one subscription.
        None if export.basis == Basis::AzureQuery => None,
        None => doubled(connection, tenant, scope, &slices).await?,
    };
    if let Some(reason) = reason.filter(|_| !import.replaces) {
        return Ok(refused_whole(reason));
    }
    let rows: i64 = slices.iter().map(|slice| slice.rows).sum();
    let export_id = Uuid::now_v7();
    sqlx::query(
        "insert into cost_export (id, tenant, scope, name, content, basis, row_count, set_aside_count, imported_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(export_id)
    .bind(tenant)
    .bind(scope)
    .bind(&export.name)
    .bind(content)
    .bind(export.basis.as_str())
    .bind(rows)
    .bind(i64::try_from(refused_count).unwrap_or(i64::MAX))
    .bind(at)
    .execute(&mut *connection)
    .await?;
    let replaced: Vec<_> = before.iter().map(|slice| (slice.id, slice.period_start)).collect();
    remove(connection, &replaced, &mut touched).await?;
    insert(connection, tenant, scope, export_id, at, &slices, &before).await?;
    for statement in [
        include_str!("../../../queries/costs/mixes_take_over.sql"),
        include_str!("../../../queries/costs/targets_take_over.sql"),
        include_str!("../../../queries/costs/keys_take_over.sql"),
    ] {
        sqlx::query(statement).bind(tenant).execute(&mut *connection).await?;
    }
    let ids: Vec<i64> = slices.iter().map(|slice| slice.id).collect();
    let months: BTreeSet<NaiveDate> = slices.iter().map(Slice::month).collect();
    sums::write(connection, tenant, &ids, &months.into_iter().collect::<Vec<_>>()).await?;
    touched.add(connection, &ids).await?;
    // Who may see a component cannot change between the look at it and the commit.
    sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended('catalog:' || $1, 0))")
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        // What was there before was attributed as it was then: that is looked at again in the background.
        "insert into cost_state (tenant, version, rules, targets, must_look_again) values ($1, 1, $2, $3, cost_must_look_again($1)) \
         on conflict (tenant) do update set version = cost_state.version + 1, must_look_again = excluded.must_look_again, \
         rules = case when cost_state.rules = excluded.rules then excluded.rules end, \
         targets = case when cost_state.targets = excluded.targets then excluded.targets end",
    )
    .bind(tenant)
    .bind(fingerprints.0)
    .bind(fingerprints.1)
    .execute(&mut *connection)
    .await?;
    touched.tell(connection, tenant, export_id).await?;
    let entry = AuditEntry {
        subject: import.subject.to_owned(),
        action: "import.cost".to_owned(),
        target: Some(export.name.clone()),
        ..AuditEntry::default()
    };
    audit::append(connection, tenant, &entry, at).await?;
    Ok(CostOutcome::Done(CostReport {
        rows: u64::try_from(rows).unwrap_or(0),
        slices: slices.len(),
        replaced: before.len(),
        set_aside: refused,
        set_aside_count: refused_count,
    }))
}

/// When the same content was taken over before, and whether some of it was replaced since.
async fn known(
    connection: &mut PgConnection,
    tenant: &str,
    content: &[u8],
) -> Result<Option<(DateTime<Utc>, bool)>, sqlx::Error> {
    sqlx::query_as(
        "select e.imported_at, e.row_count <> coalesce((select sum(s.row_count) from cost_slice s where s.export_id = e.id), 0) \
         from cost_export e where e.tenant = $1 and e.content = $2 order by e.imported_at desc limit 1",
    )
    .bind(tenant)
    .bind(content)
    .fetch_optional(connection)
    .await
}

/// Copies what the thread reads.
async fn copy(
    connection: &mut PgConnection,
    reading: Reading,
    progress: &(dyn Fn(CostProgress) + Send + Sync),
) -> Result<ReadEnd, sqlx::Error> {
    let (bytes, rows) = (reading.bytes_read.clone(), reading.rows_read.clone());
    let (sender, mut parts) = mpsc::channel(PARTS_WAITING_MAX);
    let thread = tokio::task::spawn_blocking(move || read::read(reading, sender));
    let tell = |bytes: &AtomicU64, rows: &AtomicU64| {
        progress(CostProgress { bytes: bytes.load(Ordering::Relaxed), rows: rows.load(Ordering::Relaxed) });
    };
    let mut told = tokio::time::interval(TOLD_EVERY);
    loop {
        let part = tokio::select! {
            part = parts.recv() => part,
            _ = told.tick() => {
                tell(&bytes, &rows);
                continue;
            }
        };
        match part {
            Some(Part::Month(month)) => partition(connection, month).await?,
            Some(Part::Keys(lines)) => send(connection, "copy cost_key_staged from stdin", lines).await?,
            Some(Part::Rows(lines)) => send(connection, "copy cost_row from stdin", lines).await?,
            None => break,
        }
        tell(&bytes, &rows);
    }
    thread.await.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))
}

pub(super) async fn send(
    connection: &mut PgConnection,
    statement: &'static str,
    lines: bytes::Bytes,
) -> Result<(), sqlx::Error> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut copy = connection.copy_in_raw(statement).await?;
    copy.send(lines).await?;
    copy.finish().await?;
    Ok(())
}

/// Makes the partition of a month unless it is there.
async fn partition(connection: &mut PgConnection, month: NaiveDate) -> Result<(), sqlx::Error> {
    let name = format!("cost_row_{}", month.format("%Y_%m"));
    let is_there: bool =
        sqlx::query_scalar("select to_regclass($1) is not null").bind(&name).fetch_one(&mut *connection).await?;
    let Some(next) = month.checked_add_months(Months::new(1)).filter(|_| !is_there) else { return Ok(()) };
    debug_assert_eq!(month.day(), 1);
    // Of several tenants' imports one makes it; the others find it.
    let statements = format!(
        "do $$ begin perform pg_advisory_xact_lock(hashtextextended('cost partitions', 0)); \
         if to_regclass('{name}') is null then \
         create table {name} (like cost_row including defaults including constraints); \
         alter table cost_row attach partition {name} for values from ('{month}') to ('{next}'); end if; end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await?;
    Ok(())
}

async fn before(
    connection: &mut PgConnection,
    tenant: &str,
    scope: &str,
    slices: &[Slice],
) -> Result<Vec<Before>, sqlx::Error> {
    sqlx::query_as(include_str!("../../../queries/costs/slices_before.sql"))
        .bind(tenant)
        .bind(scope)
        .bind(slices.iter().map(|slice| slice.period_start).collect::<Vec<_>>())
        .bind(slices.iter().map(|slice| slice.issuer.as_str()).collect::<Vec<_>>())
        .bind(slices.iter().map(|slice| slice.account.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

/// Why these slices may not take the place of those before: an export of one subscription would else wipe out its sisters.
fn lost(before: &[Before], slices: &[Slice]) -> Option<String> {
    let name =
        |start: &DateTime<Utc>, issuer: &str, account: &str| format!("{issuer}, {account}, {}", start.date_naive());
    let known: BTreeMap<String, BTreeSet<String>> = before
        .iter()
        .map(|slice| {
            let name = name(&slice.period_start, &slice.invoice_issuer, &slice.billing_account);
            (name, slice.sub_accounts.iter().cloned().collect())
        })
        .collect();
    let now = slices
        .iter()
        .map(|slice| (name(&slice.period_start, &slice.issuer, &slice.account), slice.sub_accounts.clone()));
    let now: BTreeMap<String, BTreeSet<String>> = now.collect();
    let (slice, sub_account) = slice::missing(&known, &now)?;
    Some(format!(
        "it would take the place of what is known of {slice}, but lacks the sub-account `{sub_account}` that is known there: \
         name what it is about with --scope if it tells a part of the account, or say --replace if it is right"
    ))
}

/// Why these slices may not stand beside those of other scopes: what both tell would count twice.
async fn doubled(
    connection: &mut PgConnection,
    tenant: &str,
    scope: &str,
    slices: &[Slice],
) -> Result<Option<String>, sqlx::Error> {
    type Beside = (String, DateTime<Utc>, String, String, Vec<String>);
    let others: Vec<Beside> = sqlx::query_as(include_str!("../../../queries/costs/slices_beside.sql"))
        .bind(tenant)
        .bind(scope)
        .bind(slices.iter().map(|slice| slice.period_start).collect::<Vec<_>>())
        .bind(slices.iter().map(|slice| slice.issuer.as_str()).collect::<Vec<_>>())
        .bind(slices.iter().map(|slice| slice.account.as_str()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    for (scope, start, issuer, account, sub_accounts) in others {
        let is_same =
            |slice: &&Slice| slice.period_start == start && slice.issuer == issuer && slice.account == account;
        let Some(slice) = slices.iter().find(is_same) else { continue };
        let both = sub_accounts.iter().find(|sub_account| slice.sub_accounts.contains(*sub_account));
        let both = match both {
            Some(both) => format!("its sub-account `{both}`"),
            None if sub_accounts.is_empty() && slice.sub_accounts.is_empty() => "what has no sub-account".to_owned(),
            None => continue,
        };
        return Ok(Some(format!(
            "{issuer}, {account}, {}: {both} is told by the scope `{scope}` already and would count twice: import it with \
             --scope \"{scope}\" to take its place, or say --replace if both are right",
            start.date_naive()
        )));
    }
    Ok(None)
}

/// Removes slices, each by its id and the beginning of its period.
async fn remove(
    connection: &mut PgConnection,
    slices: &[(i64, DateTime<Utc>)],
    touched: &mut Touched,
) -> Result<(), sqlx::Error> {
    let ids: Vec<i64> = slices.iter().map(|(id, _)| *id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    touched.add(connection, &ids).await?;
    sums::remove(connection, &ids).await?;
    let months: BTreeSet<NaiveDate> = slices.iter().filter_map(|(_, start)| start.date_naive().with_day(1)).collect();
    sqlx::query("delete from cost_row where period = any($1) and slice_id = any($2)")
        .bind(months.into_iter().collect::<Vec<_>>())
        .bind(&ids)
        .execute(&mut *connection)
        .await?;
    sqlx::query("delete from cost_slice where id = any($1)").bind(&ids).execute(connection).await?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    tenant: &str,
    scope: &str,
    export_id: Uuid,
    at: DateTime<Utc>,
    slices: &[Slice],
    before: &[Before],
) -> Result<(), sqlx::Error> {
    let number = |slice: &Slice| {
        let is_same = |before: &&Before| {
            before.period_start == slice.period_start
                && before.invoice_issuer == slice.issuer
                && before.billing_account == slice.account
        };
        before.iter().find(is_same).map(|before| before.number)
    };
    let told: Vec<serde_json::Value> = slices
        .iter()
        .map(|slice| {
            json!({
                "id": slice.id,
                "invoice_issuer": slice.issuer,
                "billing_account": slice.account,
                "period_start": slice.period_start,
                "period_end": slice.period_end,
                "row_count": slice.rows,
                "first_day": slice.first_day,
                "complete_until": slice.complete_until(at),
                "sub_accounts": slice.sub_accounts,
                "is_invoiced": slice.is_invoiced,
                "number": number(slice),
            })
        })
        .collect();
    sqlx::query(include_str!("../../../queries/costs/slices_insert.sql"))
        .bind(tenant)
        .bind(scope)
        .bind(export_id)
        .bind(at)
        .bind(Json(told))
        .execute(connection)
        .await?;
    Ok(())
}
