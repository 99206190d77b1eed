use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use simulator::awx::{Kind, Template, World};

use super::{super::NOW, Awx, id};

fn time(row: &Value, field: &str) -> DateTime<Utc> {
    row[field].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_job_walks_through_its_life_as_the_clock_moves() {
    let template = Template { bad_runs_percent: 50, ..Template::new(7, "Deploy storefront") };
    let every = TimeDelta::minutes(2);
    let awx = Awx::of(World::builder().template(Template { run_every: Some(every), ..template }).build()).await;
    let mut walks: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    // Twenty minutes in steps of 1 s, seen from the newest job and the one before.
    for _ in 0..1_200 {
        for job in awx.rows("jobs/?order_by=-id&page_size=2").await {
            let walk = walks.entry(id(&job)).or_default();
            let status = job["status"].as_str().unwrap().to_owned();
            assert_eq!(job["started"].is_null(), ["pending", "waiting"].contains(&status.as_str()));
            assert_eq!(job["finished"].is_null(), ["pending", "waiting", "running"].contains(&status.as_str()));
            assert_eq!(job["failed"], ["failed", "error", "canceled"].contains(&status.as_str()));
            assert_eq!(job["canceled_on"].is_string(), status == "canceled");
            if walk.last() != Some(&status) {
                walk.push(status);
            }
        }
        awx.clock.advance(TimeDelta::seconds(1));
    }
    let whole: Vec<_> = walks.values().skip(2).take(walks.len() - 4).collect();
    assert!(whole.len() >= 7, "one every two minutes, not {} in twenty", whole.len());
    for walk in whole {
        assert_eq!(walk[..walk.len() - 1], ["pending", "waiting", "running"], "{walk:?}");
        assert!(["canceled", "error", "failed", "successful"].contains(&walk[3].as_str()), "{walk:?}");
    }
    awx.clock.advance(TimeDelta::hours(2));
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for job in awx.all("jobs/?finished__isnull=false&page_size=200").await {
        *ends.entry(job["status"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(ends.keys().collect::<Vec<_>>(), ["canceled", "error", "failed", "successful"]);
    let bad = ends.values().sum::<usize>() - ends["successful"];
    assert!((12..38).contains(&bad), "about half of fifty, not {bad}");
}

#[tokio::test]
async fn summaries_of_hosts_arrive_while_a_job_runs_and_a_little_after_its_end() {
    let awx = Awx::start().await;
    let job = awx.rows("jobs/?status=successful&unified_job_template=7&order_by=-id").await[0].clone();
    let hosts = job["summary_fields"]["inventory"]["total_hosts"].as_u64().unwrap();
    let (path, summaries) = (format!("jobs/{}/", job["id"]), format!("jobs/{}/job_host_summaries/", job["id"]));
    awx.clock.advance(time(&job, "created") + TimeDelta::seconds(1) - NOW);
    let (mut counts, mut was_late) = (Vec::new(), false);
    for _ in 0..240 {
        let (job, list) = (awx.get(&path).await, awx.get(&summaries).await);
        counts.push(list["count"].as_u64().unwrap());
        let is_done = job["event_processing_finished"] == true;
        was_late |= job["finished"].is_string() && !is_done;
        assert_eq!(job["host_status_counts"].is_object(), is_done, "counted with the last event");
        assert!(!is_done || counts.last() == Some(&hosts));
        awx.clock.advance(TimeDelta::seconds(1));
    }
    assert!(counts.is_sorted() && counts[0] == 0 && counts.contains(&(hosts / 2)), "they grow: {counts:?}");
    assert_eq!(counts.last(), Some(&hosts));
    assert!(was_late, "the events are finished after the job is");
    let failed = awx.rows("jobs/?status=failed&order_by=-id").await[0].clone();
    let summaries = awx.rows(&format!("jobs/{}/job_host_summaries/?failed=true", failed["id"])).await;
    assert!(!summaries.is_empty(), "some host is to blame");
    let bad = summaries.iter().all(|it| it["failures"].as_u64().unwrap() + it["dark"].as_u64().unwrap() > 0);
    assert!(bad);
}

#[tokio::test]
async fn asking_for_greater_ids_finds_every_new_run() {
    let awx = Awx::start().await;
    let newest = id(&awx.rows("unified_jobs/?order_by=-id&page_size=1").await[0]);
    let (mut seen, mut last) = (Vec::new(), newest);
    for _ in 0..180 {
        awx.clock.advance(TimeDelta::seconds(20));
        for run in awx.all(&format!("unified_jobs/?order_by=id&id__gt={last}&page_size=200")).await {
            last = id(&run);
            seen.push(last);
        }
    }
    let all =
        awx.all(&format!("unified_jobs/?created__gt={}&order_by=created&page_size=200", NOW.format("%FT%TZ"))).await;
    assert_eq!(
        seen,
        all.iter().map(id).filter(|id| *id > newest).collect::<Vec<_>>(),
        "none is numbered below an older one"
    );
    assert!(seen.len() > 20 && all.len() == seen.len());
}

#[tokio::test]
async fn a_workflow_runs_its_nodes_in_turn_and_stops_at_the_first_that_fails() {
    let awx = Awx::start().await;
    let mut outcomes = BTreeSet::new();
    for run in awx.all("workflow_jobs/?unified_job_template=11&finished__isnull=false&page_size=200").await {
        let nodes = awx.rows(&format!("workflow_jobs/{}/workflow_nodes/?order_by=id", run["id"])).await;
        let (mut before, mut is_broken) = (time(&run, "created"), false);
        for node in &nodes {
            assert_eq!(node["do_not_run"], is_broken);
            assert_eq!(node["job"].is_null(), is_broken);
            if let Some(url) = node["related"]["job"].as_str() {
                let job = awx.get(url).await;
                assert!(time(&job, "created") > before, "one after the other");
                before = time(&job, "finished");
                assert_eq!((&job["launch_type"], &job["launched_by"]["id"]), (&json!("workflow"), &run["id"]));
                assert_eq!(job["unified_job_template"], node["unified_job_template"]);
                assert_eq!(job["summary_fields"]["source_workflow_job"]["id"], run["id"]);
                is_broken = job["failed"] == true;
            }
        }
        assert!(time(&run, "finished") > before);
        assert_eq!(run["status"], if is_broken { "failed" } else { "successful" });
        outcomes.insert(run["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(outcomes.len(), 2, "both occur: {outcomes:?}");
}

#[tokio::test]
async fn a_template_tells_of_its_runs() {
    let awx = Awx::start().await;
    for number in [7, 8, 11] {
        let path = if number == 11 { "workflow_job_templates" } else { "job_templates" };
        let template = awx.get(&format!("{path}/{number}/")).await;
        let runs = awx.rows(&format!("unified_jobs/?unified_job_template={number}&order_by=-id&page_size=10")).await;
        let recent = template["summary_fields"]["recent_jobs"].as_array().unwrap();
        assert_eq!(recent.iter().map(id).collect::<Vec<_>>(), runs.iter().map(id).collect::<Vec<_>>());
        let last = runs.iter().find(|run| run["finished"].is_string()).unwrap();
        assert_eq!(template["summary_fields"]["last_job"]["id"], last["id"]);
        assert_eq!((&template["last_job_run"], &template["last_job_failed"]), (&last["finished"], &last["failed"]));
        let is_scheduled = number != 8;
        assert_eq!(template["next_job_run"].is_string(), is_scheduled);
        assert_eq!(runs.iter().any(|run| run["launched_by"]["type"] == "schedule"), is_scheduled);
        if is_scheduled {
            let schedule = awx.get(template["related"]["next_schedule"].as_str().unwrap()).await;
            assert_eq!(schedule["next_run"], template["next_job_run"]);
            awx.clock.advance(time(&schedule, "next_run") - NOW + TimeDelta::seconds(1));
            let newest = awx
                .rows(&format!("unified_jobs/?unified_job_template={number}&launch_type=scheduled&order_by=-id"))
                .await;
            assert_eq!(newest[0]["created"].as_str().unwrap()[..19], schedule["next_run"].as_str().unwrap()[..19]);
            awx.clock.advance(NOW - time(&schedule, "next_run") - TimeDelta::seconds(1));
        }
    }
    let never = awx.get("job_templates/12/").await;
    assert_eq!(
        (&never["status"], &never["last_job_run"], &never["next_job_run"]),
        (&json!("never updated"), &Value::Null, &Value::Null)
    );
    let retired = awx.get("job_templates/10/").await;
    assert!(retired["last_job_run"].is_string() && retired["next_job_run"].is_null());
    let own = awx.rows("jobs/?job_template=10&launch_type=scheduled&order_by=-id").await;
    assert!(own.is_empty() || time(&own[0], "created") <= NOW - TimeDelta::days(30));
}

#[tokio::test]
async fn the_same_instant_gives_the_same_answer_and_times_agree() {
    let awx = Awx::start().await;
    let path = "unified_jobs/?order_by=-id&page_size=50";
    let first = awx.get(path).await;
    awx.clock.advance(TimeDelta::hours(3));
    assert_ne!(awx.get(path).await, first);
    awx.clock.advance(-TimeDelta::hours(3));
    assert_eq!(awx.get(path).await, first);
    for run in first["results"].as_array().unwrap().iter().filter(|run| run["finished"].is_string()) {
        let elapsed = (time(run, "finished") - time(run, "started")).num_milliseconds();
        assert_eq!(run["elapsed"].as_f64().unwrap(), elapsed as f64 / 1000.0);
        assert!(time(run, "created") < time(run, "started") && time(run, "finished") <= NOW);
    }
    let believable = (0..40).map(|number| Template::believable(number, &format!("Template {number}")).kind);
    let workflows = believable.filter(|kind| *kind == Kind::Workflow).count();
    assert!((2..20).contains(&workflows), "the name decides, and not always alike: {workflows}");
}
