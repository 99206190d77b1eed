//! Against documents that are not ours: the vendor's OpenAPI, its answers to OPTIONS, and calls recorded from a real one.

use std::{collections::BTreeMap, fs, path::PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use super::{Awx, TOKEN};

/// The shared documents, or `None` with a word about it where there are none.
fn contract(name: &str) -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let candidates = ["../../../shared", "../../../../shared"];
    let found = candidates.iter().map(|up| here.join(up).join("contracts/awx").join(name)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: no contracts/awx/{name}");
    }
    found
}

fn read(path: PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Fields that the document calls strings although the recorded answers of a real system show objects, lists, numbers
/// and booleans.
const UNTYPED: [&str; 9] = [
    "related",
    "summary_fields",
    "launched_by",
    "passwords_needed_to_start",
    "artifacts",
    "playbook_counts",
    "elapsed",
    "has_active_failures",
    "has_inventory_sources",
];

/// Newer than the version claimed here.
const NEWER: [&str; 1] = ["opa_query_path"];

/// OpenAPI 3.0 as JSON Schema: `nullable` becomes a type. And stricter than it is: every property must be there.
fn tighten(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.remove("nullable") == Some(json!(true)) {
        let kind = object.remove("type");
        if let Some(kind) = kind {
            object.insert("type".into(), json!([kind, "null"]));
        }
        if let Some(values) = object.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        let names: Vec<_> = properties.keys().filter(|name| !NEWER.contains(&name.as_str())).cloned().collect();
        for name in UNTYPED {
            if let Some(property) = properties.get_mut(name).filter(|property| property["type"] == "string") {
                *property = json!({});
            }
        }
        object.insert("required".into(), json!(names));
    }
    for value in object.values_mut() {
        match value {
            Value::Array(items) => items.iter_mut().for_each(tighten),
            other => tighten(other),
        }
    }
}

#[tokio::test]
async fn answers_have_every_field_of_the_published_schemas() {
    let Some(path) = contract("controller-openapi.subset.json") else { return };
    let mut schemas = read(path)["components"]["schemas"].take();
    schemas.as_object_mut().unwrap().values_mut().for_each(tighten);
    // The recorded user has null there.
    schemas["User"]["properties"]["modified"] = json!({});
    let awx = Awx::start().await;
    let lists = [
        ("me", "User"),
        ("users", "User"),
        ("organizations", "Organization"),
        ("teams", "Team"),
        ("projects", "Project"),
        ("inventories", "Inventory"),
        ("hosts", "Host"),
        ("schedules", "Schedule"),
        ("unified_job_templates", ""),
        ("job_templates", "JobTemplate"),
        ("workflow_job_templates", "WorkflowJobTemplate"),
        ("jobs", "JobDetail"),
        ("workflow_jobs", "WorkflowJob"),
        ("unified_jobs", ""),
    ];
    let of_list = |name: &str| match name {
        "me" | "users" => "User".to_owned(),
        "unified_job_templates" => "UnifiedJobTemplate".to_owned(),
        "jobs" => "JobList".to_owned(),
        "workflow_jobs" => "WorkflowJobList".to_owned(),
        "unified_jobs" => "UnifiedJobList".to_owned(),
        other => lists.iter().find(|(name, _)| *name == other).unwrap().1.to_owned(),
    };
    let mut validators = BTreeMap::new();
    let mut validate = |schema: &str, answer: &Value, path: &str| {
        let validator = validators.entry(schema.to_owned()).or_insert_with(|| {
            let root =
                json!({ "$ref": format!("#/components/schemas/{schema}"), "components": { "schemas": schemas } });
            jsonschema::validator_for(&root).unwrap()
        });
        let problems = validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path()));
        let problems: Vec<_> = problems.collect();
        assert!(problems.is_empty(), "{path} is no {schema}: {problems:#?}");
    };
    for (list, detail) in lists {
        let answer = awx.get(&format!("{list}/?page_size=60&order_by=-id")).await;
        for row in answer["results"].as_array().unwrap() {
            // What a mixed list shows of a workflow or a project lacks what only other kinds run in.
            let is_mixed = detail.is_empty() && row["type"] != "job" && row["type"] != "job_template";
            if !is_mixed {
                validate(&of_list(list), row, list);
            }
        }
        assert!(answer["count"].as_u64().unwrap() > 0, "{list}");
        if !detail.is_empty() {
            let url = answer["results"][0]["url"].as_str().unwrap();
            validate(detail, &awx.get(url).await, url);
        }
    }
    let workflow = awx.rows("workflow_jobs/?finished__isnull=false&order_by=-id").await[0]["id"].clone();
    for node in awx.rows(&format!("workflow_jobs/{workflow}/workflow_nodes/")).await {
        validate("WorkflowJobNodeList", &node, "workflow_nodes");
        awx.get(node["url"].as_str().unwrap()).await;
    }
    let job = awx.rows("jobs/?status=failed&order_by=-id").await[0]["id"].clone();
    let summaries = awx.get(&format!("jobs/{job}/job_host_summaries/")).await;
    assert!(summaries["count"].as_u64().unwrap() > 0);
    validate("PaginatedJobHostSummaryList", &summaries, "job_host_summaries");
}

