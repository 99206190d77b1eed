mod contract;
mod filter;
mod life;
mod page;

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use simulator::{
    Config, ManualClock, Simulator, Upstream,
    awx::{Kind, Template, World},
};

use super::NOW;

const TOKEN: &str = "simulated-awx-token";

/// A running fake with templates 7 to 12: four of jobs, one workflow over them, one that never runs.
struct Awx {
    simulator: Simulator,
    clock: ManualClock,
    http: Client,
}

impl Awx {
    async fn start() -> Self {
        let job = |id: u64, name: &str, minutes| Template {
            kind: Kind::Job,
            run_every: Some(TimeDelta::minutes(minutes)),
            is_scheduled: true,
            bad_runs_percent: 30,
            ..Template::believable(id, name)
        };
        let world = World::builder()
            .template(job(7, "Deploy storefront", 5))
            .template(Template { is_scheduled: false, ..job(8, "Deploy ledger", 7) })
            .template(Template { project: "linux-baseline".into(), ..job(9, "Patch hosts", 60) })
            .template(Template { quiet_since: Some(NOW - TimeDelta::days(30)), ..job(10, "Retired", 20) })
            .template(Template { kind: Kind::Workflow, ..job(11, "Release train", 10) })
            .template(Template { run_every: None, ..job(12, "Never run", 1) })
            .template(Template { is_hidden: true, ..job(13, "Hidden", 5) });
        Self::of(world.build()).await
    }

    async fn of(awx: World) -> Self {
        let clock = ManualClock::new(NOW);
        let simulator = Simulator::start(Config { awx, clock: clock.clock(), ..Config::default() }).await.unwrap();
        let no_redirect = reqwest::redirect::Policy::none();
        let http = Client::builder().redirect(no_redirect).timeout(Duration::from_secs(20)).build().unwrap();
        Self { simulator, clock, http }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.url(Upstream::Awx))
    }

    async fn send(&self, method: Method, path: &str) -> Response {
        self.http.request(method, self.url(path)).bearer_auth(TOKEN).send().await.unwrap()
    }

    /// Asks and expects HTTP 200 with JSON. `path` is below `/api/v2/`, or whole.
    async fn get(&self, path: &str) -> Value {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/v2/{path}") };
        let response = self.send(Method::GET, &path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// The rows of one page.
    async fn rows(&self, path: &str) -> Vec<Value> {
        self.get(path).await["results"].as_array().unwrap().clone()
    }

    /// The rows of all pages.
    async fn all(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let page = self.get(&path).await;
            rows.extend(page["results"].as_array().unwrap().iter().cloned());
            next = page["next"].as_str().map(str::to_owned);
        }
        rows
    }

    async fn refusal(&self, path: &str) -> (u16, String) {
        let response = self.send(Method::GET, &format!("/api/v2/{path}")).await;
        let status = response.status().as_u16();
        (status, response.json::<Value>().await.unwrap()["detail"].as_str().unwrap().to_owned())
    }
}

fn id(row: &Value) -> u64 {
    row["id"].as_u64().unwrap()
}

#[tokio::test]
async fn only_the_token_opens_it_as_bearer_or_as_password() {
    let awx = Awx::start().await;
    let jobs = || awx.http.get(awx.url("/api/v2/jobs/"));
    let login = "To establish a login session, visit /api/login/.";
    let missing = format!("Authentication credentials were not provided. {login}");
    let cases = [
        (jobs(), missing.clone()),
        (jobs().bearer_auth("wrong"), missing),
        (jobs().basic_auth("weft", Some("wrong")), format!("Invalid username/password. {login}")),
    ];
    for (request, expected) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer realm=api"));
        assert!(response.headers().get("x-api-product-version").is_none(), "strangers are not told the version here");
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "detail": expected }));
    }
    let basic = jobs().basic_auth("anyone", Some(TOKEN)).send().await.unwrap();
    assert_eq!(basic.status(), 200);
    assert_eq!(basic.headers()["x-api-product-version"], "24.6.1");
    assert_eq!(basic.headers()["x-api-product-name"], "AWX");
    for path in ["/api/", "/api/v2/", "/api/v2/ping/"] {
        assert_eq!(awx.http.get(awx.url(path)).send().await.unwrap().status(), 200, "{path} needs no login");
    }
    assert_eq!(awx.get("ping/").await["version"], "24.6.1");
}

