//! Lines and columns of places in a text, found without reading it again for each.

/// Where the lines of a text begin.
#[derive(Debug)]
pub struct Lines {
    /// Byte offset of each line's beginning, growing.
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of a text; `\n`, `\r` and `\r\n` each end one.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = bytes
            .iter()
            .enumerate()
            .filter(|(at, byte)| **byte == b'\n' || (**byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')));
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn place(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = text.get(start..offset).map_or(offset - start, |text| text.chars().count());
        (line, column + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let text = "{\n  ä b\r\nc\rd}";
        let lines = Lines::of(text);
        let place = |needle: &str| lines.place(text, text.find(needle).unwrap());
        assert_eq!(place("{"), (1, 1));
        assert_eq!(place("b"), (2, 5));
        assert_eq!(place("c"), (3, 1));
        assert_eq!(place("}"), (4, 2));
    }
}
