//! Charges in Parquet are what they would be in CSV: the same keys, rows and sums, the same refusals.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use ::parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};
use chrono::{Datelike, Months, NaiveDate};
use sources::{
    cost::{Export, Place},
    ingest::CostOutcome,
};

use super::{
    Folder, Importer, Line,
    import::{contracts, dump, sum},
    platform,
};

/// Digits behind the point of costs that tests write.
const SCALE: usize = 5;

/// A column of a file that tests write.
enum Column {
    Texts(Vec<String>),
    /// Decimals of `SCALE` digits behind the point, stored as whole numbers.
    Decimals(Vec<i64>),
    Doubles(Vec<f64>),
    /// Days, as the microseconds of their midnight.
    Moments(Vec<NaiveDate>),
    Tags(Vec<Vec<(&'static str, String)>>),
}

impl Column {
    fn schema(&self, name: &str) -> String {
        match self {
            Self::Texts(_) => format!("optional binary {name} (STRING);"),
            Self::Decimals(_) => format!("required int64 {name} (DECIMAL(18,{SCALE}));"),
            Self::Doubles(_) => format!("required double {name};"),
            Self::Moments(_) => format!("required int64 {name} (TIMESTAMP(MICROS,true));"),
            Self::Tags(_) => format!(
                "optional group {name} (MAP) {{ repeated group key_value {{ required binary key (STRING); required binary value (STRING); }} }}"
            ),
        }
    }

    fn write(&self, group: &mut SerializedRowGroupWriter<'_, fs::File>) {
        match self {
            Self::Texts(texts) => {
                let there: Vec<i16> = texts.iter().map(|text| i16::from(!text.is_empty())).collect();
                let texts: Vec<_> = texts.iter().filter(|text| !text.is_empty()).map(|text| bytes(text)).collect();
                put::<ByteArrayType>(group, &texts, Some(&there), None);
            }
            Self::Decimals(numbers) => put::<Int64Type>(group, numbers, None, None),
            Self::Doubles(numbers) => put::<DoubleType>(group, numbers, None, None),
            Self::Moments(days) => {
                let moments: Vec<i64> =
                    days.iter().map(|day| day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp_micros()).collect();
                put::<Int64Type>(group, &moments, None, None);
            }
            Self::Tags(all) => {
                let levels = all.iter().flat_map(|tags| match tags.len() {
                    0 => vec![(1, 0)],
                    count => (0..count).map(|at| (2, i16::from(at > 0))).collect(),
                });
                let (definitions, repetitions): (Vec<i16>, Vec<i16>) = levels.unzip();
                let tags = || all.iter().flatten();
                let keys: Vec<_> = tags().map(|(key, _)| bytes(key)).collect();
                let values: Vec<_> = tags().map(|(_, value)| bytes(value)).collect();
                put::<ByteArrayType>(group, &keys, Some(&definitions), Some(&repetitions));
                put::<ByteArrayType>(group, &values, Some(&definitions), Some(&repetitions));
            }
        }
    }
}

fn bytes(text: &str) -> ByteArray {
    ByteArray::from(text)
}

fn put<D: DataType>(
    group: &mut SerializedRowGroupWriter<'_, fs::File>,
    values: &[D::T],
    definitions: Option<&[i16]>,
    repetitions: Option<&[i16]>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<D>().write_batch(values, definitions, repetitions).unwrap();
    column.close().unwrap();
}

/// Writes a file of so many groups of rows, each with the columns that `of` tells of it.
fn write(path: &Path, codec: Compression, groups: usize, of: &dyn Fn(usize) -> Vec<(String, Column)>) {
    let schema: String = of(0).iter().map(|(name, column)| column.schema(name)).collect();
    let schema = parse_message_type(&format!("message charges {{ {schema} }}")).unwrap();
    let properties = WriterProperties::builder().set_compression(codec).set_data_page_row_count_limit(500).build();
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).unwrap();
    for at in 0..groups {
        let mut group = writer.next_row_group().unwrap();
        of(at).iter().for_each(|(_, column)| column.write(&mut group));
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// The columns that the tests' lines have as CSV, each in the type that exports store it in.
fn columns(lines: &[Line]) -> Vec<(String, Column)> {
    let texts = |of: &dyn Fn(&Line) -> &str| Column::Texts(lines.iter().map(|line| of(line).to_owned()).collect());
    let moments = |of: &dyn Fn(NaiveDate) -> NaiveDate| {
        Column::Moments(lines.iter().map(|line| of(line.day.parse().unwrap())).collect())
    };
    let first = |day: NaiveDate| day.with_day(1).unwrap();
    let cost = |line: &Line| line.cost.replace('.', "").parse().unwrap();
    let costs = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];
    let mut columns: Vec<(&str, Column)> =
        costs.map(|name| (name, Column::Decimals(lines.iter().map(cost).collect()))).into();
    columns.extend([
        ("BillingCurrency", texts(&|line| line.currency)),
        ("BillingPeriodStart", moments(&first)),
        ("BillingPeriodEnd", moments(&|day| first(day).checked_add_months(Months::new(1)).unwrap())),
        ("ChargePeriodStart", moments(&|day| day)),
        ("ChargePeriodEnd", moments(&|day| day.succ_opt().unwrap())),
        ("ChargeCategory", texts(&|_| "Usage")),
        ("InvoiceIssuerName", texts(&|_| "Azure")),
        ("BillingAccountId", texts(&|_| "account-1")),
        ("SubAccountId", texts(&|line| line.sub_account)),
        ("ProviderName", texts(&|_| "Azure")),
        ("ServiceName", texts(&|line| line.service)),
        ("ServiceCategory", texts(&|line| line.category)),
        ("RegionId", texts(&|_| "westeurope")),
        ("ResourceId", texts(&|line| &line.resource)),
        ("Tags", Column::Tags(lines.iter().map(|line| line.tags.clone()).collect())),
    ]);
    columns.into_iter().map(|(name, column)| (name.to_owned(), column)).collect()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/cost/fixtures").join(name)
}

fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_charges_as_csv_and_as_parquet_are_the_same_in_every_table() {
    let folder = Folder::new("parquet-same");
    let lines: Vec<Line> = (0..6_000_usize)
        .map(|number| {
            let day = format!("2026-{:02}-{:02}", 1 + number % 3, 1 + number % 28);
            let sign = if number % 7 == 0 { "-" } else { "" };
            let mut line = Line::new(
                &format!("{sign}{}.{:0SCALE$}", number / 9, number * 37 % 100_000),
                &day,
                ["web", "cart", "books", ""][number % 4],
            );
            line.resource = if number % 5 == 0 { String::new() } else { format!("machine-{}", number % 50) };
            line.tags.extend((number % 6 == 0).then(|| ("note", "a \"b\" \\ ä".to_owned())));
            line.category = if number % 11 == 0 { "Networking" } else { line.category };
            line
        })
        .collect();
    let csv = folder.write("charges.csv", &lines);
    let packed = folder.0.join("charges.snappy.parquet");
    let of = |group: usize| columns(&lines[group * 2_000..(group + 1) * 2_000]);
    write(&packed, Compression::SNAPPY, 3, &of);
    let mut dumps = Vec::new();
    for path in [&csv, &packed] {
        let catalog = Folder::new("parquet-same-catalog");
        let platform = platform(&catalog).await;
        let importer = Importer::of(&platform);
        let report = importer.done(path).await;
        assert_eq!((report.rows, report.slices, report.set_aside_count), (6_000, 3, 0));
        dumps.push(dump(&platform).await);
        assert!(matches!(importer.outcome(path).await, CostOutcome::Known { is_replaced: false, .. }));
        platform.stop().await;
    }
    assert!(dumps[0].iter().all(|table| !table.is_empty()));
    assert_eq!(dumps[0], dumps[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_writer_wrote_is_read_to_the_last_digit() {
    let folder = Folder::new("parquet-other");
    let platform = platform(&folder).await;
    let importer = Importer::of(&platform);
    assert_eq!(importer.done(&fixture("charges.csv")).await.rows, 40);
    let expected = dump(&platform).await;
    let total = sum(&platform, "cost_row", "billed_cost").await;
    for name in ["charges.snappy.parquet", "charges.zstd.parquet"] {
        let report = importer.done(&fixture(name)).await;
        assert_eq!((report.rows, report.slices, report.replaced), (40, 1, 1), "{name}");
        assert_eq!(dump(&platform).await, expected, "{name}");
        assert_eq!(sum(&platform, "cost_row", "billed_cost").await, total);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_of_focus_is_the_same_as_parquet() {
    let Some(contracts) = contracts() else { return };
    let csv = contracts.join("focus-1.0-sample.first-300-rows.csv");
    let folder = Folder::new("parquet-sample");
    let platform = platform(&folder).await;
    let importer = Importer::of(&platform);
    importer.done(&csv).await;
    let expected = dump(&platform).await;
    let mut file = csv::Reader::from_path(&csv).unwrap();
    let header = file.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = file.records().map(Result::unwrap).collect();
    let path = folder.0.join("sample.parquet");
    write(&path, zstd(), 1, &|_| {
        let texts = |at| Column::Texts(rows.iter().map(|row| row[at].to_owned()).collect());
        header.iter().enumerate().map(|(at, name)| (name.to_owned(), texts(at))).collect()
    });
    let report = importer.done(&path).await;
    assert_eq!((report.rows, report.replaced), (300, report.slices));
    assert_eq!(dump(&platform).await, expected);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_used_is_told_by_its_number() {
    let folder = Folder::new("parquet-rows");
    let platform = platform(&folder).await;
    let path = folder.0.join("charges.parquet");
    let lines: Vec<Line> = (1..=4).map(|day| Line::new("1.00000", &format!("2026-03-0{day}"), "web")).collect();
    write(&path, zstd(), 1, &|_| {
        let mut columns = columns(&lines);
        columns[0].1 = Column::Doubles(vec![0.1, f64::NAN, 2e-7, f64::INFINITY]);
        columns
    });
    let CostOutcome::Refused { told, count } = Importer::of(&platform).outcome(&path).await else {
        panic!("taken over")
    };
    assert_eq!(count, 2);
    assert_eq!(told.iter().map(|one| one.place).collect::<Vec<_>>(), [2, 4].map(|row| Some(Place::Row(row))));
    assert!(told[0].reason.contains("`BilledCost` is no decimal number: `NaN`"), "{told:?}");
    let report = Importer { sets_aside: true, ..Importer::of(&platform) }.done(&path).await;
    assert_eq!((report.rows, report.set_aside_count), (2, 2));
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "0.1000002");
    let output = tokio::process::Command::new(it::Program::of_this_build())
        .args(["import", "cost", "--again"])
        .arg(&path)
        .env("DATABASE_URL", platform.database_url())
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("charges.parquet, row 2: `BilledCost`"), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("set_aside"), "{output:?}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_read_whole_are_refused_for_what_they_are() {
    let folder = Folder::new("parquet-broken");
    let platform = platform(&folder).await;
    let importer = Importer { sets_aside: true, ..Importer::of(&platform) };
    let whole = fs::read(fixture("charges.snappy.parquet")).unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    // A page in the middle that is no page any more: what stands before it was read by then.
    let mut torn = whole.clone();
    let middle = torn.len() / 3;
    torn[middle..middle + 200].fill(0xa5);
    for (path, word) in [
        (put("cut.parquet", &whole[..whole.len() / 2]), "cut off"),
        (put("other.parquet", &fs::read(fixture("charges.csv")).unwrap()), "is no Parquet"),
        (put("torn.parquet", &torn), "broken"),
        (put("empty.parquet", b""), "is no Parquet"),
        (fixture("lz4.parquet"), "lz4"),
        (fixture("encrypted.parquet"), "encrypted"),
        (fixture("encrypted-columns.parquet"), "encrypted"),
    ] {
        let CostOutcome::Refused { told, count } = importer.outcome(&path).await else {
            panic!("{} was taken", path.display())
        };
        assert_eq!(count, 1, "{told:?}");
        assert!(told[0].reason.contains(word), "{told:?}");
    }
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "0");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_an_export_may_be_of_both_kinds_and_a_manifest_names_either() {
    let folder = Folder::new("parquet-parts");
    let platform = platform(&folder).await;
    let parts = Folder::new("parquet-parts-files");
    parts.write("part_0.csv", &[Line::new("1.00000", "2026-03-01", "web")]);
    let lines = [Line::new("2.00000", "2026-03-02", "cart")];
    write(&parts.0.join("part_1.snappy.parquet"), Compression::SNAPPY, 1, &|_| columns(&lines));
    let report = Importer::of(&platform).done(&parts.0).await;
    assert_eq!((report.rows, report.slices), (2, 1));
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "3.00000");

    let manifest = r#"{ "exportConfig": { "exportName": "daily", "resourceId": "/subscriptions/one" },
        "blobs": [{ "blobName": "costs/daily/part_1.snappy.parquet" }] }"#;
    parts.write_text("manifest.json", manifest);
    let export = &Export::find(&parts.0).unwrap()[0];
    assert_eq!(export.files, [parts.0.join("part_1.snappy.parquet")]);
    assert_eq!(export.scope.as_deref(), Some("subscriptions/one#daily"));
    fs::remove_file(parts.0.join("manifest.json")).unwrap();

    fs::write(parts.0.join("part_0.parquet"), b"").unwrap();
    let problem = Export::find(&parts.0).unwrap_err();
    assert!(problem.to_string().contains("count twice"), "{problem}");
    platform.stop().await;
}
