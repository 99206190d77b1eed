//! A GitLab whose projects each deployed once, a catalog with a component for each, and what each of them tells.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use demo::{database, postgres::Cluster};
use serde_json::Value;
use simulator::{
    Clock, Config, Simulator,
    gitlab::{Gitlab, Pace, Project, World},
    hook::Hook,
};
use tokio::process::Command;

use super::plan::{Kind, decoys_of};
use crate::{child::Process, place::Place};

const DATABASE: &str = "webhooks";
/// Of so many webhooks one is a push.
const PUSH_EVERY: usize = 20;
/// Of so many projects one tells of each of its deployments; the others of one, which stands for all of it.
const BOTH_EVERY: usize = 5;
/// Deployments began so long ago: all have ended, and none is too old for whoever reads anew.
const BEGUN: TimeDelta = TimeDelta::minutes(12);

/// What is to stand in the end.
pub(super) struct Expected {
    /// The state of each deployment, by its key and its component.
    pub(super) deployments: BTreeMap<(String, String), String>,
    /// Components that are declared by files that were pushed.
    pub(super) pushed: Vec<String>,
}

/// What is sent and what comes of it.
pub(super) struct Story {
    pub(super) good: Vec<(Kind, Hook)>,
    pub(super) decoys: Vec<Hook>,
    pub(super) expected: Expected,
}

/// The reference of the component of a project.
pub(super) fn component_of(project: &str) -> String {
    format!("component:default/{}", project.rsplit('/').next().unwrap_or_default())
}

fn deploying(number: usize) -> String {
    format!("hooked/project-{number:05}")
}

fn decoy(number: usize) -> String {
    format!("hooked/decoy-{number:05}")
}

fn pushed(number: usize) -> String {
    format!("found/pushed-{number:05}")
}

/// A GitLab with everything but the projects that are pushed.
pub(super) async fn start(hooks: usize) -> anyhow::Result<Simulator> {
    let created_at = Clock::system().now() - BEGUN;
    let project = |path: String| Project {
        created_at,
        // One change, which goes to staging and mostly to production.
        quiet_since: Some(created_at + TimeDelta::minutes(3)),
        pipeline_every: None,
        deploys: Some(Pace { every: TimeDelta::minutes(2), kept: 1 }),
        ..Project::new(path)
    };
    let paths = (0..hooks).map(deploying).chain((0..decoys_of(hooks)).map(decoy));
    let world = paths.fold(World::builder(), |world, path| world.project(project(path)));
    // A group is known by its projects.
    let world = world.project(Project { pipeline_every: None, ..Project::new("found/empty") });
    Simulator::start(Config { world: world.build(), ..Config::default() }).await
}

/// Puts the pushed projects there, and tells what all of them send.
pub(super) fn story(gitlab: &Gitlab, hooks: usize) -> anyhow::Result<Story> {
    let now = Clock::system().now();
    let since = now - BEGUN - TimeDelta::hours(1);
    let mut story = Story {
        good: Vec::new(),
        decoys: Vec::new(),
        expected: Expected { deployments: BTreeMap::new(), pushed: Vec::new() },
    };
    let mut projects = 0..hooks;
    while story.good.len() < hooks {
        if story.good.len() % PUSH_EVERY == PUSH_EVERY - 1 {
            let path = pushed(story.expected.pushed.len());
            gitlab.put_project(declaring(&path, now));
            story.expected.pushed.push(component_of(&path));
            story.good.push((Kind::Push, gitlab.push_hook(&path).context("a push")?));
            continue;
        }
        let number = projects.next().context("a project")?;
        let path = deploying(number);
        let told = gitlab.deployment_hooks(&path, since);
        for hook in &told {
            story.expected.deployments.extend([deployment(&path, hook)?]);
        }
        let left = hooks - story.good.len();
        let sent = if number % BOTH_EVERY == 0 { told.len().min(left) } else { 1 };
        story.good.extend(told.into_iter().take(sent).map(|hook| (Kind::Deployment, hook)));
    }
    for number in 0..decoys_of(hooks) {
        let told = gitlab.deployment_hooks(&decoy(number), since);
        story.decoys.push(told.into_iter().next().context("a decoy")?);
    }
    Ok(story)
}

/// What a webhook says of a deployment, in the words of the tables.
fn deployment(path: &str, hook: &Hook) -> anyhow::Result<((String, String), String)> {
    let payload: Value = serde_json::from_str(&hook.body)?;
    let key = payload.get("deployment_id").context("a deployment without id")?.to_string();
    let status = payload.get("status").and_then(Value::as_str).unwrap_or_default();
    let status = if status == "success" { "succeeded" } else { status };
    Ok(((key, component_of(path)), status.to_owned()))
}

fn declaring(path: &str, at: DateTime<Utc>) -> Project {
    let name = path.rsplit('/').next().unwrap_or_default();
    let file = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: service\n  \
         lifecycle: production\n  owner: payments\n"
    );
    let files = [("catalog-info.yaml".to_owned(), file)].into();
    Project { pipeline_every: None, pushed_at: Some(at), files, ..Project::new(path) }
}

/// A database with a component for each project that deploys.
pub(super) async fn catalog(place: &Place, cluster: &Cluster, hooks: usize) -> anyhow::Result<String> {
    let admin_url = cluster.url("postgres");
    database::drop(&admin_url, DATABASE).await?;
    database::create(&admin_url, DATABASE).await?;
    let folder = place.load.join("webhooks");
    // Files of a larger run before would count too.
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let paths: Vec<String> = (0..hooks).map(deploying).chain((0..decoys_of(hooks)).map(decoy)).collect();
    // A file holds so much at most.
    for (part, paths) in paths.chunks(1_000).enumerate() {
        let mut text = String::new();
        for path in paths {
            write!(
                text,
                "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {}\n  annotations:\n    \
                 gitlab.com/project-slug: {path}\nspec:\n  type: service\n  lifecycle: production\n  owner: payments\n",
                path.rsplit('/').next().unwrap_or_default()
            )?;
        }
        std::fs::write(folder.join(format!("part-{part}.yaml")), text)?;
    }
    let url = cluster.url(DATABASE);
    for arguments in [vec!["migrate"], vec!["import", "catalog", &folder.display().to_string()]] {
        let mut command = Command::new(place.weft()?);
        command.args(&arguments).env("DATABASE_URL", &url);
        Process::start(&mut command, &place.load.join("weft-command.log"))?.finished().await?;
    }
    Ok(url)
}

/// The configuration that names GitLab by the address of the gate before it. Nothing but webhooks reads anything.
pub(super) fn write_config(place: &Place, gate: std::net::SocketAddr) -> anyhow::Result<PathBuf> {
    let text = format!(
        "[sync]\nenabled = false\n\n[limits.rate]\naddress_requests = 1000000000\n\n\
         [sources.gitlab]\nbase_url = \"http://{gate}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\n\n\
         [sources.gitlab.discovery]\ninterval = \"12h\"\ngroups = [{{ group = \"found\" }}]\n\n\
         [webhooks]\nattempt_timeout = \"2s\"\nretry_after = \"50ms\"\n\n\
         [webhooks.gitlab]\nsecrets = [{{ env = \"HOOK_TOKEN\" }}, {{ env = \"HOOK_SIGNING\" }}]\n"
    );
    let file = place.load.join("webhooks.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}
