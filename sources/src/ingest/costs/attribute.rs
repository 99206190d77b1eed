//! Keeps up with who may see what charges are for.

use sqlx::PgConnection;

use crate::ingest::changes::Changed;

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
