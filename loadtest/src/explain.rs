//! The plans of the hot statements, as Postgres chose them for the gateway's own statements and parameters. They are kept in
//! `loadtest/explain/` without costs and times, so that a change of plan shows as a change of text.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, bail, ensure};
use demo::postgres::Cluster;
use serde_json::Value;
use tokio_postgres::NoTls;

use crate::{
    client::Target,
    estate,
    operation::OPERATIONS,
    place::Place,
    platform::{Platform, with_postgres},
};

/// Times each operation is sent: after five on a connection, Postgres decides whether one plan serves all parameters.
const TIMES: usize = 12;
/// Statements that count over a whole tenant and may read a whole table for it.
const WHOLE_TENANT: [&str; 2] = ["entities_count", "entity_facets"];

/// Writes the plans over an estate of this size, or compares them with those that are kept.
pub(crate) async fn run(count: usize, checks_only: bool) -> anyhow::Result<()> {
    let place = Place::find()?;
    with_postgres(&place, async |cluster| {
        let database_url = estate::prepare(&place, cluster, count).await?;
        let database = database_url.rsplit('/').next().unwrap_or_default();
        switch_on(cluster, database).await?;
        let platform = Platform::start(&place, &database_url).await?;
        let written = keep(&place, cluster, &platform, checks_only).await;
        platform.stop().await;
        alter(cluster, &[format!("alter database {database} reset all")]).await?;
        written
    })
    .await
}

/// Has Postgres tell the plan of every statement of one database, in its log.
async fn switch_on(cluster: &Cluster, database: &str) -> anyhow::Result<()> {
    let set = |setting: &str| format!("alter database {database} set {setting}");
    let settings = [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_format = 'json'",
    ];
    alter(cluster, &settings.map(set)).await
}

async fn alter(cluster: &Cluster, statements: &[String]) -> anyhow::Result<()> {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), NoTls).await?;
    tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await.context("auto_explain cannot be set up")?;
    }
    Ok(())
}

/// Sends each operation, writes or compares the plans, and refuses a scan of a whole table where none may be.
async fn keep(place: &Place, cluster: &Cluster, platform: &Platform, checks_only: bool) -> anyhow::Result<()> {
    let folder = place.root.join("loadtest/explain");
    fs::create_dir_all(&folder)?;
    let log = cluster.data_dir().with_file_name("server.log");
    let mut refused = Vec::new();
    for operation in &OPERATIONS {
        let before = fs::metadata(&log).with_context(|| format!("{} cannot be read", log.display()))?.len();
        let shots = operation.graphql(&platform.sample);
        Target::new(platform.gateway.address, platform.cold.clone(), shots)?.answers(TIMES).await?;
        let plans = plans(&log, before)?;
        ensure!(!plans.is_empty(), "Postgres told no plan of {}", operation.name);
        let mut text = format!("The statements of `{}` and how Postgres runs them.\n", operation.name);
        for (statement, plan) in &plans {
            let mut told = String::new();
            describe(plan.get("Plan").unwrap_or(&Value::Null), 1, &mut told);
            let how = if is_planned_each_time(plan) { "planned anew each time" } else { "planned once" };
            let _ = writeln!(text, "\n{statement}, {how}\n{}", told.trim_end());
            if told.contains("Seq Scan") && !WHOLE_TENANT.contains(&statement.as_str()) {
                refused.push(format!("{}: {statement} reads a whole table", operation.name));
            }
        }
        let file = folder.join(format!("{}.txt", operation.name));
        if !checks_only {
            fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
        } else if fs::read_to_string(&file).unwrap_or_default() != text {
            println!("Another plan than in {}:\n{text}", file.display());
            refused.push(format!("{} has another plan than the one that is kept", operation.name));
        }
        println!("{}: {}", operation.name, plans.keys().cloned().collect::<Vec<_>>().join(", "));
    }
    if !refused.is_empty() {
        bail!("{}", refused.join("; "));
    }
    Ok(())
}

