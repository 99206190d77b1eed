//! A large estate: more of the same, by number.

use std::collections::BTreeMap;

use super::{software::title_of, yaml::Entity};

/// Components of one generated system.
const PER_SYSTEM: usize = 20;
/// Entities of one generated file.
const PER_FILE: usize = 1_000;
const TEAMS: [&str; 8] =
    ["storefront", "search", "checkout", "payments", "ledger", "fulfilment", "routing", "data-platform"];
const TYPES: [(&str, &str); 4] =
    [("service", "go"), ("website", "typescript"), ("library", "kotlin"), ("job", "python")];

/// Adds `count` entities.
pub(super) fn add(files: &mut BTreeMap<String, Vec<Entity>>, count: usize) {
    for number in 0..count {
        let system = format!("fleet-{:05}", number / PER_SYSTEM);
        let team = TEAMS.get(number / PER_SYSTEM % TEAMS.len()).copied().unwrap_or("payments");
        let entity = if number % PER_SYSTEM == 0 {
            Entity::new("System", system.clone(), title_of(&system), "One of many systems.")
                .owned_by(team)
                .refer("domain", "domain", "attic")
        } else {
            component(number, &system, team)
        };
        files.entry(format!("fleet-{:04}", number / PER_FILE)).or_default().push(entity);
    }
}

fn component(number: usize, system: &str, team: &str) -> Entity {
    let (kind, language) = TYPES.get(number % TYPES.len()).copied().unwrap_or(("service", "go"));
    let name = format!("fleet-{number:06}-{kind}");
    let entity =
        Entity::new("Component", name.clone(), title_of(&name), "One of many components, made to fill a catalog.")
            .tag(language)
            .tag("fleet")
            .spec("type", kind)
            .spec("lifecycle", if number.is_multiple_of(7) { "experimental" } else { "production" })
            .owned_by(team)
            .refer("system", "system", system)
            .in_project(format!("platform/{name}"));
    // The first component of a system stands alone; each other one needs the one before it.
    if number % PER_SYSTEM < 2 {
        return entity;
    }
    let (before, _) = TYPES.get((number - 1) % TYPES.len()).copied().unwrap_or(("service", "go"));
    entity.refer_all("dependsOn", &[("component", format!("fleet-{:06}-{before}", number - 1))])
}
