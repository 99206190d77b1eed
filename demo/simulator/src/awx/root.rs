//! The addresses that lead to the others, and what the installation says about itself.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Awx, VERSION, call::Call, shape::instant};

/// `/api/v2/` names its lists by these words, with one exception.
const LISTS: [&str; 23] = [
    "ping",
    "config",
    "me",
    "organizations",
    "users",
    "projects",
    "teams",
    "hosts",
    "job_templates",
    "jobs",
    "schedules",
    "unified_job_templates",
    "unified_jobs",
    "workflow_job_templates",
    "workflow_jobs",
    "workflow_job_nodes",
    "tokens",
    "labels",
    "credentials",
    "notification_templates",
    "activity_stream",
    "execution_environments",
    "instance_groups",
];

/// Which versions there are, for anyone.
pub(super) async fn versions(call: Call) -> Json<Value> {
    let current = if call.path.starts_with("/api/controller/") { "/api/controller/v2/" } else { "/api/v2/" };
    Json(json!({
        "description": "AWX REST API",
        "current_version": current,
        "available_versions": { "v2": current },
        "oauth2": current.replace("v2/", "o/"),
        "custom_logo": "",
        "custom_login_info": "",
        "login_redirect_override": "",
    }))
}

/// The lists, for anyone.
pub(super) async fn version(call: Call) -> Json<Value> {
    let mut lists: serde_json::Map<_, _> =
        LISTS.iter().map(|name| ((*name).to_owned(), json!(format!("{}/{name}/", call.prefix)))).collect();
    lists.insert("inventory".to_owned(), json!(format!("{}/inventories/", call.prefix)));
    Json(Value::Object(lists))
}

/// Whether it is alive, for anyone.
pub(super) async fn ping(State(awx): State<Awx>) -> Json<Value> {
    let heartbeat = instant(awx.now() - TimeDelta::seconds(20));
    let instance = |node: &str, kind: &str, number: u32| {
        json!({
            "node": node,
            "node_type": kind,
            "uuid": format!("5e0f2a6c-0000-4000-8000-{number:012}"),
            "heartbeat": heartbeat,
            "capacity": 136,
            "version": VERSION,
        })
    };
    Json(json!({
        "ha": false,
        "version": VERSION,
        "active_node": "awx-web-1",
        "install_uuid": "2d8d9d5e-7f3a-4c36-9f0b-5a4f2f6f7c11",
        "instances": [instance("awx-execution-1", "execution", 2), instance("awx-task-1", "control", 1)],
        "instance_groups": [
            { "name": "controlplane", "capacity": 136, "instances": ["awx-task-1"] },
            { "name": "default", "capacity": 136, "instances": ["awx-execution-1"] },
        ],
    }))
}

pub(super) async fn config() -> Response {
    Json(json!({
        "time_zone": "UTC",
        "license_info": {
            "license_type": "open",
            "valid_key": true,
            "subscription_name": "OPEN",
            "product_name": "AWX",
        },
        "version": VERSION,
        "eula": "",
        "analytics_status": "off",
        "analytics_collectors": {},
        "become_methods": [["sudo", "Sudo"], ["su", "Su"]],
        "ui_next": true,
        "project_base_dir": "/var/lib/awx/projects/",
        "project_local_paths": [],
        "custom_virtualenvs": [],
    }))
    .into_response()
}
