//! Projects that no catalog file of the estate names: the demo's gateway discovers them.

use simulator::{Simulator, gitlab::Project};

/// Where they lie.
const GROUP: &str = "platform/tools";

/// Name, and what it is said to be.
const TOOLS: [(&str, &str); 3] = [
    ("release-notes", "Writes release notes from merge requests"),
    ("port-audit", "Finds ports that nobody listens on"),
    ("image-janitor", "Deletes container images that nothing runs"),
];

/// What makes the gateway look for them.
pub fn settings() -> [(String, String); 2] {
    [
        ("WEFT_SOURCES__GITLAB__DISCOVERY__GROUPS".to_owned(), format!(r#"[{{ "group": "{GROUP}" }}]"#)),
        ("WEFT_SOURCES__GITLAB__DISCOVERY__INTERVAL".to_owned(), "10s".to_owned()),
    ]
}

/// Puts them into GitLab.
pub fn put(simulator: &Simulator) {
    for (name, description) in TOOLS {
        let path = format!("{GROUP}/{name}");
        let file = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  description: {description}\n  \
             annotations:\n    gitlab.com/project-slug: {path}\nspec:\n  type: tool\n  lifecycle: production\n  \
             owner: group:default/developer-platform\n"
        );
        let believable = Project::believable(path);
        let files = believable.files.clone().into_iter().chain([("catalog-info.yaml".to_owned(), file)]).collect();
        simulator.gitlab().put_project(Project { files, ..believable });
    }
}
