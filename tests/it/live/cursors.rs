//! Cursors: from each of them every later change comes, and nothing else is one.

use it::{EventStream, TestPlatform};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::{Estate, WATCH};

#[tokio::test(flavor = "multi_thread")]
async fn from_each_cursor_every_later_change_comes() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let mut events = EventStream::open(&engineer, WATCH, json!({})).await;
    let estate = Estate::new("cursors");
    for number in 0..5 {
        estate.declare("a", &format!("  title: \"{number}\"\n"), "payments");
        estate.import(&platform).await;
    }
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(events.event().await.unwrap());
    }
    let other = platform.replica().await;
    for from in 0..4 {
        let last = seen[from].id.clone().unwrap();
        // By the argument, by the header of the transport, on another replica.
        let mut by_argument = EventStream::open(&engineer, WATCH, json!({ "after": last })).await;
        let mut by_header = EventStream::open_with(&engineer, WATCH, json!({ "snapshot": true }), Some(&last)).await;
        let mut elsewhere = EventStream::open(&other.engineer(), WATCH, json!({ "after": last })).await;
        for expected in &seen[from + 1..] {
            for stream in [&mut by_argument, &mut by_header, &mut elsewhere] {
                let event = stream.event().await.unwrap();
                // The object is as it is now, the change as it was.
                for field in ["kind", "changedFields", "ref"] {
                    let of = |event: &Value| event["data"]["entityChanged"][field].clone();
                    assert_eq!(of(&event.data), of(&expected.data));
                }
            }
        }
    }
    other.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_tells_from_where_to_follow_it() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let estate = Estate::new("query-cursor");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let query = json!({ "query": "{ components(first: 10) { totalCount } }" });
    let answer = it::Answer::of(engineer.post().header("X-Query-Cursor", "true").json(&query)).await.json();
    assert_eq!(answer["data"]["components"]["totalCount"], 1);
    estate.declare("b", "", "payments");
    estate.import(&platform).await;
    let after = answer["extensions"]["cursor"].as_str().unwrap();
    let mut events = EventStream::open(&engineer, WATCH, json!({ "after": after })).await;
    assert_eq!(events.next("entityChanged").await["ref"], "component:default/b");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_commits_late_comes_late_and_delays_nobody() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let estate = Estate::new("late");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut late = connection.begin().await.unwrap();
    // Another change of the same entity, as an import that takes its time writes it.
    let again = "insert into change_log (tenant, topic, kind, object_ref, object_id, payload)
        select tenant, topic, 'UPDATED', object_ref, object_id, payload || jsonb_build_object('changedFields', array['late'], 'before', payload) from change_log";
    sqlx::query(again).execute(&mut *late).await.unwrap();

    let query = json!({ "query": "{ components(first: 10) { totalCount } }" });
    let answer = it::Answer::of(engineer.post().header("X-Query-Cursor", "true").json(&query)).await.json();
    let after = json!({ "after": answer["extensions"]["cursor"] });
    let mut events = EventStream::open(&engineer, WATCH, after.clone()).await;
    estate.declare("b", "", "payments");
    estate.import(&platform).await;
    let first = events.next("entityChanged").await;
    assert_eq!(first["ref"], "component:default/b", "it waits for what still runs");
    late.commit().await.unwrap();
    let second = events.next("entityChanged").await;
    assert_eq!((&second["ref"], &second["changedFields"]), (&json!("component:default/a"), &json!(["late"])));
    // The same for whoever goes on from either place.
    let mut from_query = EventStream::open(&engineer, WATCH, after).await;
    let mut refs = Vec::new();
    for _ in 0..2 {
        refs.push(from_query.next("entityChanged").await["ref"].clone());
    }
    refs.sort_by_key(Value::to_string);
    assert_eq!(refs, ["component:default/a", "component:default/b"]);
    let mut from_first = EventStream::open(&engineer, WATCH, json!({ "after": first["cursor"] })).await;
    assert_eq!(from_first.next("entityChanged").await["changedFields"], json!(["late"]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_is_a_cursor() {
    let platform = TestPlatform::start_empty(&[]).await;
    let engineer = platform.client("engineer");
    let mut events = EventStream::open(&engineer, WATCH, json!({})).await;
    let estate = Estate::new("forged");
    estate.declare("a", "", "payments");
    estate.import(&platform).await;
    let cursor = events.event().await.unwrap().id.unwrap();
    let mut forged = cursor.clone();
    let last = if forged.pop() == Some('A') { 'Q' } else { 'A' };
    forged.push(last);
    for (client, cursor) in
        [("engineer", forged.as_str()), ("engineer", ""), ("engineer", "x"), ("other_tenant_engineer", cursor.as_str())]
    {
        let body = json!({ "query": WATCH, "variables": { "after": cursor } });
        let request = platform.client(client).post().header("accept", "text/event-stream").json(&body);
        let answer = it::Answer::of(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (400, "BAD_USER_INPUT"),
            "{cursor}: {}",
            answer.text
        );
    }
    // Places of a snapshot are of entities alone, and of another log is what has not happened yet.
    let mut snapshot = EventStream::open(&engineer, WATCH, json!({ "snapshot": true })).await;
    let place = snapshot.event().await.unwrap().id.unwrap();
    let deployments = "subscription($after: String) { deploymentChanged(after: $after) { __typename } }";
    let body = json!({ "query": deployments, "variables": { "after": place } });
    let answer = it::Answer::of(engineer.post().header("accept", "text/event-stream").json(&body)).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BAD_USER_INPUT"), "{}", answer.text);
    let ahead = "9000000000:9000000000:".parse().unwrap();
    let token = format!("Bearer {}", platform.token("engineer"));
    let principal = platform.app().authenticator.authenticate(Some(token.as_bytes())).await.unwrap();
    let ahead = platform.app().live.written(&principal, &gateway::live::Place::Change(ahead));
    let mut reset = EventStream::open(&engineer, WATCH, json!({ "after": ahead })).await;
    assert_eq!(reset.next("entityChanged").await["reason"], "RESET");
    // Whoever sees other things than was seen up to this place has missed what no change tells.
    let mut other = EventStream::open(&platform.client("finops"), WATCH, json!({ "after": cursor })).await;
    assert_eq!(other.next("entityChanged").await["reason"], "RESET");
    let mut same = EventStream::open(&engineer, WATCH, json!({ "after": cursor })).await;
    estate.declare("b", "", "payments");
    estate.import(&platform).await;
    assert_eq!(same.next("entityChanged").await["kind"], "CREATED");
    let body = json!({ "query": WATCH, "variables": { "after": cursor, "snapshot": true } });
    let answer = it::Answer::of(engineer.post().header("accept", "text/event-stream").json(&body)).await;
    assert!(answer.text.contains("`snapshot` and `after` exclude each other"), "{}", answer.text);
    platform.stop().await;
}
