//! Who gets what: nothing hidden, nothing of others, and losing sight of an object looks like its deletion.

use std::time::Duration;

use demo::platform::claims;
use it::{EventStream, Socket, TestPlatform};
use serde_json::json;

use super::{Estate, WATCH, up_to_date};
use crate::deployments;

const HIDDEN: &str = "  annotations:\n    weft.dev/visibility: team\n";

#[tokio::test(flavor = "multi_thread")]
async fn losing_sight_looks_like_deletion_and_gaining_it_like_creation() {
    let platform = TestPlatform::start_empty(&[]).await;
    let of_team = |team: &'static str| {
        let mut own = claims(&TestPlatform::role("engineer"));
        own.teams = vec![team.to_owned()];
        platform.client_with(Some(platform.simulator().issuer().token(&own)))
    };
    let (owner, other) = (of_team("team-a"), of_team("team-b"));
    let estate = Estate::new("sight");
    let mut at_owner = EventStream::open(&owner, WATCH, json!({})).await;
    let mut at_other = EventStream::open(&other, WATCH, json!({})).await;
    let mut foreign = EventStream::open(&platform.client("other_tenant_engineer"), WATCH, json!({})).await;
    for (metadata, owned_by, to_owner, to_other) in [
        ("  title: A\n", "team-a", Some("CREATED"), Some("CREATED")),
        (HIDDEN, "team-a", Some("UPDATED"), Some("DELETED")),
        ("  title: B\n  annotations:\n    weft.dev/visibility: team\n", "team-a", Some("UPDATED"), None),
        (HIDDEN, "team-b", Some("DELETED"), Some("CREATED")),
        ("  title: C\n", "team-b", Some("CREATED"), Some("UPDATED")),
    ] {
        estate.declare("a", metadata, owned_by);
        estate.import(&platform).await;
        for (events, kind) in [(&mut at_owner, to_owner), (&mut at_other, to_other)] {
            let Some(kind) = kind else { continue };
            let event = events.next("entityChanged").await;
            assert_eq!(event["kind"], kind, "{metadata} {owned_by}");
            assert_eq!(event["entity"].is_null(), kind == "DELETED");
        }
    }
    assert_eq!(foreign.event_within(Duration::from_millis(300)).await, None, "another tenant got an event");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_may_not_is_refused_with_a_code() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut own = claims(&TestPlatform::role("engineer"));
    own.scopes.clear();
    let nobody = platform.client_with(Some(platform.simulator().issuer().token(&own)));
    let deployments = "subscription { deploymentChanged { __typename } }";
    for (client, query, variables, status, code) in [
        (&nobody, WATCH, json!({}), 200, "FORBIDDEN"),
        (&nobody, deployments, json!({}), 200, "FORBIDDEN"),
        (&platform.client_with(None), WATCH, json!({}), 401, "UNAUTHENTICATED"),
        (&platform.client("engineer"), WATCH, json!({ "filter": { "ownership": ["UNOWNED"] } }), 200, "BAD_USER_INPUT"),
        (
            &platform.client("engineer"),
            "subscription { a: entityChanged { __typename } b: entityChanged { __typename } }",
            json!({}),
            400,
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        let body = json!({ "query": query, "variables": variables });
        let answer = it::Answer::of(client.post().header("accept", "text/event-stream").json(&body)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        assert!(answer.text.contains(&format!("\"{code}\"")), "{}", answer.text);
    }
    // A client that takes no stream is told how to ask.
    let answer = platform.client("engineer").send(WATCH, json!({})).await;
    assert_eq!(answer.code(), "NOT_ACCEPTABLE", "{}", answer.text);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_token_nobody_gets_anything_unless_it_is_renewed() {
    let platform = TestPlatform::start_empty(&[]).await;
    let mut brief = claims(&TestPlatform::role("engineer"));
    brief.lifetime = Duration::from_secs(8);
    let token = platform.simulator().issuer().token(&brief);
    let brief = platform.client_with(Some(token.clone()));
    let mut events = EventStream::open(&brief, WATCH, json!({})).await;
    let mut ends = Socket::of(&platform.url(), &token).await;
    let mut renewed = Socket::of(&platform.url(), &token).await;
    for socket in [&mut ends, &mut renewed] {
        socket.subscribe("1", WATCH, json!({})).await;
    }
    up_to_date(platform.app(), 3).await;
    let fresh = format!("Bearer {}", platform.token("engineer"));
    renewed.say(&json!({ "type": "ping", "payload": { "authorization": fresh } })).await;
    assert_eq!(renewed.hear().await, Ok(json!({ "type": "pong" })));

    let last = events.event().await.unwrap();
    assert_eq!(last.data["errors"][0]["extensions"]["code"], "TOKEN_EXPIRED");
    assert_eq!(events.event().await.unwrap().name, "complete");
    let told = ends.hear().await.unwrap();
    assert_eq!((&told["type"], &told["payload"][0]["extensions"]["code"]), (&json!("error"), &json!("TOKEN_EXPIRED")));
    assert_eq!(ends.hear().await, Err(4403));
    let estate = Estate::new("token");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    assert_eq!(events.event().await, None);
    assert_eq!(renewed.next("1", "entityChanged").await["ref"], "component:default/a");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_other_teams_resets_what_runs() {
    let platform = TestPlatform::start_empty(&[]).await;
    let of_team = |team: &str| {
        let mut own = claims(&TestPlatform::role("engineer"));
        own.teams = vec![team.to_owned()];
        platform.simulator().issuer().token(&own)
    };
    let mut socket = Socket::of(&platform.url(), &of_team("team-a")).await;
    socket.subscribe("1", WATCH, json!({})).await;
    up_to_date(platform.app(), 1).await;
    let estate = Estate::new("renewed");
    estate.declare("a", HIDDEN, "team-a");
    estate.import(&platform).await;
    let cursor = socket.next("1", "entityChanged").await["cursor"].clone();
    socket
        .say(&json!({ "type": "ping", "payload": { "authorization": format!("Bearer {}", of_team("team-b")) } }))
        .await;
    assert_eq!(socket.hear().await, Ok(json!({ "type": "pong" })));
    let gap = socket.next("1", "entityChanged").await;
    assert_eq!((&gap["reason"], &gap["fromCursor"]), (&json!("RESET"), &cursor));
    estate.declare("a", &format!("  title: T\n{HIDDEN}"), "team-a");
    estate.declare("b", HIDDEN, "team-b");
    estate.import(&platform).await;
    assert_eq!(socket.next("1", "entityChanged").await["ref"], "component:default/b");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_team_moves_in_the_hierarchy_what_was_certain_is_told_to_be_no_more() {
    let platform = TestPlatform::start().await;
    let mut events =
        EventStream::open(&platform.client("engineer"), WATCH, json!({ "filter": { "kind": ["component"] } })).await;
    let folder = std::env::temp_dir().join(format!("weft-it-live-teams-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let group = |parent: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: newcomers\nspec:\n  type: team\n{parent}  children: []\n"
        )
    };
    let config = platform.app().config.catalog.clone();
    for parent in ["", "  parent: payments\n"] {
        std::fs::write(folder.join("team.yaml"), group(parent)).unwrap();
        let paths = std::slice::from_ref(&folder);
        let report = gateway::commands::import_catalog(platform.database(), &config, "default", paths).await.unwrap();
        assert!(report.refused.is_empty(), "{report:?}");
    }
    // The engineer is of payments, and sees what is guarded below it.
    let gap = events.next("entityChanged").await;
    assert_eq!((&gap["__typename"], &gap["reason"]), (&json!("Gap"), &json!("RESET")));
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_while_a_team_moved_is_told_so() {
    let platform = TestPlatform::start().await;
    let engineer = platform.client("engineer");
    let mut events = EventStream::open(&engineer, WATCH, json!({})).await;
    let estate = Estate::new("away");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let cursor = events.event().await.unwrap().id.unwrap();
    drop(events);
    let folder = std::env::temp_dir().join(format!("weft-it-live-away-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let group = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: strangers\nspec:\n  type: team\n  parent: payments\n  children: []\n";
    std::fs::write(folder.join("team.yaml"), group).unwrap();
    let (config, paths) = (platform.app().config.catalog.clone(), std::slice::from_ref(&folder));
    let report = gateway::commands::import_catalog(platform.database(), &config, "default", paths).await.unwrap();
    assert!(report.refused.is_empty(), "{report:?}");
    // What is seen now was looked at after the team had come: nobody could tell that it was not seen so before.
    let mut back = EventStream::open(&engineer, WATCH, json!({ "after": cursor })).await;
    let gap = back.next("entityChanged").await;
    assert_eq!((&gap["reason"], &gap["fromCursor"]), (&json!("RESET"), &json!(cursor)), "{gap}");
    // Once: what comes after the gap is certain.
    let mut again = EventStream::open(&engineer, WATCH, json!({ "after": gap["toCursor"] })).await;
    let mut admin = EventStream::open(&platform.client("admin"), WATCH, json!({})).await;
    estate.declare("a", "  title: T\n", "payments");
    estate.import(&platform).await;
    let last = admin.event().await.unwrap();
    assert_eq!(last.data["data"]["entityChanged"]["ref"], "component:default/a");
    for events in [&mut back, &mut again] {
        let next = events.next("entityChanged").await;
        assert_eq!(next["ref"], "component:default/a", "{next}");
    }
    platform.stop().await;
    drop(std::fs::remove_dir_all(folder));
}

#[tokio::test(flavor = "multi_thread")]
async fn deployments_go_where_their_component_goes() {
    let platform = TestPlatform::start_empty(&[]).await;
    let of_team = |team: &str| {
        let mut own = claims(&TestPlatform::role("engineer"));
        own.teams = vec![team.to_owned()];
        platform.client_with(Some(platform.simulator().issuer().token(&own)))
    };
    let query = "subscription($filter: DeploymentFilter) { deploymentChanged(filter: $filter) { __typename ... on Gap { reason } } }";
    let (owner, other) = (of_team("team-a"), of_team("team-b"));
    let mut at_owner = EventStream::open(&owner, query, json!({})).await;
    let mut at_other = EventStream::open(&other, query, json!({})).await;
    let mut elsewhere = EventStream::open(&other, query, json!({ "filter": { "component": ["b"] } })).await;
    let estate = Estate::new("deployments");
    // There are none.
    for metadata in ["", HIDDEN, ""] {
        estate.declare("a", metadata, "team-a");
        estate.import(&platform).await;
    }
    let lease = deployments::lease(platform.database()).await;
    deployments::apply(&platform, &lease, &[deployments::event("component:default/a", 1, 0, "one")]).await;
    for events in [&mut at_owner, &mut at_other] {
        assert_eq!(events.next("deploymentChanged").await["__typename"], "DeploymentChange");
    }
    // Hidden, and seen again: both times a stranger has seen too much or too little, and the owner has not.
    for metadata in [HIDDEN, ""] {
        estate.declare("a", metadata, "team-a");
        estate.import(&platform).await;
    }
    for _ in 0..2 {
        assert_eq!(at_other.next("deploymentChanged").await["reason"], "RESET");
    }
    for events in [&mut at_owner, &mut elsewhere] {
        assert_eq!(events.event_within(Duration::from_millis(300)).await, None);
    }
    // Removed, and declared again for the team only. Who saw it before is not told then, so everybody looks again.
    let remove = "mutation { removeEntity(input: { ref: \"component:default/a\" }) { userErrors { code } } }";
    platform.client("admin").data(remove, json!({})).await;
    estate.declare("a", HIDDEN, "team-a");
    estate.import(&platform).await;
    for events in [&mut at_owner, &mut at_other] {
        assert_eq!(events.next("deploymentChanged").await["reason"], "RESET");
    }
    assert_eq!(elsewhere.event_within(Duration::from_millis(300)).await, None);
    platform.stop().await;
}
