//! Looks again at what is for whom: after the rules, the catalog, or who may see a component have changed. Everything that changes by it
//! changes at once, with the version of the tenant's charges.

use serde_json::{Map, Value};
use sqlx::{FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::{
    copy::Lines,
    sums,
    targets::{self, Annotations},
    told::Touched,
};
use crate::{
    SourceError,
    cost::{Attribution, CostRules, Targets},
    ingest::{audit, changes::Changed},
    postgres::Database,
};

/// Keys that are looked at at once.
const KEYS_AT_ONCE: i64 = 10_000;

/// What looking again has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributed {
    /// Kinds of charges that are for somebody else now.
    pub keys: usize,
    /// Billing accounts and periods whose sums were counted anew.
    pub slices: usize,
}

#[derive(FromRow)]
struct Key {
    id: Uuid,
    columns: Json<Map<String, Value>>,
    target_kind: String,
    target_ref: String,
    rule: Option<String>,
    environment: String,
    cluster: String,
    namespace: String,
    is_apart: bool,
}

impl Key {
    fn says(&self, found: &Attribution) -> bool {
        self.target_kind == found.kind.as_str()
            && self.target_ref == found.target
            && self.rule == found.rule
            && (&self.environment, &self.cluster, &self.namespace)
                == (&found.environment, &found.cluster, &found.namespace)
    }
}

impl Database {
    /// Tenants that have charges.
    pub async fn tenants_with_costs(&self) -> Result<Vec<String>, SourceError> {
        let tenants = sqlx::query_as::<_, (String,)>("select tenant from cost_state order by tenant");
        Ok(self.all("cost_tenants", tenants).await?.into_iter().map(|(tenant,)| tenant).collect())
    }

    /// Attributes a tenant's charges anew where that is due; none where it is not, or somebody else is at it.
    pub async fn attribute_costs(
        &self,
        tenant: &str,
        rules: &CostRules,
        annotations: Annotations<'_>,
    ) -> Result<Option<Attributed>, SourceError> {
        self.timed("attribute_costs", async {
            let mut transaction = self.writers().begin().await?;
            sqlx::raw_sql("set local lock_timeout = 0; set local statement_timeout = 0")
                .execute(&mut *transaction)
                .await?;
            let is_free: bool =
                sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended('costs:' || $1, 0))")
                    .bind(tenant)
                    .fetch_one(&mut *transaction)
                    .await?;
            let attributed = match is_free {
                true => attribute(&mut transaction, tenant, rules, annotations).await?,
                false => None,
            };
            // Said outright, so that the lock is gone by the time that we answer.
            match attributed {
                Some(_) => transaction.commit().await?,
                None => transaction.rollback().await?,
            }
            Ok(attributed)
        })
        .await
    }
}

async fn attribute(
    connection: &mut PgConnection,
    tenant: &str,
    rules: &CostRules,
    annotations: Annotations<'_>,
) -> Result<Option<Attributed>, sqlx::Error> {
    type State = (Option<Vec<u8>>, Option<Vec<u8>>, bool);
    let state: Option<State> =
        sqlx::query_as("select rules, targets, must_look_again from cost_state where tenant = $1")
            .bind(tenant)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((known_rules, known_targets, must_look_again)) = state else { return Ok(None) };
    let targets = targets::load(connection, tenant, annotations).await?;
    let (rules_now, targets_now) = (rules.fingerprint(), targets.fingerprint());
    if !must_look_again && known_rules.as_ref() == Some(&rules_now) && known_targets.as_ref() == Some(&targets_now) {
        return Ok(None);
    }
    let at = audit::begin(connection, tenant).await?;
    sqlx::raw_sql(include_str!("../../../queries/costs/keys_stage.sql")).execute(&mut *connection).await?;
    let keys = stage_changed(connection, tenant, rules, &targets).await?;
    for statement in [
        include_str!("../../../queries/costs/mixes_take_over.sql"),
        include_str!("../../../queries/costs/targets_take_over.sql"),
    ] {
        sqlx::query(statement).bind(tenant).execute(&mut *connection).await?;
    }
    let slices: Vec<(i64, chrono::NaiveDate)> = sqlx::query_as(include_str!("../../../queries/costs/keys_move.sql"))
        .bind(tenant)
        .fetch_all(&mut *connection)
        .await?;
    let (ids, months): (Vec<i64>, Vec<chrono::NaiveDate>) = slices.into_iter().unzip();
    if !ids.is_empty() {
        sums::write(connection, tenant, &ids, &months).await?;
    }
    let mut touched = Touched::default();
    touched.add(connection, &ids).await?;
    // Who may see a component cannot change between the look at it and the commit.
    sqlx::query("select pg_advisory_xact_lock_shared(hashtextextended('catalog:' || $1, 0))")
        .bind(tenant)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "update cost_state set version = version + 1, rules = $2, targets = $3, must_look_again = cost_must_look_again($1) \
         where tenant = $1",
    )
    .bind(tenant)
    .bind(rules_now)
    .bind(targets_now)
    .execute(&mut *connection)
    .await?;
    touched.tell(connection, tenant, Uuid::now_v7()).await?;
    let entry = schema::AuditEntry {
        subject: "weft".to_owned(),
        action: "cost.attribute".to_owned(),
        ..schema::AuditEntry::default()
    };
    audit::append(connection, tenant, &entry, at).await?;
    Ok(Some(Attributed { keys, slices: ids.len() }))
}

/// Stages the keys of which the rules say something else now; how many.
async fn stage_changed(
    connection: &mut PgConnection,
    tenant: &str,
    rules: &CostRules,
    targets: &Targets,
) -> Result<usize, sqlx::Error> {
    let mut after = Uuid::nil();
    let mut count = 0;
    loop {
        let keys: Vec<Key> = sqlx::query_as(include_str!("../../../queries/costs/keys_page.sql"))
            .bind(tenant)
            .bind(after)
            .bind(KEYS_AT_ONCE)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = keys.last() else { return Ok(count) };
        after = last.id;
        let mut lines = Lines::new();
        for key in &keys {
            // Tags that could be read when they came can be read now.
            let Ok(found) = rules.attribute(&key.columns, targets) else { continue };
            // What was for a team only stays so when its component is gone.
            let is_kept = key.is_apart && !targets.has_component(&key.target_ref);
            if !key.says(&found) && !is_kept {
                count += 1;
                lines.key(key.id, &key.columns, found);
            }
        }
        super::import::send(connection, "copy cost_key_staged from stdin", lines.take()).await?;
    }
}

/// Sums over several components are not to be used from here on when one of these is no longer for everybody to see, until they
/// are counted anew; those by component are, as they look at the catalog itself.
pub(in crate::ingest) async fn follow(
    connection: &mut PgConnection,
    tenant: &str,
    changed: &[Changed],
) -> Result<(), sqlx::Error> {
    let hidden: Vec<&str> =
        changed.iter().filter(|change| change.now.is_team_only).map(|change| change.entity_ref.as_str()).collect();
    if hidden.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update cost_state set must_look_again = true where tenant = $1 and not must_look_again and exists ( \
         select from cost_target where tenant = $1 and kind = 'COMPONENT' and ref = any($2) and not is_apart)",
    )
    .bind(tenant)
    .bind(hidden)
    .execute(connection)
    .await?;
    Ok(())
}
