//! One project: what the caller says about it, or what its path makes believable.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::Pace;
use crate::seed::{between, draw, pick};

/// 2024-01-01: seeded projects begin within a year after it.
const FIRST_CREATED: DateTime<Utc> = DateTime::from_timestamp(1_704_067_200, 0).expect("a constant in range");

const LANGUAGES: [&str; 10] = ["Go", "Rust", "TypeScript", "Python", "Java", "Kotlin", "HCL", "Shell", "Ruby", "C#"];
const TOPICS: [&str; 9] =
    ["backend", "frontend", "api", "library", "infrastructure", "data", "batch", "team", "legacy"];

/// Who may see a project, in GitLab's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Anyone.
    Public,
    /// Anyone signed in.
    Internal,
    /// Members only.
    Private,
}

/// A project of the fake GitLab. Start from [`new`](Self::new) or [`believable`](Self::believable) and set what matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Group and project path, such as `payments/api`. Looked up without regard to case, answered as written here.
    pub full_path: String,
    /// The display name.
    pub name: String,
    /// The description; `None` reads as null.
    pub description: Option<String>,
    /// The topics, in order.
    pub topics: Vec<String>,
    /// Language and share in percent, the largest first.
    pub languages: Vec<(String, f64)>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it is archived. Set [`quiet_since`](Self::quiet_since) too, or its pipelines go on.
    pub is_archived: bool,
    /// Whether the repository has no commit: no default branch, no file, no pipeline.
    pub is_empty: bool,
    /// Whether the token may not see it: it then reads exactly as one that does not exist.
    pub is_hidden: bool,
    /// Whether what stores its repository does not answer: what comes from there is null, each with an error of its own.
    pub is_broken: bool,
    /// The default branch.
    pub default_branch: String,
    /// When it was created; its first pipeline comes soon after.
    pub created_at: DateTime<Utc>,
    /// No push and no pipeline since then; `None`: active to this day.
    pub quiet_since: Option<DateTime<Utc>>,
    /// A push that no pipeline followed.
    pub pushed_at: Option<DateTime<Utc>>,
    /// From one pipeline to the next, at least two minutes; `None`: it has no pipelines.
    pub pipeline_every: Option<TimeDelta>,
    /// How often it deploys; `None`: never.
    pub deploys: Option<Pace>,
    /// How many merge requests are open.
    pub open_merge_requests: u32,
    /// The files of the default branch, by path.
    pub files: BTreeMap<String, String>,
}

impl Project {
    /// A private, active project with a pipeline every five minutes and nothing else to tell.
    pub fn new(full_path: impl Into<String>) -> Self {
        let full_path = full_path.into();
        Self {
            name: last_segment(&full_path).to_owned(),
            full_path,
            description: None,
            topics: Vec::new(),
            languages: Vec::new(),
            visibility: Visibility::Private,
            is_archived: false,
            is_empty: false,
            is_hidden: false,
            is_broken: false,
            default_branch: "main".to_owned(),
            created_at: FIRST_CREATED,
            quiet_since: None,
            pushed_at: None,
            pipeline_every: Some(TimeDelta::minutes(5)),
            deploys: None,
            open_merge_requests: 0,
            files: BTreeMap::new(),
        }
    }

    /// A project as the path suggests it: the same one for the same path, always.
    pub fn believable(full_path: impl Into<String>) -> Self {
        let full_path = full_path.into();
        let path = full_path.as_str();
        let name = title(last_segment(path));
        let topics = [pick(path, "topic", &TOPICS), pick(path, "other topic", &TOPICS)];
        let mut topics: Vec<String> = topics.into_iter().flatten().map(|topic| (*topic).to_owned()).collect();
        topics.dedup();
        let days = i64::try_from(between(path, "created", 0, 364)).unwrap_or(0);
        let visibility =
            if draw(path, "visibility").is_multiple_of(4) { Visibility::Private } else { Visibility::Internal };
        Self {
            description: Some(format!("{name}, looked after by {}.", path.split('/').next().unwrap_or(path))),
            languages: languages(path),
            visibility,
            created_at: FIRST_CREATED + TimeDelta::days(days),
            pipeline_every: Some(TimeDelta::seconds(i64::try_from(between(path, "cadence", 180, 540)).unwrap_or(300))),
            deploys: Some(Pace::believable(path)),
            open_merge_requests: u32::try_from(between(path, "merge requests", 0, 14)).unwrap_or(0),
            files: BTreeMap::from([
                ("README.md".to_owned(), format!("# {name}\n")),
                (".gitlab-ci.yml".to_owned(), "build:\n  script: make build\n".to_owned()),
                ("CODEOWNERS".to_owned(), codeowners(path)),
            ]),
            topics,
            name,
            ..Self::new(full_path)
        }
    }

    /// The last segment of the path.
    pub fn path(&self) -> &str {
        last_segment(&self.full_path)
    }
}

fn last_segment(full_path: &str) -> &str {
    full_path.rsplit('/').next().unwrap_or(full_path)
}

fn title(path: &str) -> String {
    let words = path.split(['-', '_', '.']).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A file with a rule for everything and a section.
fn codeowners(path: &str) -> String {
    let group = path.split('/').next().unwrap_or(path);
    format!(
        "# Who reviews what.\n* @{group}\n/docs/ @{group}/writers docs@example.com\n\n[Database] @{group}/dba\n*.sql\n/migrations/ @{group}/dba @{group}\n"
    )
}

/// One to three languages whose shares add up to 100, in hundredths as GitLab rounds them.
fn languages(path: &str) -> Vec<(String, f64)> {
    let start = between(path, "language", 0, LANGUAGES.len() as u64 - 1);
    let count = between(path, "languages", 1, 3);
    let mut left: u32 = 10_000;
    let mut languages = Vec::new();
    for (place, name) in (1..=count).zip(LANGUAGES.iter().cycle().skip(usize::try_from(start).unwrap_or(0))) {
        let percent = u32::try_from(between(path, name, 60, 95)).unwrap_or(60);
        let share = if place == count { left } else { left * percent / 100 };
        left -= share;
        languages.push(((*name).to_owned(), f64::from(share) / 100.0));
    }
    languages
}
