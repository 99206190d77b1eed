//! `Lines`: a watch line by line, each within its bound.

use bytes::{Bytes, BytesMut};

use crate::{SourceError, upstream::Pieces};

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Bytes),
    /// It is larger than it may be; what follows is not read.
    TooLarge,
}

/// The lines of a body. What comes after the last line break, when the body ends, is no line.
pub(super) struct Lines {
    pieces: Pieces,
    cutter: Cutter,
}

impl Lines {
    pub(super) fn new(pieces: Pieces, bytes_max: usize) -> Self {
        Self { pieces, cutter: Cutter::new(bytes_max) }
    }

    /// The next line; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, SourceError> {
        loop {
            if let Some(line) = self.cutter.line() {
                return Ok(Some(line));
            }
            let Some(piece) = self.pieces.next().await? else { return Ok(None) };
            self.cutter.push(&piece);
        }
    }
}

struct Cutter {
    rest: BytesMut,
    /// So much of the rest holds no line break.
    scanned: usize,
    bytes_max: usize,
}

impl Cutter {
    fn new(bytes_max: usize) -> Self {
        Self { rest: BytesMut::new(), scanned: 0, bytes_max }
    }

    fn push(&mut self, piece: &[u8]) {
        self.rest.extend_from_slice(piece);
    }

    fn line(&mut self) -> Option<Line> {
        loop {
            let unseen = self.rest.get(self.scanned..).unwrap_or_default();
            let Some(at) = unseen.iter().position(|byte| *byte == b'\n') else {
                self.scanned = self.rest.len();
                return (self.rest.len() > self.bytes_max).then_some(Line::TooLarge);
            };
            let line = self.rest.split_to(self.scanned + at + 1);
            self.scanned = 0;
            if line.len() > self.bytes_max.saturating_add(1) {
                return Some(Line::TooLarge);
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Some(Line::Whole(line.freeze()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_cut_into_pieces() {
        let text = b"{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}\nhalf";
        for size in 1..=text.len() {
            let mut cutter = Cutter::new(9);
            let mut lines = Vec::new();
            for piece in text.chunks(size) {
                cutter.push(piece);
                while let Some(Line::Whole(line)) = cutter.line() {
                    lines.push(String::from_utf8_lossy(&line).trim().to_owned());
                }
            }
            assert_eq!(lines, ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"], "pieces of {size}");
        }
    }

    #[test]
    fn a_line_at_the_bound_is_read_and_one_beyond_it_is_told_before_its_end() {
        let mut cutter = Cutter::new(4);
        cutter.push(b"1234\n");
        assert_eq!(cutter.line(), Some(Line::Whole(Bytes::from_static(b"1234\n"))));
        cutter.push(b"12345\n");
        assert_eq!(cutter.line(), Some(Line::TooLarge));
        cutter.push(b"1234");
        assert_eq!(cutter.line(), None);
        cutter.push(b"5");
        assert_eq!(cutter.line(), Some(Line::TooLarge));
    }
}
