use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use simulator::{
    Config, ManualClock, Simulator, Upstream,
    terraform::{Assessments, ExecutionMode, Limits, Output, Workspace, World},
};

use super::NOW;

struct Terraform {
    simulator: Simulator,
    clock: ManualClock,
    http: Client,
}

impl Terraform {
    async fn of(terraform: World) -> Self {
        let clock = ManualClock::new(NOW);
        let config = Config { terraform, clock: clock.clock(), ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        Self {
            simulator,
            clock,
            http: Client::builder().timeout(TimeDelta::seconds(10).to_std().unwrap()).build().unwrap(),
        }
    }

    /// Workspaces `service-0` and on of `acme`, without limits.
    async fn with(count: usize) -> Self {
        let names = (0..count).map(|number| format!("service-{number}"));
        Self::of(World::builder().workspaces("acme", names).limits(Limits::NONE).build()).await
    }

    async fn one(workspace: Workspace) -> Self {
        Self::of(World::builder().workspace(workspace).limits(Limits::NONE).build()).await
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}/api/v2/{path}", self.simulator.url(Upstream::Terraform))
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).bearer_auth("simulated-terraform-token").send().await.unwrap()
    }

    /// Asks and expects HTTP 200 with JSON:API.
    async fn ask(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/vnd.api+json"));
        response.json().await.unwrap()
    }

    /// Follows `links.next` to the end: each page's rows.
    async fn pages(&self, path: &str) -> Vec<Vec<Value>> {
        let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let page = self.ask(&path).await;
            pages.push(page["data"].as_array().unwrap().clone());
            next = page["links"]["next"].as_str().map(str::to_owned);
        }
        pages
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.clock().now()
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let pages = self.pages(&format!("organizations/acme/workspaces?{query}")).await;
        pages.concat().iter().map(|row| row["attributes"]["name"].as_str().unwrap().to_owned()).collect()
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

fn steady(name: &str) -> Workspace {
    Workspace { failure_percent: 0, plan_only_percent: 0, ..Workspace::new("acme", name) }
}

#[tokio::test]
async fn ping_says_who_answers_and_needs_no_token() {
    let terraform = Terraform::of(World::default()).await;
    let response = terraform.http.get(terraform.url("ping")).send().await.unwrap();
    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(headers["tfp-api-version"], "2.6");
    assert_eq!(headers["tfp-appname"], "Terraform Enterprise");
    assert_eq!(headers["x-ratelimit-limit"], "30");
    assert!(headers.contains_key("x-tfe-version"));
}

#[tokio::test]
async fn a_bad_token_is_401_and_whatever_is_missing_is_404() {
    let terraform = Terraform::with(1).await;
    for request in [
        terraform.http.get(terraform.url("organizations")),
        terraform.http.get(terraform.url("organizations")).bearer_auth("wrong"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["errors"][0]["status"], "401", "a string");
    }
    let workspace = terraform.ask("organizations/acme/workspaces/service-0").await;
    let id = workspace["data"]["id"].as_str().unwrap();
    let wrong = [
        "organizations/other/workspaces".to_owned(),
        "organizations/acme/workspaces/absent".to_owned(),
        "workspaces/ws-0123456789abcdef".to_owned(),
        format!("runs/{}", id.replace("ws-", "run-")),
        format!("workspaces/{id}/nothing"),
        "nothing/at/all".to_owned(),
    ];
    for path in wrong {
        let response = terraform.get(&path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/vnd.api+json"));
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({ "errors": [{ "status": "404", "title": "not found" }] })
        );
    }
}

