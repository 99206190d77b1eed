//! Sends deliveries as the worlds of GitLab and AWX go on: each deployment that came to another state and each project that was
//! changed, each run that began or ended.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::Hooks;
use crate::{awx::Awx, gitlab::Gitlab};

/// How often it is looked what has changed.
const LOOK: Duration = Duration::from_millis(100);

/// So many projects, or templates, are looked at: a large estate shall not keep its machine busy with looking.
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
        let (hooks, gitlab, token) = (self.clone(), gitlab.clone(), token.to_owned());
        Following(tokio::spawn(async move {
            let mut since = gitlab.now();
            loop {
                tokio::time::sleep(LOOK).await;
                let now = gitlab.now();
                for path in gitlab.take_pushed() {
                    if let Some(hook) = gitlab.push_hook(&path) {
                        hooks.send(hook.gitlab_token(&token)).await;
                    }
                }
                for path in gitlab.paths().into_iter().take(LOOKED_AT_MAX) {
                    for hook in gitlab.deployment_hooks(&path, since) {
                        hooks.send(hook.gitlab_token(&token)).await;
                    }
                }
                since = now;
            }
        }))
    }

    /// Sends what happens in `awx` from now on, with `secret` in this header.
    pub fn follow_runs(&self, awx: &Awx, header: &'static str, secret: &str) -> Following {
        let (hooks, awx, secret) = (self.clone(), awx.clone(), secret.to_owned());
        Following(tokio::spawn(async move {
            let mut since = awx.now();
            loop {
                tokio::time::sleep(LOOK).await;
                let now = awx.now();
                for template in awx.templates().into_iter().take(LOOKED_AT_MAX) {
                    for hook in awx.run_hooks(template, since) {
                        hooks.send(hook.secret(header, &secret)).await;
                    }
                }
                since = now;
            }
        }))
    }
}
