//! The last days by Azure's Query API: asked for gently, and only until a file tells them.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use gateway::{config::Config, cost_worker::Asked};
use serde_json::json;
use simulator::{
    ManualClock, Upstream,
    azure::{CostLine, QpuLimit},
};
use sources::{
    Clock, SourceError,
    azure::cost::{BothCosts, CostOf, QueryScope, QuerySource, write},
    cost::{CostRules, Renaming},
    ingest::{CostImport, CostOutcome},
    upstream::QuotaConfig,
};

use super::{
    ANNOTATIONS, CATALOG, Line,
    azure::{MARCH, Stage, moment},
    import_catalog,
};

const SUBSCRIPTION_ID: &str = "00000000-0000-0000-0000-000000000001";
const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

/// A component that names a group of the subscription.
const SHOP: &str = r#"
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: shop-api
  annotations: { azure.com/resource-group: 00000000-0000-0000-0000-000000000001/shop }
spec: { type: service, lifecycle: production, owner: shop }
"#;

fn line(day: &str, group: &str, service: &str, actual: Option<&str>, amortized: Option<&str>) -> CostLine {
    CostLine {
        day: day.parse().unwrap(),
        resource: format!("{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/vm"),
        service: service.to_owned(),
        currency: "EUR".to_owned(),
        actual: actual.map(str::to_owned),
        amortized: amortized.map(str::to_owned),
    }
}

fn asks(config: &mut Config, more: serde_json::Value) {
    let mut source = json!({ "scope": SUBSCRIPTION });
    source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let azure = &mut config.cost.azure;
    azure.queries = vec![serde_json::from_value::<QuerySource>(source).unwrap()];
    azure.query_quota = QuotaConfig { calls: 10_000, window: Duration::from_secs(1) };
    config.cost.attribution =
        serde_json::from_value::<CostRules>(json!({ "environment": [], "cluster": [], "namespace": [],
            "rules": [{ "name": "resource group", "to": "resource" }] }))
        .unwrap();
}

/// A stage that asks for the subscription as of `now`.
async fn stage(name: &str, now: &str) -> (Stage, ManualClock) {
    let time = ManualClock::new(moment(now));
    let clock = time.clock();
    let stage = Stage::with(name, Clock::of(move || clock.now()), |config| asks(config, json!({}))).await;
    import_catalog(&stage.platform, &stage.folder, &format!("{CATALOG}{SHOP}")).await;
    (stage, time)
}

async fn ask(stage: &Stage) -> Asked {
    stage.costs().read_queries(&stage.app).await.pop().unwrap().unwrap()
}

/// How many questions there were since the last look.
fn calls(stage: &Stage) -> usize {
    let calls = stage.platform.simulator().calls(Upstream::Azure);
    let is_query = |path: &str| path.ends_with("/providers/Microsoft.CostManagement/query");
    let count = calls.recent().iter().filter(|call| is_query(&call.path)).count();
    calls.reset();
    count
}

/// Billed, effective, list and contracted cost of everything.
const SUMS: &str = "select sum(billed_cost) || ' ' || sum(effective_cost) || ' ' || sum(list_cost) || ' ' || sum(contracted_cost) from cost_row";

