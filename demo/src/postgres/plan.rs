//! How Postgres runs a statement, told without costs, times and values: the same plan is the same text.

use std::fmt::Write;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Settings of a database that has Postgres tell the plan of every statement, in JSON.
pub const SETTINGS: [&str; 3] = [
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_format = 'json'",
];

/// A plan that Postgres told.
pub struct Plan(Value);

impl Plan {
    /// Reads one; none for what is no plan.
    pub fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().filter(|plan: &Value| plan.get("Plan").is_some()).map(Self)
    }

    /// The name that the statement begins with. Functions of ours run statements too: those have none, and stand inside the plan
    /// that calls them.
    pub fn statement(&self) -> Option<&str> {
        let query = self.0.get("Query Text").and_then(Value::as_str)?;
        query.strip_prefix("-- ")?.lines().next().map(str::trim)
    }

    /// Nodes, indexes and conditions, a line each.
    pub fn told(&self) -> String {
        let mut told = String::new();
        describe(self.0.get("Plan").unwrap_or(&Value::Null), 1, &mut told);
        told.trim_end().to_owned()
    }

    /// Tables that are read from one end to the other.
    pub fn scanned(&self) -> Vec<&str> {
        let mut scanned = Vec::new();
        scans(self.0.get("Plan").unwrap_or(&Value::Null), &mut scanned);
        scanned
    }

    /// Whether the plan is for these parameters alone: their values stand in it then, instead of `$1`. Planning can take longer
    /// than running.
    pub fn is_made_each_time(&self) -> bool {
        self.0.get("Plan").is_some_and(|plan| plan.to_string().contains("tenant = '"))
    }
}

fn scans<'a>(node: &'a Value, out: &mut Vec<&'a str>) {
    let text = |key: &str| node.get(key).and_then(Value::as_str);
    if text("Node Type") == Some("Seq Scan") {
        out.extend(text("Relation Name"));
    }
    node.get("Plans").and_then(Value::as_array).into_iter().flatten().for_each(|child| scans(child, out));
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

/// A condition with `?` in place of values and parameters, which differ from run to run, and the same whether it is planned
/// for its values or for any.
fn without_values(condition: &str) -> String {
    let told = without_texts(condition).replace(" COLLATE \"C\"", "").replace(" with time zone", "");
    // A parameter with a cast stands in brackets, as the list of `ANY` always does.
    told.split("ANY (?)").map(|part| part.replace("(?)", "?")).collect::<Vec<_>>().join("ANY (?)")
}

fn without_texts(condition: &str) -> String {
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

/// The lines of two texts that differ, in order: `-` was, `+` is. Empty for equal texts.
pub fn difference(before: &str, after: &str) -> String {
    let difference = TextDiff::from_lines(before, after);
    let changes = difference.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    changes.map(|change| format!("{}{}\n", change.tag(), change.value().trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_stand_in_a_condition() {
        let told = without_values("((tenant = 'a'::text) AND (ref = ANY ('{b:c}'::text[])) AND (id > $12))");
        assert_eq!(told, "((tenant = ?) AND (ref = ANY (?)) AND (id > ?))");
        assert_eq!(without_values("(search @@ '''x'':*'::tsquery)"), "(search @@ ?)");
        for condition in ["(at <= '2026-01-01'::timestamp with time zone)", "(at <= ($1))", "(at <= $1 COLLATE \"C\")"]
        {
            assert_eq!(without_values(condition), "(at <= ?)");
        }
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

    #[test]
    fn only_what_differs_is_told() {
        assert_eq!(difference("a\nb\nc", "a\nb\nc"), "");
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\nd\n"), "-b\n+x\n+d\n");
        assert_eq!(difference("", "a"), "+a\n");
        assert_eq!(difference("a", ""), "-a\n");
    }

    #[test]
    fn a_scan_is_found_wherever_it_stands() {
        let scan = r#"{"Node Type": "Seq Scan", "Relation Name": "entity"}"#;
        let text =
            format!(r#"{{"Query Text": "-- all\nselect", "Plan": {{"Node Type": "Limit", "Plans": [{scan}]}}}}"#);
        let plan = Plan::read(&text).unwrap();
        assert_eq!((plan.statement(), plan.scanned()), (Some("all"), vec!["entity"]));
        assert!(Plan::read("{}").is_none() && Plan::read("x").is_none());
    }
}
