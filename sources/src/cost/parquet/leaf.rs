//! `Leaf`: a column as it is stored, with the values that are held of it.

use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{
        BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
        Int32Type, Int64Type, Int96, Int96Type,
    },
    schema::types::ColumnDescPtr,
};

use super::{
    ParquetProblem,
    cell::{Meaning, Value},
};

/// A column. What is there stands in its levels: how much of the path to a value exists, and what it repeats.
pub(super) struct Leaf {
    pub(super) meaning: Meaning,
    name: String,
    definition_max: i16,
    repetition_max: i16,
    stream: Option<Stream>,
    levels: Levels,
    next_level: usize,
    next_value: usize,
}

/// Empty where every value is there, or none is repeated.
#[derive(Default)]
struct Levels {
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
    count: usize,
}

enum Stream {
    Bool(Held<BoolType, bool>),
    Int32(Held<Int32Type, i32>),
    Int64(Held<Int64Type, i64>),
    Int96(Held<Int96Type, Int96>),
    Float(Held<FloatType, f32>),
    Double(Held<DoubleType, f64>),
    Bytes(Held<ByteArrayType, ByteArray>),
    Fixed(Held<FixedLenByteArrayType, FixedLenByteArray>),
}

struct Held<D: DataType<T = T>, T> {
    reader: ColumnReaderImpl<D>,
    values: Vec<T>,
}

impl<D: DataType<T = T>, T> Held<D, T> {
    fn of(reader: ColumnReaderImpl<D>) -> Self {
        Self { reader, values: Vec::new() }
    }

    /// Reads that many rows; fewer where the column ends.
    fn hold(&mut self, rows: usize, levels: &mut Levels) -> Result<usize, ParquetProblem> {
        self.values.clear();
        let mut held = 0;
        while held < rows {
            let (read, _, level_count) = self.reader.read_records(
                rows - held,
                Some(&mut levels.definitions),
                Some(&mut levels.repetitions),
                &mut self.values,
            )?;
            levels.count += level_count;
            held += read;
            if read == 0 {
                break;
            }
        }
        Ok(held)
    }
}

impl Leaf {
    pub(super) fn of(column: &ColumnDescPtr) -> Result<Self, ParquetProblem> {
        let name = column.path().string();
        let meaning = Meaning::of(column).map_err(|kind| ParquetProblem::Type(name.clone(), kind))?;
        Ok(Self {
            meaning,
            name,
            definition_max: column.max_def_level(),
            repetition_max: column.max_rep_level(),
            stream: None,
            levels: Levels::default(),
            next_level: 0,
            next_value: 0,
        })
    }

    /// Begins a group of rows.
    pub(super) fn start(&mut self, reader: ColumnReader) {
        self.stream = Some(match reader {
            ColumnReader::BoolColumnReader(reader) => Stream::Bool(Held::of(reader)),
            ColumnReader::Int32ColumnReader(reader) => Stream::Int32(Held::of(reader)),
            ColumnReader::Int64ColumnReader(reader) => Stream::Int64(Held::of(reader)),
            ColumnReader::Int96ColumnReader(reader) => Stream::Int96(Held::of(reader)),
            ColumnReader::FloatColumnReader(reader) => Stream::Float(Held::of(reader)),
            ColumnReader::DoubleColumnReader(reader) => Stream::Double(Held::of(reader)),
            ColumnReader::ByteArrayColumnReader(reader) => Stream::Bytes(Held::of(reader)),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => Stream::Fixed(Held::of(reader)),
        });
    }

    /// Holds the values of the next rows in place of those before.
    pub(super) fn hold(&mut self, rows: usize) -> Result<(), ParquetProblem> {
        let levels = &mut self.levels;
        levels.definitions.clear();
        levels.repetitions.clear();
        levels.count = 0;
        (self.next_level, self.next_value) = (0, 0);
        let held = match &mut self.stream {
            Some(Stream::Bool(held)) => held.hold(rows, levels),
            Some(Stream::Int32(held)) => held.hold(rows, levels),
            Some(Stream::Int64(held)) => held.hold(rows, levels),
            Some(Stream::Int96(held)) => held.hold(rows, levels),
            Some(Stream::Float(held)) => held.hold(rows, levels),
            Some(Stream::Double(held)) => held.hold(rows, levels),
            Some(Stream::Bytes(held)) => held.hold(rows, levels),
            Some(Stream::Fixed(held)) => held.hold(rows, levels),
            None => Ok(0),
        }?;
        if held == rows { Ok(()) } else { Err(self.ended()) }
    }

    /// How much of the path to the next value is there.
    pub(super) fn definition(&self) -> Result<i16, ParquetProblem> {
        if self.next_level >= self.levels.count {
            return Err(self.ended());
        }
        if self.definition_max == 0 {
            return Ok(0);
        }
        self.levels.definitions.get(self.next_level).copied().ok_or_else(|| self.ended())
    }

    /// What the next value repeats; 0 where it begins a row, and behind the last one.
    pub(super) fn repetition(&self) -> i16 {
        if self.repetition_max == 0 {
            return 0;
        }
        self.levels.repetitions.get(self.next_level).copied().unwrap_or(0)
    }

    /// Passes over a value that is not there.
    pub(super) fn skip(&mut self) {
        self.next_level += 1;
    }

    /// The next value, where it is there.
    pub(super) fn take(&mut self) -> Result<Option<Value<'_>>, ParquetProblem> {
        let is_there = self.definition()? == self.definition_max;
        self.next_level += 1;
        if !is_there {
            return Ok(None);
        }
        let at = self.next_value;
        self.next_value += 1;
        let value = match &self.stream {
            Some(Stream::Bool(held)) => held.values.get(at).map(|value| Value::Bool(*value)),
            Some(Stream::Int32(held)) => held.values.get(at).map(|value| Value::Int32(*value)),
            Some(Stream::Int64(held)) => held.values.get(at).map(|value| Value::Int64(*value)),
            Some(Stream::Int96(held)) => held.values.get(at).map(Value::Int96),
            Some(Stream::Float(held)) => held.values.get(at).map(|value| Value::Float(*value)),
            Some(Stream::Double(held)) => held.values.get(at).map(|value| Value::Double(*value)),
            Some(Stream::Bytes(held)) => held.values.get(at).map(|value| Value::Bytes(value.data())),
            Some(Stream::Fixed(held)) => held.values.get(at).map(|value| Value::Bytes(value.data())),
            None => None,
        };
        value.map(Some).ok_or_else(|| self.ended())
    }

    fn ended(&self) -> ParquetProblem {
        ParquetProblem::Broken(format!("its column `{}` ends before its rows do", self.name))
    }
}
