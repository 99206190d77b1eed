//! The two organisations: who there is and what they run.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    people::{TeamSpec, org, team, unit},
    software::{SystemSpec, system, template},
    yaml::Entity,
};

type Files = BTreeMap<String, Vec<Entity>>;

const TEAMS: [TeamSpec; 24] = [
    TeamSpec {
        name: "tidewater",
        parent: None,
        kind: "root",
        title: "Tidewater",
        about: "Sells things online and brings them home.",
        people: 0,
    },
    unit("commerce", "tidewater", "Commerce", "Everything before the order."),
    unit("money", "tidewater", "Money", "Everything that is paid or owed."),
    unit("logistics", "tidewater", "Logistics", "Everything between the order and the door."),
    unit("data", "tidewater", "Data", "What is known, and what it means."),
    unit("platform", "tidewater", "Platform", "What all others build on."),
    team("storefront", "commerce", "Storefront", "The shop as customers see it.", 3),
    team("search", "commerce", "Search", "Finds what customers mean.", 2),
    team("checkout", "commerce", "Checkout", "From the basket to the order.", 3),
    team("promotions", "commerce", "Promotions", "Prices, vouchers and campaigns.", 2),
    team("payments", "money", "Payments", "Takes money and pays it out.", 6),
    team("ledger", "money", "Ledger", "Books every movement of money, once.", 3),
    team("finance", "money", "Finance", "Closes the books and watches spend.", 2),
    team("risk", "money", "Risk", "Decides what is too risky to accept.", 2),
    team("fulfilment", "logistics", "Fulfilment", "Picks, packs and ships.", 3),
    team("routing", "logistics", "Routing", "Plans the way of every parcel.", 2),
    team("returns", "logistics", "Returns", "Takes things back.", 2),
    team("data-platform", "data", "Data Platform", "Pipelines and the warehouse.", 3),
    team("analytics", "data", "Analytics", "Answers questions with numbers.", 2),
    team("incubator", "data", "Incubator", "Waits for its first people.", 0),
    team("developer-platform", "platform", "Developer Platform", "Builds, deploys and the portal.", 4),
    team("identity", "platform", "Identity", "Who somebody is and what they may do.", 3),
    team("observability", "platform", "Observability", "Logs, metrics and traces.", 4),
    team("security", "platform", "Security", "Finds weak spots before others do.", 4),
];

const OTHER_TEAMS: [TeamSpec; 6] = [
    TeamSpec {
        name: "harbor",
        parent: None,
        kind: "root",
        title: "Harbor",
        about: "Runs three ports and the trains between them.",
        people: 0,
    },
    unit("operations", "harbor", "Operations", "What happens on the quay."),
    team("berths", "operations", "Berths", "Which ship lies where.", 2),
    team("cranes", "operations", "Cranes", "Moves containers.", 2),
    team("customs", "harbor", "Customs", "Papers for everything that crosses the border.", 2),
    team("payments", "harbor", "Payments", "Harbour dues and invoices.", 4),
];

const PAY: [&str; 10] =
    ["api", "worker", "web", "admin", "scheduler", "exporter", "importer", "client", "gateway", "store"];
const USUAL: [&str; 4] = ["api", "worker", "web", "client"];
const SMALL: [&str; 3] = ["api", "worker", "store"];

const fn spec(
    name: &'static str,
    domain: &'static str,
    team: &'static str,
    about: &'static str,
    parts: &'static [&'static str],
    calls: &'static [&'static str],
    team_only: usize,
) -> SystemSpec {
    SystemSpec { name, domain, team, about, parts, calls, team_only }
}

