//! Exports are taken over whole or not at all, once, and a corrected one takes the place of its predecessor.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use it::{TestPlatform, until};
use sources::{
    cost::{Place, Renaming},
    ingest::CostOutcome,
};
use sqlx::{Connection, PgConnection};

use super::{Folder, HEADER, Importer, Line, platform};

/// What an import waits for, from its beginning to its end: there it is killed.
const STOPS: [&str; 21] = [
    "lock table tenant in access exclusive mode",
    "select pg_advisory_xact_lock(hashtextextended('costs:default', 0))",
    "lock table entity in access exclusive mode",
    "lock table cost_row in access exclusive mode",
    "lock table cost_export in access exclusive mode",
    "lock table cost_slice in access exclusive mode",
    "lock table cost_mix in access exclusive mode",
    "lock table cost_target in access exclusive mode",
    "lock table cost_key in access exclusive mode",
    "lock table owner_interval in access exclusive mode",
    "lock table cost_component_day in access exclusive mode",
    "lock table cost_service_day in access exclusive mode",
    "lock table cost_owner_day in access exclusive mode",
    "lock table cost_component_month in access exclusive mode",
    "lock table cost_service_month in access exclusive mode",
    "lock table cost_owner_month in access exclusive mode",
    "select pg_advisory_xact_lock(hashtextextended('catalog:default', 0))",
    "lock table cost_state in access exclusive mode",
    "lock table change_log in access exclusive mode",
    "select pg_advisory_xact_lock(hashtextextended('audit:default', 0))",
    "lock table audit_log in access exclusive mode",
];

/// All that is kept of charges, but for what only tells when and from where.
const DUMPS: [&str; 9] = [
    "select to_jsonb(r) - 'slice_id' from cost_row r order by period, day, line, key_id",
    "select to_jsonb(k) - 'mix_id' - 'target_id' from cost_key k order by id",
    "select to_jsonb(s) - '{id,export_id,imported_at,number}'::text[] from cost_slice s order by period_start",
    "select to_jsonb(c) - '{slice_id,target_id,mix_id}'::text[] from cost_component_day c order by 1",
    "select to_jsonb(c) - '{slice_id,target_id,mix_id}'::text[] from cost_component_month c order by 1",
    "select to_jsonb(c) - '{slice_id,apart_id}'::text[] from cost_service_day c order by 1",
    "select to_jsonb(c) - '{slice_id,apart_id}'::text[] from cost_service_month c order by 1",
    "select to_jsonb(c) - '{slice_id,apart_id}'::text[] from cost_owner_day c order by 1",
    "select to_jsonb(c) - '{slice_id,apart_id}'::text[] from cost_owner_month c order by 1",
];

pub(super) async fn dump(platform: &TestPlatform) -> Vec<Vec<serde_json::Value>> {
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let mut dumps = Vec::new();
    for statement in DUMPS {
        dumps.push(sqlx::query_scalar(statement).fetch_all(&mut connection).await.unwrap());
    }
    dumps
}

