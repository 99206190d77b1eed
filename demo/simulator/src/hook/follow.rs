//! Sends deliveries as the world of GitLab goes on: each deployment that came to another state, and each project that was changed.

use std::time::Duration;

use tokio::task::JoinHandle;

use super::Hooks;
use crate::gitlab::Gitlab;

/// How often it is looked what has changed.
const LOOK: Duration = Duration::from_secs(1);

/// So many projects are looked at: a large estate shall not keep its machine busy with looking.
const PROJECTS_MAX: usize = 500;

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
                for path in gitlab.paths().into_iter().take(PROJECTS_MAX) {
                    for hook in gitlab.deployment_hooks(&path, since) {
                        hooks.send(hook.gitlab_token(&token)).await;
                    }
                }
                since = now;
            }
        }))
    }
}
