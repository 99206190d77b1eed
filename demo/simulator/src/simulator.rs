//! The whole simulator: what it is started with, and the handle that keeps it alive.

use std::path::PathBuf;

use crate::{
    Calls, Clock, Faults,
    control::Control,
    gitlab::{self, Gitlab, World},
    issuer::{self, Client, Issuer},
    server::{Bound, Server},
};

/// The parts that can fail on their own and log their own calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The fake GitLab.
    Gitlab,
    /// The OIDC issuer.
    Issuer,
}

/// What to start. The default listens on free ports and knows no project and no client.
#[derive(Clone)]
pub struct Config {
    /// Port of the fake GitLab on 127.0.0.1; 0 takes a free one.
    pub gitlab_port: u16,
    /// Port of the issuer on 127.0.0.1; 0 takes a free one. Tokens name it, so only a fixed port lets them outlive a
    /// restart.
    pub issuer_port: u16,
    /// The only token the fake GitLab accepts.
    pub gitlab_token: String,
    /// The projects it has.
    pub world: World,
    /// Who may fetch tokens at the issuer's `/token`.
    pub clients: Vec<Client>,
    /// Where the issuer keeps its keys; `None`: nowhere.
    pub keys_dir: Option<PathBuf>,
    /// The time that pipelines and tokens follow.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            gitlab_port: 0,
            issuer_port: 0,
            gitlab_token: "simulated-gitlab-token".to_owned(),
            world: World::default(),
            clients: Vec::new(),
            keys_dir: None,
            clock: Clock::system(),
        }
    }
}

/// A running simulator. It ends with [`stop`](Self::stop), or at once when dropped.
pub struct Simulator {
    gitlab: Part,
    issuer_part: Part,
    issuer: Issuer,
    gitlab_state: Gitlab,
}

struct Part {
    url: String,
    control: Control,
    server: Server,
}

impl Simulator {
    /// Binds both listeners and serves.
    ///
    /// # Errors
    /// When a port is taken, or when the key directory cannot be used.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let gitlab = Bound::bind(config.gitlab_port).await?;
        let bound_issuer = Bound::bind(config.issuer_port).await?;
        let clock = config.clock;
        let gitlab_state = Gitlab::new(gitlab.url(), config.gitlab_token, config.world, clock.clone());
        let issuer =
            Issuer::load_or_generate(bound_issuer.url(), config.keys_dir.as_deref(), config.clients, clock.clone())?;
        Ok(Self {
            gitlab: Part::serve(gitlab, gitlab::router(gitlab_state.clone()), clock.clone()),
            issuer_part: Part::serve(bound_issuer, issuer::router(issuer.clone()), clock),
            issuer,
            gitlab_state,
        })
    }

    /// The base address of the fake GitLab, such as `http://127.0.0.1:4010`.
    pub fn gitlab_url(&self) -> &str {
        &self.gitlab.url
    }

    /// The token it accepts.
    pub fn gitlab_token(&self) -> &str {
        self.gitlab_state.token()
    }

    /// The fake GitLab's projects, to change them while it runs.
    pub fn gitlab(&self) -> &Gitlab {
        &self.gitlab_state
    }

    /// The issuer's address, which is also the `iss` of its tokens.
    pub fn issuer_url(&self) -> &str {
        self.issuer.url()
    }

    /// The issuer, to mint tokens and rotate keys.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The faults before `upstream`.
    pub fn faults(&self, upstream: Upstream) -> &Faults {
        &self.part(upstream).control.faults
    }

    /// The calls `upstream` has received.
    pub fn calls(&self, upstream: Upstream) -> &Calls {
        &self.part(upstream).control.calls
    }

    /// Closes both listeners, letting answers under way finish for a moment.
    pub async fn stop(self) {
        tokio::join!(self.gitlab.server.stop(), self.issuer_part.server.stop());
    }

    fn part(&self, upstream: Upstream) -> &Part {
        match upstream {
            Upstream::Gitlab => &self.gitlab,
            Upstream::Issuer => &self.issuer_part,
        }
    }
}

impl Part {
    fn serve(bound: Bound, router: axum::Router, clock: Clock) -> Self {
        let (url, control) = (bound.url(), Control::new(clock));
        let server = bound.serve(control.wrap(router));
        Self { url, control, server }
    }
}
