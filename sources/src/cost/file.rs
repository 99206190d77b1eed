//! `RowFile`: a file of charges, opened; CSV, plain or packed, or Parquet.

use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use flate2::read::MultiGzDecoder;

#[cfg(feature = "parquet")]
use super::parquet::{ParquetFile, ParquetProblem};

/// Rows of a file, one after the other.
pub struct RowFile(Rows);

enum Rows {
    Csv(CsvFile),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetFile>),
}

/// Where a row stands in its file, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The line where it begins; the header is line 1.
    Line(u64),
    /// Its number, in files that have no lines.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// Why a file cannot be read, or not on.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// It cannot be opened.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// Its rows do not end, or the file does.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// It is no Parquet, or not as it should be.
    #[cfg(feature = "parquet")]
    #[error(transparent)]
    Parquet(#[from] ParquetProblem),
    /// It is Parquet, which was left out when this program was built.
    #[cfg(not(feature = "parquet"))]
    #[error("this build of weft does not read Parquet: it lacks the feature `parquet`")]
    NoParquet,
}

impl RowFile {
    /// Opens a file; `bytes` counts how much of it was read.
    pub fn open(path: &Path, bytes: &Arc<AtomicU64>) -> Result<Self, FileProblem> {
        let ends_in = |ending: &str| path.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        if ends_in("parquet") {
            #[cfg(feature = "parquet")]
            return Ok(Self(Rows::Parquet(Box::new(ParquetFile::open(path, bytes)?))));
            #[cfg(not(feature = "parquet"))]
            return Err(FileProblem::NoParquet);
        }
        Ok(Self(Rows::Csv(CsvFile::open(path, ends_in("gz"), bytes)?)))
    }

    /// Its header.
    pub fn header(&mut self) -> Result<csv::StringRecord, FileProblem> {
        match &mut self.0 {
            Rows::Csv(file) => Ok(file.reader.headers().cloned()?),
            #[cfg(feature = "parquet")]
            Rows::Parquet(file) => Ok(file.header()),
        }
    }

    /// Where its header stands; none in files that have it apart from the rows.
    pub fn header_place(&self) -> Option<Place> {
        match &self.0 {
            Rows::Csv(_) => Some(Place::Line(1)),
            #[cfg(feature = "parquet")]
            Rows::Parquet(_) => None,
        }
    }

    /// The next row and where it stands; none at the end.
    pub fn next(&mut self, row: &mut csv::ByteRecord) -> Result<Option<Place>, FileProblem> {
        match &mut self.0 {
            Rows::Csv(file) => Ok(file.next(row)?.then(|| Place::Line(row.position().map_or(1, csv::Position::line)))),
            #[cfg(feature = "parquet")]
            Rows::Parquet(file) => Ok(file.next(row)?.map(Place::Row)),
        }
    }

    /// Where the row begins that could not be read.
    pub fn place(&self, problem: &FileProblem) -> Option<Place> {
        match (&self.0, problem) {
            (_, FileProblem::Csv(error)) => error.position().map(|position| Place::Line(position.line())),
            #[cfg(feature = "parquet")]
            (Rows::Parquet(file), FileProblem::Parquet(_)) => Some(Place::Row(file.rows_read() + 1)),
            _ => None,
        }
    }
}

struct CsvFile {
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

impl CsvFile {
    fn open(path: &Path, is_packed: bool, bytes: &Arc<AtomicU64>) -> io::Result<Self> {
        let counted = Counted { file: File::open(path)?, bytes: bytes.clone() };
        let buffered = BufReader::with_capacity(1 << 20, counted);
        let plain: Box<dyn Read + Send> =
            if is_packed { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(buffered) };
        let row_bytes = Arc::new(AtomicU64::new(0));
        let bounded = Bounded { inner: plain, row_bytes: Arc::clone(&row_bytes) };
        let reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 20).from_reader(bounded);
        Ok(Self { reader, row_bytes })
    }

    fn next(&mut self, row: &mut csv::ByteRecord) -> csv::Result<bool> {
        self.row_bytes.store(0, Ordering::Relaxed);
        self.reader.read_byte_record(row)
    }
}
