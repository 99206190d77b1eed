//! `Wire`: one WebSocket of a client, with as little work for each message as can be, so that what is measured is the other side.
//! It believes what the server says: no extensions, messages in one frame.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, bail, ensure};
use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// What is read at once.
const READ: usize = 4 * 1024;
/// Longest message that is taken.
const MESSAGE_MAX: usize = 1024 * 1024;

/// What came.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Text(Bytes),
    /// The other side ends it, with this code; 1006 where it only went.
    Closed(u16),
}

pub(super) struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

impl Wire {
    /// Connects from this address and asks for a WebSocket. `receive_bytes`: what the kernel takes before anybody reads.
    pub(super) async fn open(to: SocketAddr, from: Ipv4Addr, receive_bytes: Option<u32>) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        socket.bind((from, 0).into())?;
        let mut stream = socket.connect(to).await.with_context(|| format!("{to} does not answer"))?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /graphql HTTP/1.1\r\nHost: {to}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut buffer = BytesMut::with_capacity(READ);
        let end = loop {
            if let Some(end) = memmem::find(&buffer, b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(stream.read_buf(&mut buffer).await? > 0, "the connection was closed before it was a WebSocket");
        };
        let head = buffer.split_to(end);
        ensure!(head.starts_with(b"HTTP/1.1 101"), "no WebSocket: {}", String::from_utf8_lossy(&head));
        Ok(Self { stream, buffer })
    }

    /// Says something. The mask is all zeros, which is one as good as any where nobody stands between.
    pub(super) async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let mut frame = vec![0x81];
        match u16::try_from(text.len()).context("too long a message")? {
            length @ 0..=125 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&length.to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        Ok(self.stream.write_all(&frame).await?)
    }

    /// What comes next. Given up without harm.
    pub(super) async fn hear(&mut self) -> anyhow::Result<Heard> {
        loop {
            if let Some(heard) = self.take()? {
                return Ok(heard);
            }
            self.buffer.reserve(READ);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Ok(Heard::Closed(1006)),
                Ok(_) => {}
            }
        }
    }

    /// What is there already.
    pub(super) fn take(&mut self) -> anyhow::Result<Option<Heard>> {
        loop {
            let Some((kind, head, length)) = header(&self.buffer)? else { return Ok(None) };
            if self.buffer.len() < head + length {
                return Ok(None);
            }
            self.buffer.advance(head);
            let mut payload = self.buffer.split_to(length);
            match kind {
                0x1 => return Ok(Some(Heard::Text(payload.freeze()))),
                0x8 if length >= 2 => return Ok(Some(Heard::Closed(payload.get_u16()))),
                0x8 => return Ok(Some(Heard::Closed(1005))),
                // Pings and pongs of the socket itself; the protocol has its own.
                0x9 | 0xa => {}
                _ => bail!("a frame of kind {kind}"),
            }
        }
    }
}

/// Kind, length of the header and of what follows, where all of the header is there.
fn header(bytes: &[u8]) -> anyhow::Result<Option<(u8, usize, usize)>> {
    let found = match *bytes {
        [first, short @ 0..=125, ..] => (first, 2, usize::from(short)),
        [first, 126, high, low, ..] => (first, 4, usize::from(u16::from_be_bytes([high, low]))),
        [first, 127, 0, 0, 0, 0, a, b, c, d, ..] => (first, 10, u32::from_be_bytes([a, b, c, d]) as usize),
        _ => return Ok(None),
    };
    ensure!(found.2 <= MESSAGE_MAX, "a message of {} bytes", found.2);
    ensure!(found.0 & 0xf0 == 0x80, "a message in parts");
    Ok(Some((found.0 & 0x0f, found.1, found.2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_when_they_are_whole() {
        assert_eq!(header(&[0x81, 125]).unwrap(), Some((1, 2, 125)));
        assert_eq!(header(&[0x81, 126, 1]).unwrap(), None);
        assert_eq!(header(&[0x88, 126, 1, 2]).unwrap(), Some((8, 4, 258)));
        assert_eq!(header(&[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]).unwrap(), Some((1, 10, 65_536)));
        assert!(header(&[0x81, 127, 0, 0, 0, 0, 1, 0, 0, 0]).is_err(), "more than is taken");
        assert!(header(&[0x01, 3]).is_err(), "a part of a message");
    }
}
