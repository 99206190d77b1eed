//! Lines of COPY's text format.

use bytes::{BufMut, BytesMut};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::cost::Attribution;

/// Lines that are being written.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: BytesMut,
    is_first: bool,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { bytes: BytesMut::new(), is_first: true }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The lines so far.
    pub(super) fn take(&mut self) -> bytes::Bytes {
        self.bytes.split().freeze()
    }

    fn next(&mut self) {
        if !self.is_first {
            self.bytes.put_u8(b'\t');
        }
        self.is_first = false;
    }

    /// The next cell, of which it is known that nothing in it has to be escaped.
    pub(super) fn plain(&mut self, text: &str) -> &mut Self {
        self.next();
        self.bytes.put_slice(text.as_bytes());
        self
    }

    /// The next cell.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.next();
        for byte in text.bytes() {
            match byte {
                b'\\' => self.bytes.put_slice(b"\\\\"),
                b'\t' => self.bytes.put_slice(b"\\t"),
                b'\n' => self.bytes.put_slice(b"\\n"),
                b'\r' => self.bytes.put_slice(b"\\r"),
                _ => self.bytes.put_u8(byte),
            }
        }
        self
    }

    /// The next cell, or null.
    pub(super) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.plain("\\N"),
        }
    }

    /// A line of `cost_key_staged`: what charges have in common, and what was found out about them.
    pub(super) fn key(&mut self, id: Uuid, common: &Map<String, Value>, found: Attribution) {
        let column = |name: &str| common.get(name).and_then(Value::as_str);
        self.plain(id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            .text(column("ServiceProviderName").or_else(|| column("ProviderName")).unwrap_or_default());
        for name in ["ServiceName", "ServiceCategory", "RegionId", "SubAccountId", "ChargeCategory"] {
            self.text(column(name).unwrap_or_default());
        }
        self.text(&found.environment)
            .text(&found.cluster)
            .text(&found.namespace)
            .plain(found.kind.as_str())
            .text(&found.target)
            .optional(found.rule.as_deref())
            .optional(column("ResourceId"))
            .text(&Value::Object(found.tags).to_string())
            .text(&serde_json::to_string(common).unwrap_or_default())
            .end();
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        self.bytes.put_u8(b'\n');
        self.is_first = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_ends_where_it_ends() {
        let mut lines = Lines::new();
        lines.plain("1").text("a\tb\\c\r\nd").optional(None).optional(Some("")).end();
        lines.text("x").end();
        assert_eq!(lines.take(), "1\ta\\tb\\\\c\\r\\nd\t\\N\t\nx\n");
    }
}
