//! Systems and the software in them: from a system's name and the parts it has to components, APIs and resources.

use serde_json::json;

use super::{automation, cloud::subscription_id, people::capital, yaml::Entity};

/// A system: who owns it, what it is for, what it consists of.
pub(super) struct SystemSpec {
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    pub(super) team: &'static str,
    pub(super) about: &'static str,
    /// Parts, by the end of their names; see [`part`].
    pub(super) parts: &'static [&'static str],
    /// The systems whose APIs its own API calls.
    pub(super) calls: &'static [&'static str],
    /// How many of its entities, from the last, are for its team only.
    pub(super) team_only: usize,
}

/// What the end of a name says: type, language, lifecycle, description.
fn part(end: &str) -> (&'static str, &'static str, &'static str, &'static str) {
    match end {
        "api" => ("service", "go", "production", "Answers the requests of other services."),
        "worker" => ("service", "go", "production", "Works off the queue, one message at a time."),
        "web" => ("website", "typescript", "production", "What people see in their browser."),
        "admin" => ("website", "typescript", "production", "Where support looks things up and corrects them."),
        "scheduler" => ("job", "go", "production", "Starts what is due, every minute."),
        "exporter" => ("job", "python", "production", "Writes the files that partners fetch each night."),
        "importer" => ("job", "python", "production", "Reads the files that partners leave."),
        "client" => ("library", "typescript", "production", "The client that other teams build on."),
        "model" => ("service", "python", "experimental", "Scores what comes in, and explains the score."),
        "gateway" => ("service", "rust", "production", "The way in from outside."),
        "migrator" => ("job", "kotlin", "deprecated", "Moves what the old system still holds."),
        _ => ("service", "kotlin", "production", "Keeps its part of the state and tells others when it changes."),
    }
}

/// The entities of a system. `group` is the GitLab group of its projects.
pub(super) fn system(spec: &SystemSpec, group: &str, host: &str) -> Vec<Entity> {
    let title = title_of(spec.name);
    let mut entities = vec![
        Entity::new("System", spec.name, title.clone(), spec.about)
            .owned_by(spec.team)
            .refer("domain", "domain", spec.domain)
            .spec("type", "product"),
    ];
    let api = format!("{}-api", spec.name);
    let database = format!("{}-db", spec.name);
    if spec.parts.contains(&"api") {
        entities.push(api_entity(spec, &api, &title));
    }
    if publishes_events(spec) {
        entities.push(events_entity(spec, &title));
    }
    entities.push(database_entity(spec, &database, &title, group, host));
    if spec.parts.contains(&"exporter") {
        entities.push(files_entity(spec, &title));
    }
    for end in spec.parts {
        entities.push(component(spec, end, group, host, &api, &database));
    }
    let from = entities.len().saturating_sub(spec.team_only);
    let rest = entities.split_off(from);
    entities.extend(rest.into_iter().map(Entity::team_only));
    entities
}

fn component(spec: &SystemSpec, end: &str, group: &str, host: &str, api: &str, database: &str) -> Entity {
    let (kind, language, lifecycle, about) = part(end);
    let name = format!("{}-{end}", spec.name);
    let is_api = end == "api";
    // Browser code lives in one repository for all of a system; clients are generated from the API and live in none.
    let project = match kind {
        "website" => Some(format!("{group}/{}-frontend", spec.name)),
        "library" => None,
        _ => Some(format!("{group}/{name}")),
    };
    let mut entity = Entity::new("Component", name.clone(), title_of(&name), format!("{} {about}", spec.about))
        .tag(language)
        .tag(spec.domain)
        .tag(if kind == "website" { "frontend" } else { "backend" })
        .spec("type", kind)
        .spec("lifecycle", lifecycle)
        .owned_by(spec.team)
        .refer("system", "system", spec.name);
    entity.labels.push(("tier".to_owned(), if is_api { "1" } else { "2" }.to_owned()));
    entity.links.push((format!("https://runbooks.{host}/{name}"), "Runbook".to_owned()));
    if let Some(project) = project {
        entity = entity.in_project(project);
    }
    if matches!(kind, "service" | "website" | "job") {
        entity = entity
            .annotate("backstage.io/kubernetes-id", name.clone())
            .annotate("backstage.io/kubernetes-namespace", format!("{group}-{}", spec.name))
            .automated_by(automation::templates(group, &name, kind == "job"));
    }
    let own_api = ("api", api.to_owned());
    if is_api {
        let called: Vec<_> = spec.calls.iter().map(|system| ("api", format!("{system}-api"))).collect();
        return entity
            .annotate("terraform.io/workspace", format!("{group}/{0},{group}/{0}-staging", spec.name))
            .annotate("azure.com/resource-group", resource_group(spec))
            .refer_all("providesApis", &[own_api])
            .refer_all("consumesApis", &called)
            .refer_all("dependsOn", &[("resource", database.to_owned())]);
    }
    let has_api = spec.parts.contains(&"api");
    let entity = if has_api { entity.refer_all("consumesApis", &[own_api]) } else { entity };
    let events = (end == "worker" && publishes_events(spec)).then(|| ("api", events_of(spec)));
    let entity = entity.refer_all("providesApis", events.as_slice());
    let needs = if has_api { ("component", format!("{}-api", spec.name)) } else { ("resource", database.to_owned()) };
    let files = (end == "exporter").then(|| ("resource", files_of(spec)));
    entity.refer_all("dependsOn", &[vec![needs], files.into_iter().collect()].concat())
}