const SYSTEMS: [SystemSpec; 29] = [
    spec("shop", "discovery", "storefront", "Pages of the shop.", &USUAL, &["search", "pricing"], 0),
    spec("content", "discovery", "storefront", "Texts and pictures of the shop.", &SMALL, &[], 0),
    spec("search", "discovery", "search", "Finds products.", &["api", "worker", "model", "importer"], &[], 0),
    spec("recommendations", "discovery", "search", "Suggests products.", &["api", "model", "worker"], &["search"], 0),
    spec("basket", "ordering", "checkout", "What a customer is about to buy.", &USUAL, &["pricing"], 0),
    spec(
        "orders",
        "ordering",
        "checkout",
        "What customers have bought.",
        &["api", "worker", "web", "admin", "exporter"],
        &["payments", "inventory"],
        0,
    ),
    spec("pricing", "ordering", "promotions", "What things cost, and when.", &SMALL, &[], 0),
    spec("vouchers", "ordering", "promotions", "Codes that make things cheaper.", &USUAL, &["pricing"], 0),
    spec("payments", "paying", "payments", "Takes payments.", &PAY, &["ledger", "fraud"], 2),
    spec("payouts", "paying", "payments", "Pays merchants.", &PAY, &["ledger"], 1),
    spec("cards", "paying", "payments", "Keeps cards, and keeps them safe.", &PAY, &[], 2),
    spec("wallets", "paying", "payments", "Holds balances of customers.", &PAY, &["ledger"], 1),
    spec("disputes", "paying", "payments", "Answers when a customer objects.", &PAY, &["payments"], 0),
    spec("refunds", "paying", "payments", "Gives money back.", &PAY, &["payments", "ledger"], 0),
    spec(
        "ledger",
        "accounting",
        "ledger",
        "Books movements of money.",
        &["api", "worker", "store", "exporter", "migrator"],
        &[],
        0,
    ),
    spec(
        "reconciliation",
        "accounting",
        "ledger",
        "Finds what does not add up.",
        &["scheduler", "worker", "admin"],
        &["ledger"],
        0,
    ),
    spec("reporting", "accounting", "finance", "Figures for the board.", &["exporter", "web", "store"], &[], 5),
    spec("fraud", "paying", "risk", "Tells good payments from bad.", &["api", "model", "worker", "store"], &[], 5),
    spec("inventory", "warehousing", "fulfilment", "What lies where.", &["api", "worker", "importer"], &[], 0),
    spec("packing", "warehousing", "fulfilment", "What goes into which box.", &USUAL, &["inventory"], 0),
    spec("routes", "delivery", "routing", "The way of every parcel.", &["api", "model", "worker"], &[], 0),
    spec("tracking", "delivery", "routing", "Where a parcel is.", &["api", "web", "gateway"], &["routes"], 0),
    spec("returns", "delivery", "returns", "What comes back.", &USUAL, &["orders", "refunds"], 0),
    spec(
        "warehouse",
        "insight",
        "data-platform",
        "All data in one place.",
        &["importer", "scheduler", "store"],
        &[],
        0,
    ),
    spec("dashboards", "insight", "analytics", "Numbers for everybody.", &["web", "api", "exporter"], &[], 0),
    spec(
        "portal",
        "engineering",
        "developer-platform",
        "Where developers find everything.",
        &["web", "api", "worker"],
        &["accounts"],
        0,
    ),
    spec("accounts", "engineering", "identity", "Who people are.", &["api", "web", "gateway", "store"], &[], 3),
    spec(
        "telemetry",
        "engineering",
        "observability",
        "Logs, metrics and traces.",
        &["gateway", "store", "web"],
        &[],
        0,
    ),
    spec("scanner", "engineering", "security", "Looks for weak spots.", &["api", "worker", "scheduler"], &[], 6),
];

const DOMAINS: [(&str, Option<&str>, &str, &str); 11] = [
    ("retail", None, "tidewater", "Selling and delivering."),
    ("discovery", Some("retail"), "commerce", "How customers find things."),
    ("ordering", Some("retail"), "commerce", "How customers order things."),
    ("warehousing", Some("retail"), "logistics", "Where things lie."),
    ("delivery", Some("retail"), "logistics", "How things get home."),
    ("finances", None, "money", "Money, in and out."),
    ("paying", Some("finances"), "money", "Money that moves."),
    ("accounting", Some("finances"), "money", "Money that is booked."),
    ("insight", None, "data", "What is known."),
    ("engineering", None, "platform", "What all build on."),
    ("attic", None, "incubator", "What nobody has claimed yet."),
];

const OTHER_SYSTEMS: [SystemSpec; 4] = [
    spec("payments", "dues", "payments", "Invoices for harbour dues.", &PAY, &["manifests"], 1),
    spec("quays", "ships", "berths", "Plans which ship lies where.", &USUAL, &[], 0),
    spec("lifts", "ships", "cranes", "Moves containers.", &SMALL, &["quays"], 0),
    spec("manifests", "border", "customs", "Papers of every container.", &USUAL, &[], 2),
];

const OTHER_DOMAINS: [(&str, Option<&str>, &str, &str); 3] = [
    ("dues", None, "payments", "What ships owe."),
    ("ships", None, "operations", "What ships do."),
    ("border", None, "customs", "What crosses the border."),
];

