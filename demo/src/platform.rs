//! `Platform`: the fake upstreams and the gateway over one database, wired by configuration alone, as in production.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use gateway::{
    App, Serving,
    config::{Config, Environment, Loaded},
};
use simulator::{
    Config as SimulatorConfig, Simulator,
    issuer::{Claims, Client},
};
use sources::Clock;

use crate::{
    estate::{Estate, Role, roles},
    upstreams,
};

/// How long the demo's tokens live.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3_600);

/// What a platform is made of.
pub struct PlatformConfig {
    /// The database; its schema is brought up to date.
    pub database_url: String,
    /// Where clients come in.
    pub listen: SocketAddr,
    /// Where operators come in.
    pub admin_listen: SocketAddr,
    /// The estate whose projects the fake GitLab has.
    pub estate: Estate,
    /// Where the issuer keeps its keys; new ones each start without it.
    pub keys_folder: Option<PathBuf>,
    /// More configuration of the gateway, as variables of the environment.
    pub settings: Vec<(String, String)>,
    /// What time it is for the gateway.
    pub clock: Clock,
    /// Whether this process shows metrics.
    pub collects_metrics: bool,
}

/// A running platform.
pub struct Platform {
    /// The fake upstreams and the issuer.
    pub simulator: Simulator,
    /// The gateway.
    pub serving: Serving,
    toml: String,
    variables: Vec<(String, String)>,
    clock: Clock,
}

impl Platform {
    /// Starts the fake upstreams, then the gateway.
    pub async fn start(config: PlatformConfig) -> anyhow::Result<Self> {
        let simulator = Simulator::start(SimulatorConfig {
            clients: roles().iter().map(client).collect(),
            keys_dir: config.keys_folder.clone(),
            ..upstreams::of_estate(&config.estate)
        })
        .await?;
        let toml = gateway_toml(&config, &simulator);
        let mut variables = config.settings.clone();
        variables.push(("DATABASE_URL".to_owned(), config.database_url.clone()));
        variables.extend(upstreams::secrets(&simulator));
        let metrics = if config.collects_metrics { gateway::telemetry::metrics() } else { None };
        let loaded = load(&toml, &variables, config.listen, config.admin_listen)?;
        let app = App::build(loaded, metrics, config.clock.clone())?;
        app.sources.database().migrate().await?;
        let serving = Serving::start(app).await?;
        Ok(Self { simulator, serving, toml, variables, clock: config.clock })
    }

    /// Another gateway over the same database, upstreams and Redis, at ports of its own.
    pub async fn replica(&self) -> anyhow::Result<Serving> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let loaded = load(&self.toml, &self.variables, any, any)?;
        Serving::start(App::build(loaded, None, self.clock.clone())?).await
    }

    /// The gateway's configuration, a file and variables of the environment, for another program to serve with.
    pub fn configuration(&self) -> (&str, &[(String, String)]) {
        (&self.toml, &self.variables)
    }

    /// The address of the gateway.
    pub fn url(&self) -> String {
        format!("http://{}", self.serving.address())
    }

    /// A token for a role.
    pub fn token(&self, role: &Role) -> String {
        self.simulator.issuer().token(&claims(role))
    }

    /// Ends the gateway, then the fake upstreams.
    pub async fn stop(self) {
        self.serving.stop().await;
        self.simulator.stop().await;
    }
}

/// What a role's tokens say.
pub fn claims(role: &Role) -> Claims {
    Claims {
        tenant: Some(role.tenant.to_owned()),
        teams: role.teams.iter().map(|team| (*team).to_owned()).collect(),
        scopes: role.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        lifetime: TOKEN_LIFETIME,
        ..Claims::new(&role.subject)
    }
}

/// The secret with which a script gets new tokens for a role. The demo guards nothing.
pub fn client_secret(role: &Role) -> String {
    format!("{}-secret", role.name)
}

fn client(role: &Role) -> Client {
    Client { id: role.name.to_owned(), secret: client_secret(role), claims: claims(role) }
}

/// The gateway's configuration, as an operator would write it.
fn gateway_toml(config: &PlatformConfig, simulator: &Simulator) -> String {
    format!(
        "[server]\ngraphiql = true\nshutdown_delay = \"0s\"\nshutdown_grace = \"2s\"\n\n\
         [[auth.issuers]]\nissuer = \"{issuer}\"\naudiences = [\"weft\"]\n\n{upstreams}",
        issuer = simulator.issuer_url(),
        upstreams = upstreams::toml(&config.estate, simulator),
    )
}

fn load(
    toml: &str,
    variables: &[(String, String)],
    listen: SocketAddr,
    admin_listen: SocketAddr,
) -> anyhow::Result<Loaded> {
    let file = tempfile(toml)?;
    let addresses =
        [("WEFT_LISTEN".to_owned(), listen.to_string()), ("WEFT_ADMIN_LISTEN".to_owned(), admin_listen.to_string())];
    let loaded = Config::load(Some(&file), &Environment::of(variables.iter().cloned().chain(addresses)));
    // Read by now, or never.
    let _ = std::fs::remove_file(&file);
    loaded
}

fn tempfile(text: &str) -> anyhow::Result<PathBuf> {
    let file = std::env::temp_dir().join(format!("weft-{}-{:08x}.toml", std::process::id(), rand::random::<u32>()));
    std::fs::write(&file, text)?;
    Ok(file)
}
