//! What stands in the environments of components.

use std::collections::HashMap;

use schema::{DeploymentRecord, EntityRef, EnvironmentStateRecord, EnvironmentTier, Visibility, WebUrl};
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use super::{
    Database,
    deployment::texts,
    deployment_row::{COLUMNS, DeploymentRow},
    visibility::push_visible,
};
use crate::SourceError;

/// Most environments of a component that are shown: review environments come and go by the thousand.
const ENVIRONMENTS_MAX: i32 = 100;

/// A system that reported a place, but nothing for so long, has given it up to the next one that reports it.
pub(crate) const SILENT_DAYS: i32 = 90;

/// A state with one of its deployments; it has a row for each.
#[derive(FromRow)]
struct Row {
    state_component: String,
    state_environment: String,
    state_tier: String,
    state_url: Option<String>,
    latest_id: Uuid,
    standing_id: Option<Uuid>,
    #[sqlx(flatten)]
    deployment: DeploymentRow,
}

impl Database {
    /// The states of each component's environments, by name, at most 100 with the newest deployments; one statement.
    pub async fn environment_states(
        &self,
        visibility: &Visibility,
        components: &[EntityRef],
    ) -> Result<HashMap<EntityRef, Vec<EnvironmentStateRecord>>, SourceError> {
        let mut query = QueryBuilder::new(
            "-- environment_states\nselect s.component_ref as state_component, s.environment as state_environment, \
             s.tier as state_tier, s.url as state_url, s.latest_id, s.standing_id, ",
        );
        query.push(COLUMNS).push(" from unnest(").push_bind(texts(components));
        query.push("::text[]) as p(ref) cross join lateral (select * from (select distinct on (environment) * from (select d.*, \
             max(latest_at) over (partition by environment) as place_at from environment_state d where d.component_ref = p.ref and ");
        push_visible(&mut query, "d", visibility);
        // Of several systems that report a place, the first that has not fallen silent.
        query.push(format_args!(
            ") s where latest_at >= place_at - interval '{SILENT_DAYS} days' order by environment, source_rank, latest_at desc) s \
             order by latest_at desc limit {ENVIRONMENTS_MAX}) s "
        ));
        query.push(
            "cross join lateral (select s.latest_at as created_at, s.latest_id as id \
             union select s.standing_at, s.standing_id where s.standing_id is not null) k \
             join deployment d on d.created_at = k.created_at and d.id = k.id order by s.environment",
        );
        let rows: Vec<Row> = self.all("environment_states", query.build_query_as()).await?;
        let mut states: HashMap<EntityRef, Vec<EnvironmentStateRecord>> = HashMap::new();
        for row in rows {
            let is_standing = Some(row.deployment.id) == row.standing_id;
            let is_latest = row.deployment.id == row.latest_id;
            let deployment = DeploymentRecord::from(row.deployment);
            let of_component = states.entry(EntityRef::stored(row.state_component)).or_default();
            match of_component.last_mut().filter(|state| state.environment == row.state_environment) {
                Some(state) if is_latest => state.latest = deployment,
                Some(state) => state.standing = Some(deployment),
                None => of_component.push(EnvironmentStateRecord {
                    environment: row.state_environment,
                    tier: EnvironmentTier::of_str(&row.state_tier),
                    standing: is_standing.then(|| deployment.clone()),
                    latest: deployment,
                    url: row.state_url.map(WebUrl),
                }),
            }
        }
        Ok(states)
    }
}
