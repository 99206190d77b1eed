//! Lists of the catalog: filters, orders, pages, search and counts.

use std::collections::BTreeSet;

use it::{Client, TestPlatform};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

async fn count(client: &Client, filter: &str) -> u64 {
    let data = client.data(&format!("{{ entities(filter: {filter}) {{ totalCount }} }}"), json!({})).await;
    data["entities"]["totalCount"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_join_by_and_and_their_complements_add_up() {
    let platform = TestPlatform::start().await;
    let client = platform.client("admin");
    let all = count(&client, "{}").await;
    for filter in [
        "{ kind: [\"COMPONENT\", \"api\"] }",
        "{ namespace: [\"default\"] }",
        "{ name: [\"Payments-API\"] }",
        "{ ref: [\"component:payments-api\"] }",
        "{ type: [\"service\"] }",
        "{ lifecycle: [\"production\"] }",
        "{ owner: [\"payments\"] }",
        "{ ownedByMe: true }",
        "{ ownership: [UNOWNED] }",
        "{ system: [\"payments\"] }",
        "{ tags: [\"go\", \"backend\"] }",
        "{ labels: [{ key: \"tier\", value: \"1\" }] }",
        "{ labels: [{ key: \"tier\" }] }",
        "{ annotations: [{ key: \"gitlab.com/project-slug\", value: \"money/payments-api\" }] }",
        "{ orphan: false }",
        "{ hasProcessingErrors: false }",
        "{ updatedAfter: \"2020-01-01T00:00:00+01:00\" }",
        "{ any: [{ type: [\"service\"] }, { kind: [\"user\"] }] }",
    ] {
        let with = count(&client, filter).await;
        let without = count(&client, &format!("{{ not: {filter} }}")).await;
        assert_eq!(with + without, all, "{filter} and its complement");
        assert!(with > 0, "{filter} matches nothing");
    }
    assert_eq!(count(&client, "{ any: [] }").await, 0);
    assert_eq!(count(&client, "{ kind: [] }").await, 0);
    let both = count(&client, "{ type: [\"service\"], owner: [\"payments\"] }").await;
    assert!(both > 0 && both < count(&client, "{ type: [\"service\"] }").await);
    let report = client.data("{ ownershipReport { totals { total owned unowned ownerUnknown ownerEmpty } byKind { summary { total } } byTeam { teamRef summary { total ownerEmpty } team { ref } } } }", json!({})).await;
    let totals = &report["ownershipReport"]["totals"];
    let owners = "kind: [\"component\", \"api\", \"resource\", \"system\", \"domain\", \"template\", \"runbook\"]";
    for (state, field) in
        [("OWNED", "owned"), ("UNOWNED", "unowned"), ("OWNER_UNKNOWN", "ownerUnknown"), ("OWNER_EMPTY", "ownerEmpty")]
    {
        assert_eq!(
            count(&client, &format!("{{ ownership: [{state}], {owners} }}")).await,
            totals[field].as_u64().unwrap(),
            "{state}"
        );
    }
    assert!(totals["ownerUnknown"].as_u64().unwrap() > 0 && totals["ownerEmpty"].as_u64().unwrap() > 0, "{totals}");
    let lost = report["ownershipReport"]["byTeam"]
        .as_array()
        .unwrap()
        .iter()
        .find(|team| team["teamRef"] == "group:default/former-telephony");
    assert_eq!(lost.unwrap()["team"], Value::Null);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_bounds_is_bad_input_and_never_a_fault_of_ours() {
    let platform = TestPlatform::start().await;
    let client = platform.client("admin");
    let many = format!("[{}]", "\"x\",".repeat(101));
    let deep = format!("{}{{}}{}", "{ not: ".repeat(6), " }".repeat(6));
    let branches = format!("{{ any: [{}] }}", "{},".repeat(21));
    let other =
        client.data("{ entities(first: 1, orderBy: { field: NAME }) { pageInfo { endCursor } } }", json!({})).await;
    let other = other["entities"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    for arguments in [
        "first: 0".to_owned(),
        "first: 101".to_owned(),
        "first: -1".to_owned(),
        "last: 0".to_owned(),
        "first: 1, last: 1".to_owned(),
        "after: \"x\"".to_owned(),
        "after: \"\"".to_owned(),
        format!("after: \"{other}\""),
        format!("search: \"{}\"", "x".repeat(201)),
        "search: \"  \"".to_owned(),
        "search: \"!&|\"".to_owned(),
        "orderBy: { field: RELEVANCE }".to_owned(),
        format!("filter: {{ name: {many} }}"),
        format!("filter: {deep}"),
        format!("filter: {branches}"),
        "filter: { ref: [\"no-kind\"] }".to_owned(),
        "filter: { name: [\"\\u0000\"] }".to_owned(),
        "filter: { labels: [{ key: \"\\u0000\" }] }".to_owned(),
    ] {
        let answer = client
            .query(
                &format!("{{ entities({arguments}) {{ nodes {{ ref }} totalCount }} viewer {{ subject }} }}"),
                json!({}),
            )
            .await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{arguments:.60}: {answer}");
        assert!(answer["data"]["viewer"]["subject"].is_string(), "{arguments:.60} spoiled a sibling: {answer}");
    }
    // Texts that mean something to SQL, to patterns or to text search are texts.
    for text in ["'; drop table entity; --", "%", "_", "\\\\", "' or 1=1", "a:*", "(((", "\\u202e"] {
        let query = format!(
            "{{ a: entities(filter: {{ name: [\"{text}\"], type: [\"{text}\"], tags: [\"{text}\"] }}) {{ totalCount }} }}"
        );
        let data = client.data(&query, json!({})).await;
        assert_eq!(data["a"]["totalCount"], 0, "{text}");
    }
    platform.stop().await;
}

/// All references of a list, page by page.
async fn walk(client: &Client, arguments: &str, forward: bool) -> Vec<String> {
    let mut refs: Vec<String> = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let (page, at) = if forward {
            ("first: 7, after: $cursor", "endCursor hasNextPage")
        } else {
            ("last: 7, before: $cursor", "startCursor hasPreviousPage")
        };
        let query = format!(
            "query($cursor: String) {{ components({arguments} {page}) {{ nodes {{ ref }} pageInfo {{ {at} }} }} }}"
        );
        let data = client.data(&query, json!({ "cursor": cursor })).await;
        let mut page: Vec<String> = data["components"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["ref"].as_str().unwrap().to_owned())
            .collect();
        if forward {
            refs.append(&mut page)
        } else {
            refs.splice(0..0, page);
        }
        let info = &data["components"]["pageInfo"];
        let has_more = if forward { &info["hasNextPage"] } else { &info["hasPreviousPage"] };
        if *has_more == false {
            return refs;
        }
        cursor = if forward { info["endCursor"].clone() } else { info["startCursor"].clone() };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_joined_are_the_list_in_every_order_from_both_ends() {
    let platform = TestPlatform::start().await;
    // Moments that differ, with ties among them: an import gives all entities the same.
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    sqlx::query("update entity set updated_at = updated_at + make_interval(secs => length(ref)), created_at = created_at - make_interval(secs => length(name) % 5)")
        .execute(&mut connection)
        .await
        .unwrap();
    let client = platform.client("admin");
    let all: BTreeSet<String> = walk(&client, "", true).await.into_iter().collect();
    let mut orders = vec!["search: \"payments\",".to_owned()];
    for field in ["NAME", "REF", "UPDATED_AT", "CREATED_AT"] {
        for direction in ["ASC", "DESC"] {
            orders.push(format!("orderBy: {{ field: {field}, direction: {direction} }},"));
        }
    }
    for order in orders {
        let forward = walk(&client, &order, true).await;
        assert_eq!(forward, walk(&client, &order, false).await, "{order} from the end");
        let distinct: BTreeSet<String> = forward.iter().cloned().collect();
        assert_eq!(distinct.len(), forward.len(), "{order} repeats");
        if order.starts_with("orderBy") {
            assert_eq!(distinct, all, "{order} is not the whole");
        }
        if order.contains("REF") {
            let sorted: Vec<&String> =
                if order.contains("DESC") { all.iter().rev().collect() } else { all.iter().collect() };
            assert_eq!(forward.iter().collect::<Vec<_>>(), sorted);
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_outlives_inserts_around_it() {
    let platform = TestPlatform::start().await;
    let client = platform.client("admin");
    let query =
        "query($after: String) { components(first: 5, after: $after) { nodes { ref } pageInfo { endCursor } } }";
    let first = client.data(query, json!({})).await;
    let after = first["components"]["pageInfo"]["endCursor"].clone();
    let expected = client.data(query, json!({ "after": after })).await;
    let folder = std::env::temp_dir().join(format!("weft-it-cursor-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let document = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: aaaa-first\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n";
    std::fs::write(folder.join("a.yaml"), document).unwrap();
    let config = &platform.app().config.catalog;
    gateway::commands::import_catalog(platform.database(), config, "default", std::slice::from_ref(&folder))
        .await
        .unwrap();
    assert_eq!(client.data(query, json!({ "after": after })).await, expected);
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_beginnings_of_words_and_names_before_descriptions() {
    let platform = TestPlatform::start().await;
    let client = platform.client("admin");
    let found = |search: &'static str| {
        let client = client.clone();
        async move {
            let query = format!("{{ entities(search: \"{search}\", first: 50) {{ totalCount nodes {{ ref }} }} }}");
            client.data(&query, json!({})).await["entities"].clone()
        }
    };
    let data = found("paym api").await;
    assert!(data["totalCount"].as_u64().unwrap() > 0);
    let data = found("Payments API").await;
    let refs: Vec<&str> = data["nodes"].as_array().unwrap().iter().map(|node| node["ref"].as_str().unwrap()).collect();
    assert!(refs.iter().take(3).any(|found| *found == "component:default/payments-api"), "{refs:?}");
    assert_eq!(found("nothing-like-this-anywhere").await["totalCount"], 0);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facets_add_up_to_the_count_and_teams_in_a_circle_end() {
    let platform = TestPlatform::start().await;
    let client = platform.client("admin");
    let query = "{ components(filter: { owner: [\"payments\"] }) { totalCount facets(by: [TYPE, OWNER, SYSTEM]) { facet value count entity { ref } } } }";
    let data = client.data(query, json!({})).await;
    let facets = data["components"]["facets"].as_array().unwrap();
    for facet in ["TYPE", "OWNER", "SYSTEM"] {
        let sum: u64 =
            facets.iter().filter(|count| count["facet"] == facet).map(|count| count["count"].as_u64().unwrap()).sum();
        assert_eq!(sum, data["components"]["totalCount"].as_u64().unwrap(), "{facet}");
    }
    assert!(
        facets.iter().filter(|count| count["facet"] == "OWNER").all(|count| count["entity"]["ref"] == count["value"])
    );
    let folder = std::env::temp_dir().join(format!("weft-it-circle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let group = |name: &str, parent: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: {name}\nspec:\n  type: team\n  parent: {parent}\n  children: []\n"
        )
    };
    let user = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata:\n  name: round\nspec:\n  memberOf: [ring-a]\n";
    std::fs::write(
        folder.join("a.yaml"),
        [group("ring-a", "ring-b"), group("ring-b", "ring-a"), user.to_owned()].join("---\n"),
    )
    .unwrap();
    let config = &platform.app().config.catalog;
    gateway::commands::import_catalog(platform.database(), config, "default", std::slice::from_ref(&folder))
        .await
        .unwrap();
    let query = "{ team(ref: \"ring-b\") { members(transitive: true) { nodes { ref memberOf(transitive: true) { nodes { ref } } } } owns(transitive: true) { totalCount } } }";
    let data = client.data(query, json!({})).await;
    assert_eq!(
        data["team"]["members"]["nodes"],
        json!([{ "ref": "user:default/round", "memberOf": { "nodes": [{ "ref": "group:default/ring-a" }, { "ref": "group:default/ring-b" }] } }])
    );
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_are_kept_over_time_without_gaps() {
    let platform = TestPlatform::start_empty(&[]).await;
    let folder = std::env::temp_dir().join(format!("weft-it-owners-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let config = &platform.app().config.catalog;
    for owner in ["a", "b", "b", "c"] {
        let document = format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: moved\nspec:\n  type: service\n  lifecycle: production\n  owner: {owner}\n"
        );
        std::fs::write(folder.join("a.yaml"), document).unwrap();
        gateway::commands::import_catalog(platform.database(), config, "default", std::slice::from_ref(&folder))
            .await
            .unwrap();
    }
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let rows: Vec<(String, bool)> = sqlx::query_as(
        "select owner_ref, coalesce(valid_to = lead(valid_from) over (order by valid_from), valid_to is null) from owner_interval order by valid_from",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let expected = ["group:default/a", "group:default/b", "group:default/c"].map(|owner| (owner.to_owned(), true));
    assert_eq!(rows, expected);
    std::fs::remove_dir_all(&folder).unwrap();
    platform.stop().await;
}
