//! Keys: what annotations and ids of the graph name, checked before any of it gets into a path.

use schema::{TerraformRunRecord, TerraformWorkspaceRecord};

use super::Config;

/// Longest name of an organization or a workspace that is asked for.
const NAME_BYTES_MAX: usize = 128;
/// Most workspaces that one annotation names; the rest of it is not looked at.
const NAMED_MAX: usize = 100;

/// A workspace that a tenant may read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkspaceKey {
    pub(super) organization: String,
    pub(super) name: String,
}

/// A run, and whether it ended, as far as is known: what ended cannot change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunKey {
    pub(super) id: String,
    pub(super) is_final: bool,
}

/// A page of a workspace's runs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunPageKey {
    pub(super) workspace: String,
    /// When anything last changed: pages from before and after that would not join.
    changed_at: String,
    pub(super) size: u32,
    pub(super) number: u32,
}

/// The newest assessment of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssessmentKey {
    pub(super) workspace: String,
    /// When it was made, where the workspace tells: another moment is another assessment.
    pub(super) made_at: Option<String>,
}

impl WorkspaceKey {
    /// The workspaces that an annotation names and the tenant may read, by organization and name.
    pub(super) fn of_annotation(config: &Config, tenant: &str, value: &str) -> Vec<Self> {
        let named = value.split(',').take(NAMED_MAX);
        let mut keys: Vec<Self> = named.filter_map(|name| Self::read(config, tenant, name.trim())).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether these can be the names of an organization and of a workspace.
    pub(super) fn is_name_of(organization: &str, name: &str) -> bool {
        is_name(organization) && is_name(name)
    }

    /// The workspace with this name, `organization/name`; none when the tenant may not read there.
    pub(super) fn read(config: &Config, tenant: &str, text: &str) -> Option<Self> {
        let (organization, name) = text.split_once('/')?;
        let is_known = |organizations: &[String]| organizations.iter().any(|known| known == organization);
        let may_read = (config.organizations.is_empty() || is_known(&config.organizations))
            && config.tenants.reach(tenant).holds(|known| known == organization);
        (may_read && is_name(organization) && is_name(name))
            .then(|| Self { organization: organization.to_owned(), name: name.to_owned() })
    }

    /// `organization/name`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.organization, self.name)
    }
}

impl RunKey {
    /// The run with this id; none when Terraform has no such ids.
    pub fn of_id(id: &str) -> Option<Self> {
        (id.len() > "run-".len() && id.starts_with("run-") && is_id(id))
            .then(|| Self { id: id.to_owned(), is_final: false })
    }

    /// The same run as this record.
    pub fn of_record(run: &TerraformRunRecord) -> Self {
        Self { id: run.id.clone(), is_final: run.status.is_final() }
    }
}

impl RunPageKey {
    /// Page `number` of a workspace's runs, from 1, with `size` runs in each page.
    pub fn new(workspace: &TerraformWorkspaceRecord, size: u32, number: u32) -> Self {
        let changed_at = workspace.latest_change_at.map(|moment| moment.to_string()).unwrap_or_default();
        Self { workspace: workspace.id.clone(), changed_at, size, number }
    }

    pub(super) fn cache_key(&self) -> String {
        format!("{}\n{}\n{}\n{}", self.workspace, self.changed_at, self.size, self.number)
    }

    pub(super) fn of_cache_key(key: &str) -> Option<Self> {
        let mut parts = key.split('\n');
        let mut part = || parts.next().map(str::to_owned);
        let (workspace, changed_at, size, number) = (part()?, part()?, part()?, part()?);
        Some(Self { workspace, changed_at, size: size.parse().ok()?, number: number.parse().ok()? })
    }
}

impl AssessmentKey {
    /// The newest assessment; none where assessments are off.
    pub fn of_workspace(workspace: &TerraformWorkspaceRecord) -> Option<Self> {
        let made_at = workspace.assessed_at.map(|moment| moment.to_string());
        (workspace.is_assessed != Some(false)).then(|| Self { workspace: workspace.id.clone(), made_at })
    }

    pub(super) fn cache_key(&self) -> String {
        format!("{}\n{}", self.workspace, self.made_at.as_deref().unwrap_or_default())
    }
}

/// Whether this is a name as Terraform gives them: letters, digits, `-` and `_`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether this is an id as Terraform gives them, such as `ws-6jrRyVDv1J8zQMB5`.
pub(super) fn is_id(text: &str) -> bool {
    is_name(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::config::tests::config, *};

    #[test]
    fn an_annotation_names_one_workspace_or_several() {
        let config = config(json!({
            "organizations": ["acme", "globex"],
            "tenants": { "default": ["acme"], "other": ["globex", "initech"] },
        }));
        let named = |tenant, value| {
            let keys = WorkspaceKey::of_annotation(&config, tenant, value);
            keys.iter().map(WorkspaceKey::path).collect::<Vec<_>>()
        };
        assert_eq!(named("default", "acme/web"), ["acme/web"]);
        assert_eq!(named("default", " acme/web , acme/api,acme/web,"), ["acme/api", "acme/web"]);
        assert_eq!(named("default", "acme/web,globex/x"), ["acme/web"], "another tenant's organization was read");
        assert_eq!(named("other", "globex/x,initech/y"), ["globex/x"], "an organization that is not listed was read");
        assert!(named("stranger", "acme/web").is_empty());
        let many: Vec<String> = (0..500).map(|number| format!("acme/w{number}")).collect();
        assert_eq!(named("default", &many.join(",")).len(), NAMED_MAX);
    }

    #[test]
    fn nothing_but_names_gets_into_a_path() {
        let open = config(json!({}));
        for text in ["", "acme", "/web", "acme/", "acme/../x", "acme/a/b", "ac me/x", "acme/x?y", "acme/x%2e", "acme/é"]
        {
            assert_eq!(WorkspaceKey::read(&open, "default", text), None, "{text:?} was accepted");
        }
        for id in ["", "run-", "ws-1", "run-../x", "run-a/b", "run-a\n"] {
            assert_eq!(RunKey::of_id(id), None, "{id:?} was accepted");
        }
    }
}
