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
        let faults = by_place(errors, Fault::project).map_err(|error| self.refused(error))?;
        let data = data.ok_or_else(|| SourceError::protocol(SourceKind::Gitlab, "it answered without data"))?;
        let left_out = || SourceError::protocol(SourceKind::Gitlab, "it left out `projects`");
        Ok(share(data.projects.ok_or_else(left_out)?, &faults, paths))
    }

    /// The answer of a query with an alias for each thing that is asked for.
    pub(super) async fn by_alias<T: DeserializeOwned>(
        &self,
        call: &'static str,
        query: &str,
        variables: Value,
    ) -> Result<HashMap<String, Result<T, SourceError>>, SourceError> {
        let Answer { data, errors } = self.answer::<HashMap<String, Option<T>>>(call, query, variables).await?;
        let mut faults = by_place(errors, Fault::alias).map_err(|error| self.refused(error))?;
        let data = data.ok_or_else(|| SourceError::protocol(SourceKind::Gitlab, "it answered without data"))?;
        let found = data.into_iter().filter_map(|(alias, one)| match faults.remove(&alias) {
            Some(error) => Some((alias, Err(error))),
            None => one.map(|one| (alias, Ok(one))),
        });
        Ok(found.collect())
    }
}

/// Each project with what was found of it, or why it was not.
fn share<T: OfProject>(nodes: Nodes<T>, faults: &HashMap<usize, SourceError>, paths: &[String]) -> ByPath<T> {
    let mut found = HashMap::new();
    let mut lost = None;
    for (at, project) in nodes.nodes.unwrap_or_default().into_iter().enumerate() {
        let fault = faults.get(&at);
        match (project, fault) {
            (Some(project), None) => drop(found.insert(project.full_path().to_lowercase(), Ok(project))),
            (Some(project), Some(error)) => drop(found.insert(project.full_path().to_lowercase(), Err(error.clone()))),
            (None, fault) => lost = fault.or(lost),
        }
    }
    if let Some(error) = lost {
        // It failed so wholly that it is not even told which it was: then it is none of those that are missing for sure.
        for path in paths {
            found.entry(path.to_lowercase()).or_insert_with(|| Err(error.clone()));
        }
    }
    found
}

/// Faults by their places, the first of each; an error when one has none.
fn by_place<P: Eq + std::hash::Hash>(
    faults: Vec<Fault>,
    place: impl Fn(&Fault) -> Option<P>,
) -> Result<HashMap<P, SourceError>, SourceError> {
    let mut by_place = HashMap::new();
    for fault in faults {
        let error = fault.to_error();
        match place(&fault) {
            Some(place) => drop(by_place.entry(place).or_insert(error)),
            None => return Err(error),
        }
    }
    Ok(by_place)
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

    fn shared(answer: Value) -> Result<Vec<(String, bool)>, SourceError> {
        let answer: Answer<Projects<Own>> = serde_json::from_value(answer).unwrap();
        let faults = by_place(answer.errors, Fault::project)?;
        let paths = ["g/a", "g/b", "g/c"].map(str::to_owned);
        let found = share(answer.data.unwrap().projects.unwrap(), &faults, &paths);
        let mut found: Vec<_> = found.into_iter().map(|(path, outcome)| (path, outcome.is_ok())).collect();
        found.sort_unstable();
        Ok(found)
    }

    #[test]
    fn a_fault_is_that_of_its_project_and_of_nobody_else() {
        let told = |path: Value| json!([{ "message": "no", "path": path }]);
        let nodes = json!([{ "fullPath": "G/B" }, { "fullPath": "g/a" }]);
        let data = json!({ "projects": { "nodes": nodes } });
        let (a, b) = (|is_well| ("g/a".to_owned(), is_well), |is_well| ("g/b".to_owned(), is_well));
        let own = shared(json!({ "data": data, "errors": told(json!(["projects", "nodes", 0, "repository"])) }));
        assert_eq!(own.unwrap(), [a(true), b(false)], "and g/c does not exist");
        for path in [json!(null), json!(["projects"]), json!(["other", "nodes", 0]), json!(["projects", "nodes"])] {
            let message = format!("{path}");
            assert!(shared(json!({ "data": data, "errors": told(path) })).is_err(), "{message}");
        }
    }

    #[test]
    fn what_is_lost_without_its_name_is_not_said_to_be_missing() {
        let data = json!({ "projects": { "nodes": [{ "fullPath": "g/a" }, null] } });
        let errors = json!([{ "message": "no", "path": ["projects", "nodes", 1] }]);
        let found = shared(json!({ "data": data, "errors": errors })).unwrap();
        assert_eq!(found, [("g/a".to_owned(), true), ("g/b".to_owned(), false), ("g/c".to_owned(), false)]);
        // A hole without a fault is a project that the token may not read.
        assert_eq!(shared(json!({ "data": data })).unwrap(), [("g/a".to_owned(), true)]);
    }
}