#[tokio::test(flavor = "multi_thread")]
async fn the_last_days_are_asked_for_in_two_views_and_marked() {
    let (stage, _) = stage("views", "2026-03-20T10:00:00Z").await;
    stage.azure().set_costs(
        SUBSCRIPTION_ID,
        vec![
            line("2026-02-28", "shop", "Virtual Machines", Some("100"), Some("100")),
            line("2026-03-02", "shop", "Virtual Machines", Some("1.10"), Some("0.30")),
            line("2026-03-19", "Other", "Storage", Some("2"), Some("2")),
            // A reservation: bought on one day, used on others.
            line("2026-03-19", "shop", "Virtual Machines", None, Some("0.000000000001")),
        ],
    );
    assert_eq!(ask(&stage).await, Asked::TakenOver);
    assert_eq!(calls(&stage), 2, "one for each view");
    assert_eq!(stage.one(SUMS).await, "3.1 2.300000000001 2.300000000001 2.300000000001");
    assert_eq!(
        stage.one("select basis || ' ' || scope || ' ' || row_count from cost_export").await,
        format!("AZURE_QUERY azure-query:{SUBSCRIPTION} 3")
    );
    let owned = "select sum(r.effective_cost)::text from cost_row r join cost_key k on k.id = r.key_id \
                 join cost_target t on t.id = k.target_id where t.ref = 'component:default/shop-api'";
    assert_eq!(stage.one(owned).await, "0.300000000001");
    assert_eq!(stage.one("select complete_until::text from cost_slice").await, "2026-03-19");
    // The same again changes nothing; a correction takes its place.
    assert_eq!(ask(&stage).await, Asked::Nothing);
    stage
        .azure()
        .set_costs(SUBSCRIPTION_ID, vec![line("2026-03-02", "shop", "Virtual Machines", Some("5"), Some("6"))]);
    assert_eq!(ask(&stage).await, Asked::TakenOver);
    assert_eq!(stage.one(SUMS).await, "5 6 6 6");
    assert_eq!(stage.one("select count(*)::text from cost_slice").await, "1");
    // No content: nobody knows why, and what is known stays.
    stage.azure().set_costs(SUBSCRIPTION_ID, Vec::new());
    assert_eq!(ask(&stage).await, Asked::Nothing);
    assert_eq!(stage.one(SUMS).await, "5 6 6 6");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn months_pages_currencies_and_names_of_columns() {
    let (stage, _) = stage("pages", "2026-03-03T10:00:00Z").await;
    let mut lines: Vec<CostLine> =
        (1..=5).map(|at| line("2026-02-27", &format!("g{at}"), "Storage", Some("1"), Some("1"))).collect();
    lines.push(CostLine { currency: "USD".to_owned(), ..line("2026-03-01", "shop", "Storage", Some("7"), Some("7")) });
    lines.push(line("2026-03-01", "shop", "Storage", Some("8"), Some("8")));
    stage.azure().set_costs(SUBSCRIPTION_ID, lines);
    stage.azure().set_cost_page_max(2);
    stage.azure().set_cost_column("PreTaxCost");
    assert_eq!(ask(&stage).await, Asked::TakenOver);
    assert_eq!(calls(&stage), 8, "of each view three pages of February and one of March");
    let slices =
        "select string_agg(period_start::date || ' ' || row_count, ', ' order by period_start) from cost_slice";
    assert_eq!(stage.one(slices).await, "2026-02-01 5, 2026-03-01 2");
    let currencies = "select string_agg(currency || ' ' || cost, ', ' order by currency) from \
                      (select currency, sum(effective_cost) as cost from cost_row group by currency) c";
    assert_eq!(stage.one(currencies).await, "EUR 13, USD 7");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_tells_is_not_asked_for_and_takes_the_place_of_what_was() {
    let (stage, time) = stage("told", "2026-03-20T10:00:00Z").await;
    stage.azure().set_costs(SUBSCRIPTION_ID, vec![line("2026-03-02", "shop", "Storage", Some("5"), Some("5"))]);
    assert_eq!(ask(&stage).await, Asked::TakenOver);
    // An export that tells another subscription leaves it alone.
    let other = Line { sub_account: "/subscriptions/other", ..Line::new("1", "2026-03-01", "") };
    stage.put_run(MARCH, "r1", moment("2026-03-05T00:00:00Z"), &[std::slice::from_ref(&other)]);
    assert_eq!(stage.costs().read_exports(&stage.app).await.unwrap().taken_over, 1);
    let all = "select sum(effective_cost)::text from cost_row";
    assert_eq!(stage.one(all).await, "6");
    let ours = Line { sub_account: SUBSCRIPTION, ..Line::new("4", "2026-03-01", "") };
    stage.put_run(MARCH, "r2", moment("2026-03-06T00:00:00Z"), &[&[ours, other]]);
    assert_eq!(stage.costs().read_exports(&stage.app).await.unwrap().taken_over, 1);
    assert_eq!(stage.one(all).await, "5", "the export and the query counted both");
    assert_eq!(stage.one("select sum(effective_cost)::text from cost_owner_month").await, "5");
    calls(&stage);
    assert_eq!(ask(&stage).await, Asked::Told);
    assert_eq!(calls(&stage), 0, "what is known was asked for");
    // An answer that was under way when the export came.
    let of = CostOf {
        day: "2026-03-02".parse().unwrap(),
        resource: String::new(),
        service: "x".into(),
        currency: "EUR".into(),
    };
    let both = BothCosts { billed: vec!["9".into()], effective: vec!["9".into()] };
    let scope = QueryScope::read(SUBSCRIPTION).unwrap();
    let late = write(&stage.folder.0, &scope, &BTreeMap::from([(of, both)])).unwrap();
    let (rules, plain) = (stage.app.config.cost.attribution.clone(), Renaming::default());
    let import = CostImport {
        subject: "weft import",
        tenant: "default",
        scope: None,
        renaming: &plain,
        rules: &rules,
        annotations: ANNOTATIONS,
        sets_aside: false,
        replaces: false,
        again: false,
        progress: &|_| {},
    };
    let outcome = stage.platform.database().import_costs(&import, &late).await.unwrap();
    assert!(matches!(outcome, CostOutcome::Refused { .. }), "{outcome:?}");
    assert_eq!(stage.one(all).await, "5");
    // The next month is told by nobody yet.
    time.advance(TimeDelta::days(13));
    stage.azure().set_costs(SUBSCRIPTION_ID, vec![line("2026-04-01", "shop", "Storage", Some("3"), Some("3"))]);
    assert_eq!(ask(&stage).await, Asked::TakenOver);
    assert_eq!(calls(&stage), 2);
    assert_eq!(stage.one(all).await, "8");
    stage.stop().await;
}

/// A stage by the clock of the machine, as quotas want it, with a charge of today.
async fn stage_now(name: &str, change: impl FnOnce(&mut Config)) -> Stage {
    let stage = Stage::with(name, Clock::system(), |config| {
        asks(config, json!({ "days": 1 }));
        change(config);
    })
    .await;
    let today: DateTime<Utc> = Clock::system().now();
    let day = today.date_naive().to_string();
    stage.azure().set_costs(SUBSCRIPTION_ID, vec![line(&day, "shop", "Storage", Some("1"), Some("1"))]);
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_budget_is_kept_before_azure_has_to_refuse() {
    let stage = stage_now("budget", |config| {
        config.cost.azure.query_quota = QuotaConfig { calls: 1, window: Duration::from_secs(600) };
        config.cost.azure.query_timeout = Duration::from_secs(1);
    })
    .await;
    let costs = stage.costs();
    assert!(costs.read_queries(&stage.app).await.pop().unwrap().is_err());
    assert_eq!(calls(&stage), 1, "the second view was asked for beyond the budget");
    assert_eq!(stage.one("select count(*)::text from cost_slice").await, "0", "half an answer was taken over");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_may_not_be_read_do_not_keep_others_from_being_asked_for() {
    let stage = stage_now("forbidden", |config| {
        let source = config.cost.azure.queries[0].clone();
        let hidden = |at: usize| QuerySource {
            scope: format!("/subscriptions/00000000-0000-0000-0000-0000000001{at:02}"),
            ..source.clone()
        };
        config.cost.azure.queries = (0..10).map(hidden).chain([source.clone()]).collect();
    })
    .await;
    let outcomes = stage.costs().read_queries(&stage.app).await;
    assert!(outcomes[..10].iter().all(Result::is_err));
    assert!(matches!(outcomes[10], Ok(Asked::TakenOver)), "{outcomes:?}");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_azure_is_waited_out() {
    let stage = stage_now("refusal", |config| config.cost.azure.query_timeout = Duration::from_secs(5)).await;
    stage.azure().set_qpu_limits(vec![QpuLimit { units: 1, window: TimeDelta::seconds(300) }]);
    let costs = stage.costs();
    let waits = async || {
        let failure = costs.read_queries(&stage.app).await.pop().unwrap().unwrap_err();
        let gateway::cost_worker::Failure::Source(SourceError::Throttled { retry_after, .. }) = failure else {
            panic!("{failure:?}")
        };
        retry_after.unwrap()
    };
    assert!(waits().await > Duration::from_secs(290), "the longest wait counts");
    assert_eq!(calls(&stage), 2);
    assert!(waits().await > Duration::from_secs(290));
    assert_eq!(calls(&stage), 0, "it was asked although it wants to be left alone");
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_is_asked_for_once_a_day_and_again_an_hour_after_a_failure() {
    let (stage, time) = stage("daily", "2026-03-20T10:00:00Z").await;
    stage.azure().set_costs(SUBSCRIPTION_ID, vec![line("2026-03-02", "shop", "Storage", Some("5"), Some("5"))]);
    let due = async || {
        stage.costs().read_due(&stage.app).await;
        calls(&stage)
    };
    assert_eq!(due().await, 2);
    assert_eq!(due().await, 0);
    time.advance(TimeDelta::hours(23));
    assert_eq!(due().await, 0);
    time.advance(TimeDelta::hours(1));
    stage.azure().set_qpu_limits(Vec::from([QpuLimit { units: 0, window: TimeDelta::seconds(1) }]));
    assert_eq!(due().await, 1);
    stage.azure().set_qpu_limits(Vec::new());
    time.advance(TimeDelta::minutes(59));
    assert_eq!(due().await, 0);
    time.advance(TimeDelta::minutes(1));
    assert_eq!(due().await, 2);
    stage.stop().await;
}
