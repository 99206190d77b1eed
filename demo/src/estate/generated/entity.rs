//! From a number to an entity: who owns it, what it is part of, what it needs.

use serde_json::json;

use super::{
    Fleet,
    dice::Dice,
    layout::Kind,
    words::{LANGUAGES, description, name, tags, title},
};
use crate::estate::{cloud::subscription_id, yaml::Entity};

/// Teams of the standard estate that own generated things too, the busiest first.
const TEAMS: [&str; 8] =
    ["storefront", "search", "checkout", "payments", "ledger", "fulfilment", "routing", "data-platform"];
const UNITS: [&str; 5] = ["commerce", "money", "logistics", "data", "platform"];
const TYPES: [&str; 8] = ["service", "service", "service", "service", "website", "library", "library", "job"];
const LIFECYCLES: [&str; 8] =
    ["production", "production", "production", "production", "production", "production", "experimental", "deprecated"];
const STORES: [&str; 4] = ["database", "bucket", "topic", "cache"];
/// One in so many is for its team only.
const TEAM_ONLY_ONE_IN: usize = 50;
/// Components lie near those of which this many stand between them.
const NEAR: usize = 200;

impl Fleet {
    /// The entity with this number.
    pub(super) fn entity(self, number: usize) -> Entity {
        let (kind, index) = Kind::at(number);
        let dice = &mut Dice::of(kind as u64, index, 4);
        match kind {
            Kind::Group => self.group(index, dice),
            Kind::User => self.user(index, dice),
            Kind::Domain => self.domain(index),
            Kind::System => self.system(index, dice),
            Kind::Component => self.component(index, dice),
            Kind::Api => self.api(index, dice),
            Kind::Resource => self.resource(index, dice),
        }
    }

    fn among(self, kind: Kind) -> usize {
        kind.among(self.count)
    }

    fn bare(self, kind: Kind, word: &'static str, index: usize) -> Entity {
        let name = name(kind, index);
        let title = title(&name);
        Entity::new(word, name, title, description(kind, index))
    }

    /// The team with this rank: the first own the most.
    fn team(self, rank: usize) -> String {
        TEAMS.get(rank).map_or_else(|| name(Kind::Group, rank - TEAMS.len()), |team| (*team).to_owned())
    }

    fn owner_of(self, kind: Kind, index: usize) -> String {
        self.team(Dice::of(kind as u64, index, 5).skewed(TEAMS.len() + self.among(Kind::Group)))
    }

    /// The system of a component: those of a block share the systems of the block.
    fn system_of(component: usize) -> usize {
        component * Kind::System.per_block() / Kind::Component.per_block()
    }

    /// The owner of a component: mostly that of its system.
    fn owner_of_component(self, component: usize) -> String {
        if Dice::of(Kind::Component as u64, component, 6).one_in(6) {
            self.owner_of(Kind::Component, component)
        } else {
            self.owner_of(Kind::System, Self::system_of(component))
        }
    }

    fn group(self, index: usize, dice: &mut Dice) -> Entity {
        let parent = match index {
            0..20 => dice.pick(&UNITS).to_owned(),
            _ => name(Kind::Group, dice.skewed(index)),
        };
        let entity = self.bare(Kind::Group, "Group", index);
        let profile = json!({ "displayName": entity.title, "email": format!("{}@tidewater.example", entity.name) });
        entity
            .spec("type", "team")
            .spec("profile", profile)
            .refer("parent", "group", &parent)
            .spec("children", json!([]))
    }

    fn user(self, index: usize, dice: &mut Dice) -> Entity {
        let team = dice.below(self.among(Kind::Group));
        let mut teams = vec![name(Kind::Group, team)];
        if dice.one_in(4) {
            teams.push(self.team(dice.below(TEAMS.len())));
        }
        let mut entity = self.bare(Kind::User, "User", index);
        let profile = json!({ "displayName": entity.title, "email": format!("{}@tidewater.example", entity.name) });
        entity.targets.extend(teams.iter().map(|team| ("group", team.clone())));
        entity.spec("profile", profile).spec("memberOf", json!(teams))
    }

    fn domain(self, index: usize) -> Entity {
        let owner = self.owner_of(Kind::Domain, index);
        self.bare(Kind::Domain, "Domain", index).owned_by(&owner).refer("subdomainOf", "domain", "attic")
    }

    fn system(self, index: usize, dice: &mut Dice) -> Entity {
        let domain = name(Kind::Domain, dice.skewed(self.among(Kind::Domain)));
        let owner = self.owner_of(Kind::System, index);
        let entity = self.bare(Kind::System, "System", index).owned_by(&owner).refer("domain", "domain", &domain);
        entity.spec("type", "product")
    }

