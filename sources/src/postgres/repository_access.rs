//! Which repositories a caller may see: those of the entities that the caller sees.

use schema::Visibility;
use sqlx::QueryBuilder;

use super::{Database, filter::FACET_VALUE_CHARS_MAX, visibility::push_visible};
use crate::SourceError;

impl Database {
    /// Of these GitLab paths, those that some entity visible to the caller carries in `annotation`; one statement.
    pub async fn repository_paths_visible(
        &self,
        visibility: &Visibility,
        annotation: &str,
        paths: &[String],
    ) -> Result<Vec<String>, SourceError> {
        let prefix = format!("{annotation}=");
        let values: Vec<String> = paths
            .iter()
            .map(|path| format!("{prefix}{path}"))
            .filter(|value| value.chars().count() <= FACET_VALUE_CHARS_MAX)
            .collect();
        let mut query = QueryBuilder::new(
            "-- repository_paths_visible\nselect distinct f.value from entity_facet f \
             join entity e on e.id = f.entity_id where f.facet = 'annotation' and f.tenant = ",
        );
        query.push_bind(visibility.tenant.clone()).push(" and f.value = any(").push_bind(values).push(") and ");
        push_visible(&mut query, "e", visibility);
        let found: Vec<(String,)> = self.all("repository_paths_visible", query.build_query_as()).await?;
        Ok(found.into_iter().filter_map(|(value,)| value.strip_prefix(&prefix).map(str::to_owned)).collect())
    }
}
