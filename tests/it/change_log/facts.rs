//! What a line of the log tells of an entity: all that a filter of entities can ask for, as it is and as it was.

use std::{fs, path::PathBuf};

use it::TestPlatform;
use serde_json::{Value, json};
use sources::{ingest::ImportReport, postgres::Change};

use super::changes_after;

/// A folder of a test's own that is imported as it is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("weft-it-facts-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Declares one component, with this in its metadata.
    fn declares(&self, metadata: &str) {
        let text = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  {metadata}\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n"
        );
        fs::write(self.0.join("a.yaml"), text).unwrap();
    }

    async fn import(&self, platform: &TestPlatform) -> ImportReport {
        let config = &platform.app().config.catalog;
        let paths = std::slice::from_ref(&self.0);
        let report = gateway::commands::import_catalog(platform.database(), config, "default", paths).await.unwrap();
        assert!(report.refused.is_empty(), "{report:?}");
        report
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn payloads(changes: Vec<Change>) -> Vec<Value> {
    changes.into_iter().map(|change| change.payload).collect()
}

/// A payload: these facts now and before, and what changed.
fn told(mut now: Value, before: Value, changed: Value) -> Value {
    now["before"] = before;
    now["changedFields"] = changed;
    now["healed"] = json!(false);
    now["movesDeployments"] = json!(false);
    now
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_tells_who_could_see_the_entity_before_it() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = Folder::new("sight");
    let newest = platform.database().change_newest().await.unwrap();
    for metadata in ["annotations:\n    weft.dev/visibility: team", "title: A"] {
        folder.declares(metadata);
        folder.import(&platform).await;
    }
    let remove = "mutation { removeEntity(input: { ref: \"component:default/a\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    let changes = changes_after(&platform, &newest).await;
    let facts = |is_team_only: bool| {
        let annotations = if is_team_only { json!({ "weft.dev/visibility": "team" }) } else { json!({}) };
        json!({
            "kind": "Component", "namespace": "default", "name": "a", "type": "service", "lifecycle": "production",
            "ownerRef": "group:default/team-a", "systemRef": null, "tags": [], "labels": {}, "annotations": annotations,
            "isOrphan": false, "isTeamOnly": is_team_only, "guardianRef": "group:default/team-a",
        })
    };
    assert_eq!(
        payloads(changes),
        [
            told(facts(true), json!(null), json!([])),
            told(facts(false), facts(true), json!(["metadata.annotations.weft.dev/visibility", "metadata.title"])),
            told(facts(false), facts(false), json!([])),
        ]
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphan_and_its_end_are_told_whole() {
    let platform = TestPlatform::start_empty(&[("WEFT_CATALOG__ORPHAN_GRACE", "0s")]).await;
    let folder = Folder::new("orphan");
    folder.declares("tags: [b, a]\n  labels:\n    tier: gold");
    folder.import(&platform).await;
    let newest = platform.database().change_newest().await.unwrap();
    fs::remove_file(folder.0.join("a.yaml")).unwrap();
    assert_eq!(folder.import(&platform).await.orphaned, 1);
    assert_eq!(folder.import(&platform).await.removed, 1);
    let changes = changes_after(&platform, &newest).await;
    let kinds: Vec<_> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [schema::ChangeKind::Updated, schema::ChangeKind::Deleted]);
    let facts = |is_orphan: bool| {
        json!({
            "kind": "Component", "namespace": "default", "name": "a", "type": "service", "lifecycle": "production",
            "ownerRef": "group:default/team-a", "systemRef": null, "tags": ["b", "a"], "labels": { "tier": "gold" },
            "annotations": {}, "isOrphan": is_orphan, "isTeamOnly": false, "guardianRef": "group:default/team-a",
        })
    };
    assert_eq!(
        payloads(changes),
        [told(facts(true), facts(false), json!(["isOrphan"])), told(facts(true), facts(true), json!([]))]
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_sixteen_kibibytes_of_annotations_are_not_told() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = Folder::new("long");
    let newest = platform.database().change_newest().await.unwrap();
    for bytes in [16 * 1024, 1] {
        folder.declares(&format!("annotations:\n    note: {}", "x".repeat(bytes)));
        folder.import(&platform).await;
    }
    let payloads = payloads(changes_after(&platform, &newest).await);
    assert_eq!((&payloads[0]["isCut"], payloads[0].get("annotations")), (&json!(true), None));
    assert_eq!((payloads[1].get("isCut"), &payloads[1]["annotations"]), (None, &json!({ "note": "x" })));
    assert_eq!(payloads[1]["before"]["isCut"], true);
    assert_eq!(payloads[1]["changedFields"], json!(["metadata.annotations.note"]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_more_than_go_at_once_each_is_told_once() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = Folder::new("many");
    let documents: Vec<String> = (0..=1_000)
        .map(|n| {
            format!(
                "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: c-{n}\nspec:\n  type: service\n  lifecycle: production\n  owner: team-a\n"
            )
        })
        .collect();
    fs::write(folder.0.join("all.yaml"), documents.join("---\n")).unwrap();
    assert_eq!(folder.import(&platform).await.created, 1_001);
    fs::write(folder.0.join("all.yaml"), "").unwrap();
    assert_eq!(folder.import(&platform).await.orphaned, 1_001);
    let start = sources::postgres::ChangePosition::start();
    let changes = changes_after(&platform, &start).await;
    let orphaned = changes.iter().filter(|change| change.payload["isOrphan"] == true);
    let refs: std::collections::HashSet<&str> = orphaned.map(|change| change.object_ref.as_str()).collect();
    assert_eq!((changes.len(), refs.len()), (2_002, 1_001));
    platform.stop().await;
}
