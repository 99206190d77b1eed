//! Who sees what: hidden and absent look the same, whichever way one asks.

use std::collections::{BTreeMap, BTreeSet};

use demo::{
    estate::{Entity, Estate, roles},
    platform::claims,
};
use it::{Client, TestPlatform};
use serde_json::{Value, json};

/// The queries here ask for more than an operation may cost.
const EVERYTHING: [(&str, &str); 1] = [("WEFT_LIMITS__COST_MAX", "1000000")];

/// What the estate says of each entity: its reference, and whose members may see it when it is for its team only.
struct Known {
    tenant: &'static str,
    entity_ref: String,
    name: String,
    guardian: Option<String>,
}

fn reference(entity: &Entity) -> String {
    format!("{}:default/{}", entity.kind.to_lowercase(), entity.name)
}

fn known() -> Vec<Known> {
    let estate = Estate::standard();
    let of_tenant = |tenant: &'static str| {
        let known = |entity: &Entity| Known {
            tenant,
            entity_ref: reference(entity),
            name: entity.name.clone(),
            guardian: entity.is_team_only.then(|| entity.owner.clone().unwrap_or_default()),
        };
        estate.entities(tenant).map(known).collect::<Vec<_>>()
    };
    estate.tenants().into_iter().flat_map(of_tenant).collect()
}

/// The parent of each team, by tenant and name.
fn parents() -> BTreeMap<(&'static str, String), String> {
    let estate = Estate::standard();
    let mut parents = BTreeMap::new();
    for tenant in estate.tenants() {
        for group in estate.entities(tenant).filter(|entity| entity.kind == "Group") {
            if let Some((_, parent)) = group.targets.iter().find(|(kind, _)| *kind == "group") {
                parents.insert((tenant, group.name.clone()), parent.clone());
            }
        }
    }
    parents
}

/// Whether somebody with these teams sees the entity, by the rule and not by the code.
fn sees(known: &Known, tenant: &str, teams: &[&str], is_admin: bool) -> bool {
    let Some(guardian) = &known.guardian else { return known.tenant == tenant };
    if known.tenant != tenant {
        return false;
    }
    let parents = parents();
    let mut above = vec![guardian.clone()];
    while let Some(parent) = above.last().and_then(|team| parents.get(&(known.tenant, team.clone()))) {
        above.push(parent.clone());
    }
    is_admin || teams.iter().any(|team| above.iter().any(|guard| guard == team))
}

/// The ids of all entities of a tenant, as somebody who sees everything reads them.
async fn ids(client: &Client) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let query = "query($after: String) { entities(first: 100, after: $after) { nodes { ref id } pageInfo { hasNextPage endCursor } } }";
        let data = client.data(query, json!({ "after": after })).await;
        for node in data["entities"]["nodes"].as_array().unwrap() {
            ids.insert(node["ref"].as_str().unwrap().to_owned(), node["id"].as_str().unwrap().to_owned());
        }
        if data["entities"]["pageInfo"]["hasNextPage"] == false {
            return ids;
        }
        after = data["entities"]["pageInfo"]["endCursor"].clone();
    }
}

