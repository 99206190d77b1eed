//! `RowFile`: a file of charges, opened; plain or packed.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::read::MultiGzDecoder;

/// Rows of a file, one after the other.
pub struct RowFile {
    reader: csv::Reader<Box<dyn Read + Send>>,
}

/// Counts the bytes of the file itself as they are read.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bytes.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

impl RowFile {
    /// Opens a file; `bytes` counts how much of it was read.
    pub fn open(path: &Path, bytes: &Arc<AtomicU64>) -> io::Result<Self> {
        let counted = Counted { file: File::open(path)?, bytes: bytes.clone() };
        let buffered = BufReader::with_capacity(1 << 20, counted);
        let is_packed = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
        let plain: Box<dyn Read + Send> =
            if is_packed { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(buffered) };
        let reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 20).from_reader(plain);
        Ok(Self { reader })
    }

    /// Its header.
    pub fn header(&mut self) -> csv::Result<csv::StringRecord> {
        self.reader.headers().cloned()
    }

    /// The next row; false at the end.
    pub fn next(&mut self, row: &mut csv::ByteRecord) -> csv::Result<bool> {
        self.reader.read_byte_record(row)
    }
}