pub(super) async fn sum(platform: &TestPlatform, table: &str, column: &str) -> String {
    let mut connection = PgConnection::connect(&platform.database_url()).await.unwrap();
    let statement = format!("select coalesce(sum({column}), 0)::text from {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&mut connection).await.unwrap()
}

pub(super) fn contracts() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contracts/focus");
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

/// A sum of decimals, digit by digit and without a library: thousandths of trillionths.
fn plain_sum(values: impl Iterator<Item = String>) -> i128 {
    const DIGITS: usize = 15;
    let scaled = |text: String| -> i128 {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |digits| (-1, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        assert!(fraction.len() <= DIGITS, "{text}");
        sign * format!("{whole}{fraction:0<DIGITS$}").parse::<i128>().unwrap()
    };
    values.map(scaled).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_of_focus_loads_and_every_column_adds_up() {
    let Some(contracts) = contracts() else { return };
    let path = contracts.join("focus-1.0-sample.first-300-rows.csv");
    let folder = Folder::new("sample");
    let platform = platform(&folder).await;
    let report = Importer::of(&platform).done(&path).await;
    assert_eq!((report.rows, report.set_aside_count), (300, 0));
    for (column, name) in [
        ("billed_cost", "BilledCost"),
        ("effective_cost", "EffectiveCost"),
        ("list_cost", "ListCost"),
        ("contracted_cost", "ContractedCost"),
    ] {
        let mut file = csv::Reader::from_path(&path).unwrap();
        let at = file.headers().unwrap().iter().position(|header| header == name).unwrap();
        let expected = plain_sum(file.records().map(|row| row.unwrap()[at].to_owned()));
        assert_ne!(expected, 0, "{name}");
        for table in ["cost_row", "cost_component_day", "cost_service_month", "cost_owner_day"] {
            let found = plain_sum(std::iter::once(sum(&platform, table, column).await));
            assert_eq!(found, expected, "{name} in {table}");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_specification_load_with_what_they_leave_out_and_others_are_refused_with_the_reason() {
    let Some(contracts) = contracts() else { return };
    let examples = contracts.join("spec-1.2-example-data");
    let folder = Folder::new("examples");
    let platform = platform(&folder).await;
    let defaults = [
        ("ListCost", "0"),
        ("ContractedCost", "0"),
        ("BillingCurrency", "USD"),
        ("InvoiceIssuerName", "Example"),
        ("BillingAccountId", "example"),
        ("ProviderName", "Example"),
        ("ServiceName", "Example"),
        ("ServiceCategory", "Other"),
    ];
    let defaults = defaults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let importer = Importer { renaming: Renaming { defaults, ..Renaming::default() }, ..Importer::of(&platform) };
    // One of them ends at thirty o'clock, in two files.
    for (part, files, rows, bad) in
        [("commitment_discount_flexibility", 4, 11, 0), ("commitment_discount_scenarios", 7, 12, 2)]
    {
        let export = sources::cost::Export::find(&examples.join(part)).unwrap();
        assert_eq!(export[0].files.len(), files);
        let importer = Importer {
            scope: Some(part),
            replaces: true,
            renaming: importer.renaming.clone(),
            sets_aside: true,
            ..Importer::of(&platform)
        };
        let report = importer.done(&examples.join(part)).await;
        assert_eq!((report.rows, report.set_aside_count), (rows, bad), "{part}");
        assert!(report.set_aside.iter().all(|refusal| refusal.reason.contains("T30:00:00Z")));
    }
    // Written for people to read: thousands with commas, days of which nobody knows whether the month comes first.
    let CostOutcome::Refused { told, count } =
        importer.outcome(&examples.join("saas_examples/simple_agreements")).await
    else {
        panic!("it was taken over")
    };
    assert_eq!(count, 7);
    assert!(told[0].reason.contains("`4/1/25`") || told[0].reason.contains("`$10,000.00 `"), "{told:?}");
    assert_eq!(told[0].place, Some(Place::Line(2)));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_changes_nothing_and_a_corrected_one_replaces_it() {
    let folder = Folder::new("twice");
    let platform = platform(&folder).await;
    let importer = Importer::of(&platform);
    let lines = [
        Line::new("1.25", "2026-03-01", "web"),
        Line::new("2", "2026-03-02", "cart"),
        Line::new("7", "2026-04-01", ""),
    ];
    let first = folder.write("one.csv", &lines);
    let report = importer.done(&first).await;
    assert_eq!((report.rows, report.slices, report.replaced), (3, 2, 0));
    let before = dump(&platform).await;
    assert!(before.iter().all(|rows| !rows.is_empty()));
    // Whatever it is called.
    let copy = folder.0.join("copy.csv");
    std::fs::copy(&first, &copy).unwrap();
    for path in [&first, &copy] {
        let CostOutcome::Known { is_replaced, .. } = importer.outcome(path).await else { panic!("it is new") };
        assert!(!is_replaced);
    }
    assert_eq!(dump(&platform).await, before);
    let corrected = folder.write("corrected.csv", &[Line::new("3", "2026-03-01", "web")]);
    let report = importer.done(&corrected).await;
    assert_eq!((report.rows, report.slices, report.replaced), (1, 1, 1));
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "10");
    assert_eq!(sum(&platform, "cost_owner_month", "billed_cost").await, "10");
    let CostOutcome::Known { is_replaced, .. } = importer.outcome(&first).await else { panic!("it is new") };
    assert!(is_replaced);
    let again = Importer { again: true, ..Importer::of(&platform) };
    assert_eq!(again.done(&first).await.replaced, 2);
    assert_eq!(dump(&platform).await, before);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_one_subscription_wipes_out_no_other() {
    let folder = Folder::new("scopes");
    let platform = platform(&folder).await;
    let importer = Importer::of(&platform);
    let of = |sub_account| Line { sub_account, ..Line::new("5", "2026-03-01", "web") };
    importer.done(&folder.write("both.csv", &[of("sub-1"), of("sub-2")])).await;
    let one = folder.write("one.csv", &[of("sub-1"), of("sub-1")]);
    let CostOutcome::Refused { told, .. } = importer.outcome(&one).await else { panic!("it was taken over") };
    assert!(told[0].reason.contains("`sub-2`") && told[0].reason.contains("--scope"), "{told:?}");
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "10");
    // Beside what tells the same it would count twice.
    let scoped = Importer { scope: Some("sub-1"), ..Importer::of(&platform) };
    let CostOutcome::Refused { told, .. } = scoped.outcome(&one).await else { panic!("it was taken over") };
    assert!(told[0].reason.contains("`sub-1`") && told[0].reason.contains("twice"), "{told:?}");
    let other = folder.write("other.csv", &[of("sub-3")]);
    Importer { scope: Some("sub-3"), ..Importer::of(&platform) }.done(&other).await;
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "15");
    let replacing = Importer { replaces: true, ..Importer::of(&platform) };
    replacing.done(&one).await;
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "15");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_stop_the_file_or_are_set_aside_and_each_is_told() {
    let folder = Folder::new("bad");
    let platform = platform(&folder).await;
    let good = Line::new("1", "2026-03-01", "web").text();
    let bad = [
        good.replacen("1,1,1,1", "1,x,1,1", 1),
        good.replacen("EUR", "", 1),
        good.replacen("2026-03-02T", "2026-02-02T", 1),
        good.replacen("Usage", "Refund", 1),
        good.replace("\"{", "\"{{"),
        "1,2,3".to_owned(),
    ];
    let text = format!("{HEADER}\n{good}\n{}\n{good}\n", bad.join("\n"));
    let path = folder.write_text("bad.csv", &text);
    let CostOutcome::Refused { told, count } = Importer::of(&platform).outcome(&path).await else {
        panic!("taken over")
    };
    assert_eq!((told.len(), count), (6, 6));
    let places: Vec<_> = told.iter().map(|refusal| refusal.place).collect();
    assert_eq!(places, [3, 4, 5, 6, 7, 8].map(|line| Some(Place::Line(line))));
    for (refusal, word) in told.iter().zip([
        "`EffectiveCost`",
        "`BillingCurrency` is empty",
        "before it begins",
        "`Refund`",
        "`Tags`",
        "3 cells",
    ]) {
        assert!(refusal.reason.contains(word), "{refusal:?}");
        assert_eq!(refusal.file, path);
    }
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "0");
    let report = Importer { sets_aside: true, ..Importer::of(&platform) }.done(&path).await;
    assert_eq!((report.rows, report.set_aside_count), (2, 6));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_files_and_folders_of_parts_are_one_export() {
    use std::io::Write;
    let folder = Folder::new("packed");
    let platform = platform(&folder).await;
    let parts = Folder::new("parts");
    parts.write("part_0.csv", &[Line::new("1", "2026-03-01", "web")]);
    let text = format!("{HEADER}\n{}\n", Line::new("2", "2026-03-02", "cart").text());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    std::fs::write(parts.0.join("part_1.csv.gz"), packed.finish().unwrap()).unwrap();
    let report = Importer::of(&platform).done(&parts.0).await;
    assert_eq!((report.rows, report.slices), (2, 1));
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "3");
    let day: NaiveDate = sqlx::query_scalar("select complete_until from cost_slice")
        .fetch_one(&mut PgConnection::connect(&platform.database_url()).await.unwrap())
        .await
        .unwrap();
    assert_eq!(day.to_string(), "2026-03-02");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rules_and_a_changed_catalog_change_all_charges_at_once() {
    let folder = Folder::new("again");
    let platform = platform(&folder).await;
    let mut importer = Importer::of(&platform);
    let of_team = |team: &str| vec![("squad", team.to_owned())];
    let lines = [
        Line::new("1", "2026-03-01", "new-one"),
        Line { tags: of_team("ledger"), ..Line::new("2", "2026-02-02", "") },
        Line::new("4", "2026-03-03", "web"),
    ];
    importer.done(&folder.write("charges.csv", &lines)).await;
    let owned =
        async || sum(&platform, "cost_owner_month", "case when owner_ref is not null then billed_cost end").await;
    assert_eq!(owned().await, "4");
    let again = async |importer: &Importer<'_>| {
        platform.database().attribute_costs("default", &importer.rules, super::ANNOTATIONS).await.unwrap()
    };
    assert_eq!(again(&importer).await, None);
    let squad = sources::cost::Rule {
        name: "squad".to_owned(),
        columns: Default::default(),
        tags: Default::default(),
        to: sources::cost::Assignment::TeamTag(vec!["squad".to_owned()]),
    };
    importer.rules.rules.push(squad);
    let done = again(&importer).await.unwrap();
    assert_eq!((done.keys, done.slices), (1, 1));
    assert_eq!(owned().await, "6");
    let new_one = "\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: new-one }\n\
                   spec: { type: website, lifecycle: production, owner: shop }\n";
    super::import_catalog(&platform, &folder, &format!("{}{new_one}", super::CATALOG)).await;
    let done = again(&importer).await.unwrap();
    assert_eq!((done.keys, done.slices), (1, 1));
    assert_eq!(owned().await, "7");
    // The same as if all of it had been imported only now.
    let before = dump(&platform).await;
    importer.again = true;
    importer.done(&folder.write("charges.csv", &lines)).await;
    assert_eq!(dump(&platform).await, before);
    assert_eq!(again(&importer).await, None);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_leaves_nothing_and_repeats_as_if_undisturbed() {
    let folder = Folder::new("killed");
    let platform = platform(&folder).await;
    let day = |number: usize| format!("2026-0{}-{:02}", 1 + number % 3, 1 + number % 28);
    let name = |number: usize| ["web", "cart", "books", ""][number % 4];
    let lines: Vec<Line> =
        (0..20_000).map(|number| Line::new(&format!("0.{number:05}"), &day(number), name(number))).collect();
    let path = folder.write("charges.csv", &lines);
    let command = || {
        let mut command = tokio::process::Command::new(it::Program::of_this_build());
        command.args(["import", "cost"]).arg(&path).env("DATABASE_URL", platform.database_url());
        command
    };
    let mut watcher = PgConnection::connect(&platform.database_url()).await.unwrap();
    for (turn, lock) in STOPS.iter().enumerate() {
        let known: Vec<i32> =
            sqlx::query_scalar("select pid from pg_stat_activity").fetch_all(&mut watcher).await.unwrap();
        let mut holder = PgConnection::connect(&platform.database_url()).await.unwrap();
        let mut held = holder.begin().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(lock.to_string())).execute(&mut *held).await.unwrap();
        let mut child = command().kill_on_drop(true).spawn().unwrap();
        let stopped: i32 = until("the import waits for what is held", async || {
            sqlx::query_scalar(
                "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' \
                 and backend_type = 'client backend' and pid <> all($1)",
            )
            .bind(&known)
            .fetch_optional(&mut watcher)
            .await
            .unwrap()
        })
        .await;
        child.kill().await.unwrap();
        held.rollback().await.unwrap();
        until("its half transaction is gone", async || {
            let found: Option<i32> =
                sqlx::query_scalar("select pid from pg_stat_activity where pid = $1 and state <> 'idle'")
                    .bind(stopped)
                    .fetch_optional(&mut watcher)
                    .await
                    .unwrap();
            found.is_none().then_some(())
        })
        .await;
        let rows = sum(&platform, "cost_row", "1").await;
        assert!(rows == "0" || rows == "20000", "{rows} rows of a half import, turn {turn}: {lock}");
    }
    assert!(command().status().await.unwrap().success());
    let killed = dump(&platform).await;
    let undisturbed_folder = Folder::new("undisturbed");
    let undisturbed = super::platform(&undisturbed_folder).await;
    Importer::of(&undisturbed).done(&path).await;
    assert_eq!(dump(&undisturbed).await, killed);
    undisturbed.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_the_old_or_the_corrected_export_and_never_both() {
    let folder = Folder::new("mixed");
    let platform = platform(&folder).await;
    let of = |cost: &str| -> Vec<Line> {
        (1..=28).map(|day| Line::new(cost, &format!("2026-03-{day:02}"), "web")).collect()
    };
    let importer = Importer { again: true, ..Importer::of(&platform) };
    let (one, other) = (folder.write("one.csv", &of("1")), folder.write("other.csv", &of("2")));
    importer.done(&one).await;
    let admin = platform.client("admin");
    let query = "{ cost(query: { range: { from: \"2026-03-01\", to: \"2026-03-31\" }, granularity: DAY,
        groupBy: [{ dimension: COMPONENT }] }) { total owned series { amount } rows { amount } } }";
    let (done, mut is_done) = tokio::sync::watch::channel(false);
    let reader = async {
        let mut seen = std::collections::BTreeSet::new();
        while !*is_done.borrow_and_update() {
            let report = admin.data(query, serde_json::json!({})).await["cost"].clone();
            let total: i64 = report["total"].as_str().unwrap().parse().unwrap();
            let amount = (total / 28).to_string();
            assert!(total == 28 || total == 56, "{total}");
            assert_eq!(report["owned"], report["total"]);
            for list in ["series", "rows"] {
                let amounts: Vec<_> = report[list].as_array().unwrap().iter().map(|one| &one["amount"]).collect();
                assert_eq!(amounts.len(), 28);
                assert!(amounts.iter().all(|found| **found == amount), "{list}: {report}");
            }
            seen.insert(total);
        }
        seen
    };
    let writer = async {
        for turn in 0..20 {
            importer.done(if turn % 2 == 0 { &other } else { &one }).await;
        }
        done.send(true).unwrap();
    };
    let (seen, ()) = tokio::join!(reader, writer);
    assert_eq!(seen.len(), 2);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_is_never_taken_for_a_whole_one() {
    let folder = Folder::new("half");
    let platform = platform(&folder).await;
    let importer = Importer { sets_aside: true, ..Importer::of(&platform) };
    let good = Line::new("1", "2026-03-01", "web").text();
    let text = format!("{HEADER}\n{}", format!("{good}\n").repeat(2_000));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let mut packed = packed.finish().unwrap();
    packed.truncate(packed.len() / 2);
    let cut = folder.0.join("cut.csv.gz");
    std::fs::write(&cut, packed).unwrap();
    let headless = folder.write_text("headless.csv", &format!("{good}\n"));
    for path in [cut, headless] {
        let CostOutcome::Refused { count, .. } = importer.outcome(&path).await else {
            panic!("{} was taken", path.display())
        };
        assert!(count > 0);
    }
    assert_eq!(sum(&platform, "cost_row", "billed_cost").await, "0");
    let twice = Folder::new("half-twice");
    twice.write("part.csv", &[Line::new("1", "2026-03-01", "web")]);
    std::fs::write(twice.0.join("part.csv.gz"), b"").unwrap();
    let problem = sources::cost::Export::find(&twice.0).unwrap_err();
    assert!(problem.to_string().contains("count twice"), "{problem}");
    platform.stop().await;
}
