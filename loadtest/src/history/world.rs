//! A GitLab with many projects that have deployed and do so no more, so that two readings find the same, and a catalog with a
//! component for each.

use std::{fmt::Write, path::PathBuf};

use chrono::TimeDelta;
use demo::{database, postgres::Cluster};
use simulator::{
    Clock, Config, Simulator,
    gitlab::{Pace, Project, World},
};
use tokio::process::Command;

use crate::{child::Process, place::Place};

/// Changes of a project, each with a deployment to staging and mostly one to production.
const CHANGES: usize = 6;

/// So many projects at the fake GitLab.
pub(crate) async fn start(projects: usize) -> anyhow::Result<Simulator> {
    let now = Clock::system().now();
    let project = |number: usize| Project {
        created_at: now - TimeDelta::days(700),
        // Long enough ago that what was begun then has ended everywhere.
        quiet_since: Some(now - TimeDelta::days(30)),
        pipeline_every: None,
        deploys: Some(Pace { every: TimeDelta::hours(60 + i64::try_from(number % 200).unwrap_or(0)), kept: CHANGES }),
        ..Project::new(path(number))
    };
    let world = (0..projects).fold(World::builder(), |world, number| world.project(project(number)));
    Simulator::start(Config { world: world.build(), ..Config::default() }).await
}

fn path(number: usize) -> String {
    format!("history/project-{number:05}")
}

/// A database with a component for each project, and the variables with which `weft` reads them.
pub(crate) async fn catalog(place: &Place, cluster: &Cluster, name: &str, projects: usize) -> anyhow::Result<String> {
    let admin_url = cluster.url("postgres");
    database::drop(&admin_url, name).await?;
    database::create(&admin_url, name).await?;
    let folder = place.load.join("history");
    // Files of a larger run before would count too.
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut text = String::new();
    for number in 0..projects {
        write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: project-{number:05}\n  annotations:\n    \
             gitlab.com/project-slug: {}\nspec:\n  type: service\n  lifecycle: production\n  owner: team-{}\n",
            path(number),
            number / 100
        )?;
    }
    for team in 0..projects.div_ceil(100) {
        write!(
            text,
            "---\napiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata:\n  name: team-{team}\nspec:\n  type: team\n  children: []\n"
        )?;
    }
    // A file holds so much at most.
    for (part, documents) in text.split("---\n").collect::<Vec<_>>().chunks(1_000).enumerate() {
        std::fs::write(folder.join(format!("part-{part}.yaml")), documents.join("---\n"))?;
    }
    let url = cluster.url(name);
    for arguments in [vec!["migrate"], vec!["import", "catalog", &folder.display().to_string()]] {
        let mut command = Command::new(place.weft()?);
        command.args(&arguments).env("DATABASE_URL", &url);
        Process::start(&mut command, &place.load.join("weft-command.log"))?.finished().await?;
    }
    Ok(url)
}

/// The configuration that names the fake GitLab.
pub(crate) fn write_config(place: &Place, simulator: &Simulator) -> anyhow::Result<PathBuf> {
    let text = format!(
        "[sources.gitlab]\nbase_url = \"{}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\n\n[sync]\nlease = \"2s\"\n",
        simulator.gitlab_url()
    );
    let file = place.load.join("history.toml");
    std::fs::write(&file, text)?;
    Ok(file)
}
