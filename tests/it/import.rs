//! `weft import catalog`: what is right is loaded, what is wrong is named, and running it again changes nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gateway::{commands::import_catalog, config::CatalogConfig};
use it::TestPlatform;
use serde_json::json;
use sources::ingest::ImportReport;

/// The contracts' folder, where it is at hand.
fn contracts() -> Option<PathBuf> {
    let shared = gateway::config::Environment::of_process()
        .get("WEFT_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("contracts/backstage/examples");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

async fn import(platform: &TestPlatform, tenant: &str, path: &Path) -> ImportReport {
    let config: &CatalogConfig = &platform.app().config.catalog;
    import_catalog(platform.database(), config, tenant, &[path.to_owned()]).await.unwrap()
}

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("weft-it-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn component(name: &str, more: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n{more}spec:\n  type: service\n  lifecycle: production\n  owner: team-a\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_contracts_examples_thirteen_load_and_every_other_is_named() {
    let Some(examples) = contracts() else { return };
    let platform = TestPlatform::start_empty(&[]).await;
    let first = import(&platform, "default", &examples).await;
    assert_eq!((first.created, first.loaded()), (13, 13), "{:#?}", first.refused);
    let named: Vec<&str> = first.refused.iter().filter_map(|refusal| refusal.target.rsplit('/').next()).collect();
    let expected = ["AiResource.v1alpha1.skill.1.json", "Entity.1.json", "EntityEnvelope.1.json", "EntityMeta.1.json"];
    assert_eq!(named, expected);
    assert!(first.refused.iter().all(|refusal| refusal.line.is_some() && !refusal.message.is_empty()));
    let query = "{ entities(first: 100) { totalCount nodes { ref updatedAt history { totalCount } } } }";
    let client = platform.client("admin");
    let before = client.data(query, json!({})).await;
    assert_eq!(before["entities"]["totalCount"], 13);
    let second = import(&platform, "default", &examples).await;
    assert_eq!((second.created, second.updated, second.unchanged, second.orphaned), (0, 0, 13, 0));
    assert_eq!(client.data(query, json!({})).await, before, "a second run changed something");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_kept_field_by_field_and_what_vanishes_becomes_an_orphan() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = folder("changes");
    fs::write(folder.join("a.yaml"), component("alpha", "  title: First\n") + "---\n" + &component("beta", ""))
        .unwrap();
    assert_eq!(import(&platform, "default", &folder).await.created, 2);
    fs::write(folder.join("a.yaml"), component("alpha", "  title: Second\n")).unwrap();
    let report = import(&platform, "default", &folder).await;
    assert_eq!((report.updated, report.orphaned), (1, 1));
    let client = platform.client("admin");
    let query = "{ a: component(ref: \"alpha\") { history { nodes { kind changes { path before after } } } }
                   b: component(ref: \"beta\") { isOrphan history { nodes { kind } } } }";
    let data = client.data(query, json!({})).await;
    let newest = &data["a"]["history"]["nodes"][0];
    assert_eq!(newest["kind"], "UPDATED");
    assert_eq!(newest["changes"], json!([{ "path": "metadata.title", "before": "First", "after": "Second" }]));
    assert_eq!(data["b"]["isOrphan"], true);
    fs::write(folder.join("b.yaml"), component("beta", "")).unwrap();
    assert_eq!(import(&platform, "default", &folder).await.updated, 1);
    let back = client.data("{ component(ref: \"beta\") { isOrphan } }", json!({})).await;
    assert_eq!(back["component"]["isOrphan"], false);
    fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphan_goes_after_its_grace_period() {
    let platform = TestPlatform::start_empty(&[("WEFT_CATALOG__ORPHAN_GRACE", "0s")]).await;
    let folder = folder("grace");
    fs::write(folder.join("a.yaml"), component("alpha", "")).unwrap();
    import(&platform, "default", &folder).await;
    fs::remove_file(folder.join("a.yaml")).unwrap();
    assert_eq!(import(&platform, "default", &folder).await.orphaned, 1);
    assert_eq!(import(&platform, "default", &folder).await.removed, 1);
    let data = platform.client("admin").data("{ component(ref: \"alpha\") { ref } }", json!({})).await;
    assert_eq!(data["component"], json!(null));
    fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_is_named_with_its_line_and_removes_nothing() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = folder("broken");
    fs::write(folder.join("a.yaml"), component("alpha", "") + "---\n" + &component("beta", "")).unwrap();
    import(&platform, "default", &folder).await;
    let broken = component("alpha", "").replace("  owner: team-a\n", "") + "---\nkind: [unclosed\n";
    fs::write(folder.join("a.yaml"), broken).unwrap();
    let report = import(&platform, "default", &folder).await;
    assert_eq!((report.refused.len(), report.orphaned), (2, 0), "{report:?}");
    let query = "{ component(ref: \"alpha\") { isOrphan processingErrors { message line target } }
                   beta: component(ref: \"beta\") { isOrphan processingErrors { message } }
                   entities(filter: { hasProcessingErrors: true }) { nodes { ref } } }";
    let data = platform.client("admin").data(query, json!({})).await;
    let error = &data["component"]["processingErrors"][0];
    assert!(error["message"].as_str().unwrap().contains("spec.owner"), "{error}");
    assert!(error["line"].as_i64().unwrap() > 1, "{error}");
    assert_eq!(data["component"]["isOrphan"], false);
    assert_eq!(data["beta"], json!({ "isOrphan": false, "processingErrors": [] }));
    assert_eq!(data["entities"]["nodes"], json!([{ "ref": "component:default/alpha" }]));
    fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_claims_the_first_in_path_order_wins_within_and_across_locations() {
    let platform = TestPlatform::start_empty(&[]).await;
    let (first, second) = (folder("claims-1"), folder("claims-2"));
    fs::write(first.join("b.yaml"), component("alpha", "  title: From b\n")).unwrap();
    fs::write(first.join("a.yaml"), component("alpha", "  title: From a\n")).unwrap();
    fs::write(second.join("c.yaml"), component("alpha", "  title: From c\n")).unwrap();
    let report = import(&platform, "default", &first).await;
    assert!(report.refused[0].target.ends_with("b.yaml") && report.refused[0].message.contains("a.yaml:1"));
    let report = import(&platform, "default", &second).await;
    assert_eq!(report.loaded(), 0);
    assert!(report.refused[0].message.contains("already declared"), "{:?}", report.refused);
    let data = platform.client("admin").data("{ component(ref: \"alpha\") { title } }", json!({})).await;
    assert_eq!(data["component"]["title"], "From a");
    // Another tenant may have an entity of the same name.
    assert_eq!(import(&platform, "elsewhere", &second).await.created, 1);
    for folder in [first, second] {
        fs::remove_dir_all(&folder).unwrap();
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_grows_to_its_limit_and_no_further() {
    let platform = TestPlatform::start_empty(&[
        ("WEFT_CATALOG__ENTITIES_PER_LOCATION_MAX", "3"),
        ("WEFT_CATALOG__ENTITIES_PER_TENANT_MAX", "4"),
    ])
    .await;
    let (first, second) = (folder("limit-1"), folder("limit-2"));
    for (folder, prefix) in [(&first, "one"), (&second, "two")] {
        let documents: Vec<String> = (0..5).map(|number| component(&format!("{prefix}-{number}"), "")).collect();
        fs::write(folder.join("a.yaml"), documents.join("---\n")).unwrap();
    }
    let report = import(&platform, "default", &first).await;
    assert_eq!((report.created, report.refused.len()), (3, 2));
    assert!(report.refused[0].message.contains("entities_per_location_max"));
    let report = import(&platform, "default", &second).await;
    assert_eq!((report.created, report.refused.len()), (1, 4), "the tenant had room for one more");
    for folder in [first, second] {
        fs::remove_dir_all(&folder).unwrap();
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_entities_take_a_handful_of_statements_per_thousand() {
    let statements = it::Statements::count();
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = folder("many");
    let documents: Vec<String> = (0..5_000).map(|number| component(&format!("c-{number}"), "")).collect();
    fs::write(folder.join("a.yaml"), documents.join("---\n")).unwrap();
    statements.take();
    assert_eq!(import(&platform, "default", &folder).await.created, 5_000);
    let run = statements.take();
    assert!(run.len() <= 5 * 10 + 25, "{} statements", run.len());
    fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_a_teams_own_is_not_taken_over_by_others_with_its_history() {
    let platform = TestPlatform::start_empty(&[]).await;
    let (ours, theirs) = (folder("secret-ours"), folder("secret-theirs"));
    let secret = component("secret", "  title: Plan B\n  annotations:\n    weft.dev/visibility: team\n");
    fs::write(ours.join("a.yaml"), &secret).unwrap();
    assert_eq!(import(&platform, "default", &ours).await.created, 1);
    let id = "{ entity(ref: \"component:default/secret\") { id isOrphan title } }";
    let admin = platform.client("admin");
    let before = admin.data(id, json!({})).await;
    for is_orphan in [false, true] {
        if is_orphan {
            fs::write(ours.join("a.yaml"), component("other", "")).unwrap();
            assert_eq!(import(&platform, "default", &ours).await.orphaned, 1);
        }
        fs::write(theirs.join("b.yaml"), component("secret", "")).unwrap();
        let report = import(&platform, "default", &theirs).await;
        assert_eq!((report.loaded(), report.refused.len()), (0, 1), "{report:?}");
        let message = &report.refused[0].message;
        assert!(message.contains("is taken") && !message.contains("secret-ours"), "{message}");
        assert!(platform.client("engineer").data(id, json!({})).await["entity"].is_null());
    }
    // The team itself may move its file.
    fs::write(theirs.join("b.yaml"), &secret).unwrap();
    assert_eq!(import(&platform, "default", &theirs).await.updated, 1);
    assert_eq!(admin.data(id, json!({})).await["entity"]["id"], before["entity"]["id"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_for_the_team_stays_with_it_when_the_entity_is_shown_to_all() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = folder("lifted");
    let hidden = |title: &str| format!("  title: {title}\n  annotations:\n    weft.dev/visibility: team\n");
    let shown = |title: &str| format!("  title: {title}\n");
    for metadata in [shown("Plan A"), hidden("Plan B"), hidden("Plan C"), shown("Plan D"), shown("Plan E")] {
        fs::write(folder.join("a.yaml"), component("plan", &metadata)).unwrap();
        assert!(import(&platform, "default", &folder).await.refused.is_empty());
    }
    let query = "{ entity(ref: \"component:default/plan\") { title history(first: 20) { totalCount nodes {
        kind changes { path before after } } } } }";
    let seen = async |client: it::Client| client.data(query, json!({})).await["entity"].clone();
    let stranger = seen(platform.client("engineer")).await;
    assert_eq!(stranger["title"], "Plan E");
    // When it was made, and from D to E: neither A to B, within B and C, nor C to D.
    assert_eq!(stranger["history"]["totalCount"], 2, "{stranger:#}");
    assert_eq!(stranger["history"]["nodes"].as_array().unwrap().len(), 2);
    let told = stranger.to_string();
    assert!(!told.contains("Plan B") && !told.contains("Plan C") && told.contains("Plan D"), "{told}");
    let mut member = demo::platform::claims(&TestPlatform::role("engineer"));
    member.teams = vec!["team-a".to_owned()];
    let member = platform.client_with(Some(platform.simulator().issuer().token(&member)));
    for all in [seen(member).await, seen(platform.client("admin")).await] {
        assert_eq!(all["history"]["totalCount"], 5, "{all:#}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_take_room_until_they_go() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = folder("churn");
    let config = CatalogConfig { entities_per_tenant_max: 3, ..platform.app().config.catalog.clone() };
    let mut loaded = Vec::new();
    for round in 0..3 {
        let names = [0, 1].map(|at| component(&format!("c{round}-{at}"), ""));
        fs::write(folder.join("a.yaml"), names.join("---\n")).unwrap();
        let report =
            import_catalog(platform.database(), &config, "default", std::slice::from_ref(&folder)).await.unwrap();
        loaded.push(report.created);
    }
    assert_eq!(loaded, [2, 2, 1], "names that change each time use up no room");
    platform.stop().await;
}
