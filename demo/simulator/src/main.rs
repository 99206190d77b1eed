//! The simulator on its own, for a look at it with curl; the demo starts the library instead.

use clap::Parser;
use simulator::{Config, Simulator, gitlab::World};

/// Fake GitLab and OIDC issuer on loopback.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Port of the fake GitLab; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    gitlab_port: u16,
    /// Port of the issuer; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    issuer_port: u16,
    /// Full path of a project it has; may be repeated.
    #[arg(long = "project", value_name = "PATH", num_args = 1..)]
    projects: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let simulator = Simulator::start(Config {
        gitlab_port: arguments.gitlab_port,
        issuer_port: arguments.issuer_port,
        world: World::builder().paths(arguments.projects).build(),
        ..Config::default()
    })
    .await?;
    println!("GitLab  {}  (token {})", simulator.gitlab_url(), simulator.gitlab_token());
    println!("issuer  {}", simulator.issuer_url());
    tokio::signal::ctrl_c().await?;
    simulator.stop().await;
    Ok(())
}
