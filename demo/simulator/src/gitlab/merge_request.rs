//! Merge requests as a pure function of project and time: one is opened at a steady pace and merged or closed some days later.

use chrono::{DateTime, TimeDelta, Utc};

use serde_json::{Value, json};

use super::{Project, rest::instant};
use crate::seed::{between, draw, pick};

/// How many of the latest that have ended are listed.
const ENDED_MAX: u32 = 60;

const AUTHORS: [&str; 6] = ["amara", "bjorn", "chen", "dolores", "emeka", "farida"];
const TITLES: [&str; 6] = [
    "Retry when the partner is away",
    "Bump the base image",
    "Remove the old endpoint",
    "Count what is refused",
    "Make the timeout configurable",
    "Fix the time zone of exports",
];

pub(super) struct MergeRequest {
    /// Unique over all projects.
    pub(super) id: u64,
    pub(super) iid: u64,
    pub(super) title: String,
    /// GitLab's own word.
    pub(super) state: &'static str,
    pub(super) author: &'static str,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) merged_at: Option<DateTime<Utc>>,
}

impl MergeRequest {
    /// As REST writes it.
    pub(super) fn rest(&self, url: &str, project_id: u64, project: &Project) -> Value {
        json!({
            "id": self.id,
            "iid": self.iid,
            "project_id": project_id,
            "title": self.title,
            "description": null,
            "state": self.state,
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
            "merged_at": self.merged_at.map(instant),
            "closed_at": null,
            "source_branch": format!("change-{}", self.iid),
            "target_branch": project.default_branch,
            "author": {
                "id": draw(self.author, "id") % 10_000,
                "username": self.author,
                "name": self.author,
                "state": "active",
                "avatar_url": null,
                "web_url": format!("{url}/{}", self.author),
            },
            "labels": [],
            "draft": false,
            "web_url": format!("{url}/{}/-/merge_requests/{}", project.full_path, self.iid),
        })
    }
}

/// All that are listed, latest change first.
pub(super) fn merge_requests(project_id: u64, project: &Project, now: DateTime<Utc>) -> Vec<MergeRequest> {
    let hours = i64::try_from(between(&project.full_path, "merge pace", 5, 40)).unwrap_or(12);
    let last = project.quiet_since.map_or(now, |quiet| quiet.min(now));
    let begun = (last - project.created_at).num_hours().max(0) / hours;
    let open = project.open_merge_requests;
    let newest = u32::try_from(begun).unwrap_or(0).max(open);
    let first = newest.saturating_sub(ENDED_MAX + open);
    let mut all: Vec<MergeRequest> = (first..newest)
        .map(|place| {
            let iid = u64::from(place) + 1;
            let subject = format!("{}!mr{iid}", project.full_path);
            let is_open = place >= newest - open;
            let created_at = project.created_at + TimeDelta::hours(i64::from(place) * hours);
            let days = TimeDelta::hours(i64::try_from(between(&subject, "life", 1, 90)).unwrap_or(1));
            let ended_at = (created_at + days).min(last);
            let state = match draw(&subject, "end") % 10 {
                _ if is_open => "opened",
                0 => "closed",
                _ => "merged",
            };
            MergeRequest {
                id: project_id * 100_000 + iid,
                iid,
                title: (*pick(&subject, "title", &TITLES).unwrap_or(&"Change")).to_owned(),
                state,
                author: pick(&subject, "author", &AUTHORS).copied().unwrap_or("amara"),
                created_at,
                updated_at: if is_open { created_at } else { ended_at },
                merged_at: (state == "merged").then_some(ended_at),
            }
        })
        .collect();
    all.sort_by_key(|one| std::cmp::Reverse((one.updated_at, one.id)));
    all
}