/// Systems that hand out a client also tell others what happens in them.
fn publishes_events(spec: &SystemSpec) -> bool {
    ["client", "worker"].iter().all(|end| spec.parts.contains(end))
}

fn events_of(spec: &SystemSpec) -> String {
    format!("{}-events", spec.name)
}

/// A subscription for each domain, a group for each system.
fn resource_group(spec: &SystemSpec) -> String {
    format!("{}/{}", subscription_id(&format!("{}-production", spec.domain)), spec.name)
}

fn files_of(spec: &SystemSpec) -> String {
    format!("{}-files", spec.name)
}

fn api_entity(spec: &SystemSpec, name: &str, title: &str) -> Entity {
    let definition = format!(
        "openapi: 3.1.0\ninfo:\n  title: {title}\n  version: 1.0.0\npaths:\n  /{}:\n    get:\n      summary: Lists what there is.\n      responses:\n        '200':\n          description: A page.\n",
        spec.name
    );
    Entity::new("API", name, format!("{title} API"), format!("How other systems use {title}."))
        .tag("openapi")
        .spec("type", "openapi")
        .spec("lifecycle", "production")
        .owned_by(spec.team)
        .refer("system", "system", spec.name)
        .spec("definition", definition)
}

fn events_entity(spec: &SystemSpec, title: &str) -> Entity {
    let definition = format!(
        "asyncapi: 3.0.0\ninfo:\n  title: {title} events\n  version: 1.0.0\nchannels:\n  changed:\n    address: {}.changed\n",
        spec.name
    );
    Entity::new("API", events_of(spec), format!("{title} events"), format!("What happens in {title}, as it happens."))
        .tag("asyncapi")
        .spec("type", "asyncapi")
        .spec("lifecycle", "production")
        .owned_by(spec.team)
        .refer("system", "system", spec.name)
        .spec("definition", definition)
}

fn files_entity(spec: &SystemSpec, title: &str) -> Entity {
    Entity::new("Resource", files_of(spec), format!("{title} files"), format!("Where {title} leaves files to fetch."))
        .tag("object-storage")
        .annotate("azure.com/resource-group", resource_group(spec))
        .spec("type", "bucket")
        .owned_by(spec.team)
        .refer("system", "system", spec.name)
}

fn database_entity(spec: &SystemSpec, name: &str, title: &str, group: &str, host: &str) -> Entity {
    let mut entity = Entity::new("Resource", name, format!("{title} database"), format!("Holds the state of {title}."))
        .tag("postgresql")
        .annotate("terraform.io/workspace", format!("{group}/{}", spec.name))
        .annotate("azure.com/resource-group", resource_group(spec))
        .spec("type", "database")
        .owned_by(spec.team)
        .refer("system", "system", spec.name);
    entity.links.push((format!("https://dashboards.{host}/{name}"), "Dashboard".to_owned()));
    entity
}

/// A template for new software.
pub(super) fn template(name: &str, kind: &str, owner: &str) -> Entity {
    let mut entity = Entity::new(
        "Template",
        name,
        title_of(name),
        format!("Makes a new {kind} with everything it needs to be deployed."),
    );
    entity.api_version = "scaffolder.backstage.io/v1beta3";
    entity
        .tag("recommended")
        .spec("type", kind)
        .owned_by(owner)
        .spec("steps", json!([{ "id": "fetch", "name": "Fetch the skeleton", "action": "fetch:template" }]))
}

/// The words of a name, each with a capital letter.
pub(super) fn title_of(name: &str) -> String {
    let word = |word: &str| if word == "api" { "API".to_owned() } else { capital(word) };
    name.split('-').map(word).collect::<Vec<_>>().join(" ")
}
