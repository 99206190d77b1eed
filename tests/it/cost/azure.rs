//! Charges that Azure writes into storage: found, fetched and taken over by themselves, whatever the storage does.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use gateway::{
    App,
    config::{Config, Environment},
    cost_worker::{AzureCosts, ExportsReport},
};
use it::{TestPlatform, until};
use serde_json::json;
use simulator::{
    ManualClock, Upstream,
    azure::{Azure, BlobFault},
};
use sources::{Clock, SourceError, azure::cost::ExportSource};
use sqlx::{Connection, PgConnection};

use super::{CATALOG, Folder, HEADER, Line, RULES, import_catalog};

const CONTAINER: &str = "exports";

/// What calls to storage begin with.
const STORAGE: &str = "/simulatedstorage/";

/// What the manifests of these tests are about.
const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

/// A platform, and the parts of a gateway that knows of a container with exports. Nothing is read but by the test.
pub(super) struct Stage {
    pub(super) platform: TestPlatform,
    pub(super) folder: Folder,
    pub(super) app: Arc<App>,
}

impl Stage {
    async fn new(name: &str) -> Self {
        Self::with(name, Clock::system(), |_| {}).await
    }

    /// The same with another clock, and more configuration.
    pub(super) async fn with(name: &str, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        let folder = Folder::new(&format!("azure-{name}"));
        let platform = TestPlatform::start_empty(&[("WEFT_COST__ATTRIBUTION__RULES", RULES)]).await;
        import_catalog(&platform, &folder, CATALOG).await;
        let (toml, variables) = platform.configuration();
        let file = folder.write_text("weft.toml", toml);
        let mut loaded = Config::load(Some(&file), &Environment::of(variables.iter().cloned())).unwrap();
        let source =
            json!({ "container_url": platform.simulator().azure().container_url(CONTAINER), "prefix": "focus/" });
        let azure = &mut loaded.config.cost.azure;
        azure.exports = vec![serde_json::from_value::<ExportSource>(source).unwrap()];
        azure.temporary_folder = Some(folder.0.join("temporary"));
        std::fs::create_dir_all(folder.0.join("temporary")).unwrap();
        change(&mut loaded.config);
        assert_eq!(loaded.config.validate(), []);
        let app = App::build(loaded, None, clock).unwrap();
        Self { platform, folder, app }
    }

    pub(super) fn azure(&self) -> &Azure {
        self.platform.simulator().azure()
    }

    pub(super) fn costs(&self) -> AzureCosts {
        AzureCosts::new(&self.app).unwrap().expect("charges are read from Azure")
    }

    async fn read(&self) -> ExportsReport {
        self.try_read().await.unwrap()
    }

    async fn try_read(&self) -> Result<ExportsReport, SourceError> {
        let report = self.costs().read_exports(&self.app).await;
        assert_eq!(self.left(), Vec::<PathBuf>::new(), "files were left");
        report
    }

