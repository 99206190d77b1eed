//! Sends deliveries as the worlds of GitLab, AWX and Terraform go on: each deployment that came to another state and each project that
//! was changed, each run that began or ended.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use super::{Hook, Hooks};
use crate::{awx::Awx, gitlab::Gitlab, terraform::Terraform};

/// How often it is looked what has changed.
const LOOK: Duration = Duration::from_millis(100);

/// So many projects, templates, or workspaces are looked at: a large estate shall not keep its machine busy with looking.
const LOOKED_AT_MAX: usize = 200;

/// Sends until it is dropped.
pub struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Hooks {
    /// Sends what happens in `gitlab` from now on, with this secret token.
    pub fn follow(&self, gitlab: &Gitlab, token: &str) -> Following {
        let (gitlab, token) = (gitlab.clone(), token.to_owned());
        let clock = gitlab.clone();
        self.following(
            move || clock.now(),
            move |since| {
                let pushed = gitlab.take_pushed().into_iter().filter_map(|path| gitlab.push_hook(&path));
                let paths = gitlab.paths().into_iter().take(LOOKED_AT_MAX);
                let deployed = paths.flat_map(|path| gitlab.deployment_hooks(&path, since));
                pushed.chain(deployed).map(|hook| hook.gitlab_token(&token)).collect()
            },
        )
    }

    /// Sends what happens in `awx` from now on, with `secret` in this header.
    pub fn follow_runs(&self, awx: &Awx, header: &'static str, secret: &str) -> Following {
        let (awx, secret) = (awx.clone(), secret.to_owned());
        let clock = awx.clone();
        self.following(
            move || clock.now(),
            move |since| {
                let templates = awx.templates().into_iter().take(LOOKED_AT_MAX);
                let ran = templates.flat_map(|template| awx.run_hooks(template, since));
                ran.map(|hook| hook.secret(header, &secret)).collect()
            },
        )
    }

    /// Sends what happens in `terraform` from now on, signed with `key`.
    pub fn follow_workspaces(&self, terraform: &Terraform, key: &str) -> Following {
        let (terraform, key) = (terraform.clone(), key.to_owned());
        let clock = terraform.clone();
        self.following(
            move || clock.now(),
            move |since| {
                let workspaces = terraform.names(LOOKED_AT_MAX).into_iter();
                let ran = workspaces.flat_map(|(organization, name)| terraform.run_hooks(&organization, &name, since));
                ran.map(|hook| hook.terraform_signed(&key)).collect()
            },
        )
    }

    /// Sends what `look` finds that happened since the last look.
    fn following(
        &self,
        now: impl Fn() -> DateTime<Utc> + Send + 'static,
        look: impl Fn(DateTime<Utc>) -> Vec<Hook> + Send + 'static,
    ) -> Following {
        let hooks = self.clone();
        let mut since = now();
        Following(tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let looked_at = now();
                for hook in look(since) {
                    hooks.send(hook).await;
                }
                since = looked_at;
            }
        }))
    }
}
