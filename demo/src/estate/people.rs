//! Teams and the people in them. Names are put together from syllable lists and belong to nobody.

use serde_json::json;

use super::yaml::Entity;

const FIRST: [&str; 20] = [
    "mira", "oskar", "lene", "tarik", "juna", "pavel", "sanna", "eliot", "noor", "kasimir", "ines", "bram", "yuki",
    "alma", "ravi", "freya", "milo", "zofia", "theo", "dalia",
];
const LAST: [&str; 12] =
    ["holt", "varga", "lindqvist", "okoro", "brandt", "sato", "moreau", "quist", "demir", "falk", "novik", "ashby"];

/// A team: its name, its unit, what it does.
pub(super) struct TeamSpec {
    pub(super) name: &'static str,
    pub(super) parent: Option<&'static str>,
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) people: usize,
}

pub(super) const fn team(
    name: &'static str,
    parent: &'static str,
    title: &'static str,
    about: &'static str,
    people: usize,
) -> TeamSpec {
    TeamSpec { name, parent: Some(parent), kind: "team", title, about, people }
}

pub(super) const fn unit(
    name: &'static str,
    parent: &'static str,
    title: &'static str,
    about: &'static str,
) -> TeamSpec {
    TeamSpec { name, parent: Some(parent), kind: "business-unit", title, about, people: 0 }
}

/// The name of the person with this number.
pub(super) fn person(number: usize) -> String {
    let first = FIRST.get(number % FIRST.len()).copied().unwrap_or_default();
    let last = LAST.get((number / FIRST.len() + number * 5) % LAST.len()).copied().unwrap_or_default();
    format!("{first}.{last}")
}

/// Teams and people of an organisation; people are numbered from `first_person`.
pub(super) fn org(teams: &[TeamSpec], domain: &str, first_person: usize) -> Vec<Entity> {
    let mut entities: Vec<Entity> = teams.iter().map(|spec| group(spec, domain)).collect();
    let mut number = first_person;
    for spec in teams {
        for _ in 0..spec.people {
            entities.push(user(&person(number), spec, domain));
            number += 1;
        }
    }
    entities
}

fn group(spec: &TeamSpec, domain: &str) -> Entity {
    let profile = json!({
        "displayName": spec.title,
        "email": format!("{}@{domain}", spec.name),
        "picture": format!("https://img.{domain}/teams/{}.png", spec.name),
    });
    let entity =
        Entity::new("Group", spec.name, spec.title, spec.about).spec("type", spec.kind).spec("profile", profile);
    let entity = match spec.parent {
        Some(parent) => entity.refer("parent", "group", parent),
        None => entity,
    };
    entity.spec("children", json!([]))
}

fn user(name: &str, team: &TeamSpec, domain: &str) -> Entity {
    let words: Vec<String> = name.split('.').map(capital).collect();
    let display = words.join(" ");
    let profile = json!({ "displayName": display, "email": format!("{name}@{domain}") });
    let mut entity = Entity::new("User", name, display.clone(), format!("Works in {}.", team.title));
    entity.targets.push(("group", team.name.to_owned()));
    entity.spec("profile", profile).spec("memberOf", json!([team.name]))
}

/// The word with a capital first letter.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
