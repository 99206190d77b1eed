//! Answers to questions about many projects at once, of which GitLab fails some: an entry of `errors` says by its path whose it is, and the
//! others are answered. What names nobody is everybody's.

use std::collections::HashMap;

use schema::SourceKind;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    client::Client,
    wire::{Answer, Fault, Nodes, Projects},
};
use crate::SourceError;

/// What is found of each project, by its path in lower case. Those that the token cannot read are absent.
pub(super) type ByPath<V> = HashMap<String, Result<V, SourceError>>;

/// What says which project it is of.
pub(super) trait OfProject: DeserializeOwned {
    /// The project's full path.
    fn full_path(&self) -> &str;
}

impl Client {
    /// The answer of a query whose root is `projects`, with these paths.
    pub(super) async fn of_projects<T: OfProject>(
        &self,
        call: &'static str,
        query: &str,
        variables: Value,
        paths: &[String],
    ) -> Result<ByPath<T>, SourceError> {
        let Answer { data, errors } = self.answer::<Projects<T>>(call, query, variables).await?;
        let first = errors.first().map(Fault::to_error);
        let found = data.and_then(|data| data.projects).and_then(|nodes| share(nodes, &errors, paths));
        self.checked(call, found, first)
    }

    /// The answer of a query with an alias for each thing that is asked for.
    pub(super) async fn by_alias<T: DeserializeOwned>(
        &self,
        call: &'static str,
        query: &str,
        variables: Value,
    ) -> Result<HashMap<String, Result<T, SourceError>>, SourceError> {
        let Answer { data, errors } = self.answer::<HashMap<String, Option<T>>>(call, query, variables).await?;
        let first = errors.first().map(Fault::to_error);
        let found = data.and_then(|data| {
            let mut faults = by_place(&errors, Fault::alias)?;
            let found = data.into_iter().filter_map(|(alias, one)| match faults.remove(&alias) {
                Some(error) => Some((alias, Err(error))),
                None => one.map(|one| (alias, Ok(one))),
            });
            let found = found.collect();
            faults.is_empty().then_some(found)
        });
        self.checked(call, found, first)
    }

    /// What was found; the first fault where nothing was, or nobody knows whose it is.
    fn checked<V>(
        &self,
        call: &'static str,
        found: Option<HashMap<String, Result<V, SourceError>>>,
        first: Option<SourceError>,
    ) -> Result<HashMap<String, Result<V, SourceError>>, SourceError> {
        let Some(found) = found else {
            let left_out = || SourceError::protocol(SourceKind::Gitlab, "it left out what was asked for");
            return Err(self.refused(first.unwrap_or_else(left_out)));
        };
        if let Some(error) = first {
            let failed = found.values().filter(|outcome| outcome.is_err()).count();
            tracing::warn!(
                call,
                failed,
                of = found.len(),
                error = error.chain(),
                "GitLab failed for a part of what was asked"
            );
            if failed == found.len() {
                return Err(self.refused(error));
            }
        }
        Ok(found)
    }
}

/// Each project with what was found of it, or why it was not; none where a fault is of none of them.
fn share<T: OfProject>(nodes: Nodes<T>, faults: &[Fault], paths: &[String]) -> Option<ByPath<T>> {
    let mut faults = by_place(faults, Fault::project)?;
    let mut found = HashMap::new();
    let mut lost = None;
    for (at, project) in nodes.nodes.unwrap_or_default().into_iter().enumerate() {
        match (project, faults.remove(&at)) {
            (Some(project), None) => drop(found.insert(project.full_path().to_lowercase(), Ok(project))),
            (Some(project), Some(error)) => drop(found.insert(project.full_path().to_lowercase(), Err(error))),
            (None, fault) => lost = fault.or(lost),
        }
    }
    if let Some(error) = lost {
        // It failed so wholly that it is not even told which it was: then it is none of those that are missing for sure.
        for path in paths {
            found.entry(path.to_lowercase()).or_insert_with(|| Err(error.clone()));
        }
    }
    faults.is_empty().then_some(found)
}

/// Faults by their places, the first of each; none when one has no such place.
fn by_place<P: Eq + std::hash::Hash>(
    faults: &[Fault],
    place: impl Fn(&Fault) -> Option<P>,
) -> Option<HashMap<P, SourceError>> {
    let mut by_place = HashMap::new();
    for fault in faults {
        by_place.entry(place(fault)?).or_insert_with(|| fault.to_error());
    }
    Some(by_place)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Own {
        full_path: String,
    }

    impl OfProject for Own {
        fn full_path(&self) -> &str {
            &self.full_path
        }
    }

    /// Which projects were found, and whether they are well; none where a fault is everybody's.
    fn shared(answer: Value) -> serde_json::Result<Option<Vec<(String, bool)>>> {
        let answer: Answer<Projects<Own>> = serde_json::from_value(answer)?;
        let paths = ["g/a", "g/b", "g/c"].map(str::to_owned);
        let nodes = answer.data.and_then(|data| data.projects);
        let found = nodes.and_then(|nodes| share(nodes, &answer.errors, &paths));
        Ok(found.map(|found| {
            let mut found: Vec<_> = found.into_iter().map(|(path, outcome)| (path, outcome.is_ok())).collect();
            found.sort_unstable();
            found
        }))
    }

    fn project(path: &str, is_well: bool) -> (String, bool) {
        (path.to_owned(), is_well)
    }

    #[test]
    fn a_fault_is_that_of_its_project_and_of_nobody_else() -> serde_json::Result<()> {
        let told = |path: Value| json!([{ "message": "no", "path": path }]);
        let data = json!({ "projects": { "nodes": [{ "fullPath": "G/B" }, { "fullPath": "g/a" }] } });
        let own = shared(json!({ "data": data, "errors": told(json!(["projects", "nodes", 0, "repository"])) }))?;
        assert_eq!(own, Some(vec![project("g/a", true), project("g/b", false)]), "and g/c does not exist");
        let places = [json!(null), json!(["projects"]), json!(["other", "nodes", 0]), json!(["projects", "nodes"])];
        for path in places.into_iter().chain([json!(["projects", "nodes", 2])]) {
            let message = format!("{path}");
            assert_eq!(shared(json!({ "data": data, "errors": told(path) }))?, None, "{message}");
        }
        Ok(())
    }

    #[test]
    fn what_is_lost_without_its_name_is_not_said_to_be_missing() -> serde_json::Result<()> {
        let data = json!({ "projects": { "nodes": [{ "fullPath": "g/a" }, null] } });
        let errors = json!([{ "message": "no", "path": ["projects", "nodes", 1] }]);
        let found = shared(json!({ "data": data, "errors": errors }))?;
        assert_eq!(found, Some(vec![project("g/a", true), project("g/b", false), project("g/c", false)]));
        // A hole without a fault is a project that the token may not read.
        assert_eq!(shared(json!({ "data": data }))?, Some(vec![project("g/a", true)]));
        Ok(())
    }
}
