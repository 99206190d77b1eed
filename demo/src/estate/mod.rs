//! The demo's estate: two made-up organisations with their teams, people, systems and software, written as catalog files.
//! Nothing is random: the same estate comes out each time.
//!
//! `organisation` holds the names, `software` makes entities of them, `yaml` words them, `files` writes them.

mod files;
mod generated;
mod organisation;
mod people;
mod roles;
mod software;
mod yaml;

use std::{collections::BTreeMap, path::Path};

pub use roles::{Role, roles};
pub use yaml::Entity;

/// The first tenant, Weft's default one.
pub const DEFAULT_TENANT: &str = "default";
/// The second tenant.
pub const OTHER_TENANT: &str = "harbor";

/// Catalog files of both tenants.
pub struct Estate {
    /// Entities by tenant and file name.
    files: BTreeMap<&'static str, BTreeMap<String, Vec<Entity>>>,
}

impl Estate {
    /// About 400 entities.
    pub fn standard() -> Self {
        let mut files = BTreeMap::new();
        files.insert(DEFAULT_TENANT, organisation::default_files());
        files.insert(OTHER_TENANT, organisation::other_files());
        Self { files }
    }

    /// The standard estate with so many entities more of the same kind in the first tenant.
    pub fn generated(count: usize) -> Self {
        let mut estate = Self::standard();
        if let Some(files) = estate.files.get_mut(DEFAULT_TENANT) {
            generated::add(files, count);
        }
        estate
    }

    /// The tenants.
    pub fn tenants(&self) -> Vec<&'static str> {
        self.files.keys().copied().collect()
    }

    /// All entities of a tenant.
    pub fn entities(&self, tenant: &str) -> impl Iterator<Item = &Entity> {
        self.files.get(tenant).into_iter().flat_map(BTreeMap::values).flatten()
    }

    /// The GitLab projects that a tenant's entities name, each once.
    pub fn project_paths(&self, tenant: &str) -> Vec<String> {
        let mut paths: Vec<String> = self.entities(tenant).filter_map(|entity| entity.project.clone()).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// The GitLab groups that a tenant's projects lie in.
    pub fn project_groups(&self, tenant: &str) -> Vec<String> {
        let first = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
        let mut groups: Vec<String> = self.project_paths(tenant).iter().map(first).collect();
        groups.dedup();
        groups
    }

    /// How many entities there are in all tenants.
    pub fn len(&self) -> usize {
        self.files.values().flat_map(BTreeMap::values).map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the files below `folder`, a folder for each tenant, in place of those of an earlier estate. Files that
    /// are as they should be stay untouched, and so does all that is no catalog file.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        self.files.iter().try_for_each(|(tenant, files)| files::write(&folder.join(tenant), files))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_estate_has_the_sizes_that_the_demo_promises() {
        let estate = Estate::standard();
        let all: Vec<&Entity> = estate.tenants().iter().flat_map(|tenant| estate.entities(tenant)).collect();
        assert!((360..=460).contains(&all.len()), "{} entities", all.len());
        assert_eq!(all.iter().filter(|entity| entity.kind == "Group").count(), 30);
        assert_eq!(all.len(), estate.len());
        let of_payments = |entity: &&Entity| entity.kind == "Component" && entity.owner.as_deref() == Some("payments");
        assert!(estate.entities(DEFAULT_TENANT).filter(of_payments).count() >= 60);
    }

    #[test]
    fn the_same_estate_comes_out_each_time() {
        let text = |estate: &Estate| -> Vec<String> {
            let tenants = estate.tenants();
            tenants.into_iter().flat_map(|tenant| estate.entities(tenant)).map(Entity::to_yaml).collect()
        };
        assert_eq!(text(&Estate::generated(100)), text(&Estate::generated(100)));
    }

    #[test]
    fn what_is_for_a_team_only_is_spread_and_needed_by_what_all_see() {
        let estate = Estate::standard();
        let (hidden, visible): (Vec<&Entity>, Vec<&Entity>) =
            estate.entities(DEFAULT_TENANT).partition(|entity| entity.is_team_only);
        assert!(hidden.len() >= 20, "{} for a team only", hidden.len());
        assert!(hidden.iter().filter(|entity| entity.owner.as_deref() != Some("payments")).count() >= 10);
        let of = |field: fn(&Entity) -> Option<&str>| hidden.iter().filter_map(|entity| field(entity)).collect();
        let (owners, kinds): (HashSet<&str>, HashSet<&str>) =
            (of(|entity| entity.owner.as_deref()), of(|entity| Some(entity.kind)));
        assert!(owners.len() >= 4, "owned by {owners:?}");
        assert_eq!(kinds, HashSet::from(["API", "Component", "Resource", "System"]));
        let names: HashSet<&str> = hidden.iter().map(|entity| entity.name.as_str()).collect();
        let needs_hidden = |entity: &&&Entity| {
            let mut needs = entity.spec.iter().filter(|(key, _)| *key == "dependsOn");
            needs.any(|(_, value)| {
                let targets = value.as_array().into_iter().flatten().filter_map(|target| target.as_str());
                targets.filter_map(|target| target.rsplit('/').next()).any(|name| names.contains(name))
            })
        };
        assert_eq!(visible.iter().filter(needs_hidden).count(), 7);
    }

    #[test]
    fn the_tenants_share_a_name_and_no_project_group() {
        let estate = Estate::standard();
        let payments = |tenant| {
            let mut found = estate.entities(tenant).filter(|entity| entity.name == "payments-api");
            found.find(|entity| entity.kind == "Component").map(Entity::to_yaml).unwrap()
        };
        assert_ne!(payments(DEFAULT_TENANT), payments(OTHER_TENANT));
        let groups = estate.project_groups(DEFAULT_TENANT);
        assert!(estate.project_groups(OTHER_TENANT).iter().all(|group| !groups.contains(group)));
    }

    #[test]
    fn no_field_of_an_entity_is_there_twice() {
        let estate = Estate::generated(100);
        for entity in estate.tenants().iter().flat_map(|tenant| estate.entities(tenant)) {
            let mut keys = HashSet::new();
            assert!(entity.spec.iter().all(|(key, _)| keys.insert(key)), "{} repeats a field", entity.name);
        }
    }

    #[test]
    fn references_are_unique_and_lead_somewhere() {
        let estate = Estate::standard();
        for tenant in estate.tenants() {
            let mut known = HashSet::new();
            for entity in estate.entities(tenant) {
                assert!(
                    known.insert((entity.kind.to_lowercase(), entity.name.clone())),
                    "{} is there twice",
                    entity.name
                );
            }
            for entity in estate.entities(tenant) {
                for (kind, name) in &entity.targets {
                    let is_known = known.contains(&((*kind).to_owned(), name.clone())) || name.starts_with("former-");
                    assert!(is_known, "{} leads to {kind}:{name}, which is not there", entity.name);
                }
            }
        }
    }

    #[test]
    fn a_generated_estate_has_the_size_asked_for() {
        let estate = Estate::generated(5_000);
        let standard = Estate::standard().entities(DEFAULT_TENANT).count();
        assert_eq!(estate.entities(DEFAULT_TENANT).count(), standard + 5_000);
        assert_eq!(estate.len(), Estate::standard().len() + 5_000);
    }
}
