//! Which objects of upstreams a caller may see: those that entities which the caller sees name in their annotations.

use schema::Visibility;
use sqlx::QueryBuilder;

use super::{Database, filter::FACET_VALUE_CHARS_MAX, visibility::push_visible};
use crate::SourceError;

impl Database {
    /// Of these values, those that some entity visible to the caller carries in `annotation`, alone or in a list with
    /// commas; one statement.
    pub async fn annotation_values_visible(
        &self,
        visibility: &Visibility,
        annotation: &str,
        values: &[String],
    ) -> Result<Vec<String>, SourceError> {
        let prefix = format!("{annotation}=");
        let whole: Vec<String> = values
            .iter()
            .map(|value| format!("{prefix}{value}"))
            .filter(|value| value.chars().count() <= FACET_VALUE_CHARS_MAX)
            .collect();
        let mut query = QueryBuilder::new(
            "-- annotation_values_visible\nselect distinct f.value from entity_facet f \
             join entity e on e.id = f.entity_id where f.facet = 'annotation' and f.tenant = ",
        );
        query.push_bind(visibility.tenant.clone()).push(" and (f.value = any(").push_bind(whole);
        query.push(") or (starts_with(f.value, ").push_bind(prefix.clone());
        query.push(") and position(',' in f.value) > 0 and string_to_array(replace(substr(f.value, ");
        query.push_bind(i32::try_from(prefix.chars().count() + 1).unwrap_or(i32::MAX)).push("), ' ', ''), ',') && ");
        query.push_bind(values.to_vec()).push(")) and ");
        push_visible(&mut query, "e", visibility);
        let found: Vec<(String,)> = self.all("annotation_values_visible", query.build_query_as()).await?;
        let carried: Vec<&str> = found.iter().flat_map(|(value,)| carried(value, &prefix)).collect();
        let is_carried = |value: &&String| {
            found.iter().any(|(whole,)| whole.strip_prefix(&prefix) == Some(value.as_str()))
                || carried.iter().any(|carried| carried.trim() == value.as_str())
        };
        Ok(values.iter().filter(is_carried).cloned().collect())
    }

    /// As [`Database::annotation_values_visible`], whatever the case; the values are in lower case and without spaces.
    pub async fn annotation_values_visible_in_any_case(
        &self,
        visibility: &Visibility,
        annotation: &str,
        values: &[String],
    ) -> Result<Vec<String>, SourceError> {
        let prefix = format!("{annotation}=");
        let mut query = QueryBuilder::new(
            "-- annotation_values_visible_in_any_case\nselect distinct f.value from entity_facet f \
             join entity e on e.id = f.entity_id where f.facet = 'annotation' and f.tenant = ",
        );
        query.push_bind(visibility.tenant.clone()).push(" and starts_with(f.value, ").push_bind(prefix.clone());
        query.push(") and string_to_array(replace(lower(substr(f.value, ");
        query.push_bind(i32::try_from(prefix.chars().count() + 1).unwrap_or(i32::MAX)).push(")), ' ', ''), ',') && ");
        query.push_bind(values.to_vec()).push(" and ");
        push_visible(&mut query, "e", visibility);
        let found: Vec<(String,)> = self.all("annotation_values_visible_in_any_case", query.build_query_as()).await?;
        let carried: Vec<String> = found
            .iter()
            .flat_map(|(value,)| carried(value, &prefix))
            .map(|value| value.trim().to_lowercase())
            .collect();
        Ok(values.iter().filter(|value| carried.contains(value)).cloned().collect())
    }
}

/// The values in the list of an annotation's facet. Of one that is as long as facets are kept the last may have been cut to
/// another value, which opens nothing.
fn carried<'a>(facet: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut values: Vec<&str> = facet.strip_prefix(prefix).into_iter().flat_map(|list| list.split(',')).collect();
    if values.len() > 1 && facet.chars().count() >= FACET_VALUE_CHARS_MAX {
        values.pop();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_may_have_been_cut_is_not_believed() {
        assert_eq!(carried("awx=7, 12", "awx="), ["7", " 12"]);
        assert_eq!(carried("gitlab=7,12", "awx="), [""; 0]);
        let long = format!("awx={},123456", vec!["7"; 300].join(","));
        let cut: String = long.chars().take(FACET_VALUE_CHARS_MAX).collect();
        assert!(carried(&cut, "awx=").iter().all(|value| *value == "7"));
        let exact = format!("awx={},1234", "7".repeat(FACET_VALUE_CHARS_MAX - 8));
        assert_eq!(exact.chars().count(), FACET_VALUE_CHARS_MAX + 1);
        let cut: String = exact.chars().take(FACET_VALUE_CHARS_MAX).collect();
        assert!(!carried(&cut, "awx=").contains(&"123"), "1234 was cut to another template");
    }
}