/// What everybody sees depends on what only its team sees: component, then kind and name of the hidden one.
const HIDDEN_NEEDS: [(&str, &str, &str); 7] = [
    ("orders-api", "component", "fraud-api"),
    ("refunds-worker", "component", "fraud-model"),
    ("portal-api", "component", "accounts-store"),
    ("tracking-gateway", "component", "accounts-gateway"),
    ("disputes-api", "component", "cards-gateway"),
    ("dashboards-exporter", "resource", "reporting-db"),
    ("telemetry-gateway", "component", "scanner-api"),
];

/// The files of the first tenant.
pub(super) fn default_files() -> Files {
    let group_of =
        |team: &str| TEAMS.iter().find(|spec| spec.name == team).and_then(|spec| spec.parent).unwrap_or("platform");
    let mut files = files(&TEAMS, &DOMAINS, &SYSTEMS, "tidewater.example", 0, &group_of);
    files.insert("extras".to_owned(), extras());
    for (from, kind, to) in HIDDEN_NEEDS {
        let component = |entity: &&mut Entity| entity.kind == "Component" && entity.name == from;
        if let Some(entity) = files.values_mut().flatten().find(component) {
            entity.depend_on(kind, to);
        }
    }
    files
}

/// The files of the second tenant.
pub(super) fn other_files() -> Files {
    files(&OTHER_TEAMS, &OTHER_DOMAINS, &OTHER_SYSTEMS, "harbor.example", 100, &|_| "harbor")
}

fn files(
    teams: &[TeamSpec],
    domains: &[(&'static str, Option<&'static str>, &'static str, &'static str)],
    systems: &[SystemSpec],
    host: &str,
    first_person: usize,
    group_of: &dyn Fn(&str) -> &'static str,
) -> Files {
    let mut files = Files::new();
    files.insert("organisation".to_owned(), org(teams, host, first_person));
    let domain = |(name, parent, owner, about): &(&'static str, Option<&'static str>, &'static str, &'static str)| {
        let entity = Entity::new("Domain", *name, super::software::title_of(name), *about).owned_by(owner);
        match parent {
            Some(parent) => entity.refer("subdomainOf", "domain", parent),
            None => entity,
        }
    };
    files.insert("domains".to_owned(), domains.iter().map(domain).collect());
    for spec in systems {
        files.entry(format!("team-{}", spec.team)).or_default().extend(system(spec, group_of(spec.team), host));
    }
    files
}

/// What makes reports interesting: things nobody owns any more, things of a team without people, and kinds of our own.
fn extras() -> Vec<Entity> {
    let lone = |name: &str, owner: &str| {
        Entity::new("Component", name, super::software::title_of(name), "Was useful once, and still runs.")
            .tag("legacy")
            .spec("type", "service")
            .spec("lifecycle", "deprecated")
            .owned_by(owner)
            .in_project(format!("platform/{name}"))
            // Nobody has labelled it since.
            .annotate("backstage.io/kubernetes-label-selector", format!("app in ({name})"))
            .annotate("backstage.io/kubernetes-namespace", "platform-legacy")
    };
    let runbook = |name: &str, owner: &str| {
        let mut entity = Entity::new("Runbook", name, super::software::title_of(name), "What to do when it breaks.")
            .spec("type", "incident")
            .spec("lifecycle", "production")
            .owned_by(owner)
            .spec("steps", json!(["Look at the dashboard", "Call the owner", "Write down what happened"]));
        entity.api_version = "tidewater.example/v1";
        entity
    };
    let personal = |name: &str, about: &str, kind: &str, number: usize| {
        let owner = super::people::person(number);
        let mut entity = Entity::new("Component", name, super::software::title_of(name), about)
            .spec("type", kind)
            .spec("lifecycle", "experimental")
            .spec("owner", format!("user:default/{owner}"))
            .in_project(format!("platform/{name}"));
        entity.targets.push(("user", owner));
        entity
    };
    vec![
        lone("fax-gateway", "former-telephony"),
        lone("report-printer", "former-telephony"),
        lone("loyalty-points", "former-loyalty"),
        lone("dark-store-sim", "incubator"),
        lone("drone-delivery", "incubator"),
        personal("lunch-menu", "What the canteen serves.", "website", 0),
        personal("desk-finder", "Which desks are free today.", "website", 5),
        personal("flaky-test-report", "Tests that fail now and then.", "job", 12),
        runbook("payments-outage", "payments"),
        runbook("search-is-slow", "search"),
        runbook("warehouse-is-late", "data-platform"),
        template("new-service", "service", "developer-platform"),
        template("new-website", "website", "developer-platform"),
        template("new-job", "job", "data-platform"),
        template("new-library", "library", "developer-platform"),
    ]
}