#[tokio::test]
async fn workspaces_page_to_the_end_and_a_page_holds_at_most_a_hundred() {
    let terraform = Terraform::with(230).await;
    let first = terraform.ask("organizations/acme/workspaces").await;
    let pagination = json!({ "current-page": 1, "page-size": 20, "prev-page": null, "next-page": 2, "total-count": 230, "total-pages": 12 });
    assert_eq!(first["meta"]["pagination"], pagination);
    let pages = terraform.pages("organizations/acme/workspaces?page%5Bsize%5D=500&sort=name").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 30], "cut, not refused");
    let rows = pages.concat();
    let names: Vec<_> = rows.iter().map(|row| row["attributes"]["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted(), "the links keep the other parameters");
    assert_eq!(ids(&rows).iter().collect::<HashSet<_>>().len(), 230);
    let plain = terraform.ask("organizations/acme/workspaces?page[size]=50&page[number]=5").await;
    assert_eq!(plain["data"].as_array().unwrap().len(), 30);
    assert_eq!((&plain["links"]["next"], &plain["meta"]["pagination"]["prev-page"]), (&Value::Null, &json!(4)));
    let beyond = terraform.ask("organizations/acme/workspaces?page[number]=99").await;
    assert_eq!(beyond["data"], json!([]));
}

#[tokio::test]
async fn searches_and_filters_of_workspaces_mean_what_is_documented() {
    let tagged = |name: &str, tags: &[&str], stage: &str| Workspace {
        tag_names: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        tag_bindings: BTreeMap::from([("stage".to_owned(), stage.to_owned())]),
        project: stage.to_owned(),
        ..steady(name)
    };
    let never = Workspace { run_every: None, ..tagged("never-run", &[], "prod") };
    let world = World::builder()
        .workspace(tagged("network-prod", &["core", "aws"], "prod"))
        .workspace(tagged("network-dev", &["core"], "dev"))
        .workspace(never)
        .limits(Limits::NONE);
    let terraform = Terraform::of(world.build()).await;
    let cases: [(&str, &[&str]); 8] = [
        ("search[name]=WORK", &["network-dev", "network-prod"]),
        ("search[wildcard-name]=*-prod", &["network-prod"]),
        ("search%5Bwildcard-name%5D=network*", &["network-dev", "network-prod"]),
        ("search[tags]=core,aws", &["network-prod"]),
        ("search[exclude-tags]=aws", &["network-dev", "never-run"]),
        ("filter[tagged][0][key]=stage&filter[tagged][0][value]=prod", &["network-prod", "never-run"]),
        (
            "filter[current-run][status]=applied,planned_and_finished,discarded,canceled,planned,confirmed,planning,applying",
            &["network-dev", "network-prod"],
        ),
        ("unheard-of=1", &["network-dev", "network-prod", "never-run"]),
    ];
    for (query, expected) in cases {
        assert_eq!(terraform.names(&format!("sort=name&{query}")).await, expected, "{query}");
    }
    assert_eq!(terraform.names("sort=-name").await, ["never-run", "network-prod", "network-dev"]);
    let projects = terraform.ask("organizations/acme/projects?sort=name").await;
    let project = &projects["data"][0];
    assert_eq!((&project["attributes"]["name"], &project["attributes"]["workspace-count"]), (&json!("dev"), &json!(1)));
    let id = project["id"].as_str().unwrap();
    assert_eq!(terraform.names(&format!("filter[project][id]={id}")).await, ["network-dev"]);
    assert_eq!(terraform.ask(&format!("projects/{id}")).await["data"], *project);
}

#[tokio::test]
async fn includes_are_joined_by_type_and_id_and_others_are_refused() {
    let terraform = Terraform::with(30).await;
    let include = "current_run,current_run.plan,current_run.configuration_version.ingress_attributes,project,outputs,organization";
    let page = terraform.ask(&format!("organizations/acme/workspaces?page[size]=100&include={include}")).await;
    let included = page["included"].as_array().unwrap();
    let find = |reference: &Value| {
        included.iter().filter(|row| row["id"] == reference["id"] && row["type"] == reference["type"]).count()
    };
    for workspace in page["data"].as_array().unwrap() {
        let relationships = &workspace["relationships"];
        assert_eq!(find(&relationships["project"]["data"]), 1, "each once, however many share it");
        assert_eq!(find(&relationships["organization"]["data"]), 1);
        let run = &relationships["current-run"]["data"];
        if workspace["attributes"]["execution-mode"] == "local" {
            assert_eq!(run, &Value::Null);
            continue;
        }
        assert_eq!(find(run), 1);
        let run = included.iter().find(|row| row["id"] == run["id"]).unwrap();
        assert_eq!(find(&run["relationships"]["plan"]["data"]), 1);
        for output in relationships["outputs"]["data"].as_array().unwrap() {
            assert_eq!(find(output), 1);
        }
    }
    assert!(included.iter().any(|row| row["type"] == "ingress-attributes"));
    for path in
        ["organizations/acme/workspaces?include=current_run.cost_estimate", "organizations/acme/runs?include=plans"]
    {
        let response = terraform.get(path).await;
        assert_eq!(response.status(), 400);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(
            (&answer["errors"][0]["status"], &answer["errors"][0]["detail"]),
            (&json!("400"), &json!("Invalid include parameter"))
        );
    }
    let run = &terraform.ask("organizations/acme/runs?page[size]=1&include=cost-estimate").await;
    let path = format!(
        "runs/{}?include=plan,apply,created_by,cost_estimate,workspace",
        run["data"][0]["id"].as_str().unwrap()
    );
    let run = terraform.ask(&path).await;
    let kinds: Vec<_> = run["included"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert!(["plans", "applies", "users", "workspaces"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[tokio::test]
async fn a_run_walks_through_its_states_as_the_clock_moves() {
    let workspace = Workspace {
        monthly_cost_milli: Some(25_488),
        run_every: Some(TimeDelta::minutes(10)),
        failure_percent: 20,
        ..Workspace::new("acme", "moving")
    };
    let terraform = Terraform::one(workspace).await;
    // The organization's list, because it works out no more runs than it shows.
    let operations = "plan_and_apply,plan_only,refresh_only,save_plan";
    let path = format!("organizations/acme/runs?filter[operation]={operations}&page[size]=1&include=plan");
    let mut walks = BTreeMap::<DateTime<Utc>, Vec<String>>::new();
    let (mut has_waited, mut has_plan_running) = (false, false);
    // Three hours. Steps of 5 s see every state that lasts.
    for _ in 0..2160 {
        let page = terraform.ask(&path).await;
        let (run, plan) = (&page["data"][0]["attributes"], &page["included"][0]["attributes"]);
        let status = run["status"].as_str().unwrap();
        let walk = walks.entry(time(&run["created-at"])).or_default();
        if walk.last().map(String::as_str) != Some(status) {
            walk.push(status.to_owned());
        }
        let name = if status == "pending" {
            "plan-queueable-at".to_owned()
        } else {
            format!("{}-at", status.replace('_', "-"))
        };
        assert_eq!(time(&run["status-timestamps"][&name]).timestamp(), time(&run["updated-at"]).timestamp());
        has_waited |= run["actions"]["is-confirmable"] == true && status == "cost_estimated";
        has_plan_running |=
            status == "planning" && plan["status"] == "running" && plan["resource-additions"] == Value::Null;
        assert!(status != "applied" || plan["resource-changes"].as_u64().unwrap() > 0);
        terraform.clock.advance(TimeDelta::seconds(5));
    }
    assert!(has_waited && has_plan_running);
    let order = [
        "pending",
        "plan_queued",
        "planning",
        "planned",
        "cost_estimating",
        "cost_estimated",
        "confirmed",
        "apply_queued",
        "applying",
        "applied",
    ];
    let ends = ["planned_and_finished", "planned_and_saved", "discarded", "errored", "canceled", "applied"];
    let place = |status: &String| order.iter().position(|known| known == status);
    let whole: Vec<_> = walks.values().skip(1).take(walks.len() - 2).collect();
    assert!(whole.len() >= 15, "one every ten minutes, not {} in three hours", whole.len());
    for walk in &whole {
        assert!(ends.contains(&walk.last().unwrap().as_str()), "done before the next begins: {walk:?}");
        assert!(walk.iter().filter_map(place).is_sorted(), "{walk:?}");
    }
    for end in ["applied", "errored", "planned_and_finished"] {
        assert!(whole.iter().any(|walk| walk.last().unwrap() == end), "none ended {end}");
    }
}

#[tokio::test]
async fn the_current_run_is_no_speculative_one_and_lists_leave_those_out() {
    let terraform = Terraform::one(Workspace { plan_only_percent: 60, ..Workspace::new("acme", "busy") }).await;
    let workspace = terraform.ask("organizations/acme/workspaces/busy?include=current_run").await;
    let id = workspace["data"]["id"].as_str().unwrap();
    let all = "filter[operation]=plan_and_apply,plan_only,refresh_only,save_plan,destroy,empty_apply";
    let every = terraform.pages(&format!("workspaces/{id}/runs?page[size]=100&{all}")).await.concat();
    let usual = terraform.pages(&format!("workspaces/{id}/runs?page[size]=100")).await.concat();
    let speculative = |run: &&Value| run["attributes"]["plan-only"] == true;
    assert!(every.iter().filter(speculative).count() > every.len() / 3);
    assert_eq!(usual.iter().filter(speculative).count(), 0);
    assert_eq!(usual.len() + every.iter().filter(speculative).count(), every.len());
    let mut seen_apart = false;
    for _ in 0..40 {
        let current = terraform.ask(&format!("workspaces/{id}?include=current_run")).await["included"][0].clone();
        assert_eq!(current["attributes"]["plan-only"], false);
        let newest = terraform.ask(&format!("workspaces/{id}/runs?page[size]=1&{all}")).await["data"][0].clone();
        seen_apart |= newest["id"] != current["id"];
        terraform.clock.advance(TimeDelta::hours(2));
    }
    assert!(seen_apart, "the newest run is not always the current one");
}

#[tokio::test]
async fn the_runs_of_an_organization_come_newest_first_without_totals() {
    let terraform = Terraform::with(12).await;
    let page = terraform.ask("organizations/acme/runs?page[size]=100").await;
    let pagination = page["meta"]["pagination"].as_object().unwrap();
    assert!(!pagination.contains_key("total-count") && !pagination.contains_key("total-pages"), "{pagination:?}");
    assert!(page["links"].get("last").is_none());
    let rows = terraform.pages("organizations/acme/runs?page[size]=100").await.concat();
    let created: Vec<_> = rows.iter().map(|run| time(&run["attributes"]["created-at"])).collect();
    assert!(created.is_sorted_by(|a, b| a >= b) && rows.len() > 500, "{}", rows.len());
    assert_eq!(ids(&rows).iter().collect::<HashSet<_>>().len(), rows.len());
    assert!(created.iter().all(|at| *at > NOW - TimeDelta::days(365)));
    let two = terraform
        .pages("organizations/acme/runs?page[size]=100&filter[workspace_names]=service-1,service-2")
        .await
        .concat();
    let of =
        |run: &Value, name: &str| run["relationships"]["workspace"]["data"]["id"] == Workspace::new("acme", name).id();
    assert!(two.iter().all(|run| of(run, "service-1") || of(run, "service-2")) && !two.is_empty());
    for (query, is_expected) in [
        ("filter[status]=errored,canceled", (|status| ["errored", "canceled"].contains(&status)) as fn(&str) -> bool),
        ("filter[status_group]=non_final", |status| !["applied", "errored", "planned_and_finished"].contains(&status)),
        ("filter[status_group]=final", |status| !["planning", "applying", "pending"].contains(&status)),
    ] {
        let rows = terraform.pages(&format!("organizations/acme/runs?page[size]=100&{query}")).await.concat();
        assert!(rows.iter().all(|run| is_expected(run["attributes"]["status"].as_str().unwrap())), "{query}");
    }
    let speculative = terraform.ask("organizations/acme/runs?filter[operation]=plan_only").await;
    assert!(speculative["data"].as_array().unwrap().iter().all(|run| run["attributes"]["plan-only"] == true));
    let old = terraform.ask("organizations/acme/runs?filter[timeframe]=2025").await;
    assert!(old["data"].as_array().unwrap().iter().all(|run| time(&run["attributes"]["created-at"]).year() == 2025));
}

#[tokio::test]
async fn outputs_come_a_little_after_the_apply_and_sensitive_ones_are_null() {
    let outputs = vec![
        Output::new("cidr", "10.1.0.0/16"),
        Output::new("subnets", json!(["a", 1])),
        Output::sensitive("password", "hunter2"),
    ];
    let terraform = Terraform::one(Workspace { outputs, auto_apply: true, ..steady("network") }).await;
    let id = Workspace::new("acme", "network").id();
    let answer = terraform.ask(&format!("workspaces/{id}/current-state-version-outputs")).await;
    let attributes: Vec<_> = answer["data"].as_array().unwrap().iter().map(|row| row["attributes"].clone()).collect();
    assert_eq!(attributes.len(), 3);
    assert_eq!(
        attributes[0],
        json!({ "name": "cidr", "sensitive": false, "type": "string", "value": "10.1.0.0/16", "detailed-type": "string" })
    );
    assert_eq!(attributes[1]["detailed-type"], json!(["tuple", ["string", "number"]]));
    assert_eq!((&attributes[2]["sensitive"], &attributes[2]["value"]), (&json!(true), &Value::Null));
    let state = terraform.ask(&format!("workspaces/{id}/current-state-version?include=outputs")).await;
    assert_eq!(state["included"], answer["data"]);
    let state_id = state["data"]["id"].as_str().unwrap();
    let listed = terraform.ask(&format!("state-versions/{state_id}/outputs?page[size]=2")).await;
    assert_eq!(
        (listed["data"].as_array().unwrap().len(), &listed["meta"]["pagination"]["total-count"]),
        (2, &json!(3))
    );
    let output = terraform.ask(&format!("state-version-outputs/{}", answer["data"][0]["id"].as_str().unwrap())).await;
    assert_eq!(output["data"], answer["data"][0]);
    assert!(
        !terraform.get(&format!("workspaces/{id}?include=outputs")).await.text().await.unwrap().contains("hunter2")
    );

    let (mut was_early, mut serials) = (false, BTreeSet::new());
    for _ in 0..10_000 {
        let state = terraform.ask(&format!("workspaces/{id}/current-state-version")).await;
        serials.insert(state["data"]["attributes"]["serial"].as_u64().unwrap());
        if state["data"]["attributes"]["resources-processed"] == false {
            let response = terraform.get(&format!("workspaces/{id}/current-state-version-outputs")).await;
            assert_eq!(response.status(), 503);
            assert_eq!(response.json::<Value>().await.unwrap()["errors"][0]["status"], "503");
            was_early = true;
            break;
        }
        terraform.clock.advance(TimeDelta::seconds(4));
    }
    assert!(was_early && serials.len() > 1, "a newer state came, and was not ready at once");
}

#[tokio::test]
async fn without_runs_there_is_no_state_and_local_execution_has_states_alone() {
    let never = Workspace { run_every: None, assessments: Assessments::On, ..steady("never") };
    let local = Workspace { execution_mode: ExecutionMode::Local, assessments: Assessments::On, ..steady("local") };
    let terraform =
        Terraform::of(World::builder().workspace(never).workspace(local).limits(Limits::NONE).build()).await;
    let path = |name: &str, rest: &str| format!("workspaces/{}/{rest}", Workspace::new("acme", name).id());
    for rest in ["current-state-version", "current-state-version-outputs", "current-assessment-result"] {
        assert_eq!(terraform.get(&path("never", rest)).await.status(), 404, "{rest}");
    }
    let state = terraform.ask(&path("local", "current-state-version")).await;
    assert_eq!(state["data"]["relationships"]["run"]["data"], Value::Null);
    assert_eq!(terraform.ask(&path("local", "runs")).await["data"], json!([]));
    assert_eq!(terraform.get(&path("local", "current-assessment-result")).await.status(), 404);
}

#[tokio::test]
async fn assessments_are_on_off_or_paused_and_some_find_drift() {
    let since = NOW - TimeDelta::days(30);
    let of = |name, assessments| Workspace { assessments, drift_percent: 50, checks: 4, ..steady(name) };
    let world = World::builder()
        .workspace(of("on", Assessments::On))
        .workspace(of("off", Assessments::Off))
        .workspace(of("paused", Assessments::PausedSince(since)))
        .limits(Limits::NONE);
    let terraform = Terraform::of(world.build()).await;
    let path = |name: &str| format!("workspaces/{}/current-assessment-result", Workspace::new("acme", name).id());
    assert_eq!(terraform.get(&path("off")).await.status(), 404);
    let paused = terraform.ask(&path("paused")).await;
    assert!(time(&paused["data"]["attributes"]["created-at"]) <= since);
    let workspace = terraform.ask("organizations/acme/workspaces/paused").await;
    assert_eq!(workspace["data"]["attributes"]["assessments-enabled"], true);
    assert_eq!(workspace["data"]["relationships"]["current-assessment-result"]["data"]["id"], paused["data"]["id"]);
    let mut drifted = Vec::new();
    for _ in 0..60 {
        let result = terraform.ask(&path("on")).await["data"].clone();
        let attributes = &result["attributes"];
        assert!(time(&attributes["created-at"]) > terraform.now() - TimeDelta::hours(24));
        assert_eq!(
            attributes["drifted"] == true,
            attributes["resources-drifted"].as_u64().is_some_and(|count| count > 0)
        );
        if attributes["succeeded"] == true {
            let checks =
                ["checks-passed", "checks-failed", "checks-errored"].map(|name| attributes[name].as_u64().unwrap());
            assert_eq!(checks.iter().sum::<u64>(), 4);
        }
        let by_id = terraform.ask(&format!("assessment-results/{}", result["id"].as_str().unwrap())).await;
        assert_eq!(by_id["data"], result);
        drifted.push(attributes["drifted"] == true);
        terraform.clock.advance(TimeDelta::hours(24));
    }
    assert!(drifted.contains(&true) && drifted.contains(&false));
    assert_eq!(terraform.ask(&path("paused")).await, paused, "it only grows older");
}

#[tokio::test]
async fn estimates_are_decimal_strings_that_carry_on_from_each_other() {
    let priced = Workspace { monthly_cost_milli: Some(1_254_080), auto_apply: true, ..steady("priced") };
    let free = steady("free");
    let terraform =
        Terraform::of(World::builder().workspace(priced).workspace(free).limits(Limits::NONE).build()).await;
    let runs = |name: &str| {
        format!(
            "workspaces/{}/runs?filter[status]=applied&page[size]=100&include=cost_estimate",
            Workspace::new("acme", name).id()
        )
    };
    assert_eq!(terraform.ask(&runs("free")).await["included"], json!([]));
    let page = terraform.ask(&runs("priced")).await;
    let estimates = page["included"].as_array().unwrap();
    let milli = |estimate: &Value, name: &str| {
        let text = estimate["attributes"][name].as_str().unwrap();
        let (whole, places) = text.split_once('.').unwrap();
        assert!((1..=3).contains(&places.len()), "{text}");
        format!("{whole}{places:0<3}").parse::<i64>().unwrap()
    };
    assert!(estimates.len() > 20);
    for pair in estimates.windows(2) {
        assert_eq!(milli(&pair[0], "prior-monthly-cost"), milli(&pair[1], "proposed-monthly-cost"), "newest first");
        assert_eq!(
            milli(&pair[0], "delta-monthly-cost"),
            milli(&pair[0], "proposed-monthly-cost") - milli(&pair[0], "prior-monthly-cost")
        );
    }
    let attributes = &estimates[0]["attributes"];
    let count = |name: &str| attributes[name].as_u64().unwrap();
    assert_eq!(count("matched-resources-count") + count("unmatched-resources-count"), count("resources-count"));
    assert_eq!(
        terraform.ask(&format!("cost-estimates/{}", estimates[0]["id"].as_str().unwrap())).await["data"],
        estimates[0]
    );
}

#[tokio::test]
async fn both_limits_refuse_with_a_numeric_status_and_recover_with_the_clock() {
    let terraform = Terraform::of(World::builder().workspaces("acme", ["one"]).build()).await;
    for left in (0..30).rev() {
        let response = terraform.get("organizations").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-ratelimit-limit"], "30");
        assert_eq!(response.headers()["x-ratelimit-remaining"], left.to_string());
    }
    terraform.clock.advance(TimeDelta::milliseconds(250));
    let refused = terraform.get("organizations").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["x-ratelimit-reset"], "0.750", "seconds, in fractions");
    assert!(refused.headers().get("retry-after").is_none());
    let expected = json!({ "errors": [{ "status": 429, "title": "Too many requests", "detail": "You have exceeded the API's rate limit." }] });
    assert_eq!(refused.json::<Value>().await.unwrap(), expected);
    terraform.clock.advance(TimeDelta::milliseconds(750));
    assert_eq!(terraform.get("organizations").await.status(), 200);

    for _ in 0..30 {
        terraform.clock.advance(TimeDelta::seconds(1));
        assert_eq!(terraform.get("organizations/acme/runs").await.status(), 200);
    }
    let list = format!("workspaces/{}/runs", Workspace::new("acme", "one").id());
    let refused = terraform.get(&list).await;
    assert_eq!(refused.status(), 429, "the lists of runs share one limit");
    let wait: f64 = refused.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!(wait > 20.0 && wait <= 60.0, "{wait}");
    assert_eq!(terraform.get("organizations").await.status(), 200, "other calls go on");
    terraform.clock.advance(TimeDelta::seconds(60));
    assert_eq!(terraform.get(&list).await.status(), 200);
}

#[tokio::test]
async fn the_same_instant_gives_the_same_answer_and_names_keep_their_ids() {
    let terraform = Terraform::with(3).await;
    let path = "organizations/acme/workspaces?include=current_run,outputs";
    let before = terraform.ask(path).await;
    terraform.clock.advance(TimeDelta::days(2));
    assert_ne!(terraform.ask(path).await, before);
    terraform.clock.advance(-TimeDelta::days(2));
    assert_eq!(terraform.ask(path).await, before);
    let id = Workspace::new("acme", "service-1").id();
    terraform.simulator.terraform().remove_workspace("acme", "service-1");
    assert_eq!(terraform.get(&format!("workspaces/{id}")).await.status(), 404);
    terraform.simulator.terraform().put_workspace(steady("service-1"));
    let digits = id.strip_prefix("ws-").unwrap();
    assert!(digits.len() == 16 && digits.chars().all(|digit| digit.is_ascii_alphanumeric()), "{id}");
    assert_eq!(terraform.ask(&format!("workspaces/{id}/")).await["data"]["attributes"]["name"], "service-1");
}

/// The contract data, which lies beside the repository and not in it.
fn contract(file: &str) -> Option<Value> {
    let found = ["../../../shared", "../../../../shared"].iter().find_map(|shared| {
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(shared).join("contracts/terraform");
        std::fs::read(directory.join(file)).ok()
    });
    if found.is_none() {
        println!("skipped: no contracts/terraform/{file}");
    }
    Some(serde_json::from_slice(&found?).unwrap())
}

/// OpenAPI 3.0 as JSON Schema: `nullable` means nothing there.
fn as_json_schema(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(as_json_schema),
        Value::Object(fields) => {
            fields.values_mut().for_each(as_json_schema);
            if fields.remove("nullable") == Some(Value::Bool(true)) {
                *value = json!({ "anyOf": [{ "type": "null" }, value.take()] });
            }
        }
        _ => {}
    }
}

/// A world with something of everything, and the calls that show it, each with the path the specification knows it by.
async fn everything() -> (Terraform, Vec<(String, &'static str)>) {
    let names = (0..25).map(|number| format!("service-{number}"));
    let full = Workspace {
        assessments: Assessments::On,
        monthly_cost_milli: Some(25_488),
        vcs_repo: Some("infrastructure/full".to_owned()),
        execution_mode: ExecutionMode::Agent,
        ..Workspace::believable("acme", "full")
    };
    let id = full.id();
    let world = World::builder().workspaces("acme", names).workspace(full).limits(Limits::NONE);
    let terraform = Terraform::of(world.build()).await;
    let id_of = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let runs = terraform.ask(&format!("workspaces/{id}/runs?filter[status]=applied")).await;
    let run = &runs["data"][0];
    let below = |name: &str| id_of(&run["relationships"][name]["data"]);
    let workspace = terraform.ask(&format!("workspaces/{id}")).await;
    let related = |name: &str| id_of(&workspace["data"]["relationships"][name]["data"]);
    let output = terraform.ask(&format!("workspaces/{id}/current-state-version-outputs")).await["data"][0].clone();
    let includes =
        "include=current_run.apply,current_run.plan,current_assessment_result,effective_tag_bindings,outputs";
    let version = below("configuration-version");
    let calls = vec![
        ("account/details".to_owned(), "/account/details"),
        ("organizations".to_owned(), "/organizations"),
        ("organizations/acme?include=entitlement_set".to_owned(), "/organizations/{organization_name}"),
        ("organizations/acme/projects".to_owned(), "/organizations/{organization_name}/projects"),
        (format!("projects/{}", related("project")), "/projects/{project_id}"),
        (format!("organizations/acme/workspaces?{includes}"), "/organizations/{organization_name}/workspaces"),
        (
            "organizations/acme/workspaces/full".to_owned(),
            "/organizations/{organization_name}/workspaces/{workspace_name}",
        ),
        (format!("workspaces/{id}?{includes}"), "/workspaces/{workspace_id}"),
        (
            format!("workspaces/{id}/relationships/tag-bindings"),
            "/workspaces/{workspace_id}/relationships/tag-bindings",
        ),
        (format!("workspaces/{id}/effective-tag-bindings"), "/workspaces/{workspace_id}/effective-tag-bindings"),
        (format!("workspaces/{id}/runs?page[size]=100"), "/workspaces/{workspace_id}/runs"),
        (
            "organizations/acme/runs?page[size]=100&filter[operation]=plan_only,plan_and_apply,refresh_only,save_plan"
                .to_owned(),
            "/organizations/{organization_name}/runs",
        ),
        (format!("runs/{}?include=cost_estimate", id_of(run)), "/runs/{run_id}"),
        (format!("runs/{}/plan", id_of(run)), "/runs/{id}/plan"),
        (format!("runs/{}/configuration-version", id_of(run)), "/runs/{run_id}/configuration-version"),
        (format!("plans/{}", below("plan")), "/plans/{id}"),
        (format!("applies/{}", below("apply")), "/applies/{id}"),
        (format!("cost-estimates/{}", below("cost-estimate")), "/cost-estimates/{id}"),
        (format!("configuration-versions/{version}"), "/configuration-versions/{configuration_version_id}"),
        (format!("workspaces/{id}/current-assessment-result"), "/workspaces/{workspace_id}/current-assessment-result"),
        (format!("assessment-results/{}", related("current-assessment-result")), "/assessment-results/{id}"),
        (
            format!("workspaces/{id}/current-state-version?include=outputs"),
            "/workspaces/{workspace_id}/current-state-version",
        ),
        (
            format!("workspaces/{id}/current-state-version-outputs"),
            "/workspaces/{workspace_id}/current-state-version-outputs",
        ),
        (format!("state-versions/{}", related("current-state-version")), "/state-versions/{state_version_id}"),
        (
            format!("state-versions/{}/outputs", related("current-state-version")),
            "/state-versions/{state_version_id}/outputs",
        ),
        (format!("state-version-outputs/{}", id_of(&output)), "/state-version-outputs/{state_version_output_id}"),
    ];
    (terraform, calls)
}

#[tokio::test]
async fn answers_are_valid_by_the_specification() {
    let Some(mut document) = contract("hcp-terraform-openapi.subset.json") else { return };
    as_json_schema(&mut document);
    let validator = |schema: &Value| {
        let mut root = document.clone();
        root.as_object_mut().unwrap().insert("allOf".to_owned(), json!([schema]));
        jsonschema::options().should_validate_formats(true).build(&root).unwrap()
    };
    let check = |schema: &Value, body: &Value, what: &str| {
        let problems: Vec<_> = validator(schema)
            .iter_errors(body)
            .map(|problem| format!("{}: {problem}", problem.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{what}: {problems:#?}");
    };
    let (terraform, calls) = everything().await;
    let mut included = 0;
    for (path, known_as) in &calls {
        let response = &document["paths"][known_as]["get"]["responses"]["200"]["content"]["application/vnd.api+json"];
        assert!(response["schema"].is_object(), "the specification knows {known_as}");
        let body = terraform.ask(path).await;
        check(&response["schema"], &body, path);
        for resource in body["included"].as_array().into_iter().flatten() {
            let schema = &document["components"]["schemas"][resource["type"].as_str().unwrap()];
            if schema.is_object() {
                check(schema, resource, path);
                included += 1;
            }
        }
    }
    assert!(included > 50, "{included}");
    let refused = terraform.get("workspaces/absent").await.json::<Value>().await.unwrap();
    check(&document["components"]["schemas"]["errors"], &refused, "a refusal");
}

#[tokio::test]
async fn attributes_of_the_specification_are_filled_but_for_what_a_read_never_has() {
    let Some(document) = contract("hcp-terraform-openapi.subset.json") else { return };
    // Only ever sent, or of run triggers, policies, keys of one's own and stacks, which do not occur here.
    let absent = [
        "applies attributes action-failures",
        "applies attributes action-invocations",
        "assessment-results relationships source",
        "plans relationships hyok-encrypted-data-key",
        "projects attributes hcp-id",
        "projects attributes is-unified",
        "projects attributes stacks-default-execution-mode",
        "projects relationships stacks-default-agent-pool",
        "runs attributes comment",
        "runs attributes debugging-mode",
        "runs attributes force-cancel-available-at",
        "runs attributes invoke-action-addrs",
        "runs relationships run-trigger-snapshots",
        "runs relationships tf-policy-evaluations",
        "runs relationships triggering-run",
        "runs relationships triggering-source",
    ];
    let kinds = [
        "workspaces",
        "runs",
        "plans",
        "applies",
        "cost-estimates",
        "assessment-results",
        "projects",
        "state-version-outputs",
    ];
    let (terraform, calls) = everything().await;
    let (mut missing, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for (path, _) in &calls {
        let body = terraform.ask(path).await;
        let data = body["data"].as_array().cloned().unwrap_or_else(|| vec![body["data"].clone()]);
        for resource in data.iter().chain(body["included"].as_array().into_iter().flatten()) {
            let Some(kind) = kinds.iter().find(|kind| resource["type"] == **kind) else { continue };
            seen.insert(kind);
            let known = &document["components"]["schemas"][kind]["properties"];
            for part in ["attributes", "relationships"] {
                let names = known[part]["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
                missing.extend(
                    names.filter(|name| resource[part].get(name).is_none()).map(|name| format!("{kind} {part} {name}")),
                );
            }
        }
    }
    assert_eq!(seen.len(), kinds.len());
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), absent);
}

/// What `sample` has and `answer` lacks, or has as something else.
fn lacking(sample: &Value, answer: &Value, at: &str, found: &mut Vec<String>) {
    match (sample, answer) {
        (Value::Object(sample), Value::Object(answer)) => {
            for (name, value) in sample {
                // Named after what the sample's state happens to hold.
                let is_content =
                    ["modules", "providers"].iter().any(|part| at.ends_with(part)) || at.ends_with("/root");
                match answer.get(name) {
                    None if is_content => {}
                    Some(answer) => lacking(value, answer, &format!("{at}/{name}"), found),
                    None => found.push(format!("{at}/{name}")),
                }
            }
        }
        (Value::Array(sample), Value::Array(answer)) => {
            if let (Some(sample), Some(answer)) = (sample.first(), answer.first()) {
                lacking(sample, answer, &format!("{at}/*"), found);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (sample, answer) => {
            // An output may have any value.
            if !at.ends_with("/value") && std::mem::discriminant(sample) != std::mem::discriminant(answer) {
                found.push(format!("{at}: {answer} for {sample}"));
            }
        }
    }
}

#[tokio::test]
async fn answers_have_what_the_documented_samples_have() {
    let (terraform, calls) = everything().await;
    let path = |known_as: &str| calls.iter().find(|(_, known)| *known == known_as).unwrap().0.clone();
    let samples = [
        ("organizations/01-list-organizations-sample-response.json", "organizations".to_owned()),
        ("organizations/02-show-an-organization-sample-response.json", "organizations/acme".to_owned()),
        (
            "organizations/07-show-the-entitlement-set-sample-response.json",
            "organizations/acme/entitlement-set".to_owned(),
        ),
        ("projects/05-list-projects-sample-response.json", "organizations/acme/projects".to_owned()),
        ("projects/06-show-project-sample-response.json", path("/projects/{project_id}")),
        (
            "state-version-outputs/01-list-state-version-outputs-sample-response.json",
            path("/state-versions/{state_version_id}/outputs"),
        ),
        (
            "state-version-outputs/02-show-a-state-version-output-sample-response.json",
            path("/state-version-outputs/{state_version_output_id}"),
        ),
        (
            "state-version-outputs/03-show-current-state-version-outputs-for-a-workspace-sample-response.json",
            path("/workspaces/{workspace_id}/current-state-version-outputs"),
        ),
        (
            "state-versions/04-fetch-the-current-state-version-for-a-workspace-sample-response.json",
            path("/workspaces/{workspace_id}/current-state-version"),
        ),
        ("state-versions/05-show-a-state-version-sample-response.json", path("/state-versions/{state_version_id}")),
        (
            "workspaces/20-list-workspace-tag-bindings-sample-responses.json",
            path("/workspaces/{workspace_id}/relationships/tag-bindings"),
        ),
        (
            "workspaces/21-list-workspace-tag-bindings-sample-responses.json",
            path("/workspaces/{workspace_id}/effective-tag-bindings"),
        ),
    ];
    let mut found = Vec::new();
    for (file, path) in samples {
        let Some(sample) = contract(&format!("examples/{file}")) else { return };
        lacking(&sample, &terraform.ask(&path).await, file, &mut found);
    }
    let but_for = [
        // The real one counts workspaces by status there, and this one spares itself that.
        "projects/05-list-projects-sample-response.json/meta/status-counts",
        // A slip of that one sample: the others and the specification have a hyphen.
        "state-version-outputs/01-list-state-version-outputs-sample-response.json/data/*/attributes/detailed_type",
    ];
    assert_eq!(found, but_for);
}
