//! One client: it subscribes, looks at what comes, and goes on elsewhere where it may.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use memchr::memmem;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{
    board::{Board, lock},
    wire::{Heard, Wire},
};

/// Longest wait for a socket to be let in.
pub(super) const INIT_MAX: Duration = Duration::from_secs(30);
/// Many come at once: who is refused for that is told to ask again, and does.
const RETRYABLE: &[u8] = b"\"retryable\":true";
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Written before the number of each event, in the path that it tells of.
pub(super) const MARK: &str = "metadata.annotations.mark-";

/// What a client asks, and where.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) from: Ipv4Addr,
    pub(super) token: Arc<str>,
    pub(super) query: &'static str,
    pub(super) variables: Value,
    /// What the kernel takes before anybody reads; none: as much as it likes.
    pub(super) receive_bytes: Option<u32>,
    pub(super) keeps: bool,
}

impl Asking {
    /// What a client says to who looks at none of it.
    pub(super) fn of_bare(address: SocketAddr) -> Self {
        Self {
            addresses: vec![address],
            from: Ipv4Addr::LOCALHOST,
            token: Arc::from(""),
            query: "",
            variables: Value::Null,
            receive_bytes: None,
            keeps: false,
        }
    }
}

/// What one client has seen.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    pub(super) count: usize,
    pub(super) last: Option<usize>,
    /// Events between two that came, which did not; of those that no gap tells of.
    pub(super) missed: usize,
    /// Events that came again, or after a later one.
    pub(super) astray: usize,
    pub(super) gaps: usize,
    /// How often it had to ask again.
    pub(super) refused: usize,
    is_after_gap: bool,
    cursor: Option<String>,
    /// With which codes it was left, and when.
    pub(super) closed: Vec<(u16, Instant)>,
}

/// Asks, and reads until the last address has closed the socket.
pub(super) async fn run(asking: Asking, board: Arc<Board>, seen: Arc<Mutex<Seen>>, opening: Arc<Semaphore>) {
    if let Err(error) = follow(&asking, &board, &seen, &opening).await {
        board.fail(format!("{error:#}"));
    }
}

async fn follow(asking: &Asking, board: &Board, seen: &Mutex<Seen>, opening: &Semaphore) -> anyhow::Result<()> {
    for (number, address) in asking.addresses.iter().enumerate() {
        let place = opening.acquire().await?;
        let mut wire = match Wire::open(*address, asking.from, asking.receive_bytes).await {
            Ok(wire) => wire,
            // It goes as well, or is not back yet; the next one may be.
            Err(_) if number > 0 && number + 1 < asking.addresses.len() => {
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        tokio::time::timeout(INIT_MAX, enter(&mut wire, &asking.token)).await.context("not let in")??;
        subscribe(&mut wire, asking, seen).await?;
        drop(place);
        if number == 0 {
            board.opened.fetch_add(1, Relaxed);
        }
        // Who is left while it says something hears that it is: a message that cannot be said is no failure.
        let code = loop {
            board.reading().await;
            match wire.hear().await? {
                Heard::Closed(code) => break code,
                Heard::Text(text) => {
                    if text.ends_with(b"{\"type\":\"ping\"}") {
                        let _ = wire.say("{\"type\":\"pong\"}").await;
                        continue;
                    }
                    if memmem::find(&text, RETRYABLE).is_some() {
                        lock(seen).refused += 1;
                        tokio::time::sleep(AGAIN_AFTER).await;
                        let _ = subscribe(&mut wire, asking, seen).await;
                        continue;
                    }
                    look(&text, board, seen)?;
                    if asking.keeps {
                        board.keep(text);
                    }
                }
            }
        };
        lock(seen).closed.push((code, Instant::now()));
    }
    bail!("the other side closed a socket: {:?}", lock(seen).closed)
}

/// Is let in with this token.
pub(super) async fn enter(wire: &mut Wire, token: &str) -> anyhow::Result<()> {
    let authorization = format!("Bearer {token}");
    wire.say(&json!({ "type": "connection_init", "payload": { "authorization": authorization } }).to_string()).await?;
    let answered = wire.hear().await?;
    ensure!(matches!(&answered, Heard::Text(text) if text.ends_with(b"\"connection_ack\"}")), "refused: {answered:?}");
    Ok(())
}

/// Asks for what comes after the last cursor, or from where it was to begin.
async fn subscribe(wire: &mut Wire, asking: &Asking, seen: &Mutex<Seen>) -> anyhow::Result<()> {
    let mut variables = asking.variables.clone();
    let after = lock(seen).cursor.clone();
    if let (Some(after), Some(variables)) = (after, variables.as_object_mut()) {
        variables.insert("after".to_owned(), after.into());
    }
    let payload = json!({ "query": asking.query, "variables": variables });
    wire.say(&json!({ "id": "1", "type": "subscribe", "payload": payload }).to_string()).await
}

/// Looks at one message.
fn look(text: &[u8], board: &Board, seen: &Mutex<Seen>) -> anyhow::Result<()> {
    let mut seen = lock(seen);
    if let Some(mark) = number_after(text, MARK.as_bytes()) {
        match seen.last {
            Some(last) if mark <= last => seen.astray += 1,
            Some(last) if !seen.is_after_gap => seen.missed += mark - last - 1,
            _ => {}
        }
        seen.last = seen.last.max(Some(mark));
        seen.is_after_gap = false;
        seen.count += 1;
        seen.cursor = text_after(text, b"\"cursor\":\"");
        drop(seen);
        board.saw(mark);
        return Ok(());
    }
    if memmem::find(text, b"\"Gap\"").is_some() {
        seen.gaps += 1;
        seen.is_after_gap = true;
        seen.cursor = text_after(text, b"\"toCursor\":\"");
        return Ok(());
    }
    bail!("unexpected: {}", String::from_utf8_lossy(text.get(..text.len().min(400)).unwrap_or_default()))
}

fn number_after(text: &[u8], key: &[u8]) -> Option<usize> {
    let at = memmem::find(text, key)? + key.len();
    let digits = text.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number: usize, digit| number.saturating_mul(10).saturating_add(usize::from(digit - b'0'))))
}

fn text_after(text: &[u8], key: &[u8]) -> Option<String> {
    let rest = text.get(memmem::find(text, key)? + key.len()..)?;
    let end = memchr::memchr(b'"', rest)?;
    Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(mark: usize) -> String {
        format!("{{\"id\":\"1\",\"payload\":{{\"cursor\":\"c{mark}\",\"changedFields\":[\"{MARK}{mark}\"]}}}}")
    }

    #[test]
    fn what_is_missing_or_comes_again_is_counted_unless_a_gap_tells_of_it() {
        let (board, seen) = (Board::new(), Mutex::new(Seen::default()));
        let look = |text: &str| look(text.as_bytes(), &board, &seen);
        for mark in [3, 4, 6, 6, 5] {
            look(&event(mark)).unwrap();
        }
        look(r#"{"__typename":"Gap","toCursor":"g"}"#).unwrap();
        assert_eq!(lock(&seen).cursor.as_deref(), Some("g"));
        look(&event(20)).unwrap();
        let seen = lock(&seen);
        assert_eq!((seen.count, seen.missed, seen.astray, seen.gaps), (6, 1, 2, 1));
        assert_eq!((seen.last, seen.cursor.as_deref()), (Some(20), Some("c20")));
    }

    #[test]
    fn whatever_else_comes_is_a_failure() {
        let outcome = look(br#"{"id":"1","type":"error"}"#, &Board::new(), &Mutex::default());
        assert!(outcome.is_err());
    }
}