/// The last plan of each named statement since a place in the log.
fn plans(log: &Path, from: u64) -> anyhow::Result<BTreeMap<String, Value>> {
    let bytes = fs::read(log)?;
    let text = String::from_utf8_lossy(bytes.get(usize::try_from(from)?..).unwrap_or_default()).into_owned();
    let mut plans = BTreeMap::new();
    for part in text.split(" ms  plan:\n").skip(1) {
        let json: String = part.lines().take_while(|line| line.starts_with('\t')).collect();
        let Ok(plan) = serde_json::from_str::<Value>(&json) else { continue };
        let query = plan.get("Query Text").and_then(Value::as_str).unwrap_or_default();
        // Functions of ours run statements too; those stand inside the plan that calls them.
        if let Some(name) = query.strip_prefix("-- ").and_then(|rest| rest.lines().next()) {
            plans.insert(name.trim().to_owned(), plan);
        }
    }
    plans.remove("location_lease");
    plans.remove("server_version");
    Ok(plans)
}

fn describe(node: &Value, depth: usize, out: &mut String) {
    let text = |key: &str| node.get(key).and_then(Value::as_str);
    let _ = write!(out, "{}{}", "  ".repeat(depth), text("Node Type").unwrap_or("?"));
    if node.get("Parallel Aware").and_then(Value::as_bool) == Some(true) {
        out.push_str(", parallel");
    }
    for (key, word) in [
        ("Index Name", "by"),
        ("Relation Name", "of"),
        ("Function Name", "of"),
        ("Subplan Name", "as"),
        ("Index Cond", "where"),
    ] {
        if let Some(found) = text(key) {
            let _ = write!(out, " {word} {}", without_values(found));
        }
    }
    out.push('\n');
    for child in node.get("Plans").and_then(Value::as_array).into_iter().flatten() {
        describe(child, depth + 1, out);
    }
}

/// Whether the plan is for these parameters alone: their values stand in it then, instead of `$1`. Planning can take longer
/// than running.
fn is_planned_each_time(plan: &Value) -> bool {
    plan.get("Plan").is_some_and(|plan| plan.to_string().contains("tenant = '"))
}

/// A condition with `?` in place of values and parameters, which differ from run to run.
fn without_values(condition: &str) -> String {
    let mut out = String::new();
    let mut rest = condition;
    while let Some(at) = rest.find(['\'', '$', ':']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        rest = match from.chars().next() {
            Some('\'') => {
                out.push('?');
                after_quotes(from)
            }
            Some('$') => {
                out.push('?');
                from.trim_start_matches(|c: char| c == '$' || c.is_ascii_digit())
            }
            // A cast.
            _ => from.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || ":_[]".contains(c)),
        };
    }
    out + rest
}

/// What follows a quoted text, in which two quotes stand for one.
fn after_quotes(text: &str) -> &str {
    let mut rest = text.get(1..).unwrap_or_default();
    while let Some(at) = rest.find('\'') {
        rest = rest.get(at + 1..).unwrap_or_default();
        match rest.strip_prefix('\'') {
            Some(inside) => rest = inside,
            None => return rest,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_stand_in_a_condition() {
        let told = without_values("((tenant = 'a'::text) AND (ref = ANY ('{b:c}'::text[])) AND (id > $12))");
        assert_eq!(told, "((tenant = ?) AND (ref = ANY (?)) AND (id > ?))");
        assert_eq!(without_values("(search @@ '''x'':*'::tsquery)"), "(search @@ ?)");
    }

    #[test]
    fn a_plan_is_told_without_costs() {
        let plan = serde_json::json!({
            "Node Type": "Limit", "Total Cost": 3.5,
            "Plans": [{ "Node Type": "Index Scan", "Index Name": "entity_kind_ref", "Relation Name": "entity", "Parallel Aware": false }],
        });
        let mut out = String::new();
        describe(&plan, 0, &mut out);
        assert_eq!(out, "Limit\n  Index Scan by entity_kind_ref of entity\n");
    }
}