    fn component(self, index: usize, dice: &mut Dice) -> Entity {
        let system = name(Kind::System, Self::system_of(index));
        let owner = self.owner_of_component(index);
        let mut entity = self.bare(Kind::Component, "Component", index);
        let project = format!("{owner}/{}", entity.name);
        entity.tags = tags(Kind::Component, index);
        entity.labels = vec![
            ("tier".to_owned(), (1 + dice.skewed(4)).to_string()),
            ("region".to_owned(), dice.pick(&["eu", "us", "apac"]).to_owned()),
        ];
        entity.links.push((format!("https://runbooks.tidewater.example/{}", entity.name), "Runbook".to_owned()));
        let id = entity.name.clone();
        let provided = self.apis_of(index).map(|api| ("api", name(Kind::Api, api))).collect::<Vec<_>>();
        let consumed = self.several(Kind::Api, 3, dice);
        let mut needed = self.near(index, 4, dice);
        needed.extend(self.several(Kind::Component, 1, dice));
        needed.extend(self.several(Kind::Resource, 1, dice));
        needed.retain(|(kind, name)| *kind != "component" || *name != id);
        let entity = entity
            .tag(dice.pick(&LANGUAGES))
            .in_project(project)
            .annotate("backstage.io/kubernetes-id", id)
            .annotate("backstage.io/kubernetes-namespace", system.clone())
            .spec("type", dice.pick(&TYPES))
            .spec("lifecycle", dice.pick(&LIFECYCLES))
            .owned_by(&owner)
            .refer("system", "system", &system)
            .refer_all("providesApis", &provided)
            .refer_all("consumesApis", &consumed)
            .refer_all("dependsOn", &needed);
        let entity = match index {
            1.. if dice.one_in(10) => entity.refer("subcomponentOf", "component", &name(Kind::Component, index - 1)),
            _ => entity,
        };
        Self::perhaps_team_only(entity, dice)
    }

    /// The APIs that a component provides.
    fn apis_of(self, component: usize) -> impl Iterator<Item = usize> {
        let first = |component: usize| (component * Kind::Api.per_block()).div_ceil(Kind::Component.per_block());
        (first(component)..first(component + 1)).filter(move |api| *api < self.among(Kind::Api))
    }

    fn api(self, index: usize, dice: &mut Dice) -> Entity {
        let provider = index * Kind::Component.per_block() / Kind::Api.per_block();
        let entity = self.bare(Kind::Api, "API", index);
        let definition = format!(
            "openapi: 3.1.0\ninfo:\n  title: {}\n  version: 1.{}.0\npaths:\n  /{}:\n    get:\n      summary: Lists what there is.\n",
            entity.title,
            dice.below(20),
            entity.name
        );
        let entity = entity
            .tag("openapi")
            .spec("type", dice.pick(&["openapi", "openapi", "asyncapi", "grpc"]))
            .spec("lifecycle", dice.pick(&LIFECYCLES))
            .owned_by(&self.owner_of_component(provider))
            .refer("system", "system", &name(Kind::System, Self::system_of(provider)))
            .spec("definition", definition);
        Self::perhaps_team_only(entity, dice)
    }

    fn resource(self, index: usize, dice: &mut Dice) -> Entity {
        let system = index % self.among(Kind::System).max(1);
        let users = self.several(Kind::Component, 4, dice);
        let entity = self
            .bare(Kind::Resource, "Resource", index)
            .tag("postgresql")
            .annotate(
                "azure.com/resource-group",
                format!("{}/{}", subscription_id("production"), name(Kind::System, system)),
            )
            .spec("type", dice.pick(&STORES))
            .owned_by(&self.owner_of(Kind::System, system))
            .refer("system", "system", &name(Kind::System, system))
            .refer_all("dependencyOf", &users);
        Self::perhaps_team_only(entity, dice)
    }

    /// So many of a kind, each once; some of them everybody's favourites.
    fn several(self, kind: Kind, count: usize, dice: &mut Dice) -> Vec<(&'static str, String)> {
        let all = self.among(kind);
        let mut found: Vec<usize> = Vec::new();
        for _ in 0..count {
            // Favourites alone would all be the same few.
            let index = if dice.one_in(2) { dice.skewed(all) } else { dice.below(all) };
            if index < all && !found.contains(&index) {
                found.push(index);
            }
        }
        let word = match kind {
            Kind::Api => "api",
            Kind::Resource => "resource",
            _ => "component",
        };
        found.into_iter().map(|index| (word, name(kind, index))).collect()
    }

    /// Components with numbers near this one.
    fn near(self, index: usize, count: usize, dice: &mut Dice) -> Vec<(&'static str, String)> {
        let all = self.among(Kind::Component);
        let mut found: Vec<usize> = Vec::new();
        for _ in 0..count + dice.below(3) {
            let other = (index + 1 + dice.below(NEAR)) % all.max(1);
            if other != index && !found.contains(&other) {
                found.push(other);
            }
        }
        found.into_iter().map(|index| ("component", name(Kind::Component, index))).collect()
    }

    fn perhaps_team_only(entity: Entity, dice: &mut Dice) -> Entity {
        if dice.one_in(TEAM_ONLY_ONE_IN) { entity.team_only() } else { entity }
    }
}
