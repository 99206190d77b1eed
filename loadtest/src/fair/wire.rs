//! A connection for many requests at a rate: each is a slice of bytes made beforehand, and of an answer no more is read than its status
//! and its length. The sender shares two processors with what it measures, and a client that builds and reads all of HTTP takes as much
//! of them for a refusal as the gateway does.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use bytes::{Buf, Bytes, BytesMut};
use hyper::StatusCode;
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::Target;

/// Heads of answers are shorter, and one read takes in most answers whole.
const READ: usize = 64 * 1024;

/// The target's requests as they go over the wire.
pub(super) fn requests(target: &Target) -> Vec<Bytes> {
    let write = |shot: &crate::client::Shot| {
        let mut bytes = format!("POST {} HTTP/1.1\r\n", shot.uri).into_bytes();
        for (name, value) in &target.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", shot.body.len()).as_bytes());
        bytes.extend_from_slice(&shot.body);
        Bytes::from(bytes)
    };
    target.shots.iter().map(write).collect()
}

/// A kept connection.
pub(super) struct Wire {
    stream: TcpStream,
    read: BytesMut,
}

impl Wire {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address} does not answer"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: BytesMut::with_capacity(READ) })
    }

    /// Sends a request; answers the status and the body.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<(StatusCode, Bytes)> {
        self.stream.write_all(request).await?;
        let head = loop {
            if let Some(end) = memmem::find(&self.read, b"\r\n\r\n") {
                break self.read.split_to(end + 4);
            }
            self.more().await?;
        };
        let status = StatusCode::from_bytes(head.get(9..12).context("no status")?)?;
        let length = length(&head).with_context(|| format!("no length in {}", String::from_utf8_lossy(&head)))?;
        while self.read.len() < length {
            self.more().await?;
        }
        let body = self.read.copy_to_bytes(length);
        Ok((status, body))
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        self.read.reserve(READ);
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the connection ended in the middle of an answer");
        }
        Ok(())
    }
}

/// The number after `content-length:`; the gateway writes names of headers in small letters.
fn length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let at = memmem::find(head, NAME)? + NAME.len();
    let end = at + memchr::memchr(b'\r', head.get(at..)?)?;
    std::str::from_utf8(head.get(at..end)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_that_of_its_header() {
        assert_eq!(length(b"HTTP/1.1 200 OK\r\ncontent-length: 157\r\ndate: x\r\n\r\n"), Some(157));
        assert_eq!(length(b"HTTP/1.1 200 OK\r\nx-content-length: 157\r\n\r\n"), None);
        assert_eq!(length(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), None);
    }
}
