//! Parquet: the rows of a file of columns, read page by page, each cell as the text that CSV would hold. A broken file is a problem
//! that is told, never a panic. Everything after that, from the header's meaning to what is refused, is the same as for CSV.
//!
//! `leaf` is a column as it is stored, `shape` puts lists, maps and structs together again, `cell` is a value's text. The library's
//! own rows are not used: they lose nanoseconds and what is under a second of INT96, and panic where a type is unknown to them.

mod cell;
mod leaf;
mod shape;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ::parquet::{
    basic::Compression,
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, ParquetStatisticsPolicy},
        reader::FileReader,
        serialized_reader::{ReadOptionsBuilder, SerializedFileReader},
    },
    schema::types::SchemaDescriptor,
};
use csv::{ByteRecord, StringRecord};

use self::{leaf::Leaf, shape::Shape};
use super::columns::COLUMNS_MAX;

/// Most rows whose values are held at once.
const BATCH_ROWS_MAX: u64 = 1024;

/// What they should not be larger than, in bytes: fewer rows are held where they are long.
const BATCH_BYTES: u64 = 32 << 20;

/// Most columns as they are stored: those of the header, with what is in their lists, maps and structs.
const LEAVES_MAX: usize = 4 * COLUMNS_MAX;

/// Why a file of Parquet cannot be read, or not on.
#[derive(Debug, thiserror::Error)]
pub enum ParquetProblem {
    /// It cannot be opened or read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// Another kind of file.
    #[error("it is no Parquet, which begins with PAR1")]
    Kind,
    /// A part of it.
    #[error("it is cut off: Parquet ends with PAR1")]
    CutOff,
    /// Nobody can read it without its keys.
    #[error("it is encrypted, which is not read")]
    Encrypted,
    /// More columns than anybody needs.
    #[error("it has {0} columns with those inside of others: at most {LEAVES_MAX} are allowed")]
    Many(usize),
    /// Packed with what is not built in.
    #[error("its column `{0}` is packed with {1}: snappy, gzip and zstd are read")]
    Codec(String, String),
    /// A type that has no text.
    #[error("its column `{0}` is of a type that is not read: {1}")]
    Type(String, String),
    /// Not as the format says.
    #[error("it is broken: {0}")]
    Broken(String),
}

impl From<ParquetError> for ParquetProblem {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::General(reason) | ParquetError::NYI(reason) | ParquetError::EOF(reason) => {
                Self::Broken(reason)
            }
            other => Self::Broken(other.to_string()),
        }
    }
}

/// A file, opened.
pub(super) struct ParquetFile {
    reader: SerializedFileReader<File>,
    names: StringRecord,
    /// One for each name.
    shapes: Vec<Shape>,
    leaves: Vec<Leaf>,
    next_group: usize,
    /// Rows of the group that are not held yet.
    group_rows: u64,
    /// Most rows of the group that are held at once.
    batch_rows: u64,
    /// Rows that are held and were not handed out yet.
    held_rows: u64,
    rows: u64,
    text: Vec<u8>,
    progress: Progress,
}

/// How much of the file the rows are that were read: its bytes are not read in their order.
struct Progress {
    bytes: Arc<AtomicU64>,
    told: u64,
    size: u64,
    rows_all: u64,
}

impl Progress {
    fn tell(&mut self, rows: u64) {
        let part = u128::from(self.size) * u128::from(rows) / u128::from(self.rows_all.max(1));
        let now = u64::try_from(part).unwrap_or(u64::MAX).min(self.size).max(self.told);
        self.bytes.fetch_add(now - self.told, Ordering::Relaxed);
        self.told = now;
    }
}

