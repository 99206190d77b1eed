//! How Postgres runs what the gateway asks, over 20,000 entities: no table that grows is read as a whole by anything but a count
//! over a whole tenant, and plans are those in `expected/`. `make it ARGS="plans::"` with WEFT_BLESS=1 writes them anew.

mod operations;

use std::{fmt::Write, path::Path};

use demo::postgres::plan::difference;
use gateway::config::Environment;
use it::{Plans, TestPlatform};
use serde_json::json;
use sources::postgres::ChangePosition;
use sqlx::{Connection, PgConnection};

use operations::groups;

/// Tables that grow with the catalog or with time.
const LARGE: [&str; 18] = [
    "entity",
    "relation",
    "entity_facet",
    "entity_revision",
    "processing_error",
    "change_log",
    "audit_log",
    "delivery_day",
    "delivery_month",
    "delivery_owner_day",
    "delivery_owner_month",
    "environment_state",
    "cost_component_day",
    "cost_component_month",
    "cost_service_day",
    "cost_service_month",
    "cost_owner_day",
    "cost_owner_month",
];
/// What an import makes of sums by component and by service, for the slices `$1`.
const COST_SUMS: [&str; 4] = [
    include_str!("../../../sources/queries/costs/owner_days_write.sql"),
    include_str!("../../../sources/queries/costs/component_months_write.sql"),
    include_str!("../../../sources/queries/costs/service_months_write.sql"),
    include_str!("../../../sources/queries/costs/owner_months_write.sql"),
];
/// Statements that count over a whole tenant.
const WHOLE_TENANT: [&str; 4] = ["entities_count", "entity_facets", "ownership_report", "audit_count"];
/// Each is asked so often: after five times Postgres decides whether one plan serves all parameters.
const TIMES: usize = 7;
/// Lists that are read on, with their orders.
const READ_ON: [(&str, &str); 4] = [
    ("components", ""),
    ("components", ", orderBy: { field: NAME }"),
    ("entities", ", orderBy: { field: UPDATED_AT, direction: DESC }"),
    ("components", ", search: \"keeps\""),
];

/// What was found, group by group.
#[derive(Default)]
struct Found {
    texts: Vec<(&'static str, String)>,
    scans: Vec<String>,
}

impl Found {
    fn add(&mut self, group: &'static str, what: &str, plans: &Plans) {
        let plans = plans.take();
        assert!(!plans.is_empty(), "{what}: Postgres told no plan");
        if self.texts.last().is_none_or(|(last, _)| *last != group) {
            self.texts.push((group, String::new()));
        }
        let text = &mut self.texts.last_mut().unwrap().1;
        let _ = writeln!(text, "# {what}");
        for (statement, plan) in plans {
            let _ = writeln!(text, "{statement}\n{}", plan.told());
            let scans = plan
                .scanned()
                .into_iter()
                .filter(|table| LARGE.contains(table) || table.starts_with("change_log_day_"));
            if !WHOLE_TENANT.contains(&statement.as_str()) {
                self.scans.extend(scans.map(|table| format!("{what}: {statement} reads all of {table}")));
            }
        }
        text.push('\n');
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_large_table_is_read_as_a_whole_and_plans_stay_as_they_are() {
    let plans = Plans::listen();
    // One connection, because plans are kept by each connection for itself.
    let settings = [("WEFT_DATABASE__CONNECTIONS_MAX", "1"), ("WEFT_DATABASE__WRITE_CONNECTIONS_MAX", "1")];
    // Autovacuum does the second within minutes in production; without it no index is read alone.
    let sums = COST_SUMS.map(|statement| statement.replace("$1", "(select array_agg(id) from cost_slice)::bigint[]"));
    let [owner_days, component_months, service_months, owner_months] = &sums;
    let statements = [
        include_str!("fill.sql"),
        include_str!("deployments.sql"),
        include_str!("costs.sql"),
        owner_days,
        component_months,
        service_months,
        owner_months,
        "vacuum analyze",
        &Plans::statements(),
    ];
    let platform = TestPlatform::start_after(&statements, &settings).await;
    let mut found = Found::default();
    for (group, operations) in groups() {
        for operation in operations {
            let client = platform.client(operation.role);
            plans.take();
            for _ in 0..TIMES {
                client.data(&operation.document, json!({})).await;
            }
            found.add(group, &operation.what, &plans);
        }
    }
    continued(&platform, &plans, &mut found).await;
    assert!(found.scans.is_empty(), "{}", found.scans.join("\n"));
    compare(&platform, &found).await;
    platform.stop().await;
}

/// What goes on from an earlier answer: an id, a cursor, a place in the change log.
async fn continued(platform: &TestPlatform, plans: &Plans, found: &mut Found) {
    const GROUP: &str = "continued";
    let client = platform.client("engineer");
    let data = client.data("{ component(ref: \"component-10100\") { id } }", json!({})).await;
    let id = data["component"]["id"].clone();
    plans.take();
    for _ in 0..TIMES {
        client.data("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
    }
    found.add(GROUP, "an entity by its id", plans);
    for (list, order) in READ_ON {
        let fields = "nodes { ref } pageInfo { endCursor }";
        let document = format!("query ($after: String) {{ {list}(first: 20, after: $after{order}) {{ {fields} }} }}");
        let mut after = json!(null);
        // Pages later each time, as somebody reads on.
        for _ in 0..TIMES {
            plans.take();
            after = client.data(&document, json!({ "after": after })).await[list]["pageInfo"]["endCursor"].clone();
        }
        found.add(GROUP, &format!("the next page of {list}{order}"), plans);
    }
    let position = ChangePosition::start();
    for _ in 0..TIMES {
        platform.database().changes_after(&position, None, 100).await.unwrap();
    }
    found.add(GROUP, "the change log", plans);
}

/// Holds what was found against what is written, or writes it.
async fn compare(platform: &TestPlatform, found: &Found) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/plans/expected");
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let version: String = sqlx::query_scalar("show server_version_num").fetch_one(&mut connection).await.unwrap();
    let major = format!("PostgreSQL {}", version.parse::<u32>().unwrap() / 10_000);
    let mut changed = String::new();
    for (group, text) in &found.texts {
        let file = folder.join(format!("{group}.txt"));
        let text = format!("{major}\n\n{}\n", text.trim_end());
        if Environment::of_process().get("WEFT_BLESS").is_some() {
            std::fs::write(&file, text).unwrap();
            continue;
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        if !written.is_empty() && written.lines().next() != Some(&major) {
            println!("{group}: not compared, its plans are not of {major}");
            continue;
        }
        let difference = difference(&written, &text);
        if !difference.is_empty() {
            let _ = writeln!(changed, "{}\n{difference}", file.display());
        }
    }
    assert!(changed.is_empty(), "plans changed; WEFT_BLESS=1 make it ARGS=plans:: accepts them\n{changed}");
}