#[tokio::test]
async fn answers_have_every_field_that_24_6_1_says_it_has() {
    let Some(folder) = contract("options-metadata-24.6.1") else { return };
    let awx = Awx::start().await;
    let kinds = [
        ("jobtemplate", "job_templates"),
        ("workflowjobtemplate", "workflow_job_templates"),
        ("project", "projects"),
        ("inventory", "inventories"),
        ("organization", "organizations"),
        ("team", "teams"),
        ("host", "hosts"),
        ("schedule", "schedules"),
        ("tokens", "tokens"),
        ("me", "me"),
        ("user", "users"),
    ];
    for (file, list) in kinds {
        let options = read(folder.join(format!("resource_{file}.json")));
        let row = awx.rows(&format!("{list}/?page_size=1")).await[0].clone();
        for name in options["actions"]["GET"].as_object().unwrap().keys() {
            assert!(row.get(name).is_some(), "{list}: no {name}");
        }
        let ours: Value = awx.send(Method::OPTIONS, &format!("/api/v2/{list}/")).await.json().await.unwrap();
        assert_eq!((&ours["types"], &ours["max_page_size"]), (&options["types"], &options["max_page_size"]));
        for (name, field) in ours["actions"]["GET"].as_object().unwrap() {
            let theirs = &options["actions"]["GET"][name];
            // Relations and columns can be filtered by without being shown.
            let is_alike = theirs.is_null()
                || theirs["type"] == field["type"]
                || theirs["type"] == "choice"
                || theirs["type"] == "json";
            assert!(is_alike, "{list}.{name}: {} for {}", field["type"], theirs["type"]);
        }
    }
}

#[tokio::test]
async fn recorded_requests_get_answers_of_the_recorded_shape() {
    let Some(path) = contract("recorded/awx.jsonl") else { return };
    let awx = Awx::start().await;
    let job = awx.rows("jobs/?status=successful&order_by=-id").await[0]["id"].clone();
    let mut replayed = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let (request, expected) = (&record["request"], &record["body"]);
        // The recording's token could launch jobs, ours may only read: a test of its own shows how that is refused.
        if request["method"] != "GET" {
            continue;
        }
        let path = request["path"].as_str().unwrap();
        let path = path.replace("/jobs/1/", &format!("/jobs/{job}/")).replace("/jobs/264/", &format!("/jobs/{job}/"));
        let mut call = awx.http.get(awx.url(&path));
        if request["token"] == true {
            call = call.bearer_auth(TOKEN);
        }
        let response = call.send().await.unwrap();
        assert_eq!(u64::from(response.status().as_u16()), record["status"].as_u64().unwrap(), "{path}");
        for (name, value) in record["headers"].as_object().unwrap() {
            let ours = response.headers().get(name).unwrap_or_else(|| panic!("{path}: no {name}")).to_str().unwrap();
            assert!(name == "x-api-product-version" || ours == value, "{path}: {name} is {ours}, not {value}");
        }
        let answer: Value = response.json().await.unwrap();
        if record["status"] != 200 {
            assert_eq!(answer, *expected, "{path}");
        }
        has_fields_of(expected, &answer, &path);
        if let (Some(theirs), Some(ours)) = (expected["next"].as_str(), answer["next"].as_str()) {
            assert_eq!(ours, theirs);
        }
        replayed += 1;
    }
    assert!(replayed >= 9, "only {replayed}");
}

/// Every member of `expected`, of the same kind, except where either is null and where relations differ.
fn has_fields_of(expected: &Value, answer: &Value, path: &str) {
    match (expected, answer) {
        (Value::Object(expected), Value::Object(answer)) => {
            for (name, value) in expected {
                // A job that a schedule or a workflow started was created by nobody; our reader has no row of the
                // platform's resource registry.
                if ["created_by", "modified_by", "resource"].contains(&name.as_str()) {
                    continue;
                }
                let ours = answer.get(name).unwrap_or_else(|| panic!("{path}: no {name}"));
                if !["launched_by", "related", "object_roles"].contains(&name.as_str()) || !value.is_null() {
                    has_fields_of(value, ours, &format!("{path} {name}"));
                }
            }
        }
        (Value::Array(expected), Value::Array(answer)) => {
            if let (Some(expected), Some(answer)) = (expected.first(), answer.first()) {
                has_fields_of(expected, answer, path);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ => assert_eq!(std::mem::discriminant(expected), std::mem::discriminant(answer), "{path}"),
    }
}
