//! Commits as a pure function of project and time: each change that is deployed is made of a few, the last of which is deployed.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Project, deployment, rest::instant};
use crate::seed::{draw, pick};

const AUTHORS: [&str; 6] = ["Amara", "Bjorn", "Chen", "Dolores", "Emeka", "Farida"];
const TITLES: [&str; 6] = [
    "Say what was refused and why",
    "Close the file when reading fails",
    "Name the queue after what it holds",
    "Ask for the next page only once",
    "Drop the flag that nobody sets",
    "Count retries apart",
];

/// A commit of the default branch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Commit {
    pub(super) sha: String,
    pub(super) authored_at: DateTime<Utc>,
}

impl Commit {
    pub(super) fn title(&self) -> &'static str {
        pick(&self.sha, "title", &TITLES).copied().unwrap_or("Change")
    }

    pub(super) fn author(&self) -> &'static str {
        pick(&self.sha, "author", &AUTHORS).copied().unwrap_or("Amara")
    }

    fn page(&self, url: &str, project: &Project) -> String {
        format!("{url}/{}/-/commit/{}", project.full_path, self.sha)
    }

    /// As REST writes it.
    pub(super) fn rest(&self, url: &str, project: &Project) -> Value {
        let (author, at) = (self.author(), instant(self.authored_at));
        let email = format!("{}@example.com", author.to_lowercase());
        json!({
            "id": self.sha,
            "short_id": self.sha.get(..8),
            "created_at": at,
            "parent_ids": [],
            "title": self.title(),
            "message": format!("{}\n", self.title()),
            "author_name": author,
            "author_email": email,
            "authored_date": at,
            "committer_name": author,
            "committer_email": email,
            "committed_date": at,
            "trailers": {},
            "extended_trailers": {},
            "web_url": self.page(url, project),
        })
    }

    /// As GraphQL writes it.
    pub(super) fn graphql(&self, url: &str, project: &Project) -> Value {
        json!({
            "sha": self.sha,
            "title": self.title(),
            "authorName": self.author(),
            "authoredDate": self.authored_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            "webUrl": self.page(url, project),
        })
    }
}

/// The commits of the changes that are listed, oldest first.
pub(super) fn history(project: &Project, now: DateTime<Utc>) -> Vec<Commit> {
    deployment::changes(project, now).flat_map(|(subject, authored_at)| of_change(&subject, authored_at)).collect()
}

fn of_change(subject: &str, authored_at: DateTime<Utc>) -> impl Iterator<Item = Commit> + use<> {
    let before = i64::try_from(draw(subject, "commits") % 4).unwrap_or(0);
    let early = (1..=before).rev().map({
        let subject = subject.to_owned();
        move |place| Commit {
            sha: deployment::sha(&format!("{subject}-{place}")),
            authored_at: authored_at - TimeDelta::minutes(place),
        }
    });
    early.chain([Commit { sha: deployment::sha(subject), authored_at }])
}

/// What `ref_name` means, newest first: a branch or nothing all of it, a hash what leads to it, and `from..to` what `to` has and
/// `from` has not. What is not known has no commits.
pub(super) fn log(project: &Project, ref_name: Option<&str>, now: DateTime<Utc>) -> Vec<Commit> {
    let history = history(project, now);
    let place = |name: &str| match name {
        "HEAD" => Some(history.len()),
        name if name == project.default_branch => Some(history.len()),
        hash => history.iter().position(|commit| commit.sha == hash).map(|place| place + 1),
    };
    let bounds = match ref_name.map(|name| name.split_once("..").ok_or(name)) {
        None => Some((0, history.len())),
        Some(Ok((from, to))) => place(from).zip(place(to)),
        Some(Err(name)) => place(name).map(|to| (0, to)),
    };
    let commits = bounds.and_then(|(from, to)| history.get(from..to)).unwrap_or_default();
    commits.iter().rev().cloned().collect()
}
