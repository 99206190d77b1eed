//! The demo's estate: two made-up organisations with their teams, people, systems and software, written as catalog files.
//! Nothing is random: the same estate comes out each time.
//!
//! `organisation` holds the names, `software` makes entities of them, `generated` makes as many more as one likes, `yaml` words
//! them, `files` writes them.

mod files;
mod generated;
mod organisation;
mod people;
mod roles;
mod software;
mod yaml;

use std::{borrow::Cow, collections::BTreeMap, path::Path};

pub use generated::RARE_WORD;
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
    /// What the first tenant has besides.
    fleet: generated::Fleet,
}

impl Estate {
    /// About 400 entities.
    pub fn standard() -> Self {
        let mut files = BTreeMap::new();
        files.insert(DEFAULT_TENANT, organisation::default_files());
        files.insert(OTHER_TENANT, organisation::other_files());
        Self { files, fleet: generated::Fleet::default() }
    }

    /// The standard estate with so many entities more in the first tenant, which are made when they are asked for.
    pub fn generated(count: usize) -> Self {
        Self { fleet: generated::Fleet { count }, ..Self::standard() }
    }

    /// The tenants.
    pub fn tenants(&self) -> Vec<&'static str> {
        self.files.keys().copied().collect()
    }

    /// All entities of a tenant, without generated ones.
    pub fn entities(&self, tenant: &str) -> impl Iterator<Item = &Entity> {
        self.files.get(tenant).into_iter().flat_map(BTreeMap::values).flatten()
    }

    /// The generated entities of a tenant, made one after the other.
    pub fn generated_entities(&self, tenant: &str) -> impl Iterator<Item = Entity> {
        self.fleet_of(tenant).entities()
    }

    fn fleet_of(&self, tenant: &str) -> generated::Fleet {
        if tenant == DEFAULT_TENANT { self.fleet } else { generated::Fleet::default() }
    }

    /// The GitLab projects that a tenant's entities name, each once.
    pub fn project_paths(&self, tenant: &str) -> Vec<String> {
        let generated = self.generated_entities(tenant).filter_map(|entity| entity.project);
        let mut paths: Vec<String> =
            self.entities(tenant).filter_map(|entity| entity.project.clone()).chain(generated).collect();
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

    /// The values of an annotation of a tenant's entities, those of lists with commas one by one, each once.
    pub fn annotation_values(&self, tenant: &str, annotation: &str) -> Vec<String> {
        let generated = self.generated_entities(tenant);
        let all = self.entities(tenant).map(Cow::Borrowed).chain(generated.map(Cow::Owned));
        let of_entity = |entity: Cow<'_, Entity>| {
            let named = entity.annotations.iter().filter(|(key, _)| key == annotation);
            named.flat_map(|(_, value)| value.split(',')).map(|value| value.trim().to_owned()).collect::<Vec<_>>()
        };
        let mut values: Vec<String> = all.flat_map(of_entity).collect();
        values.sort();
        values.dedup();
        values
    }

    /// How many entities there are in all tenants.
    pub fn len(&self) -> usize {
        self.files.values().flat_map(BTreeMap::values).map(Vec::len).sum::<usize>() + self.fleet.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the files below `folder`, a folder for each tenant, in place of those of an earlier estate. Files that
    /// are as they should be stay untouched, and so does all that is no catalog file.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        self.files.iter().try_for_each(|(tenant, files)| {
            let standard = files.iter().map(|(name, entities)| (name.clone(), Cow::Borrowed(entities.as_slice())));
            let generated = self.fleet_of(tenant).files().map(|(name, entities)| (name, Cow::Owned(entities)));
            files::write(&folder.join(tenant), standard.chain(generated))
        })
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
            let of = |tenant| {
                let generated = estate.generated_entities(tenant).map(|entity| entity.to_yaml());
                estate.entities(tenant).map(Entity::to_yaml).chain(generated).collect::<Vec<_>>()
            };
            tenants.into_iter().flat_map(of).collect()
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
        let estate = Estate::generated(2_000);
        let all = estate.tenants().into_iter().flat_map(|tenant| estate.entities(tenant)).cloned();
        for entity in all.chain(estate.generated_entities(DEFAULT_TENANT)) {
            let mut keys = HashSet::new();
            assert!(entity.spec.iter().all(|(key, _)| keys.insert(key)), "{} repeats a field", entity.name);
        }
    }

    #[test]
    fn references_are_unique_and_lead_somewhere() {
        for estate in [0, 10, 65, 750, 2_500].map(Estate::generated) {
            for tenant in estate.tenants() {
                let all = || estate.entities(tenant).cloned().chain(estate.generated_entities(tenant));
                let mut known = HashSet::new();
                for entity in all() {
                    let name = entity.name.clone();
                    assert!(known.insert((entity.kind.to_lowercase(), name)), "{} is there twice", entity.name);
                }
                for entity in all() {
                    for (kind, name) in &entity.targets {
                        let is_known =
                            known.contains(&((*kind).to_owned(), name.clone())) || name.starts_with("former-");
                        assert!(is_known, "{} leads to {kind}:{name}, which is not there", entity.name);
                    }
                }
            }
        }
    }

    #[test]
    fn a_generated_estate_has_the_size_asked_for() {
        let estate = Estate::generated(5_000);
        assert_eq!(estate.generated_entities(DEFAULT_TENANT).count(), 5_000);
        assert_eq!(estate.generated_entities(OTHER_TENANT).count(), 0);
        assert_eq!(estate.len(), Estate::standard().len() + 5_000);
    }
}
