//! Answers of a real AWX, and shapes that it is known to write.

use schema::{AutomationJobKind, AutomationJobRecord, AutomationJobStatus, AutomationTemplateKind, RecentRuns};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::awx::links::Links;

fn links() -> Links {
    Links::new(&"https://awx.example.com".parse().unwrap(), "/api/v2/")
}

/// The bodies of recorded answers whose path begins so.
fn recorded(path: &str) -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/contracts/awx/recorded/awx.jsonl");
    let Ok(text) = std::fs::read_to_string(file) else {
        println!("skipped: {file} is not there");
        return Vec::new();
    };
    let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    calls
        .filter(|call| call["status"] == 200 && call["request"]["path"].as_str().unwrap().starts_with(path))
        .map(|mut call| call["body"].take())
        .collect()
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn job(value: Value) -> AutomationJobRecord {
    read::<Job>(value).into_record(&links()).unwrap()
}

#[test]
fn recorded_runs_lose_nothing() {
    for body in recorded("/api/v2/jobs/") {
        let runs = body.get("results").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![body]);
        assert!(!runs.is_empty());
        for run in runs {
            let record = job(run.clone());
            assert_eq!(record.number, run["id"]);
            assert_eq!(record.template, run["unified_job_template"].as_i64().map(|id| i32::try_from(id).unwrap()));
            assert_eq!(record.kind, AutomationJobKind::Job);
            assert_ne!(record.status, AutomationJobStatus::Unknown);
            for (moment, key) in
                [(record.created_at, "created"), (record.started_at, "started"), (record.finished_at, "finished")]
            {
                assert_eq!(moment.map(|moment| moment.to_string()), run[key].as_str().map(str::to_owned), "{key}");
            }
            let elapsed = run["elapsed"].as_f64().filter(|_| !run["started"].is_null());
            assert_eq!(record.duration_seconds, elapsed);
            assert_eq!(record.launched_by.as_deref(), run["launched_by"]["name"].as_str());
        }
    }
}

#[test]
fn a_run_may_lack_nearly_everything() {
    let record = job(json!({ "id": 5 }));
    assert_eq!((record.kind, record.status), (AutomationJobKind::Unknown, AutomationJobStatus::Unknown));
    assert_eq!((record.name.as_str(), record.duration_seconds, record.web_url), ("5", None, None));
    let odd = json!({ "id": 5, "elapsed": "30.000", "started": "2026-11-23T03:59:43Z", "launched_by": "", "status": "resting" });
    let record = job(odd);
    assert_eq!((record.duration_seconds, record.upstream_status.as_str()), (Some(30.0), "resting"));
    assert!(read::<Job>(json!({ "id": null })).into_record(&links()).is_none());
}

#[test]
fn only_users_launch_by_name() {
    let by = |launched_by: Value| {
        let created_by = json!({ "created_by": { "username": "admin" } });
        job(json!({ "id": 1, "launched_by": launched_by, "summary_fields": created_by })).launched_by
    };
    assert_eq!(by(json!({ "name": "bianca", "type": "user" })).as_deref(), Some("bianca"));
    assert_eq!(by(json!({ "name": "Nightly", "type": "schedule" })), None);
    // Older versions say only who created it.
    assert_eq!(by(Value::Null).as_deref(), Some("admin"));
}

#[test]
fn every_word_for_a_state_is_known_and_another_is_not_guessed() {
    for (word, status) in [
        ("new", AutomationJobStatus::New),
        ("pending", AutomationJobStatus::Pending),
        ("waiting", AutomationJobStatus::Waiting),
        ("running", AutomationJobStatus::Running),
        ("successful", AutomationJobStatus::Successful),
        ("failed", AutomationJobStatus::Failed),
        ("error", AutomationJobStatus::Error),
        ("canceled", AutomationJobStatus::Canceled),
        ("never updated", AutomationJobStatus::Unknown),
    ] {
        assert_eq!(job(json!({ "id": 1, "status": word })).status, status, "{word}");
    }
}

#[test]
fn a_template_is_read_with_what_its_summary_says() {
    let template = json!({
        "id": 7, "type": "job_template", "name": "Deploy", "description": "", "playbook": "site.yml",
        "next_job_run": "2026-11-23T10:00:00Z",
        "summary_fields": {
            "organization": { "id": 1, "name": "Default", "description": "" },
            "project": { "id": 6, "name": "Demo Project" },
            "inventory": { "id": 1, "name": "Demo Inventory", "total_hosts": 12, "hosts_with_active_failures": 2 },
            "recent_jobs": [{ "id": 45, "status": "failed" }, { "id": 46, "status": "running" }],
        },
    });
    let record = read::<Template>(template).into_record(&links()).unwrap();
    assert_eq!((record.kind, record.description), (AutomationTemplateKind::JobTemplate, None));
    assert_eq!((record.organization.as_deref(), record.project.as_deref()), (Some("Default"), Some("Demo Project")));
    let inventory = record.inventory.unwrap();
    assert_eq!((inventory.host_count, inventory.failed_host_count), (Some(12), Some(2)));
    assert_eq!(record.recent_runs, Some(RecentRuns { numbers: vec![46, 45], is_all: true }));
    assert_eq!(record.web_url.unwrap().0, "https://awx.example.com/#/templates/job_template/7");
}

#[test]
fn a_template_names_at_most_ten_runs_so_that_ten_are_not_all() {
    let recent = |jobs: Value| {
        let template = json!({ "id": 7, "type": "job_template", "summary_fields": { "recent_jobs": jobs } });
        read::<Template>(template).into_record(&links()).unwrap().recent_runs
    };
    let ten: Vec<Value> = (1..=10).map(|id| json!({ "id": id })).collect();
    assert_eq!(recent(json!(ten)), Some(RecentRuns { numbers: (1..=10).rev().collect(), is_all: false }));
    assert_eq!(recent(json!([])), Some(RecentRuns { numbers: vec![], is_all: true }));
    // One without a number may be any run.
    assert_eq!(recent(json!([{ "id": 5 }, {}])), None);
    assert_eq!(recent(Value::Null), None);
}

#[test]
fn what_shares_the_list_of_templates_is_none() {
    let of_type = |word: &str| read::<Template>(json!({ "id": 6, "type": word })).into_record(&links());
    assert_eq!(of_type("workflow_job_template").unwrap().kind, AutomationTemplateKind::WorkflowJobTemplate);
    assert_eq!(of_type("container_template").unwrap().kind, AutomationTemplateKind::Unknown);
    for word in ["project", "inventory_source", "system_job_template"] {
        assert!(of_type(word).is_none(), "{word} was taken for a template");
    }
}