#[tokio::test]
async fn a_token_that_may_only_read_is_refused_every_write() {
    let awx = Awx::start().await;
    for (method, path) in [
        (Method::POST, "/api/v2/job_templates/7/launch/"),
        (Method::POST, "/api/v2/tokens/"),
        (Method::DELETE, "/api/v2/jobs/1/"),
        (Method::PATCH, "/api/v2/job_templates/7/"),
    ] {
        let response = awx.send(method, path).await;
        assert_eq!(response.status(), 403);
        let expected = json!({ "detail": "You do not have permission to perform this action." });
        assert_eq!(response.json::<Value>().await.unwrap(), expected);
    }
    let me = &awx.rows("me/").await[0];
    assert_eq!((&me["is_superuser"], &me["is_system_auditor"]), (&json!(false), &json!(true)));
    assert_eq!(awx.rows("tokens/").await[0]["scope"], "read");
}

#[tokio::test]
async fn a_path_without_its_closing_slash_is_redirected() {
    let awx = Awx::start().await;
    let response = awx.send(Method::GET, "/api/v2/jobs?page_size=1&order_by=-id").await;
    assert_eq!(response.status(), 301);
    assert_eq!(response.headers()["location"], "/api/v2/jobs/?page_size=1&order_by=-id");
    assert_eq!(awx.send(Method::GET, "/api/controller/v2/job_templates/7").await.status(), 301);
    let (status, detail) = awx.refusal("no_such_thing/").await;
    assert_eq!((status, detail.as_str()), (404, "The requested resource could not be found."));
}

#[tokio::test]
async fn every_link_stays_under_the_prefix_that_was_asked() {
    let awx = Awx::start().await;
    for prefix in ["/api/v2", "/api/controller/v2"] {
        let templates = awx.get(&format!("{prefix}/unified_job_templates/?page_size=2&order_by=id")).await;
        assert!(templates["next"].as_str().unwrap().starts_with(&format!("{prefix}/unified_job_templates/?")));
        let job = &awx.rows(&format!("{prefix}/jobs/?order_by=-finished&finished__isnull=false")).await[0];
        for object in [job, &templates["results"][0]] {
            for link in object["related"].as_object().unwrap().values().chain([&object["url"]]) {
                assert!(link.as_str().unwrap().starts_with(&format!("{prefix}/")), "{link}");
            }
            for link in ["unified_job_template", "project", "inventory", "organization", "last_job", "created_by"] {
                if let Some(url) = object["related"][link].as_str() {
                    assert_eq!(awx.get(url).await["url"], url);
                }
            }
        }
        assert_eq!(awx.get(job["url"].as_str().unwrap()).await["id"], job["id"]);
    }
    let versions = awx.get("/api/").await;
    assert_eq!(versions["available_versions"], json!({ "v2": "/api/v2/" }));
    let lists = awx.get("/api/v2/").await;
    for link in lists.as_object().unwrap().values() {
        awx.get(link.as_str().unwrap()).await;
    }
}

#[tokio::test]
async fn both_kinds_and_projects_share_one_sequence_of_ids_and_hidden_ones_are_absent() {
    let awx = Awx::start().await;
    let unified = awx.all("unified_job_templates/?order_by=id").await;
    let of = |kind: &str| unified.iter().filter(|row| row["type"] == kind).map(id).collect::<Vec<_>>();
    assert_eq!(of("job_template"), [7, 8, 9, 10, 12]);
    assert_eq!(of("workflow_job_template"), [11]);
    assert!(!of("project").is_empty() && of("project").iter().all(|id| !(7..=13).contains(id)));
    assert_eq!(awx.all("job_templates/?order_by=id").await.iter().map(id).collect::<Vec<_>>(), [7, 8, 9, 10, 12]);
    assert_eq!(awx.get("workflow_job_templates/11/").await["type"], "workflow_job_template");
    for (path, class) in
        [("job_templates/11/", "JobTemplate"), ("job_templates/13/", "JobTemplate"), ("jobs/1/", "Job")]
    {
        assert_eq!(awx.refusal(path).await, (404, format!("No {class} matches the given query.")));
    }
}
