//! GitLab's deliveries, with what they tell of people and commits besides.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Hook;
use crate::{
    gitlab::{DeploymentSeen, Gitlab},
    seed::draw,
};

/// As GitLab writes moments in most of its payloads.
fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl Gitlab {
    /// What a push to the default branch sends; none of an unknown project.
    pub fn push_hook(&self, path: &str) -> Option<Hook> {
        let (id, project) = self.hooked(path)?;
        let body = json!({
            "object_kind": "push", "event_name": "push", "ref": "refs/heads/main", "project_id": id, "project": project,
            "before": "95790bf891e76fee5e1747ab589903a6a1f80f22", "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
            "user_name": "Amara Oyelaran", "user_email": "amara@example.com", "total_commits_count": 1,
            "commits": [{ "id": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7", "message": "Say what was refused and why",
                "author": { "name": "Amara Oyelaran", "email": "amara@example.com" }, "modified": ["catalog-info.yaml"] }],
        });
        Some(self.hook("Push Hook", &body))
    }

    /// What each deployment of a project sends whose state is newer than `since`, oldest state first.
    pub fn deployment_hooks(&self, path: &str, since: DateTime<Utc>) -> Vec<Hook> {
        let Some((_, project)) = self.hooked(path) else { return Vec::new() };
        let hook = |seen: DeploymentSeen| {
            let body = json!({
                "object_kind": "deployment", "status": seen.status, "status_changed_at": moment(seen.updated_at),
                "deployment_id": seen.id, "deployable_id": seen.id + 1, "environment": seen.environment,
                "project": project, "short_sha": "279484c0", "commit_title": "Add new file",
                "user": { "id": 1, "name": "Amara Oyelaran", "username": "amara", "email": "amara@example.com" },
            });
            self.hook("Deployment Hook", &body)
        };
        self.deployments_since(path, since).into_iter().map(hook).collect()
    }

    /// What a job sends: a number for the project, and no path.
    pub fn job_hook(&self, path: &str) -> Option<Hook> {
        let (id, _) = self.hooked(path)?;
        let body = json!({ "object_kind": "build", "ref": "main", "build_id": 1977, "build_name": "deploy",
            "build_status": "success", "project_id": id, "project_name": path,
            "user": { "id": 3, "name": "Bjorn", "email": "bjorn@example.com" } });
        Some(self.hook("Job Hook", &body))
    }

    /// What a change of a merge request sends.
    pub fn merge_request_hook(&self, path: &str) -> Option<Hook> {
        let (_, project) = self.hooked(path)?;
        let body = json!({ "object_kind": "merge_request", "event_type": "merge_request", "project": project,
            "object_attributes": { "id": 99, "iid": 1, "title": "MS-Viewport", "state": "opened", "action": "open" },
            "user": { "id": 1, "name": "Chen", "username": "chen", "email": "chen@example.com" } });
        Some(self.hook("Merge Request Hook", &body))
    }

    /// Number and description of a project, as payloads bear it.
    fn hooked(&self, path: &str) -> Option<(u64, Value)> {
        let (id, name) = self.project_named(path)?;
        let project = json!({ "id": id, "name": name, "path_with_namespace": path, "default_branch": "main",
            "web_url": format!("{}/{path}", self.url()), "visibility_level": 10 });
        Some((id, project))
    }

    fn hook(&self, event: &str, body: &Value) -> Hook {
        // The same for the same event: it stays through retries.
        let text = body.to_string();
        let key = format!("{:016x}-{:016x}", draw(&text, "hook"), draw(&text, "key"));
        Hook::new("gitlab", body).header("x-gitlab-event", event).header("idempotency-key", key)
    }
}
