//! `Targets`: what the catalog says that charges can be for.

use std::collections::{HashMap, HashSet};

use schema::EntityRef;
use sha2::{Digest, Sha256};

/// What a component names as its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapped<'a> {
    /// Azure's resource groups, with commas between them.
    pub resource_groups: Option<&'a str>,
    /// A namespace.
    pub namespace: Option<&'a str>,
    /// Terraform's workspaces, with commas between them.
    pub workspaces: Option<&'a str>,
}

/// The components and teams of a tenant, and what is mapped to the components.
#[derive(Debug, Default)]
pub struct Targets {
    components: HashSet<String>,
    teams: HashSet<String>,
    /// By `subscription/name` in lower case; none where several components say that it is theirs.
    resource_groups: HashMap<String, Option<String>>,
    namespaces: HashMap<String, Option<String>>,
    /// Of Terraform, by `organization/name` and, where no other has that name, by the name alone.
    workspaces: HashMap<String, Option<String>>,
}

impl Targets {
    /// Adds a component with the resource groups and workspaces, with commas between them, and the namespace that it names.
    pub fn add_component(&mut self, component: &str, mapped: &Mapped<'_>) {
        let Mapped { resource_groups, namespace, workspaces } = mapped;
        self.components.insert(component.to_owned());
        for group in resource_groups.iter().flat_map(|groups| groups.split(',')) {
            claim(&mut self.resource_groups, group.trim().to_ascii_lowercase(), component);
        }
        if let Some(namespace) = namespace {
            claim(&mut self.namespaces, (*namespace).to_owned(), component);
        }
        for workspace in workspaces.iter().flat_map(|workspaces| workspaces.split(',')) {
            let workspace = workspace.trim();
            claim(&mut self.workspaces, workspace.to_owned(), component);
            if let Some((_, name)) = workspace.split_once('/') {
                claim(&mut self.workspaces, name.to_owned(), component);
            }
        }
    }

    /// Adds a team.
    pub fn add_team(&mut self, team: &str) {
        self.teams.insert(team.to_owned());
    }

    /// Changes whenever the catalog says something else.
    pub fn fingerprint(&self) -> Vec<u8> {
        let mut all: Vec<String> = self.components.iter().map(|name| format!("c {name}")).collect();
        all.extend(self.teams.iter().map(|name| format!("t {name}")));
        all.extend(self.resource_groups.iter().map(|(name, owner)| format!("r {name} {owner:?}")));
        all.extend(self.namespaces.iter().map(|(name, owner)| format!("n {name} {owner:?}")));
        all.extend(self.workspaces.iter().map(|(name, owner)| format!("w {name} {owner:?}")));
        all.sort_unstable();
        let mut hash = Sha256::new();
        all.iter().for_each(|line| {
            hash.update(line.as_bytes());
            hash.update([0]);
        });
        hash.finalize().to_vec()
    }

    /// The component with this reference is there.
    pub fn has_component(&self, component: &str) -> bool {
        self.components.contains(component)
    }

    /// The component of this name, with kind and namespace or without.
    pub(super) fn component(&self, name: &str) -> Option<String> {
        named(&self.components, name, "component")
    }

    /// The team of this name, with kind and namespace or without.
    pub(super) fn team(&self, name: &str) -> Option<String> {
        named(&self.teams, name, "group")
    }

    /// The component that has the resource group of this id of Azure's.
    pub(super) fn of_resource(&self, id: &str) -> Option<String> {
        let lower = id.to_ascii_lowercase();
        let mut parts = lower.trim_start_matches('/').split('/');
        let (subscriptions, subscription) = (parts.next()?, parts.next()?);
        let (groups, group) = (parts.next()?, parts.next()?);
        if subscriptions != "subscriptions" || groups != "resourcegroups" {
            return None;
        }
        self.resource_groups.get(&format!("{subscription}/{group}"))?.clone()
    }

    /// The component that has this workspace of Terraform, with its organization or without.
    pub(super) fn of_workspace(&self, workspace: &str) -> Option<String> {
        self.workspaces.get(workspace)?.clone()
    }

    /// The component that has this namespace.
    pub(super) fn of_namespace(&self, namespace: &str) -> Option<String> {
        self.namespaces.get(namespace)?.clone()
    }
}

fn claim(claims: &mut HashMap<String, Option<String>>, what: String, component: &str) {
    if what.is_empty() {
        return;
    }
    let owner = claims.entry(what).or_insert_with(|| Some(component.to_owned()));
    if owner.as_deref() != Some(component) {
        *owner = None;
    }
}

fn named(known: &HashSet<String>, name: &str, kind: &str) -> Option<String> {
    let found = EntityRef::parse_with(name, Some(kind), schema::DEFAULT_NAMESPACE).ok()?;
    known.get(found.as_str()).cloned()
}