impl ParquetFile {
    /// Opens a file; `bytes` counts how much of it was read.
    pub(super) fn open(path: &Path, bytes: &Arc<AtomicU64>) -> Result<Self, ParquetProblem> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        check_ends(&mut file, size)?;
        unharmed(|| {
            // Statistics are of no use here, and a footer is mostly made of them.
            let options = ReadOptionsBuilder::new()
                .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
                .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
                .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
                .build();
            let reader = SerializedFileReader::new_with_options(file, options)?;
            let schema = reader.metadata().file_metadata().schema_descr();
            if schema.num_columns() > LEAVES_MAX {
                return Err(ParquetProblem::Many(schema.num_columns()));
            }
            let rows_all = check_groups(reader.metadata())?;
            let (names, shapes) = shapes(schema)?;
            let leaves = schema.columns().iter().map(Leaf::of).collect::<Result<_, _>>()?;
            let progress = Progress { bytes: Arc::clone(bytes), told: 0, size, rows_all };
            Ok(Self {
                reader,
                names,
                shapes,
                leaves,
                next_group: 0,
                group_rows: 0,
                batch_rows: 0,
                held_rows: 0,
                rows: 0,
                text: Vec::new(),
                progress,
            })
        })
    }

    /// The names of its columns.
    pub(super) fn header(&self) -> StringRecord {
        self.names.clone()
    }

    /// Rows that were handed out.
    pub(super) fn rows_read(&self) -> u64 {
        self.rows
    }

    /// The next row and its number, from 1; none at the end.
    pub(super) fn next(&mut self, row: &mut ByteRecord) -> Result<Option<u64>, ParquetProblem> {
        row.clear();
        if self.held_rows == 0 && !unharmed(|| self.hold())? {
            self.progress.tell(self.progress.rows_all.max(1));
            return Ok(None);
        }
        for shape in &self.shapes {
            self.text.clear();
            shape.cell(&mut self.leaves, &mut self.text)?;
            row.push_field(&self.text);
        }
        self.held_rows -= 1;
        self.rows += 1;
        Ok(Some(self.rows))
    }

    /// Reads values of the next rows; false when there are none.
    fn hold(&mut self) -> Result<bool, ParquetProblem> {
        while self.group_rows == 0 {
            if self.next_group >= self.reader.num_row_groups() {
                return Ok(false);
            }
            let group = self.reader.get_row_group(self.next_group)?;
            self.group_rows = count(group.metadata().num_rows())?;
            let row_bytes = count(group.metadata().total_byte_size())? / self.group_rows.max(1);
            self.batch_rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS_MAX);
            for (at, leaf) in self.leaves.iter_mut().enumerate() {
                leaf.start(group.get_column_reader(at)?);
            }
            self.next_group += 1;
        }
        let rows = self.group_rows.min(self.batch_rows);
        for leaf in &mut self.leaves {
            leaf.hold(usize::try_from(rows).unwrap_or(usize::MAX))?;
        }
        self.group_rows -= rows;
        self.held_rows = rows;
        self.progress.tell(self.rows + rows);
        Ok(true)
    }
}

/// Looks at the letters that Parquet begins and ends with, which tell what is wrong better than what follows from it.
fn check_ends(file: &mut File, size: u64) -> Result<(), ParquetProblem> {
    // The end of the footer, what it is signed with where columns are encrypted and it is not, its length and the letters.
    const END: usize = 1 + 28 + 4 + 4;
    let mut begin = [0; 4];
    let mut end = [0; END];
    let end_bytes = u64::try_from(end.len()).unwrap_or(u64::MAX);
    if size < end_bytes {
        return Err(ParquetProblem::Kind);
    }
    file.read_exact(&mut begin)?;
    file.seek(SeekFrom::Start(size - end_bytes))?;
    file.read_exact(&mut end)?;
    file.rewind()?;
    match (&begin, &end) {
        (b"PARE", _) | (b"PAR1", [.., b'P', b'A', b'R', b'E']) => Err(ParquetProblem::Encrypted),
        // A footer ends with a zero, and a signature hardly ever does.
        (b"PAR1", [0, signature @ .., _, _, _, _, b'P', b'A', b'R', b'1']) if !signature.ends_with(&[0]) => {
            Err(ParquetProblem::Encrypted)
        }
        (b"PAR1", [.., b'P', b'A', b'R', b'1']) => Ok(()),
        (b"PAR1", _) => Err(ParquetProblem::CutOff),
        _ => Err(ParquetProblem::Kind),
    }
}

/// How many rows there are, where all of them can be unpacked.
fn check_groups(metadata: &ParquetMetaData) -> Result<u64, ParquetProblem> {
    let mut rows: u64 = 0;
    for group in metadata.row_groups() {
        rows = rows.saturating_add(count(group.num_rows())?);
        for column in group.columns() {
            let is_read = matches!(
                column.compression(),
                Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) | Compression::ZSTD(_)
            );
            if !is_read {
                let codec = format!("{:?}", column.compression()).to_ascii_lowercase();
                return Err(ParquetProblem::Codec(column.column_path().string(), codec));
            }
        }
    }
    Ok(rows)
}

fn shapes(schema: &SchemaDescriptor) -> Result<(StringRecord, Vec<Shape>), ParquetProblem> {
    let mut next_leaf = 0;
    let mut names = StringRecord::new();
    let mut shapes = Vec::new();
    for column in schema.root_schema().get_fields() {
        names.push_field(column.name());
        shapes.push(Shape::of(column, &mut next_leaf)?);
    }
    Ok((names, shapes))
}

fn count(number: i64) -> Result<u64, ParquetProblem> {
    u64::try_from(number).map_err(|_| ParquetProblem::Broken(format!("it counts {number} rows or bytes")))
}

/// The library checks most of what it reads but not all: where it panics, the file is broken and the import goes on.
fn unharmed<T>(work: impl FnOnce() -> Result<T, ParquetProblem>) -> Result<T, ParquetProblem> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ParquetProblem::Broken("what it says of itself cannot be".to_owned())))
}