fn administrator(platform: &TestPlatform, tenant: &'static str) -> Client {
    let mut role = TestPlatform::role("admin");
    role.tenant = tenant;
    platform.client_with(Some(platform.simulator().issuer().token(&claims(&role))))
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_is_absent_for_every_role_and_every_way_of_asking() {
    let platform = TestPlatform::start_with(&EVERYTHING).await;
    let all = known();
    let mut ids_of = BTreeMap::new();
    for tenant in Estate::standard().tenants() {
        ids_of.insert(tenant, ids(&administrator(&platform, tenant)).await);
    }
    for role in roles() {
        let client = platform.client(role.name);
        let is_admin = role.scopes.contains(&"admin");
        let visible: BTreeSet<&str> = all
            .iter()
            .filter(|known| sees(known, role.tenant, &role.teams, is_admin))
            .map(|known| known.entity_ref.as_str())
            .collect();
        let hidden: Vec<&Known> = all.iter().filter(|known| !sees(known, role.tenant, &role.teams, is_admin)).collect();
        // By list, by count and by facet: exactly what the rule says.
        let listed: BTreeSet<String> = ids(&client).await.into_keys().collect();
        assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), visible, "{} by list", role.name);
        let counted = client.data("{ entities { totalCount facets(by: [KIND]) { count } } }", json!({})).await;
        assert_eq!(counted["entities"]["totalCount"], visible.len());
        let facets: u64 = counted["entities"]["facets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|facet| facet["count"].as_u64().unwrap())
            .sum();
        assert_eq!(facets, visible.len() as u64, "{} by facet", role.name);

        // By id: nothing of another tenant, nothing hidden.
        let hidden_ids: Vec<&str> = hidden
            .iter()
            .filter_map(|known| ids_of.get(known.tenant)?.get(&known.entity_ref).map(String::as_str))
            .collect();
        for ids in hidden_ids.chunks(100) {
            let data = client.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
            assert!(data["nodes"].as_array().unwrap().iter().all(Value::is_null), "{} by id", role.name);
        }

        // By everything else: the same answer as for something that never was.
        let only_here: Vec<&&Known> = hidden
            .iter()
            .filter(|known| known.tenant == role.tenant && !visible.contains(known.entity_ref.as_str()))
            .collect();
        for known in &only_here {
            let ways = "query($ref: EntityRef!, $name: String!, $kind: String!, $search: String!) {
                entity(ref: $ref) { ref }
                byRef: entities(filter: { ref: [$ref] }) { totalCount nodes { ref } facets(by: [KIND, OWNER, TYPE]) { value count } }
                byName: entities(filter: { name: [$name], kind: [$kind] }) { totalCount nodes { ref } }
                bySearch: entities(search: $search, filter: { name: [$name], kind: [$kind] }) { totalCount nodes { ref } }
                report: ownershipReport(filter: { ref: [$ref] }) { totals { total } byKind { kind } byTeam { teamRef } } }";
            let kind = known.entity_ref.split(':').next().unwrap();
            let variables = |entity_ref: &str, name: &str| json!({ "ref": entity_ref, "name": name, "kind": kind, "search": name.replace('-', " ") });
            let told = client.query(ways, variables(&known.entity_ref, &known.name)).await;
            let never = variables(&format!("{kind}:default/never-was"), "never-was");
            assert_eq!(told, client.query(ways, never).await, "{} learns of {}", role.name, known.entity_ref);
        }
        // From its neighbours: no relation that it declares, and no object behind those declared by others.
        let names: BTreeSet<&str> = only_here.iter().map(|known| known.entity_ref.as_str()).collect();
        let query = "{ entities(first: 100) { nodes { ref relations(first: 100) { nodes { type targetRef target { ref } } } } } }";
        let data = client.data(query, json!({})).await;
        for node in data["entities"]["nodes"].as_array().unwrap() {
            for relation in node["relations"]["nodes"].as_array().unwrap() {
                let target = relation["targetRef"].as_str().unwrap();
                if names.contains(target) {
                    assert_eq!(relation["target"], Value::Null, "{} sees {target} through {}", role.name, node["ref"]);
                    let is_declared_there = ["dependencyOf", "ownerOf", "hasPart", "apiProvidedBy", "apiConsumedBy"];
                    assert!(!is_declared_there.contains(&relation["type"].as_str().unwrap()), "{relation}");
                }
            }
        }
        let query =
            "{ teams(first: 100) { nodes { owns(first: 100, transitive: true) { totalCount nodes { ref } } } } }";
        let data = client.data(query, json!({})).await;
        for team in data["teams"]["nodes"].as_array().unwrap() {
            for node in team["owns"]["nodes"].as_array().unwrap() {
                assert!(visible.contains(node["ref"].as_str().unwrap()), "{} sees {node} through its team", role.name);
            }
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_has_its_own_entity_of_a_shared_name_cold_and_warm() {
    let platform = TestPlatform::start_with(&EVERYTHING).await;
    let (here, there) = (platform.client("engineer"), platform.client("other_tenant_engineer"));
    let query = "{ component(ref: \"payments-api\") { repository { path } system { domain { ref } } owner { ... on Team { description } } } }";
    for _ in 0..20 {
        let (own, other) = tokio::join!(here.data(query, json!({})), there.data(query, json!({})));
        assert_eq!(own["component"]["repository"]["path"], "money/payments-api");
        assert_eq!(other["component"]["repository"]["path"], "harbor/payments-api");
        assert_ne!(own["component"]["owner"], other["component"]["owner"]);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declaring_another_team_as_a_child_or_its_project_as_ones_own_shows_nothing() {
    let platform = TestPlatform::start_with(&EVERYTHING).await;
    let folder = std::env::temp_dir().join(format!("weft-it-claims-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: curious\nspec:\n  type: team\n  children: [risk, security]\n---\n\
         apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: borrowed\n  annotations:\n    gitlab.com/project-slug: harbor/payments-api\n\
         spec:\n  type: service\n  lifecycle: production\n  owner: curious\n";
    std::fs::write(folder.join("a.yaml"), text).unwrap();
    let config = &platform.app().config.catalog;
    let report =
        gateway::commands::import_catalog(platform.database(), config, "default", std::slice::from_ref(&folder))
            .await
            .unwrap();
    assert_eq!(report.created, 2, "{:?}", report.refused);
    let mut role = TestPlatform::role("engineer");
    role.teams = vec!["curious"];
    let client = platform.client_with(Some(platform.simulator().issuer().token(&claims(&role))));
    let hidden =
        client.data("{ entities(filter: { owner: [\"risk\", \"security\"] }) { totalCount } }", json!({})).await;
    let all = known().iter().filter(|known| known.tenant == "default" && known.guardian.is_none()).count();
    let seen = client.data("{ entities { totalCount } }", json!({})).await;
    assert_eq!(seen["entities"]["totalCount"], all + 2, "more is seen than everybody sees: {hidden}");
    let answer = client.query("{ component(ref: \"borrowed\") { ref repository { path } } }", json!({})).await;
    assert_eq!(answer, json!({ "data": { "component": { "ref": "component:default/borrowed", "repository": null } } }));
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}
