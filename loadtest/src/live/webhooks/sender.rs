//! The sender: posts webhooks as GitLab does, each over a connection of its own, and again under the same key until it is answered.

use std::{net::SocketAddr, time::Duration};

use anyhow::{bail, ensure};
use simulator::hook::Hook;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::{
    message::Read,
    plan::{Cut, Kind, Message},
    step::Step,
    victim::Victim,
};

/// How long GitLab waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before it is sent again to who is there and does not take it.
const AGAIN_AFTER: Duration = Duration::from_millis(20);
const TRIES_MAX: u32 = 1_000;

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// None: it was cut off, and nobody answered.
    pub(super) status: Option<u16>,
    /// The answer says that nothing was stored.
    pub(super) is_known: bool,
    /// How often it was sent.
    pub(super) tries: u32,
}

/// Sends it until it is answered for good.
pub(super) async fn deliver(message: &Message, victim: &Victim) -> anyhow::Result<Outcome> {
    for tries in 1..=TRIES_MAX {
        let address = victim.up().await?;
        // Whatever goes wrong between two sockets is an answer that did not come.
        let read = timeout(PATIENCE, post(address, message, victim)).await.ok().and_then(Result::ok).flatten();
        let status = read.as_ref().and_then(Read::status);
        match status {
            // What is its own trouble it wants again.
            Some(408 | 429 | 500..) => tokio::time::sleep(AGAIN_AFTER).await,
            Some(_) => {
                let is_known = read.is_some_and(|read| read.has(br#"{"stored":0}"#));
                return Ok(Outcome { status, is_known, tries });
            }
            // Who breaks off is told nothing, and was not ended by anybody.
            None if message.cut == Some(Cut::Broken) && victim.is_at(address) => {
                return Ok(Outcome { status: None, is_known: false, tries });
            }
            None if victim.is_at(address) => tokio::time::sleep(AGAIN_AFTER).await,
            None => {}
        }
    }
    bail!("a webhook was sent {TRIES_MAX} times and not answered")
}

/// Sends it once; nothing where the gateway was killed for it, or did not answer.
async fn post(address: SocketAddr, message: &Message, victim: &Victim) -> anyhow::Result<Option<Read>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (hook, body) = (&message.hook, message.hook.body.as_bytes());
    let is_good = matches!(message.kind, Kind::Deployment | Kind::Push);
    // Asked to say when it has read the head, it tells where it stands.
    let asks = is_good && [Step::Head, Step::Half, Step::Body].into_iter().any(|step| victim.is_armed(step));
    stream.write_all(head(address, hook, asks).as_bytes()).await?;
    if asks {
        let read = Read::from(&mut stream).await?;
        if !read.is_continue() {
            return Ok(Some(read).filter(|read| read.is_whole));
        }
        if victim.reached(Step::Head) {
            return Ok(None);
        }
    }
    let (first, second) = body.split_at(body.len() / 2);
    stream.write_all(first).await?;
    if message.cut == Some(Cut::Broken) {
        stream.shutdown().await?;
    } else {
        if asks && victim.reached(Step::Half) {
            return Ok(None);
        }
        stream.write_all(second).await?;
        if asks && victim.reached(Step::Body) {
            return Ok(None);
        }
    }
    let read = Read::from(&mut stream).await?;
    if !read.is_whole || (is_good && victim.reached(Step::Stored)) {
        return Ok(None);
    }
    if is_good && read.status() == Some(200) {
        victim.reached(Step::Answered);
    }
    Ok(Some(read))
}

fn head(address: SocketAddr, hook: &Hook, asks: bool) -> String {
    let mut head = format!(
        "POST /webhooks/{} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n",
        hook.source,
        hook.body.len()
    );
    if asks {
        head.push_str("expect: 100-continue\r\n");
    }
    for (name, value) in &hook.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head
}

/// What must become of a message of this kind.
pub(super) fn check(kind: Kind, outcome: &Outcome) -> anyhow::Result<()> {
    let is_right = match (kind, outcome.status) {
        (Kind::Deployment | Kind::Push, Some(200)) => true,
        // A replay proves itself only as long as its signature is young.
        (Kind::Replayed, Some(200)) => outcome.is_known,
        (Kind::Replayed | Kind::Forged | Kind::Stale, Some(401)) => true,
        (Kind::Truncated, None | Some(400 | 401)) => true,
        _ => false,
    };
    ensure!(is_right, "{}: {outcome:?}", kind.name());
    Ok(())
}
