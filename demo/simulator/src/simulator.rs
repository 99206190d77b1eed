//! The whole simulator: what it is started with, and the handle that keeps it alive.

use std::path::PathBuf;

use crate::{
    Calls, Clock, Faults, Quota,
    awx::{self, Awx},
    azure::{self, Azure},
    control::Control,
    gitlab::{self, Gitlab, World},
    issuer::{self, Client, Issuer},
    openshift::{self, Openshift},
    server::{Bound, Server},
    terraform::{self, Terraform},
    tls::Tls,
};

/// The parts that can fail on their own and log their own calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// The fake GitLab.
    Gitlab,
    /// The fake OpenShift cluster.
    Openshift,
    /// The fake AWX.
    Awx,
    /// The fake Terraform Enterprise.
    Terraform,
    /// The fake Azure.
    Azure,
    /// The OIDC issuer.
    Issuer,
}

impl Upstream {
    /// All but the issuer.
    pub const SOURCES: [Self; 5] = [Self::Gitlab, Self::Openshift, Self::Awx, Self::Terraform, Self::Azure];
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
    /// What the fake OpenShift cluster runs.
    pub openshift: openshift::World,
    /// What the fake AWX runs.
    pub awx: awx::World,
    /// What the fake Terraform Enterprise manages.
    pub terraform: terraform::World,
    /// What the fake Azure has.
    pub azure: azure::World,
    /// Whether OpenShift and Azure speak https, with a certificate of [`Simulator::ca_pem`]'s authority.
    pub has_tls: bool,
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
            openshift: openshift::World::default(),
            awx: awx::World::default(),
            terraform: terraform::World::default(),
            azure: azure::World::default(),
            has_tls: false,
            clients: Vec::new(),
            keys_dir: None,
            clock: Clock::system(),
        }
    }
}

/// A running simulator. It ends with [`stop`](Self::stop), or at once when dropped.
pub struct Simulator {
    gitlab: Part,
    openshift: Part,
    awx: Part,
    terraform: Part,
    azure: Part,
    issuer_part: Part,
    issuer: Issuer,
    gitlab_state: Gitlab,
    openshift_state: Openshift,
    awx_state: Awx,
    terraform_state: Terraform,
    azure_state: Azure,
    ca_pem: Option<String>,
}

struct Part {
    url: String,
    control: Control,
    server: Server,
}

impl Simulator {
    /// Binds every listener and serves.
    ///
    /// # Errors
    /// When a port is taken, or when the key directory cannot be used.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let gitlab = Bound::bind(config.gitlab_port).await?;
        let tls = if config.has_tls { Some(Tls::generate()?) } else { None };
        let openshift = Bound::bind(0).await?.with_tls(tls.as_ref());
        let awx = Bound::bind(0).await?;
        let terraform = Bound::bind(0).await?;
        let azure = Bound::bind(0).await?.with_tls(tls.as_ref());
        let bound_issuer = Bound::bind(config.issuer_port).await?;
        let clock = config.clock;
        let gitlab_state = Gitlab::new(gitlab.url(), config.gitlab_token, config.world, clock.clone());
        let openshift_state =
            Openshift::new(openshift.url(), "simulated-openshift-token".to_owned(), config.openshift, clock.clone());
        let awx_state = Awx::new(awx.url(), "simulated-awx-token".to_owned(), config.awx, clock.clone());
        let terraform_state =
            Terraform::new(terraform.url(), "simulated-terraform-token".to_owned(), config.terraform, clock.clone());
        let azure_state = Azure::new(azure.url(), "simulated-azure-secret".to_owned(), config.azure, clock.clone());
        let issuer =
            Issuer::load_or_generate(bound_issuer.url(), config.keys_dir.as_deref(), config.clients, clock.clone())?;
        Ok(Self {
            gitlab: Part::serve(Upstream::Gitlab, gitlab, gitlab::router(gitlab_state.clone()), clock.clone()),
            openshift: Part::serve(
                Upstream::Openshift,
                openshift,
                openshift::router(openshift_state.clone()),
                clock.clone(),
            ),
            awx: Part::serve(Upstream::Awx, awx, awx::router(awx_state.clone()), clock.clone()),
            terraform: Part::serve(
                Upstream::Terraform,
                terraform,
                terraform::router(terraform_state.clone()),
                clock.clone(),
            ),
            azure: Part::serve(Upstream::Azure, azure, azure::router(azure_state.clone()), clock.clone()),
            issuer_part: Part::serve(Upstream::Issuer, bound_issuer, issuer::router(issuer.clone()), clock),
            issuer,
            gitlab_state,
            openshift_state,
            awx_state,
            terraform_state,
            azure_state,
            ca_pem: tls.map(|tls| tls.ca_pem),
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

    /// The fake OpenShift cluster.
    pub fn openshift(&self) -> &Openshift {
        &self.openshift_state
    }

    /// The fake AWX.
    pub fn awx(&self) -> &Awx {
        &self.awx_state
    }

    /// The fake Terraform Enterprise.
    pub fn terraform(&self) -> &Terraform {
        &self.terraform_state
    }

    /// The fake Azure.
    pub fn azure(&self) -> &Azure {
        &self.azure_state
    }

    /// The issuer's address, which is also the `iss` of its tokens.
    pub fn issuer_url(&self) -> &str {
        self.issuer.url()
    }

    /// The issuer, to mint tokens and rotate keys.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The authority to trust, in PEM; none where nothing speaks https.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The base address of a part.
    pub fn url(&self, upstream: Upstream) -> &str {
        &self.part(upstream).url
    }

    /// The faults before `upstream`.
    pub fn faults(&self, upstream: Upstream) -> &Faults {
        &self.part(upstream).control.faults
    }

    /// The calls `upstream` has received.
    pub fn calls(&self, upstream: Upstream) -> &Calls {
        &self.part(upstream).control.calls
    }

    /// The limit on calls before `upstream`; none at first.
    pub fn quota(&self, upstream: Upstream) -> &Quota {
        &self.part(upstream).control.quota
    }

    /// Closes every listener, letting answers under way finish for a moment.
    pub async fn stop(self) {
        tokio::join!(
            self.gitlab.server.stop(),
            self.openshift.server.stop(),
            self.awx.server.stop(),
            self.terraform.server.stop(),
            self.azure.server.stop(),
            self.issuer_part.server.stop(),
        );
    }

    fn part(&self, upstream: Upstream) -> &Part {
        match upstream {
            Upstream::Gitlab => &self.gitlab,
            Upstream::Openshift => &self.openshift,
            Upstream::Awx => &self.awx,
            Upstream::Terraform => &self.terraform,
            Upstream::Azure => &self.azure,
            Upstream::Issuer => &self.issuer_part,
        }
    }
}

impl Part {
    fn serve(upstream: Upstream, bound: Bound, router: axum::Router, clock: Clock) -> Self {
        let (url, control) = (bound.url(), Control::new(upstream, clock));
        let server = bound.serve(control.wrap(router), control.faults.clone());
        Self { url, control, server }
    }
}
