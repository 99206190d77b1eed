//! One entity of the estate, and how it is written. Texts are quoted as JSON, which YAML reads the same.

use std::fmt::Write;

use serde_json::{Value, json};

use super::AutomationTemplate;

/// An entity before it is written.
#[derive(Debug, Clone, Default)]
pub struct Entity {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// `kind`.
    pub kind: &'static str,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.title`.
    pub title: String,
    /// `metadata.description`.
    pub description: String,
    /// `metadata.tags`.
    pub tags: Vec<String>,
    /// `metadata.labels`.
    pub labels: Vec<(String, String)>,
    /// `metadata.annotations`.
    pub annotations: Vec<(String, String)>,
    /// `metadata.links`: address and title.
    pub links: Vec<(String, String)>,
    /// `spec`, in order.
    pub spec: Vec<(&'static str, Value)>,
    /// Annotated for its team only.
    pub is_team_only: bool,
    /// Its owner's name.
    pub owner: Option<String>,
    /// Its GitLab project.
    pub project: Option<String>,
    /// Its templates in AWX.
    pub templates: Vec<AutomationTemplate>,
    /// What it refers to: kind in lower case, and name.
    pub targets: Vec<(&'static str, String)>,
}

impl Entity {
    /// An entity of a kind of the catalog.
    pub fn new(
        kind: &'static str,
        name: impl Into<String>,
        title: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            api_version: "backstage.io/v1alpha1",
            kind,
            name: name.into(),
            title: title.into(),
            description: description.into(),
            ..Self::default()
        }
    }

    /// Adds a field of `spec`.
    pub fn spec(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.spec.push((key, value.into()));
        self
    }

    /// Adds a field of `spec` that refers to another entity.
    pub fn refer(mut self, key: &'static str, kind: &'static str, name: &str) -> Self {
        self.targets.push((kind, name.to_owned()));
        self.spec(key, name)
    }

    /// Adds a field of `spec` that refers to several entities, with their kinds.
    pub fn refer_all(mut self, key: &'static str, targets: &[(&'static str, String)]) -> Self {
        if targets.is_empty() {
            return self;
        }
        self.targets.extend(targets.iter().cloned());
        let texts: Vec<String> = targets.iter().map(|(kind, name)| format!("{kind}:default/{name}")).collect();
        self.spec(key, json!(texts))
    }

    /// Adds one more thing that it depends on.
    pub fn depend_on(&mut self, kind: &'static str, name: &str) {
        self.targets.push((kind, name.to_owned()));
        let text = json!(format!("{kind}:default/{name}"));
        // A second key of the same name would make the document invalid.
        match self.spec.iter_mut().find(|(key, _)| *key == "dependsOn") {
            Some((_, Value::Array(known))) => known.push(text),
            _ => self.spec.push(("dependsOn", json!([text]))),
        }
    }

    /// Sets the owner, a team.
    pub fn owned_by(mut self, team: &str) -> Self {
        self.owner = Some(team.to_owned());
        self.refer("owner", "group", team)
    }

    /// Adds a tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Adds an annotation.
    pub fn annotate(mut self, key: &str, value: impl Into<String>) -> Self {
        self.annotations.push((key.to_owned(), value.into()));
        self
    }

    /// Shows it to its own team only.
    pub fn team_only(mut self) -> Self {
        self.is_team_only = true;
        self.annotate("weft.dev/visibility", "team")
    }

    /// Names its GitLab project.
    pub fn in_project(mut self, path: String) -> Self {
        self.project = Some(path.clone());
        self.annotate("gitlab.com/project-slug", path)
    }

    /// Names its templates in AWX.
    pub fn automated_by(mut self, templates: Vec<AutomationTemplate>) -> Self {
        let ids: Vec<String> = templates.iter().map(|template| template.id.to_string()).collect();
        self.templates = templates;
        self.annotate("awx.ansible.com/job-template-id", ids.join(","))
    }

    /// The document.
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        let quoted = |text: &str| Value::from(text).to_string();
        // Writing to a string does not fail.
        let _ =
            writeln!(text, "apiVersion: {}\nkind: {}\nmetadata:\n  name: {}", self.api_version, self.kind, self.name);
        let _ = writeln!(text, "  title: {}\n  description: {}", quoted(&self.title), quoted(&self.description));
        for (field, pairs) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !pairs.is_empty() {
                let _ = writeln!(text, "  {field}:");
                pairs.iter().for_each(|(key, value)| {
                    let _ = writeln!(text, "    {key}: {}", quoted(value));
                });
            }
        }
        if !self.tags.is_empty() {
            let _ = writeln!(text, "  tags: {}", json!(self.tags));
        }
        if !self.links.is_empty() {
            let _ = writeln!(text, "  links:");
            self.links.iter().for_each(|(url, title)| {
                let _ = writeln!(text, "    - url: {}\n      title: {}", quoted(url), quoted(title));
            });
        }
        let _ = writeln!(text, "spec:");
        for (key, value) in &self.spec {
            let _ = writeln!(text, "  {key}: {value}");
        }
        text
    }
}
