//! What the change log tells of charges: the days that changed, and periods that open and close.

use schema::ChangeKind;
use serde_json::{Value, json};
use sources::{
    cost::CostRules,
    postgres::{Change, ChangePosition, ChangeTopic},
};

use super::{ANNOTATIONS, Folder, HEADER, Importer, Line, platform};

/// The next changes of charges, of which there are so many.
async fn next(platform: &it::TestPlatform, after: &mut ChangePosition, count: usize) -> Vec<Change> {
    let page = platform.database().changes_after(after, None, 100).await.unwrap();
    *after = page.read;
    let changes: Vec<Change> = page.changes.into_iter().filter(|change| change.topic == ChangeTopic::Cost).collect();
    assert_eq!(changes.len(), count, "{changes:#?}");
    assert!(changes.iter().all(|change| change.tenant == "default"));
    changes
}

fn days(from: &str, to: &str) -> Value {
    json!({ "what": "data", "from": from, "to": to, "changedFields": [], "healed": false })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_a_correction_and_a_new_attribution_tell_the_days_that_they_touch() {
    let folder = Folder::new("told-days");
    let platform = platform(&folder).await;
    let mut after = platform.database().change_newest().await.unwrap();
    let first = folder.write("first.csv", &[Line::new("1", "2026-03-05", "web"), Line::new("2", "2026-03-07", "")]);
    Importer::of(&platform).done(&first).await;
    let changes = next(&platform, &mut after, 2).await;
    assert_eq!((changes[0].kind, &changes[0].payload), (ChangeKind::Updated, &days("2026-03-05", "2026-03-07")));
    assert_eq!((changes[1].kind, &changes[1].payload["what"]), (ChangeKind::Created, &json!("period")));
    // The same again is no change. A correction touches the days of before as well.
    Importer::of(&platform).outcome(&first).await;
    let second = folder.write("second.csv", &[Line::new("1", "2026-03-06", "web"), Line::new("2", "2026-03-09", "")]);
    Importer::of(&platform).done(&second).await;
    assert_eq!(next(&platform, &mut after, 1).await[0].payload, days("2026-03-05", "2026-03-09"));
    let other = folder.write("april.csv", &[Line::new("1", "2026-04-02", "web"), Line::new("3", "2026-04-03", "cart")]);
    Importer::of(&platform).done(&other).await;
    assert_eq!(next(&platform, &mut after, 2).await[0].payload, days("2026-04-02", "2026-04-03"));
    // By these rules nothing is for anybody, so all that was for a component is touched, in one line.
    let rules = platform.app().config.cost.attribution.clone();
    let nobody = CostRules { rules: Vec::new(), ..rules.clone() };
    let attributed = platform.database().attribute_costs("default", &nobody, ANNOTATIONS).await.unwrap();
    assert!(attributed.is_some_and(|attributed| attributed.slices == 2), "{attributed:?}");
    assert_eq!(next(&platform, &mut after, 1).await[0].payload, days("2026-03-06", "2026-04-03"));
    // Other rules that come to the same touch nothing.
    let same = CostRules { rules: rules.rules.into_iter().filter(|rule| rule.name == "network").collect(), ..nobody };
    let attributed = platform.database().attribute_costs("default", &same, ANNOTATIONS).await.unwrap();
    assert!(attributed.is_some_and(|attributed| attributed.slices == 0), "{attributed:?}");
    Importer::of(&platform).done(&folder.write("may.csv", &[Line::new("1", "2026-05-01", "")])).await;
    assert_eq!(next(&platform, &mut after, 2).await[0].payload, days("2026-05-01", "2026-05-01"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_is_told_when_it_comes_and_when_it_is_invoiced() {
    let folder = Folder::new("told-periods");
    let platform = platform(&folder).await;
    let mut after = platform.database().change_newest().await.unwrap();
    let line = Line::new("1", "2026-03-05", "web");
    Importer::of(&platform).done(&folder.write("open.csv", std::slice::from_ref(&line))).await;
    let came = next(&platform, &mut after, 2).await.remove(1);
    assert_eq!((came.kind, came.object_ref.as_str()), (ChangeKind::Created, "Azure 2026-03-01"));
    let payload = &came.payload;
    assert_eq!(
        (&payload["invoiceIssuer"], &payload["from"], &payload["to"], &payload["status"], &payload["before"]),
        (&json!("Azure"), &json!("2026-03-01"), &json!("2026-03-31"), &json!("UNKNOWN"), &Value::Null)
    );
    let invoiced = format!("{HEADER},InvoiceId\n{},invoice-1\n", line.text());
    Importer::of(&platform).done(&folder.write_text("closed.csv", &invoiced)).await;
    let closed = next(&platform, &mut after, 2).await.remove(1);
    assert_eq!((closed.kind, closed.object_id), (ChangeKind::Updated, came.object_id));
    assert_eq!(
        (&closed.payload["status"], &closed.payload["before"], &closed.payload["changedFields"]),
        (&json!("CLOSED"), &json!({ "status": "UNKNOWN" }), &json!(["status"]))
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_hears_of_cost_once_and_not_of_the_catalog() {
    let folder = Folder::new("told-signals");
    let platform = platform(&folder).await;
    let mut signals = platform.database().signals().await.unwrap();
    Importer::of(&platform).done(&folder.write("a.csv", &[Line::new("1", "2026-03-05", "web")])).await;
    let heard = signals.beat().await.unwrap();
    let heard: Vec<_> = heard.iter().map(|signal| (signal.domain.as_str(), signal.tenant.as_str())).collect();
    assert_eq!(heard, [("cost", "default")]);
    platform.stop().await;
}
