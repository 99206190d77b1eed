//! JSON:API, as far as we read it: documents of resources, related ones beside them. Everything may be null, absent or of another
//! type than the specification says; what cannot be read is not known.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

/// A document: one resource or a list of them.
#[derive(Debug, Deserialize)]
pub(super) struct Document<T> {
    pub(super) data: T,
    #[serde(default = "Option::default")]
    included: Option<Vec<Resource>>,
    #[serde(default)]
    meta: Value,
    #[serde(default)]
    links: Value,
}

/// A resource.
#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    r#type: Value,
    #[serde(default)]
    attributes: Value,
    #[serde(default)]
    relationships: Value,
}

/// The related resources of a document, by type and id.
pub(super) struct Included<'a>(HashMap<(&'a str, &'a str), &'a Resource>);

/// What a resource says of a related one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link<'a> {
    /// Nothing.
    Unsaid,
    /// That there is none.
    None,
    /// Its type and id.
    To(&'a str, &'a str),
}

impl<T> Document<T> {
    pub(super) fn included(&self) -> Included<'_> {
        let all = self.included.iter().flatten();
        Included(all.filter_map(|resource| Some(((resource.r#type.as_str()?, resource.id()?), resource))).collect())
    }

    /// How many items there are on all pages, where it tells.
    pub(super) fn total(&self) -> Option<u64> {
        self.meta.pointer("/pagination/total-count")?.as_u64()
    }

    /// How many pages there are, where it tells.
    pub(super) fn pages(&self) -> Option<u64> {
        self.meta.pointer("/pagination/total-pages")?.as_u64()
    }

    /// There is a page after this one. Some lists have no totals, and older versions say it only by a link.
    pub(super) fn has_next(&self) -> bool {
        let next = self.meta.pointer("/pagination/next-page").or_else(|| self.links.get("next"));
        next.is_some_and(|next| !next.is_null())
    }
}

impl Resource {
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_str()
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name).filter(|value| !value.is_null())
    }

    /// A text that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// A count that is not negative.
    pub(super) fn count(&self, name: &str) -> Option<i32> {
        i32::try_from(self.value(name)?.as_u64()?).ok()
    }

    pub(super) fn moment(&self, name: &str) -> Option<DateTime<Utc>> {
        moment(self.value(name)?)
    }

    /// A moment of `status-timestamps`.
    pub(super) fn reached(&self, name: &str) -> Option<DateTime<Utc>> {
        moment(self.value("status-timestamps")?.get(name)?)
    }

    /// What it says of the one resource related by `name`.
    pub(super) fn link(&self, name: &str) -> Link<'_> {
        match self.relationships.get(name).and_then(|relationship| relationship.get("data")) {
            None => Link::Unsaid,
            Some(Value::Null) => Link::None,
            Some(data) => identifier(data).unwrap_or(Link::Unsaid),
        }
    }

    /// The resources related by `name`; none when it does not say.
    pub(super) fn links(&self, name: &str) -> Option<Vec<Link<'_>>> {
        let data = self.relationships.get(name)?.get("data")?.as_array()?;
        Some(data.iter().filter_map(identifier).collect())
    }
}

impl<'a> Included<'a> {
    /// The resource that a link leads to, when it is beside the document.
    pub(super) fn get(&self, link: Link<'_>) -> Option<&'a Resource> {
        match link {
            Link::To(kind, id) => self.0.get(&(kind, id)).copied(),
            Link::Unsaid | Link::None => None,
        }
    }
}

fn identifier(data: &Value) -> Option<Link<'_>> {
    Some(Link::To(data.get("type")?.as_str()?, data.get("id")?.as_str()?))
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::terraform::tests::contracts;

    #[test]
    fn every_documented_resource_is_read_with_its_id() {
        let mut read = 0;
        for file in walkdir::WalkDir::new(contracts().join("examples")).into_iter().filter_map(Result::ok) {
            let name = file.file_name().to_string_lossy().into_owned();
            if !name.contains("response") || !name.ends_with(".json") {
                continue;
            }
            let text = std::fs::read_to_string(file.path()).unwrap();
            let Some(data) = serde_json::from_str::<Value>(&text).unwrap().get("data").cloned() else { continue };
            let resources = match &data {
                Value::Array(_) => serde_json::from_str::<Document<Vec<Resource>>>(&text).unwrap().data,
                _ => vec![serde_json::from_str::<Document<Resource>>(&text).unwrap().data],
            };
            let ids = if let Value::Array(all) = &data { all.clone() } else { vec![data] };
            for (resource, raw) in resources.iter().zip(&ids) {
                assert_eq!(resource.id(), raw.get("id").and_then(Value::as_str), "{name}");
                read += 1;
            }
        }
        if read == 0 {
            println!("skipped: {} is not there", contracts().display());
        }
    }

    #[test]
    fn only_what_is_allowed_is_included() {
        let Some(text) = crate::terraform::tests::contract("hcp-terraform-openapi.subset.json") else { return };
        let specification: Value = serde_json::from_str(&text).unwrap();
        let allowed = |path: &str| {
            let parameters = specification["paths"][path]["get"]["parameters"].as_array().unwrap();
            let include = parameters.iter().find(|parameter| parameter["name"] == "include").unwrap();
            include["schema"]["items"]["enum"].as_array().unwrap().clone()
        };
        for (path, include) in [
            ("/organizations/{organization_name}/workspaces", crate::terraform::snapshot::INCLUDE),
            ("/runs/{run_id}", crate::terraform::client::RUN_INCLUDE),
        ] {
            for name in include.split(',') {
                assert!(allowed(path).contains(&json!(name)), "{name} is not allowed at {path}");
            }
        }
    }

    #[test]
    fn the_next_page_is_told_by_its_number_or_by_a_link() {
        let has_next = |rest: Value| {
            let mut body = json!({ "data": [] });
            body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            serde_json::from_value::<Document<Vec<Resource>>>(body).unwrap().has_next()
        };
        assert!(has_next(json!({ "meta": { "pagination": { "next-page": 2 } } })));
        assert!(!has_next(json!({ "meta": { "pagination": { "next-page": null } }, "links": { "next": "x" } })));
        assert!(has_next(json!({ "links": { "next": "https://evil.example.com/" } })));
        assert!(!has_next(json!({})));
    }
}