    /// What lies in the folder for files that are being taken over.
    fn left(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.folder.0.join("temporary")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// A run of the export of a month, with its manifest; each part has these lines.
    pub(super) fn put_run(&self, month: &str, run: &str, at: DateTime<Utc>, parts: &[&[Line]]) {
        let named: Vec<String> = (0..parts.len()).map(|at| format!("part_{at}_0001.csv")).collect();
        for (name, lines) in named.iter().zip(parts) {
            self.azure().put_blob(CONTAINER, &format!("{}/{name}", place(month, run)), text(lines), at);
        }
        self.put_manifest(month, run, at, &named);
    }

    fn put_manifest(&self, month: &str, run: &str, at: DateTime<Utc>, names: &[String]) {
        let place = place(month, run);
        let blobs: Vec<_> =
            names.iter().map(|name| json!({ "blobName": format!("{place}/{name}"), "dataRowCount": 1 })).collect();
        let manifest = json!({
            "manifestVersion": "2024-04-01",
            "blobCount": blobs.len(),
            "exportConfig": { "exportName": "daily", "resourceId": SUBSCRIPTION, "dataVersion": "1.0", "type": "FocusCost" },
            "deliveryConfig": { "partitionData": true, "fileFormat": "Csv", "compressionMode": "none" },
            "runInfo": { "runId": run, "executionType": "Scheduled" },
            "blobs": blobs,
        });
        self.azure().put_blob(CONTAINER, &format!("{place}/manifest.json"), manifest.to_string(), at);
    }

    /// The paths of calls to storage since the last look, lists as `list`.
    fn calls(&self) -> Vec<String> {
        let calls = self.platform.simulator().calls(Upstream::Azure);
        let storage = calls.recent().into_iter().filter(|call| call.path.starts_with(STORAGE));
        let named = storage.map(|call| match call.query.contains("comp=list") {
            true => "list".to_owned(),
            false => call.path.rsplit('/').next().unwrap_or_default().to_owned(),
        });
        let named = named.collect();
        calls.reset();
        named
    }

    /// One text of one row.
    pub(super) async fn one(&self, statement: &'static str) -> String {
        let mut connection = PgConnection::connect(&self.platform.database_url()).await.unwrap();
        sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
    }

    /// What all charges cost.
    async fn sum(&self) -> String {
        self.one("select coalesce(sum(effective_cost), 0)::text from cost_row").await
    }

    pub(super) async fn stop(self) {
        self.app.sources.database().close().await;
        self.platform.stop().await;
    }
}

fn place(month: &str, run: &str) -> String {
    format!("focus/daily/{month}/{run}")
}

fn text(lines: &[Line]) -> String {
    let rows: Vec<String> = lines.iter().map(Line::text).collect();
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

pub(super) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) const MARCH: &str = "20260301-20260331";
const APRIL: &str = "20260401-20260430";

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_found_and_taken_over_and_the_same_again_is_nothing() {
    let stage = Stage::new("found").await;
    let line = Line::new("1.25", "2026-03-01", "web");
    let other = Line::new("2", "2026-03-02", "cart");
    stage.put_run(MARCH, "r1", moment("2026-03-05T00:00:00Z"), &[&[line], &[other]]);
    // Neither is an export: one lies elsewhere, the other is still being written.
    stage.azure().put_blob(CONTAINER, "other/manifest.json", "{}", moment("2026-03-05T00:00:00Z"));
    stage.azure().put_blob(
        CONTAINER,
        &format!("{}/part_0.csv", place(APRIL, "r1")),
        "x",
        moment("2026-04-05T00:00:00Z"),
    );
    let report = stage.read().await;
    assert_eq!((report.taken_over, report.known, report.failed), (1, 0, 0));
    assert!(report.bytes > 100);
    assert_eq!(stage.calls(), ["list", "manifest.json", "part_0_0001.csv", "part_1_0001.csv"]);
    assert_eq!(stage.sum().await, "3.25");
    assert_eq!(
        stage.one("select basis || ' ' || scope || ' ' || name from cost_export").await,
        format!(
            "AZURE_EXPORT {}#daily {}/{}",
            SUBSCRIPTION.trim_start_matches('/'),
            stage.azure().container_url(CONTAINER),
            place(MARCH, "r1")
        )
    );
    let report = stage.read().await;
    assert_eq!((report.taken_over, report.known, report.failed), (0, 1, 0));
    assert_eq!(stage.calls(), ["list"], "what is known was fetched again");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_run_takes_the_place_of_its_period_and_only_the_newest_is_fetched() {
    let stage = Stage::new("newer").await;
    let run = |run: &str, at: &str, cost: &str| {
        stage.put_run(MARCH, run, moment(at), &[&[Line::new(cost, "2026-03-01", "web")]]);
    };
    run("r1", "2026-03-05T00:00:00Z", "1");
    stage.put_run(APRIL, "r1", moment("2026-04-05T00:00:00Z"), &[&[Line::new("10", "2026-04-01", "web")]]);
    assert_eq!(stage.read().await.taken_over, 2);
    assert_eq!(stage.sum().await, "11");
    // Two more since then, of which the older one is named as if it were newer.
    run("r9", "2026-03-06T00:00:00Z", "2");
    run("r2", "2026-03-07T00:00:00Z", "3");
    stage.calls();
    assert_eq!(stage.read().await.taken_over, 1);
    assert_eq!(stage.calls(), ["list", "manifest.json", "part_0_0001.csv"]);
    assert_eq!(stage.sum().await, "13");
    assert_eq!(stage.one("select count(*)::text from cost_slice").await, "2");
    // A run that is written over is another one.
    run("r2", "2026-03-07T00:00:00Z", "4");
    assert_eq!(stage.read().await.taken_over, 1);
    assert_eq!(stage.sum().await, "14");
    // What was said once before, and then something else: the last word counts.
    run("r3", "2026-03-08T00:00:00Z", "1");
    assert_eq!(stage.read().await.taken_over, 1);
    assert_eq!(stage.sum().await, "11");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_missing_cut_or_elsewhere_leaves_all_as_it_was() {
    let stage = Stage::new("missing").await;
    let at = moment("2026-03-05T00:00:00Z");
    stage.put_run(MARCH, "r1", at, &[&[Line::new("1", "2026-03-01", "web")]]);
    assert_eq!(stage.read().await.taken_over, 1);
    let failed = async |what: &str| {
        let report = stage.read().await;
        assert_eq!((report.taken_over, report.known, report.failed), (0, 0, 1), "{what}");
        assert_eq!(stage.sum().await, "1", "{what}");
        stage.calls()
    };
    let later = moment("2026-03-06T00:00:00Z");
    let lines = [Line::new("2", "2026-03-01", "web")];
    stage.put_run(MARCH, "r2", later, &[&lines, &lines]);
    stage.calls();
    stage.azure().remove_blob(CONTAINER, &format!("{}/part_1_0001.csv", place(MARCH, "r2")));
    assert_eq!(failed("missing").await, ["list", "manifest.json"], "nothing is fetched in vain");
    stage.put_run(MARCH, "r2", later, &[&lines, &[Line::new("3", "2026-03-02", "web")]]);
    stage.azure().set_blob_fault("part_1_0001.csv", Some(BlobFault::Halved));
    let calls = failed("cut").await;
    assert_eq!(calls[..3], ["list", "manifest.json", "part_0_0001.csv"]);
    stage.azure().set_blob_fault("part_1_0001.csv", Some(BlobFault::Status(404)));
    failed("gone since").await;
    stage.azure().set_blob_fault("part_1_0001.csv", None);
    for name in ["../r1/part_0_0001.csv", "..", "../../../../../../etc/passwd", "manifest.json", "..\\x.csv"] {
        stage.put_manifest(MARCH, "r2", later, &[name.to_owned()]);
        // The first of them is the name of a part beside it, and only its name counts.
        if !name.ends_with("part_0_0001.csv") {
            assert_eq!(failed(name).await, ["list", "manifest.json"]);
        }
    }
    // No manifest, and rows that cannot be used.
    stage.azure().put_blob(CONTAINER, &format!("{}/manifest.json", place(MARCH, "r2")), "<html>", later);
    failed("nonsense").await;
    let name = format!("{}/part_0_0001.csv", place(MARCH, "r2"));
    stage.azure().put_blob(CONTAINER, &name, "Cost\n1\n", later);
    stage.put_manifest(MARCH, "r2", later, &["part_0_0001.csv".to_owned()]);
    failed("no FOCUS").await;
    // It is tried again, and then it is good.
    stage.azure().put_blob(CONTAINER, &name, text(&lines), later);
    assert_eq!(stage.read().await.taken_over, 1);
    assert_eq!(stage.sum().await, "2");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_is_away_or_refuses_is_looked_at_again_later() {
    let stage = Stage::new("away").await;
    stage.put_run(MARCH, "r1", moment("2026-03-05T00:00:00Z"), &[&[Line::new("1", "2026-03-01", "web")]]);
    for status in [403, 404, 503] {
        stage.azure().set_blob_fault("", Some(BlobFault::Status(status)));
        assert!(stage.try_read().await.is_err(), "{status}");
        assert_eq!(stage.calls(), ["list"], "{status}: it has not earned another try");
    }
    stage.azure().set_blob_fault("", None);
    // Of the parts only: the list is good.
    stage.azure().set_blob_fault(".csv", Some(BlobFault::Status(503)));
    assert_eq!(stage.read().await.failed, 1);
    stage.azure().set_blob_fault(".csv", None);
    assert_eq!(stage.read().await.taken_over, 1);
    assert_eq!(stage.sum().await, "1");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_listed_to_its_end() {
    let stage = Stage::new("paged").await;
    for day in 1..=7 {
        let at = moment(&format!("2026-03-{day:02}T00:00:00Z"));
        stage.put_run(MARCH, &format!("r{day}"), at, &[&[Line::new(&day.to_string(), "2026-03-01", "web")]]);
    }
    stage.azure().set_blob_page_max(4);
    assert_eq!(stage.read().await.taken_over, 1);
    assert_eq!(stage.calls(), ["list", "list", "list", "list", "manifest.json", "part_0_0001.csv"]);
    assert_eq!(stage.sum().await, "7");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_larger_than_allowed_is_not_fetched() {
    let stage = Stage::with("large", Clock::system(), |config| {
        config.cost.azure.export_max = "1 KiB".parse().unwrap();
    })
    .await;
    let lines: Vec<Line> = (1..=9).map(|day| Line::new("1", &format!("2026-03-0{day}"), "web")).collect();
    stage.put_run(MARCH, "r1", moment("2026-03-10T00:00:00Z"), &[&lines]);
    assert_eq!(stage.read().await.failed, 1);
    assert_eq!(stage.calls(), ["list", "manifest.json"]);
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_looks_once_an_interval_however_many_replicas_run() {
    let time = ManualClock::new(Clock::system().now());
    let clock = time.clock();
    let stage = Stage::with("worker", Clock::of(move || clock.now()), |_| {}).await;
    stage.put_run(MARCH, "r1", moment("2026-03-05T00:00:00Z"), &[&[Line::new("1", "2026-03-01", "web")]]);
    let (ending, ended) = tokio::sync::watch::channel(false);
    let workers: Vec<_> =
        (0..2).map(|_| tokio::spawn(gateway::cost_worker::run(Arc::clone(&stage.app), ended.clone()))).collect();
    until("the export is taken over", async || (stage.sum().await == "1").then_some(())).await;
    // Else whoever starts again would rightly look again.
    until("the look is noted", async || {
        (stage.one("select count(*)::text from cost_azure_look").await == "1").then_some(())
    })
    .await;
    ending.send(true).unwrap();
    for worker in workers {
        worker.await.unwrap();
    }
    stage.calls();
    // Whoever starts again finds that it is not due, and later that it is.
    stage.costs().read_due(&stage.app).await;
    assert_eq!(stage.calls(), Vec::<String>::new());
    time.advance(TimeDelta::from_std(Duration::from_secs(4 * 3_600)).unwrap());
    stage.costs().read_due(&stage.app).await;
    assert_eq!(stage.calls(), ["list"]);
    stage.stop().await;
}
