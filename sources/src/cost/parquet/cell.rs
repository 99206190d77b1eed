//! `Meaning`: what a stored value says, as the text that a cell of CSV would hold. Nothing is lost and nothing is rounded.

use std::io::Write;

use chrono::{DateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type as Stored},
    data_type::Int96,
    schema::types::ColumnDescriptor,
};
use uuid::Uuid;

/// Most digits behind the point, and most bytes of a decimal: more are no amount of money.
const SCALE_MAX: usize = 100;
const DECIMAL_BYTES_MAX: usize = 64;

/// A value as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'v> {
    Bool(bool),
    Int32(i32),
    Int64(i64),
    Int96(&'v Int96),
    Float(f32),
    Double(f64),
    Bytes(&'v [u8]),
}

/// What is meant by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What it is stored as: numbers, texts, moments of INT96.
    Plain,
    Unsigned,
    /// Digits behind the point.
    Decimal(usize),
    Date,
    Moment(TimeUnit),
    Time(TimeUnit),
    Uuid,
}

impl Meaning {
    /// Of a column; else what it is, where that has no text.
    pub(super) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let decimal = || match usize::try_from(column.type_scale()) {
            Ok(scale) if scale <= SCALE_MAX => Ok(Self::Decimal(scale)),
            _ => Err(format!("a decimal with {} digits behind the point", column.type_scale())),
        };
        let meaning = match column.logical_type_ref() {
            Some(LogicalType::Decimal(_)) => decimal()?,
            Some(LogicalType::Date) => Self::Date,
            Some(LogicalType::Time(time)) => Self::Time(time.unit),
            Some(LogicalType::Timestamp(moment)) => Self::Moment(moment.unit),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => Self::Unsigned,
            Some(LogicalType::Uuid) => Self::Uuid,
            Some(LogicalType::Integer(_))
            | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json | LogicalType::Unknown) => Self::Plain,
            Some(other) => return Err(format!("{other:?}")),
            None => match column.converted_type() {
                ConvertedType::DECIMAL => decimal()?,
                ConvertedType::DATE => Self::Date,
                ConvertedType::TIME_MILLIS => Self::Time(TimeUnit::MILLIS),
                ConvertedType::TIME_MICROS => Self::Time(TimeUnit::MICROS),
                ConvertedType::TIMESTAMP_MILLIS => Self::Moment(TimeUnit::MILLIS),
                ConvertedType::TIMESTAMP_MICROS => Self::Moment(TimeUnit::MICROS),
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64 => {
                    Self::Unsigned
                }
                ConvertedType::INTERVAL | ConvertedType::BSON => return Err(column.converted_type().to_string()),
                _ => Self::Plain,
            },
        };
        let stored = column.physical_type();
        let fits = match meaning {
            Self::Plain => true,
            Self::Unsigned => matches!(stored, Stored::INT32 | Stored::INT64),
            Self::Decimal(_) => !matches!(stored, Stored::BOOLEAN | Stored::INT96 | Stored::FLOAT | Stored::DOUBLE),
            Self::Date => stored == Stored::INT32,
            Self::Moment(_) => stored == Stored::INT64,
            Self::Time(_) => matches!(stored, Stored::INT32 | Stored::INT64),
            Self::Uuid => stored == Stored::FIXED_LEN_BYTE_ARRAY,
        };
        if fits { Ok(meaning) } else { Err(format!("{meaning:?} as {stored}")) }
    }

    /// Writes the text of a value.
    pub(super) fn write(self, value: Value<'_>, out: &mut Vec<u8>) {
        // What no date or time can be is written as the number it is, which is refused where one is needed.
        match (self, value) {
            (Self::Decimal(scale), Value::Int32(number)) => write_decimal(&number.to_be_bytes(), scale, out),
            (Self::Decimal(scale), Value::Int64(number)) => write_decimal(&number.to_be_bytes(), scale, out),
            (Self::Decimal(scale), Value::Bytes(bytes)) => write_decimal(bytes, scale, out),
            (Self::Unsigned, Value::Int32(number)) => put(out, format_args!("{}", number.cast_unsigned())),
            (Self::Unsigned, Value::Int64(number)) => put(out, format_args!("{}", number.cast_unsigned())),
            (Self::Date, Value::Int32(days)) => match DateTime::from_timestamp(i64::from(days) * 86_400, 0) {
                Some(moment) => put(out, format_args!("{}", moment.date_naive())),
                None => put(out, format_args!("{days}")),
            },
            (Self::Moment(unit), Value::Int64(count)) => {
                let moment = match unit {
                    TimeUnit::MILLIS => DateTime::from_timestamp_millis(count),
                    TimeUnit::MICROS => DateTime::from_timestamp_micros(count),
                    TimeUnit::NANOS => Some(DateTime::from_timestamp_nanos(count)),
                };
                write_moment(moment, count, out);
            }
            (Self::Time(unit), Value::Int32(count)) => write_time(unit, i64::from(count), out),
            (Self::Time(unit), Value::Int64(count)) => write_time(unit, count, out),
            (Self::Uuid, Value::Bytes(bytes)) => match Uuid::from_slice(bytes) {
                Ok(id) => put(out, format_args!("{id}")),
                Err(_) => out.extend_from_slice(bytes),
            },
            (_, Value::Bool(is_so)) => put(out, format_args!("{is_so}")),
            (_, Value::Int32(number)) => put(out, format_args!("{number}")),
            (_, Value::Int64(number)) => put(out, format_args!("{number}")),
            (_, Value::Int96(moment)) => write_moment(of_int96(moment), i64::MAX, out),
            // The shortest text that reads back the same, never with an exponent.
            (_, Value::Float(number)) => put(out, format_args!("{number}")),
            (_, Value::Double(number)) => put(out, format_args!("{number}")),
            (_, Value::Bytes(bytes)) => out.extend_from_slice(bytes),
        }
    }

    /// Writes a value as JSON has it: a number with all its digits.
    pub(super) fn write_json(self, value: Value<'_>, out: &mut Vec<u8>) {
        let is_bare = match (self, value) {
            (_, Value::Bool(_)) => true,
            (Self::Plain | Self::Unsigned, Value::Int32(_) | Value::Int64(_)) => true,
            (Self::Decimal(_), Value::Bytes(bytes)) => bytes.len() <= DECIMAL_BYTES_MAX,
            (Self::Decimal(_), _) => true,
            (_, Value::Float(number)) => number.is_finite(),
            (_, Value::Double(number)) => number.is_finite(),
            _ => false,
        };
        if is_bare {
            return self.write(value, out);
        }
        let mut text = Vec::new();
        self.write(value, &mut text);
        write_quoted(&text, out);
    }
}

