//! One message of HTTP/1.1 as it goes over a socket: enough of the protocol to stop in the middle of it.

use std::io;

use memchr::memmem;
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Said before the answer to who asks whether a body is wanted.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// Far more than anything here says.
const BYTES_MAX: usize = 8 << 20;

/// What came of one message.
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    pub(super) is_whole: bool,
}

impl Read {
    /// Reads until a message is there as a whole, or the other side has ended.
    pub(super) async fn from(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(4096);
        loop {
            if is_whole(&bytes) {
                return Ok(Self { bytes, is_whole: true });
            }
            if bytes.len() > BYTES_MAX || stream.read_buf(&mut bytes).await? == 0 {
                return Ok(Self { bytes, is_whole: false });
            }
        }
    }

    /// The status of an answer.
    pub(super) fn status(&self) -> Option<u16> {
        let text = self.final_bytes().get(9..12)?;
        std::str::from_utf8(text).ok()?.parse().ok()
    }

    /// Whether this is only said to go on with the body.
    pub(super) fn is_continue(&self) -> bool {
        self.bytes == CONTINUE
    }

    /// What a request asks for; empty where it is none.
    pub(super) fn target(&self) -> &str {
        let line = self.bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        std::str::from_utf8(line).unwrap_or_default().split(' ').nth(1).unwrap_or_default()
    }

    /// Whether these bytes are in it.
    pub(super) fn has(&self, bytes: &[u8]) -> bool {
        memmem::find(&self.bytes, bytes).is_some()
    }

    fn final_bytes(&self) -> &[u8] {
        self.bytes.strip_prefix(CONTINUE).unwrap_or(&self.bytes)
    }
}

fn is_whole(bytes: &[u8]) -> bool {
    let bytes = match bytes.strip_prefix(CONTINUE) {
        Some([]) => return true,
        Some(rest) => rest,
        None => bytes,
    };
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return false };
    let (head, body) = bytes.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    match value("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None => value("transfer-encoding").is_none() || body.ends_with(b"0\r\n\r\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_with_the_last_byte_of_its_body() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for end in 0..text.len() {
            assert!(!is_whole(&text.as_bytes()[..end]), "{end}");
        }
        assert!(is_whole(text.as_bytes()) && is_whole(b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n"));
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        assert!(is_whole(chunked.as_bytes()) && !is_whole(&chunked.as_bytes()[..chunked.len() - 5]));
    }

    #[test]
    fn what_is_said_before_the_answer_is_not_the_answer() {
        let read = |bytes: &[u8]| Read { bytes: bytes.to_vec(), is_whole: true };
        assert!(read(CONTINUE).is_continue() && is_whole(CONTINUE));
        let both = [CONTINUE, b"HTTP/1.1 401 Unauthorized\r\n\r\n"].concat();
        assert_eq!((read(&both).status(), read(&both).is_continue()), (Some(401), false));
        assert_eq!(read(b"GET /api/v4/x HTTP/1.1\r\n\r\n").target(), "/api/v4/x");
    }
}
