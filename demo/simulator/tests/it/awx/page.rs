use std::collections::BTreeSet;

use serde_json::json;

use super::{Awx, id};

#[tokio::test]
async fn pages_are_25_long_unless_asked_and_never_longer_than_200() {
    let awx = Awx::start().await;
    assert_eq!(awx.rows("jobs/").await.len(), 25);
    assert_eq!(awx.rows("jobs/?page_size=3").await.len(), 3);
    for useless in ["0", "-1", "many"] {
        assert_eq!(awx.rows(&format!("jobs/?page_size={useless}")).await.len(), 25, "as if not asked");
    }
    let capped = awx.get("jobs/?page_size=500&status__in=failed,successful,canceled,error,running").await;
    assert!(capped["count"].as_u64().unwrap() > 200 && capped["results"].as_array().unwrap().len() == 200);
    let next = "/api/v2/jobs/?page=2&page_size=200&status__in=failed%2Csuccessful%2Ccanceled%2Cerror%2Crunning";
    assert_eq!(capped["next"], next, "relative, sorted, and with the size that counts");
    assert!(awx.get("jobs/?page_size=x&page=2").await["previous"].as_str().unwrap().ends_with("?page=1&page_size=x"));
}

#[tokio::test]
async fn following_next_gives_every_row_once() {
    let awx = Awx::start().await;
    let first = awx.get("unified_jobs/?page_size=40&order_by=-id").await;
    let rows = awx.all("unified_jobs/?page_size=40&order_by=-id").await;
    assert_eq!(rows.len() as u64, first["count"].as_u64().unwrap());
    let ids: Vec<_> = rows.iter().map(id).collect();
    assert!(ids.is_sorted_by(|one, other| one > other), "each once, in order");
    let kinds: BTreeSet<_> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["job", "workflow_job"]));
}

#[tokio::test]
async fn a_page_past_the_end_is_invalid_and_so_is_any_second_page_without_a_count() {
    let awx = Awx::start().await;
    for query in ["page=999", "page=0", "page=x", "count_disabled=1&page=2"] {
        assert_eq!(awx.refusal(&format!("jobs/?{query}")).await, (404, "Invalid page.".to_owned()), "{query}");
    }
    let last = awx.get("jobs/?page=last").await;
    assert!(last["next"].is_null() && last["previous"].is_string());
    let uncounted = awx.get("jobs/?count_disabled=1&page_size=2").await;
    assert_eq!(uncounted.as_object().unwrap().keys().collect::<Vec<_>>(), ["results"]);
    assert_eq!(uncounted["results"].as_array().unwrap().len(), 2);
    let empty = awx.get("jobs/?id=1").await;
    assert_eq!(empty, json!({ "count": 0, "next": null, "previous": null, "results": [] }));
}

#[tokio::test]
async fn orders_take_several_fields_and_put_null_above_every_value() {
    let awx = Awx::start().await;
    let rows = awx.all("unified_jobs/?order_by=name,-status,-id&page_size=200").await;
    let keys: Vec<_> =
        rows.iter().map(|row| (row["name"].as_str().unwrap(), row["status"].as_str().unwrap(), id(row))).collect();
    let is_ordered = keys.windows(2).all(|pair| {
        let ((name, status, id), (next_name, next_status, next_id)) = (pair[0], pair[1]);
        (name, next_status, next_id) < (next_name, status, id)
    });
    assert!(is_ordered);
    let finished = |rows: &[serde_json::Value]| rows.iter().map(|row| row["finished"].is_null()).collect::<Vec<_>>();
    let running = awx.get("jobs/?finished__isnull=1").await["count"].as_u64().unwrap();
    assert!(running > 0, "the clock stands where something runs");
    let down = awx.all("jobs/?order_by=-finished&page_size=200").await;
    assert!(down[0]["finished"].is_null() && finished(&down).is_sorted_by(|one, other| one >= other));
    let up = awx.all("jobs/?order_by=finished&page_size=200").await;
    assert!(up.last().unwrap()["finished"].is_null() && finished(&up).is_sorted());
    let (status, detail) = awx.refusal("jobs/?order_by=-no_such_field").await;
    assert_eq!(status, 400);
    assert!(detail.starts_with("Cannot resolve keyword 'no_such_field' into field. Choices are: "), "{detail}");
}
