//! The demo's estate: two made-up organisations with their teams, people, systems and software, written as catalog files.
//! Nothing is random: the same estate comes out each time.
//!
//! `organisation` holds the names, `software` makes entities of them, `yaml` writes them.

mod generated;
mod organisation;
mod people;
mod roles;
mod software;
mod yaml;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;

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

    /// Writes the files below `folder`, a folder for each tenant, in place of those of an earlier estate.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for (tenant, files) in &self.files {
            let folder = folder.join(tenant);
            if folder.exists() {
                fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be replaced", folder.display()))?;
            }
            fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            for (name, entities) in files {
                let text: Vec<String> = entities.iter().map(Entity::to_yaml).collect();
                fs::write(folder.join(format!("{name}.yaml")), text.join("---\n"))?;
            }
        }
        Ok(())
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
        assert!(all.iter().filter(|entity| entity.is_team_only).count() >= 20);
        let of_payments = |entity: &&Entity| entity.kind == "Component" && entity.owner.as_deref() == Some("payments");
        assert!(estate.entities(DEFAULT_TENANT).filter(of_payments).count() >= 60);
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
    }
}
