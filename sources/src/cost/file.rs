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
    reader: csv::Reader<Bounded>,
    row_bytes: Arc<AtomicU64>,
}

/// Longest row, in bytes: a quote that is never closed would make one of the rest of the file.
const ROW_BYTES_MAX: u64 = 32 << 20;

/// Ends with an error where a row does not.
struct Bounded {
    inner: Box<dyn Read + Send>,
    /// Bytes since the last row began.
    row_bytes: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let before = self.row_bytes.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        if before > ROW_BYTES_MAX {
            return Err(io::Error::other("a row has no end: is a quote left open?"));
        }
        Ok(read)
    }
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
        let row_bytes = Arc::new(AtomicU64::new(0));
        let bounded = Bounded { inner: plain, row_bytes: Arc::clone(&row_bytes) };
        let reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 20).from_reader(bounded);
        Ok(Self { reader, row_bytes })
    }

    /// Its header.
    pub fn header(&mut self) -> csv::Result<csv::StringRecord> {
        self.reader.headers().cloned()
    }

    /// The next row; false at the end.
    pub fn next(&mut self, row: &mut csv::ByteRecord) -> csv::Result<bool> {
        self.row_bytes.store(0, Ordering::Relaxed);
        self.reader.read_byte_record(row)
    }
}
