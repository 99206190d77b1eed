//! `pgbench` runs the statement of one entity: how fast the database itself can be asked.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use demo::postgres::{Cluster, servers};
use tokio::process::Command;

use crate::{place::Place, sample::Sample, viewer::Viewer};

/// Scripts, each with another reference; `pgbench` takes 128 at most.
const SCRIPTS: usize = 100;

/// A prepared comparison.
pub(crate) struct Pgbench {
    program: PathBuf,
    scripts: Vec<PathBuf>,
    /// Values of the variables in them.
    defined: Vec<(String, String)>,
    database_url: String,
}

impl Pgbench {
    /// Writes the scripts: the statement of `direct` for references that it is asked for too.
    pub(crate) fn prepare(
        place: &Place,
        cluster: &Cluster,
        database_url: &str,
        viewer: &Viewer,
        sample: &Sample,
    ) -> anyhow::Result<Self> {
        let major = fs::read_to_string(cluster.data_dir().join("PG_VERSION")).unwrap_or_default();
        let server = servers().into_iter().find(|server| server.version.0.to_string() == major.trim());
        let program = server.context("the server of the cluster is gone")?.program("pgbench");
        ensure!(program.is_file(), "{} is missing", program.display());
        let folder = place.load.join("pgbench");
        fs::create_dir_all(&folder)?;
        let mut defined = vec![("tenant".to_owned(), viewer.tenant.clone())];
        defined.extend(viewer.own_refs.iter().enumerate().map(|(number, own)| (format!("own{number}"), own.clone())));
        let own_refs = (0..viewer.own_refs.len()).map(|number| format!(":own{number}")).collect::<Vec<_>>().join(", ");
        let mut scripts = Vec::new();
        for (number, found) in sample.refs.iter().take(SCRIPTS).enumerate() {
            // Parameters, as `direct` binds them: each becomes a `$n` of the prepared statement.
            let statement = include_str!("../queries/entity.sql")
                .replace("$1", ":tenant")
                .replace("$2", &format!("array[{own_refs}]"))
                .replace("$3", &format!(":ref{number}"));
            defined.push((format!("ref{number}"), found.clone()));
            let path = folder.join(format!("{number:03}.sql"));
            fs::write(&path, format!("{};\n", statement.trim()))?;
            scripts.push(path);
        }
        Ok(Self { program, scripts, defined, database_url: database_url.to_owned() })
    }

    /// Statements a second of so many clients.
    pub(crate) async fn rate(&self, clients: usize, lasting: Duration) -> anyhow::Result<f64> {
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", "2"]);
        command.args(["-T", &lasting.as_secs().max(1).to_string()]);
        for (name, value) in &self.defined {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        for script in &self.scripts {
            command.arg("-f").arg(script);
        }
        let output = command.arg(&self.database_url).kill_on_drop(true).output().await?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
        let line = text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench tells no rate")?;
        line.split(' ').next().and_then(|rate| rate.parse().ok()).context("pgbench tells no rate")
    }
}
