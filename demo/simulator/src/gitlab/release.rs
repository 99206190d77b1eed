//! Releases as a pure function of project and time: one every few weeks, unless the project makes none.

use chrono::{DateTime, TimeDelta, Utc};

use super::Project;
use crate::seed::{between, draw};

pub(super) struct Release {
    /// Its place, from 1.
    pub(super) number: u64,
    pub(super) tag: String,
    pub(super) description: String,
    pub(super) released_at: DateTime<Utc>,
    pub(super) sha: String,
}

/// All releases up to `now`, newest first.
pub(super) fn releases(project: &Project, now: DateTime<Utc>) -> impl Iterator<Item = Release> {
    let path = &project.full_path;
    let makes_none = project.is_empty || draw(path, "releases").is_multiple_of(5);
    let days = i64::try_from(between(path, "release pace", 10, 45)).unwrap_or(30);
    let last = project.quiet_since.map_or(now, |quiet| quiet.min(now));
    let made = if makes_none { 0 } else { (last - project.created_at).num_days().max(0) / days };
    (1..=u64::try_from(made).unwrap_or(0)).rev().map(move |number| {
        let tag = format!("v1.{number}.0");
        let subject = format!("{path}@{tag}");
        Release {
            number,
            description: format!("## {tag}\n\n- {} changes\n", between(&subject, "changes", 1, 40)),
            released_at: project.created_at + TimeDelta::days(i64::try_from(number).unwrap_or(0) * days),
            sha: format!("{:016x}{:016x}{:08x}", draw(&subject, "a"), draw(&subject, "b"), draw(&subject, "c") >> 32),
            tag,
        }
    })
}
