//! What is written by the library's own writer is read cell by cell; what is broken is told and never panics.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use ::parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{
        BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
        Int32Type, Int64Type, Int96, Int96Type,
    },
    file::{
        metadata::{ColumnChunkMetaData, FileMetaData, RowGroupMetaData},
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::{parser::parse_message_type, types::SchemaDescriptor},
};

use super::*;
use crate::cost::{Moments, amount::is_decimal};

type Group<'g> = SerializedRowGroupWriter<'g, fs::File>;

/// A file of the test's own, which goes with it.
struct Written(PathBuf);

impl Drop for Written {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Written {
    fn new(bytes: &[u8]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("weft-parquet-{}-{number}.parquet", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }

    /// With one group of rows for each that writes one.
    fn groups(schema: &str, properties: WriterProperties, groups: &[&dyn Fn(&mut Group<'_>)]) -> Self {
        let written = Self::new(b"");
        let schema = parse_message_type(&format!("message charges {{ {schema} }}")).unwrap();
        let file = fs::File::create(&written.0).unwrap();
        let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).unwrap();
        for write in groups {
            let mut group = writer.next_row_group().unwrap();
            write(&mut group);
            group.close().unwrap();
        }
        writer.close().unwrap();
        written
    }

    fn one(schema: &str, write: &dyn Fn(&mut Group<'_>)) -> Self {
        Self::groups(schema, WriterProperties::default(), &[write])
    }

    fn open(&self) -> Result<ParquetFile, ParquetProblem> {
        ParquetFile::open(&self.0, &Arc::new(AtomicU64::new(0)))
    }

    fn read(&self) -> Result<Vec<Vec<String>>, ParquetProblem> {
        let mut file = self.open()?;
        let mut row = ByteRecord::new();
        let mut rows = Vec::new();
        while let Some(number) = file.next(&mut row)? {
            rows.push(row.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
            assert_eq!(number, u64::try_from(rows.len()).unwrap());
        }
        assert_eq!(file.next(&mut row).unwrap(), None, "the end stays the end");
        Ok(rows)
    }

    /// The cells of the only column.
    fn cells(&self) -> Vec<String> {
        self.read().unwrap().into_iter().map(|row| row.into_iter().next().unwrap()).collect()
    }
}

fn put<D: DataType>(group: &mut Group<'_>, values: &[D::T], definitions: &[i16], repetitions: &[i16]) {
    let mut column = group.next_column().unwrap().unwrap();
    let some = |levels: &[i16]| if levels.is_empty() { None } else { Some(levels.to_vec()) };
    column.typed::<D>().write_batch(values, some(definitions).as_deref(), some(repetitions).as_deref()).unwrap();
    column.close().unwrap();
}

fn texts(values: &[&str]) -> Vec<ByteArray> {
    values.iter().map(|value| ByteArray::from(*value)).collect()
}

fn fixed(values: &[&[u8]]) -> Vec<FixedLenByteArray> {
    values.iter().map(|value| FixedLenByteArray::from(value.to_vec())).collect()
}

#[test]
fn decimals_keep_every_digit_however_they_are_stored() {
    let written = Written::one("required int32 a (DECIMAL(9,2));", &|group| {
        put::<Int32Type>(group, &[0, 5, -5, 150, -123_456_789, i32::MAX], &[], &[]);
    });
    assert_eq!(written.cells(), ["0.00", "0.05", "-0.05", "1.50", "-1234567.89", "21474836.47"]);
    let written = Written::one("required int64 a (DECIMAL(18,10));", &|group| {
        put::<Int64Type>(group, &[1, i64::MIN, i64::MAX], &[], &[]);
    });
    assert_eq!(written.cells(), ["0.0000000001", "-922337203.6854775808", "922337203.6854775807"]);
    let written = Written::one("required binary a (DECIMAL(20,3));", &|group| {
        let values: [&[u8]; 4] = [&[], &[0x7f], &[0x80], &[0xff, 0x38]];
        let values: Vec<_> = values.iter().map(|value| ByteArray::from(value.to_vec())).collect();
        put::<ByteArrayType>(group, &values, &[], &[]);
    });
    assert_eq!(written.cells(), ["0.000", "0.127", "-0.128", "-0.200"]);
    let written = Written::one("required fixed_len_byte_array(16) a (DECIMAL(38,0));", &|group| {
        let most = 10_i128.pow(38) - 1;
        let values = [most.to_be_bytes(), (-most).to_be_bytes(), (-1_i128).to_be_bytes()];
        put::<FixedLenByteArrayType>(group, &fixed(&values.each_ref().map(|value| &value[..])), &[], &[]);
    });
    let nines = "9".repeat(38);
    assert_eq!(written.cells(), [nines.clone(), format!("-{nines}"), "-1".to_owned()]);
    let written = Written::one("required fixed_len_byte_array(32) a (DECIMAL(76,38));", &|group| {
        // 2^128 and its opposite, one, and the lowest there is.
        let mut high = [0; 32];
        high[15] = 1;
        let mut low = [0; 32];
        low[..16].fill(0xff);
        let mut one = [0; 32];
        one[31] = 1;
        put::<FixedLenByteArrayType>(group, &fixed(&[&high, &low, &one, &[0xff; 32]]), &[], &[]);
    });
    let small = format!("0.{}1", "0".repeat(37));
    let power = "3.40282366920938463463374607431768211456";
    assert_eq!(written.cells(), [power.to_owned(), format!("-{power}"), small.clone(), format!("-{small}")]);
    assert!(written.cells().iter().all(|cell| is_decimal(cell.as_bytes())));
}

#[test]
fn floating_numbers_are_the_shortest_text_that_reads_back_the_same() {
    let values = [0.0, 0.1, -2.5, 1e-10, 1e21, 123_456_789.123_456_79, 3.0, 5e-40, f64::NAN, f64::NEG_INFINITY];
    let written = Written::one("required double a;", &|group| put::<DoubleType>(group, &values, &[], &[]));
    let cells = written.cells();
    assert_eq!(cells[..5], ["0", "0.1", "-2.5", "0.0000000001", "1000000000000000000000"]);
    assert_eq!(cells[8..], ["NaN", "-inf"]);
    for (cell, value) in cells.iter().zip(values) {
        assert_eq!(is_decimal(cell.as_bytes()), value.is_finite(), "{cell}");
        assert!(!value.is_finite() || cell.parse::<f64>().unwrap().to_bits() == value.to_bits(), "{cell}");
    }
    let values = [0.1_f32, 16_777_216.0, -1.5e-7];
    let written = Written::one("required float a;", &|group| put::<FloatType>(group, &values, &[], &[]));
    assert_eq!(written.cells(), ["0.1", "16777216", "-0.00000015"]);
}

#[test]
fn moments_of_every_unit_are_rfc_3339_in_utc() {
    // 2026-03-01T13:30:15.123456789Z, as far as the unit goes.
    let nanos: i64 = 1_772_371_815_123_456_789;
    let full = "2026-03-01T13:30:15.123456789Z";
    let mut moments = Moments::default();
    for (kind, value, expected) in [
        ("TIMESTAMP(MILLIS,true)", nanos / 1_000_000, "2026-03-01T13:30:15.123Z"),
        ("TIMESTAMP_MILLIS", nanos / 1_000_000_000 * 1_000, "2026-03-01T13:30:15Z"),
        ("TIMESTAMP(MICROS,true)", nanos / 1_000, "2026-03-01T13:30:15.123456Z"),
        ("TIMESTAMP(MICROS,false)", nanos / 1_000, "2026-03-01T13:30:15.123456Z"),
        ("TIMESTAMP(NANOS,true)", nanos, full),
        ("TIMESTAMP(NANOS,false)", nanos, full),
    ] {
        let written = Written::one(&format!("required int64 a ({kind});"), &|group| {
            put::<Int64Type>(group, &[value], &[], &[]);
        });
        assert_eq!(written.cells(), [expected], "{kind}");
        assert_eq!(moments.read(expected.as_bytes()), Some(expected.parse().unwrap()));
    }
    let written = Written::one("required int96 a;", &|group| {
        let mut value = Int96::new();
        let of_day = u64::try_from(nanos % 86_400_000_000_000).unwrap();
        let day = u32::try_from(nanos / 86_400_000_000_000 + 2_440_588).unwrap();
        value.set_data(u32::try_from(of_day & 0xffff_ffff).unwrap(), u32::try_from(of_day >> 32).unwrap(), day);
        let mut never = Int96::new();
        never.set_data(u32::MAX, u32::MAX, u32::MAX);
        put::<Int96Type>(group, &[value, never], &[], &[]);
    });
    let cells = written.cells();
    assert_eq!(cells[0], full);
    assert_eq!(moments.read(cells[1].as_bytes()), None, "{cells:?}");
    let written = Written::one("required int32 a (DATE);", &|group| {
        put::<Int32Type>(group, &[20_513, -1, i32::MIN], &[], &[]);
    });
    let cells = written.cells();
    assert_eq!(cells[..2], ["2026-03-01", "1969-12-31"]);
    assert_eq!(moments.read(b"2026-03-01"), Some("2026-03-01T00:00:00Z".parse().unwrap()));
    assert_eq!(moments.read(cells[2].as_bytes()), None, "{cells:?}");
    let written = Written::one("required int64 a (TIMESTAMP(MILLIS,true));", &|group| {
        put::<Int64Type>(group, &[i64::MIN], &[], &[]);
    });
    assert_eq!(written.cells(), [i64::MIN.to_string()]);
}

#[test]
fn other_values_are_what_they_are_and_null_is_empty() {
    let schema = "optional binary text (STRING); optional binary plain; optional boolean is; optional int32 byte (INTEGER(8,true));
        optional int32 more (UINT_32); optional int64 most (UINT_64); optional int64 long;
        optional fixed_len_byte_array(16) id (UUID); optional int64 time (TIME(MICROS,true));";
    let written = Written::one(schema, &|group| {
        let there = [1, 0];
        put::<ByteArrayType>(group, &texts(&["ä, \"b\""]), &there, &[]);
        put::<ByteArrayType>(group, &[ByteArray::from(vec![0xff])], &there, &[]);
        put::<BoolType>(group, &[true], &there, &[]);
        put::<Int32Type>(group, &[-8], &there, &[]);
        put::<Int32Type>(group, &[-1], &there, &[]);
        put::<Int64Type>(group, &[-1], &there, &[]);
        put::<Int64Type>(group, &[i64::MIN], &there, &[]);
        put::<FixedLenByteArrayType>(group, &fixed(&[&[0x11; 16]]), &there, &[]);
        put::<Int64Type>(group, &[3_723_500_000], &there, &[]);
    });
    let rows = written.read().unwrap();
    let expected = [
        "ä, \"b\"",
        "\u{fffd}",
        "true",
        "-8",
        "4294967295",
        "18446744073709551615",
        "-9223372036854775808",
        "11111111-1111-1111-1111-111111111111",
        "01:02:03.500",
    ];
    assert_eq!(rows[0], expected);
    assert!(rows[1].iter().all(String::is_empty), "{rows:?}");
    let names = ["text", "plain", "is", "byte", "more", "most", "long", "id", "time"];
    assert_eq!(written.open().unwrap().header(), StringRecord::from(names.to_vec()));
}

#[test]
fn maps_lists_and_structs_are_json() {
    let tags = "optional group Tags (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }";
    let written = Written::one(tags, &|group| {
        // Two tags, none, no map, one without a value.
        put::<ByteArrayType>(group, &texts(&["component", "te\"am", "bare"]), &[2, 2, 1, 0, 2], &[0, 1, 0, 0, 0]);
        put::<ByteArrayType>(group, &texts(&["web", "a\\b"]), &[3, 3, 1, 0, 2], &[0, 1, 0, 0, 0]);
    });
    assert_eq!(written.cells(), [r#"{"component":"web","te\"am":"a\\b"}"#, "{}", "", r#"{"bare":null}"#]);

    let list = "optional group l (LIST) { repeated group list { optional int64 element (DECIMAL(10,2)); } }";
    let written = Written::one(list, &|group| {
        put::<Int64Type>(group, &[150, 5], &[3, 2, 3, 1, 0], &[0, 1, 1, 0, 0]);
    });
    assert_eq!(written.cells(), ["[1.50,null,0.05]", "[]", ""]);

    let older = "optional group l (LIST) { repeated int32 array; } repeated binary bare (STRING);";
    let written = Written::one(older, &|group| {
        put::<Int32Type>(group, &[1, 2], &[2, 2, 0], &[0, 1, 0]);
        put::<ByteArrayType>(group, &texts(&["a", "b"]), &[0, 1, 1], &[0, 0, 1]);
    });
    assert_eq!(written.read().unwrap(), [["[1,2]", "[]"], ["", r#"["a","b"]"#]]);

    let nested = "optional group s { required boolean is; optional double rate; optional group at (LIST) { repeated group list {
        required group element { required int64 from (TIMESTAMP(MILLIS,true)); optional group names (LIST) { repeated group list {
        required binary element (STRING); } } } } } }";
    let written = Written::one(nested, &|group| {
        put::<BoolType>(group, &[true, false], &[1, 0, 1], &[]);
        put::<DoubleType>(group, &[f64::NAN, 0.25], &[2, 0, 2], &[]);
        put::<Int64Type>(group, &[0, 1_000], &[3, 3, 0, 1], &[0, 1, 0, 0]);
        put::<ByteArrayType>(group, &texts(&["x", "y", "z"]), &[5, 5, 5, 0, 1], &[0, 2, 1, 0, 0]);
    });
    let first = r#"{"is":true,"rate":"NaN","at":[{"from":"1970-01-01T00:00:00Z","names":["x","y"]},{"from":"1970-01-01T00:00:01Z","names":["z"]}]}"#;
    assert_eq!(written.cells(), [first, "", r#"{"is":false,"rate":0.25,"at":null}"#]);
}

#[test]
fn what_is_no_utf_8_inside_of_json_stays_so_that_it_is_refused() {
    let tags = "required group Tags (MAP) { repeated group key_value { required binary key; required binary value; } }";
    let written = Written::one(tags, &|group| {
        put::<ByteArrayType>(group, &texts(&["a"]), &[1], &[0]);
        put::<ByteArrayType>(group, &[ByteArray::from(vec![0xff])], &[1], &[0]);
    });
    let mut row = ByteRecord::new();
    written.open().unwrap().next(&mut row).unwrap();
    assert!(std::str::from_utf8(&row[0]).is_err());
}

#[test]
fn groups_pages_and_batches_are_one_file_whose_bytes_are_all_counted() {
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            .build();
        let write = |group: &mut Group<'_>, count: usize| {
            let texts: Vec<_> = (0..count).filter(|at| at % 3 > 0).map(|at| format!("{at}")).collect();
            let definitions: Vec<i16> = (0..count).map(|at| i16::from(at % 3 > 0)).collect();
            put::<ByteArrayType>(
                group,
                &self::texts(&texts.iter().map(String::as_str).collect::<Vec<_>>()),
                &definitions,
                &[],
            );
            put::<Int64Type>(group, &(0..count).map(|at| i64::try_from(at).unwrap()).collect::<Vec<_>>(), &[], &[]);
        };
        let schema = "optional binary text (STRING); required int64 number;";
        let groups: [&dyn Fn(&mut Group<'_>); 3] =
            [&|group| write(group, 2_500), &|group| write(group, 0), &|group| write(group, 1_024)];
        let written = Written::groups(schema, properties, &groups);
        let bytes = Arc::new(AtomicU64::new(7));
        let mut file = ParquetFile::open(&written.0, &bytes).unwrap();
        let mut row = ByteRecord::new();
        let mut before = 7;
        for at in (0..2_500).chain(0..1_024) {
            assert!(file.next(&mut row).unwrap().is_some());
            let text = if at % 3 > 0 { at.to_string() } else { String::new() };
            assert_eq!((&row[0], &row[1]), (text.as_bytes(), at.to_string().as_bytes()));
            let now = bytes.load(Ordering::Relaxed);
            assert!(now >= before);
            before = now;
        }
        assert_eq!(file.next(&mut row).unwrap(), None);
        assert_eq!(bytes.load(Ordering::Relaxed) - 7, fs::metadata(&written.0).unwrap().len());
    }
}

#[test]
fn a_file_without_rows_has_its_header() {
    let written = Written::groups("required int64 a;", WriterProperties::default(), &[]);
    assert_eq!(written.open().unwrap().header(), StringRecord::from(vec!["a"]));
    assert!(written.read().unwrap().is_empty());
}

#[test]
fn what_is_no_whole_file_is_told_as_what_it_is() {
    let good = Written::one("required int64 a;", &|group| put::<Int64Type>(group, &[1, 2], &[], &[]));
    let bytes = fs::read(&good.0).unwrap();
    let problem = |bytes: &[u8]| Written::new(bytes).read().unwrap_err().to_string();
    for other in [&b""[..], b"PAR1", b"BilledCost,EffectiveCost,ListCost\n1,2,3\n"] {
        assert!(problem(other).contains("is no Parquet"));
    }
    assert!(problem(&bytes[..bytes.len() - 1]).contains("cut off"));
    assert!(problem(&bytes[..bytes.len() / 2]).contains("cut off"));
    let mut encrypted = bytes.clone();
    let end = encrypted.len() - 4;
    encrypted[end..].copy_from_slice(b"PARE");
    assert!(problem(&encrypted).contains("encrypted"));
    encrypted[..4].copy_from_slice(b"PARE");
    assert!(problem(&encrypted).contains("encrypted"));
    let gone = ParquetFile::open(std::path::Path::new("/nowhere.parquet"), &Arc::default()).err().unwrap();
    assert!(matches!(gone, ParquetProblem::Unreadable(_)));
}

#[test]
fn types_and_codecs_that_are_not_read_are_named() {
    let written = Written::one("required fixed_len_byte_array(12) a (INTERVAL);", &|group| {
        put::<FixedLenByteArrayType>(group, &fixed(&[&[0; 12]]), &[], &[]);
    });
    let problem = written.open().err().unwrap().to_string();
    assert!(problem.contains("`a`") && problem.contains("INTERVAL"), "{problem}");

    let schema = parse_message_type("message charges { required group g { required int32 a; } }").unwrap();
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema)));
    let column = ColumnChunkMetaData::builder(schema.column(0)).set_compression(Compression::LZ4_RAW).build().unwrap();
    let group = RowGroupMetaData::builder(schema.clone()).set_column_metadata(vec![column]).build().unwrap();
    let metadata = ParquetMetaData::new(FileMetaData::new(1, 0, None, None, schema, None), vec![group]);
    let problem = check_groups(&metadata).unwrap_err().to_string();
    assert!(problem.contains("`g.a`") && problem.contains("lz4_raw"), "{problem}");
}

#[test]
fn no_broken_byte_panics() {
    let schema = "optional binary text (STRING); required int64 cost (DECIMAL(18,4)); optional double rate;
        optional group Tags (MAP) { repeated group key_value { required binary key (STRING); optional binary value (STRING); } }";
    let write = |group: &mut Group<'_>| {
        put::<ByteArrayType>(group, &texts(&["one", "two", "one"]), &[1, 0, 1, 1], &[]);
        put::<Int64Type>(group, &[1, -2, 3, 4], &[], &[]);
        put::<DoubleType>(group, &[1.5], &[0, 1, 0, 0], &[]);
        put::<ByteArrayType>(group, &texts(&["a", "b", "c"]), &[2, 2, 1, 0, 2], &[0, 1, 0, 0, 0]);
        put::<ByteArrayType>(group, &texts(&["x", "y"]), &[3, 3, 1, 0, 2], &[0, 1, 0, 0, 0]);
    };
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())] {
        let properties = WriterProperties::builder().set_compression(codec).build();
        let bytes = fs::read(&Written::groups(schema, properties, &[&write]).0).unwrap();
        let mut refused = 0;
        for at in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[at] ^= flip;
                refused += usize::from(Written::new(&broken).read().is_err());
            }
        }
        assert!(refused > bytes.len(), "{refused} of {}", 3 * bytes.len());
        for end in 0..bytes.len() {
            assert!(Written::new(&bytes[..end]).read().is_err());
            // Cut, with an end that says it is not.
            let cut = [&bytes[..end], &bytes[bytes.len().saturating_sub(8)..]].concat();
            let _ = Written::new(&cut).read();
        }
    }
}
