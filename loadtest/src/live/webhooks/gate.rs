//! `Gate`: stands between the gateway and the fake GitLab. It lets everything pass, and kills the gateway when it asks or is answered.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{message::Read, step::Step, victim::Victim};

/// Longest silence on a connection: longer than the gateway keeps one.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// The path of a project whose deployments are asked for, and who is told that the question may go on.
pub(super) type Asked = (String, oneshot::Sender<()>);

/// Lets connections through until it is dropped.
pub(super) struct Gate(JoinHandle<()>);

impl Drop for Gate {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Who listens before who is asked is known.
pub(super) struct Bound(TcpListener, pub(super) SocketAddr);

impl Bound {
    pub(super) async fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self(listener, address))
    }

    /// Lets connections through to `upstream`. Questions for deployments wait for an answer to `asked` while that is to be written.
    pub(super) fn open(self, upstream: SocketAddr, victim: Arc<Victim>, asked: mpsc::Sender<Asked>) -> Gate {
        let Self(listener, _) = self;
        Gate(tokio::spawn(async move {
            // All of them end with it.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let (victim, asked) = (Arc::clone(&victim), asked.clone());
                connections.spawn(async move {
                    // A connection that breaks is what this is for.
                    let _ = pass(stream, upstream, &victim, &asked).await;
                });
            }
        }))
    }
}

/// Question after question; ends where either side does, or where the gateway was killed.
async fn pass(
    mut near: TcpStream,
    upstream: SocketAddr,
    victim: &Victim,
    asked: &mpsc::Sender<Asked>,
) -> anyhow::Result<()> {
    let mut far = TcpStream::connect(upstream).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    loop {
        let question = timeout(SILENCE_MAX, Read::from(&mut near)).await??;
        if !question.is_whole {
            return Ok(());
        }
        let project = project_of(question.target());
        let is_work = project.is_some() || question.target() == "/api/graphql";
        if is_work && victim.is_armed(Step::Claimed) {
            // Who sees the claim kills; until then GitLab hears nothing.
            return victim.down().await;
        }
        if is_work && victim.reached(Step::Asked) {
            return Ok(());
        }
        if let Some(project) = project.filter(|_| victim.is_armed(Step::Written)) {
            let (go_on, waiting) = oneshot::channel();
            let held = async {
                asked.send((project, go_on)).await.context("nobody waits for it")?;
                // Let go without a word where there is nothing to be seen.
                let _ = waiting.await;
                anyhow::Ok(())
            };
            tokio::select! {
                held = held => held?,
                down = victim.down() => return down,
            }
        }
        far.write_all(&question.bytes).await?;
        let answer = timeout(SILENCE_MAX, Read::from(&mut far)).await??;
        near.write_all(&answer.bytes).await?;
        if !answer.is_whole || (is_work && victim.reached(Step::Told)) {
            return Ok(());
        }
    }
}

/// The path of the project whose deployments are asked for.
fn project_of(target: &str) -> Option<String> {
    let rest = target.strip_prefix("/api/v4/projects/")?;
    let (path, rest) = rest.split_once('/')?;
    rest.starts_with("deployments").then(|| path.replace("%2F", "/").replace("%2f", "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_of_a_question_is_known() {
        let path = "/api/v4/projects/hooked%2Fp-1/deployments?order_by=updated_at";
        assert_eq!(project_of(path).as_deref(), Some("hooked/p-1"));
        for other in ["/api/v4/projects/hooked%2Fp-1/languages", "/api/v4/metadata", "/api/graphql"] {
            assert_eq!(project_of(other), None, "{other}");
        }
    }
}