/// Writes a text of JSON. What is no UTF-8 goes through as it is: the cell is then refused for that.
pub(super) fn write_quoted(text: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(text) {
        Ok(text) => {
            // Writing to memory does not fail.
            let _ = serde_json::to_writer(&mut *out, text);
        }
        Err(_) => out.extend_from_slice(text),
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    let _ = out.write_fmt(text);
}

fn write_moment(moment: Option<DateTime<Utc>>, count: i64, out: &mut Vec<u8>) {
    match moment {
        Some(moment) => put(out, format_args!("{}", moment.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
        None => put(out, format_args!("{count}")),
    }
}

fn write_time(unit: TimeUnit, count: i64, out: &mut Vec<u8>) {
    let since_midnight = match unit {
        TimeUnit::MILLIS => TimeDelta::try_milliseconds(count),
        TimeUnit::MICROS => Some(TimeDelta::microseconds(count)),
        TimeUnit::NANOS => Some(TimeDelta::nanoseconds(count)),
    };
    let time = since_midnight.map(|since| NaiveTime::MIN.overflowing_add_signed(since));
    match time {
        Some((time, 0)) => put(out, format_args!("{time}")),
        _ => put(out, format_args!("{count}")),
    }
}

/// Nanoseconds of a day and the number of the day, counted from long ago.
fn of_int96(value: &Int96) -> Option<DateTime<Utc>> {
    const DAY_OF_1970: i64 = 2_440_588;
    let [low, high, day] = value.data() else { return None };
    let nanos = i64::try_from((u64::from(*high) << 32) | u64::from(*low)).ok()?;
    let midnight = DateTime::from_timestamp((i64::from(*day) - DAY_OF_1970) * 86_400, 0)?;
    midnight.checked_add_signed(TimeDelta::nanoseconds(nanos))
}

/// Writes a decimal: a whole number, the highest byte first and negative ones as their complement, with the point moved.
fn write_decimal(unscaled: &[u8], scale: usize, out: &mut Vec<u8>) {
    if unscaled.len() > DECIMAL_BYTES_MAX {
        return put(out, format_args!("a decimal of {} bytes", unscaled.len()));
    }
    let is_negative = unscaled.first().is_some_and(|byte| byte & 0x80 != 0);
    let digits = if unscaled.len() <= size_of::<i128>() {
        let number = unscaled
            .iter()
            .fold(if is_negative { -1 } else { 0 }, |number: i128, byte| (number << 8) | i128::from(*byte));
        number.unsigned_abs().to_string()
    } else {
        long_digits(unscaled, is_negative)
    };
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale).unwrap_or((&digits, ""));
    let sign = if is_negative { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    put(out, format_args!("{sign}{whole}{point}{fraction}"));
}

/// The digits of a number that no type of the language holds.
fn long_digits(bytes: &[u8], is_negative: bool) -> String {
    const LIMB: u64 = 1_000_000_000;
    // Nine digits each, the lowest first.
    let mut limbs: Vec<u64> = vec![0];
    let mut times_and = |factor: u64, more: u64| {
        let mut carry = more;
        for limb in &mut limbs {
            let product = *limb * factor + carry;
            (*limb, carry) = (product % LIMB, product / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    };
    for byte in bytes {
        times_and(256, u64::from(if is_negative { !byte } else { *byte }));
    }
    if is_negative {
        times_and(1, 1);
    }
    let digits: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    digits.trim_start_matches('0').to_owned()
}
