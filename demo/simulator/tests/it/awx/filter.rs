use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;

use super::{super::NOW, Awx, id};

fn at(row: &Value, field: &str) -> Option<DateTime<Utc>> {
    row[field].as_str().map(|at| at.parse().unwrap())
}

fn is(row: &Value, field: &str, values: &[&str]) -> bool {
    values.contains(&row[field].as_str().unwrap())
}

type Expected = Box<dyn Fn(&Value) -> bool>;

#[tokio::test]
async fn every_filter_keeps_exactly_the_rows_it_names() {
    let awx = Awx::start().await;
    let all = awx.all("unified_jobs/?order_by=id&page_size=200").await;
    let (low, high) = (id(&all[40]), id(&all[90]));
    let since = NOW - TimeDelta::hours(2);
    let since_text = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    let cases: Vec<(String, Expected)> = vec![
        (format!("id={low}"), Box::new(move |row| id(row) == low)),
        (format!("id__in={low},{high},1"), Box::new(move |row| [low, high].contains(&id(row)))),
        (format!("id__gt={low}&id__lte={high}"), Box::new(move |row| id(row) > low && id(row) <= high)),
        (format!("id__gte={low}&id__lt={high}"), Box::new(move |row| id(row) >= low && id(row) < high)),
        ("name=Deploy%20ledger".into(), Box::new(|row| is(row, "name", &["Deploy ledger"]))),
        ("name__icontains=DEPLOY".into(), Box::new(|row| row["name"].as_str().unwrap().contains("Deploy"))),
        ("unified_job_template=11".into(), Box::new(|row| row["unified_job_template"] == 11)),
        (
            "unified_job_template__in=7,8".into(),
            Box::new(|row| [7, 8].iter().any(|id| row["unified_job_template"] == *id)),
        ),
        ("status=failed".into(), Box::new(|row| is(row, "status", &["failed"]))),
        ("status__in=failed,error".into(), Box::new(|row| is(row, "status", &["failed", "error"]))),
        ("failed=true".into(), Box::new(|row| row["failed"] == true)),
        (format!("finished__gt={since_text}"), Box::new(move |row| at(row, "finished").is_some_and(|at| at > since))),
        (format!("created__gte={since_text}"), Box::new(move |row| at(row, "created").unwrap() >= since)),
        (format!("modified__gt={since_text}"), Box::new(move |row| at(row, "modified").unwrap() > since)),
        ("finished__isnull=true".into(), Box::new(|row| row["finished"].is_null())),
        ("type=workflow_job".into(), Box::new(|row| is(row, "type", &["workflow_job"]))),
        ("type=job,system_job".into(), Box::new(|row| is(row, "type", &["job"]))),
        ("or__status=failed&or__status=error".into(), Box::new(|row| is(row, "status", &["failed", "error"]))),
        ("not__status=successful".into(), Box::new(|row| !is(row, "status", &["successful"]))),
        (
            "or__not__launch_type=scheduled&or__status=error".into(),
            Box::new(|row| !is(row, "launch_type", &["scheduled"]) || is(row, "status", &["error"])),
        ),
        (
            "status=failed&launch_type=workflow".into(),
            Box::new(|row| is(row, "status", &["failed"]) && is(row, "launch_type", &["workflow"])),
        ),
        ("elapsed__gt=60".into(), Box::new(|row| row["elapsed"].as_f64().unwrap() > 60.0)),
        (
            "organization__name__startswith=D".into(),
            Box::new(|row| row["summary_fields"]["organization"]["name"].as_str().unwrap().starts_with('D')),
        ),
        ("unified_job_template__name__iexact=patch%20HOSTS".into(), Box::new(|row| is(row, "name", &["Patch hosts"]))),
        ("search=storefront".into(), Box::new(|row| is(row, "name", &["Deploy storefront"]))),
    ];
    for (query, expected) in cases {
        let wanted: Vec<_> = all.iter().filter(|row| expected(row)).map(id).collect();
        let rows = awx.all(&format!("unified_jobs/?{query}&order_by=id&page_size=200")).await;
        assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), wanted, "{query}");
        assert!(!wanted.is_empty() && wanted.len() < all.len(), "{query} tells rows apart");
    }
}

#[tokio::test]
async fn filters_reach_over_relations() {
    let awx = Awx::start().await;
    let by_template = awx.all("jobs/?job_template__in=9&order_by=id&page_size=200").await;
    assert!(!by_template.is_empty() && by_template.iter().all(|job| job["job_template"] == 9));
    let project = by_template[0]["project"].as_u64().unwrap();
    let by_project = awx.all(&format!("jobs/?job_template__project={project}&order_by=id&page_size=200")).await;
    let by_name = awx.all("jobs/?job_template__project__name=linux-baseline&order_by=id&page_size=200").await;
    assert_eq!(by_project, by_name);
    assert!(by_name.iter().any(|job| job["job_template"] == 9));
    let finished = awx.rows("job_templates/?last_job__isnull=true").await;
    assert_eq!(finished.iter().map(id).collect::<Vec<_>>(), [12], "the one that never ran");
}

#[tokio::test]
async fn a_filter_that_cannot_be_understood_is_a_400_that_names_it() {
    let awx = Awx::start().await;
    let integer = "[\"\u{201c}abc\u{201d} value must be an integer.\"]";
    let cases = [
        ("jobs/?no_such_field=1", "Job has no field named 'no_such_field'"),
        ("unified_job_templates/?or__nope__in=1", "UnifiedJobTemplate has no field named 'nope'"),
        ("jobs/?launched_by=1", "Job has no field named 'launched_by'"),
        ("jobs/?job_template__nope=1", "JobTemplate has no field named 'nope'"),
        ("jobs/?name__resembles=x", "No related model for field resembles."),
        ("jobs/?id=abc", integer),
        ("jobs/?id__in=", "cannot provide empty value for __in"),
        ("jobs/?job_template=abc", "Invalid job_template id: abc"),
        ("jobs/?finished__isnull=maybe", "Unable to convert \"maybe\" to boolean"),
        ("jobs/?id__iexact=1", "id is not a text field and cannot be filtered by case-insensitive search"),
    ];
    for (path, detail) in cases {
        assert_eq!(awx.refusal(path).await, (400, detail.to_owned()), "{path}");
    }
    // An offset whose plus is not encoded arrives as a blank and is no time any more.
    let (status, detail) = awx.refusal("jobs/?finished__gt=2026-03-02T08:00:00+00:00").await;
    assert!(status == 400 && detail.contains("value has an invalid format"), "{detail}");
    awx.get("jobs/?finished__gt=2026-03-02T08:00:00%2B00:00").await;
}
