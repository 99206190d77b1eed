//! The stitched page: five upstreams in one answer, each asked as seldom as its API allows, and none able to spoil the others.

mod crowd;
mod deadline;
mod fresh;
mod kept;

use std::{collections::BTreeSet, time::Duration};

use it::{Client, TestPlatform, faults, until};
use serde_json::{Map, Value, json};
use simulator::{Call, Fault, Upstream};

/// Nothing in it moves by itself.
const PAGE: &str = "query($first: Int!) { components(first: $first) { nodes {
    ref
    repository { path webUrl }
    workloads(first: 5) { nodes { kind name } }
    automationTemplates { name kind }
    automationJobs(first: 1) { pageInfo { hasPreviousPage } }
    workspaces { name organization }
    cloudResources(first: 100) { nodes { name type } } } } }";

/// Long pages cost more than one operation may by default.
const DEAR: (&str, &str) = ("WEFT_LIMITS__COST_MAX", "100000");

/// The field of the page that an upstream feeds, and the upstream's name in errors.
fn fed_by(upstream: Upstream) -> (&'static [&'static str], &'static str) {
    match upstream {
        Upstream::Gitlab => (&["repository"], "gitlab"),
        Upstream::Openshift => (&["workloads"], "openshift"),
        Upstream::Awx => (&["automationTemplates", "automationJobs"], "awx"),
        Upstream::Terraform => (&["workspaces"], "terraform"),
        Upstream::Azure => (&["cloudResources"], "azure"),
        Upstream::Issuer => (&[], "issuer"),
    }
}

fn asked(platform: &TestPlatform, upstream: Upstream) -> Vec<Call> {
    platform.simulator().calls(upstream).recent()
}

fn forget_calls(platform: &TestPlatform) {
    Upstream::SOURCES.iter().for_each(|upstream| platform.simulator().calls(*upstream).reset());
}

/// Distinct values below the nodes of a page.
fn distinct<'a>(page: &'a Value, of: impl Fn(&'a Value) -> Vec<&'a Value>) -> usize {
    let nodes = page["components"]["nodes"].as_array().unwrap().iter();
    nodes.flat_map(of).map(ToString::to_string).collect::<BTreeSet<_>>().len()
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_each_upstream_what_its_formula_says_and_nothing_once_it_is_known() {
    let page_with_runs = PAGE.replace("{ hasPreviousPage }", "{ hasNextPage } nodes { number }");
    for first in [5_usize, 50, 100] {
        // Probes must not count: there are none after the first.
        let hour = [
            DEAR,
            ("WEFT_SOURCES__GITLAB__PROBE_INTERVAL", "1h"),
            ("WEFT_SOURCES__AWX__PROBE_INTERVAL", "1h"),
            ("WEFT_SOURCES__TERRAFORM__PROBE_INTERVAL", "1h"),
            ("WEFT_SOURCES__AZURE__PROBE_INTERVAL", "1h"),
            ("WEFT_SOURCES__OPENSHIFT[0]__PROBE_INTERVAL", "1h"),
        ];
        let platform = TestPlatform::start_with(&hour).await;
        platform.app().sources.probe().await;
        forget_calls(&platform);
        let client = platform.client("admin");
        let page = client.data(&page_with_runs, json!({ "first": first })).await;

        let projects = distinct(&page, |node| {
            node["repository"]["path"].as_str().map(|_| &node["repository"]["path"]).into_iter().collect()
        });
        let gitlab = asked(&platform, Upstream::Gitlab).len();
        assert_eq!(gitlab, projects.div_ceil(50), "GitLab: {projects} projects");

        let templates = distinct(&page, |node| list(&node["automationTemplates"]));
        let awx = asked(&platform, Upstream::Awx);
        let of_templates = awx.iter().filter(|call| call.path.ends_with("/unified_job_templates/")).count();
        assert_eq!(of_templates, templates.div_ceil(100), "AWX: {templates} templates");
        let runs = distinct(&page, |node| list(&node["automationJobs"]["nodes"]));
        assert_eq!(awx.len() - of_templates, 1, "AWX: {runs} runs of {templates} templates");

        let organizations =
            distinct(&page, |node| list(&node["workspaces"]).into_iter().map(|one| &one["organization"]).collect());
        let terraform = asked(&platform, Upstream::Terraform);
        let read: BTreeSet<&str> = terraform.iter().map(|call| call.path.as_str()).collect();
        assert_eq!(read.len(), organizations, "Terraform: {read:?}");
        assert!(terraform.iter().all(|call| call.path.ends_with("/workspaces")), "{terraform:?}");

        let azure = asked(&platform, Upstream::Azure);
        let rows = distinct(&page, |node| list(&node["cloudResources"]["nodes"]));
        assert_eq!(
            azure.iter().filter(|call| call.path.ends_with("/resources")).count(),
            rows.div_ceil(1_000),
            "Azure: {rows} rows"
        );

        let lists: Vec<Call> = asked(&platform, Upstream::Openshift);
        let kinds: BTreeSet<&str> = lists.iter().map(|call| call.path.as_str()).collect();
        assert_eq!(lists.len(), kinds.len(), "OpenShift: a list was asked for twice: {kinds:?}");
        assert!(kinds.len() <= 6, "{kinds:?}");

        println!(
            "{first} components: GitLab {gitlab}, AWX {} ({templates} templates, {runs} runs), Terraform {}, Azure {}, OpenShift {}",
            awx.len(),
            terraform.len(),
            azure.len(),
            lists.len()
        );
        forget_calls(&platform);
        assert_eq!(client.data(&page_with_runs, json!({ "first": first })).await, page);
        for upstream in Upstream::SOURCES {
            assert_eq!(asked(&platform, upstream).len(), 0, "{upstream:?} was asked again");
        }
        platform.stop().await;
    }
}

/// Nothing is kept and nothing is left alone, so that every fault is met anew; short waits.
const FORGETFUL: [(&str, &str); 28] = [
    ("WEFT_SOURCES__OPENSHIFT[0]__BREAKER__FAILURES_MAX", "100000"),
    ("WEFT_SOURCES__OPENSHIFT[0]__BREAKER__OPEN_FOR", "10s"),
    DEAR,
    ("WEFT_SOURCES__GITLAB__CACHE__FRESH", "0s"),
    ("WEFT_SOURCES__GITLAB__CACHE__STALE", "0s"),
    ("WEFT_SOURCES__GITLAB__CACHE__NEGATIVE", "0s"),
    ("WEFT_SOURCES__GITLAB__TIMEOUT", "6s"),
    ("WEFT_SOURCES__GITLAB__BREAKER__FAILURES_MAX", "100000"),
    ("WEFT_SOURCES__AWX__CACHE__FRESH", "0s"),
    ("WEFT_SOURCES__AWX__CACHE__STALE", "0s"),
    ("WEFT_SOURCES__AWX__CACHE__NEGATIVE", "0s"),
    ("WEFT_SOURCES__AWX__TIMEOUT", "6s"),
    ("WEFT_SOURCES__AWX__BREAKER__FAILURES_MAX", "100000"),
    ("WEFT_SOURCES__TERRAFORM__CACHE__FRESH", "0s"),
    ("WEFT_SOURCES__TERRAFORM__CACHE__STALE", "0s"),
    ("WEFT_SOURCES__TERRAFORM__CACHE__NEGATIVE", "0s"),
    ("WEFT_SOURCES__TERRAFORM__TIMEOUT", "6s"),
    ("WEFT_SOURCES__TERRAFORM__BREAKER__FAILURES_MAX", "100000"),
    ("WEFT_SOURCES__AZURE__CACHE__FRESH", "0s"),
    ("WEFT_SOURCES__AZURE__CACHE__STALE", "0s"),
    ("WEFT_SOURCES__AZURE__CACHE__NEGATIVE", "0s"),
    ("WEFT_SOURCES__AZURE__TIMEOUT", "6s"),
    ("WEFT_SOURCES__AZURE__BREAKER__FAILURES_MAX", "100000"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__FRESH", "0s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__STALE", "0s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__CACHE__NEGATIVE", "0s"),
    ("WEFT_SOURCES__OPENSHIFT[0]__TIMEOUT", "6s"),
    ("WEFT_SOURCES__TERRAFORM__QUOTA__CALLS", "1000"),
];

/// Each upstream's fields are cut out of a page; what is left must be as if nothing had happened.
fn without(page: &Value, fields: &[&str]) -> Vec<Map<String, Value>> {
    let node = |node: &Value| {
        let mut node = node.as_object().unwrap().clone();
        fields.iter().for_each(|field| drop(node.remove(*field)));
        node
    };
    page["components"]["nodes"].as_array().unwrap().iter().map(node).collect()
}

async fn page(client: &Client) -> Value {
    client.query(PAGE, json!({ "first": 50 })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_every_upstream_stays_in_its_own_fields_and_passes() {
    let platform = TestPlatform::start_with(&FORGETFUL).await;
    let client = platform.client("engineer");
    let well = client.data(PAGE, json!({ "first": 50 })).await;
    for upstream in Upstream::SOURCES {
        let (fields, source) = fed_by(upstream);
        let all = faults([], Duration::from_secs(1)).collect();
        for faults in [all, vec![(Fault::ExpiredToken, "UPSTREAM_ERROR")]] {
            for (fault, expected) in faults {
                platform.simulator().faults(upstream).always(fault.clone());
                let answer = page(&client).await;
                assert_eq!(without(&answer["data"], fields), without(&well, fields), "{source}, {fault:?}");
                let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{source}, {fault:?}: no error"));
                for error in errors {
                    let extensions = &error["extensions"];
                    assert_eq!(extensions["code"], expected, "{source}, {fault:?}: {error}");
                    assert_eq!(extensions["source"], source, "{fault:?}: {error}");
                    assert_eq!(extensions["retryable"], expected != "UPSTREAM_ERROR", "{fault:?}: {error}");
                    let field = error["path"][3].as_str().unwrap();
                    assert!(fields.contains(&field), "{source}, {fault:?}: {error}");
                }
            }
            platform.simulator().faults(upstream).clear();
            // The wait that was asked for ends, a token is asked for again, and everything is as before.
            let again = until(source, async || {
                let answer = page(&client).await;
                answer.get("errors").is_none().then_some(answer)
            })
            .await;
            assert_eq!(again["data"], well, "{source}");
        }
    }
    platform.stop().await;
}

/// What a node of the page has from one upstream.
type Part = fn(&Value) -> Vec<&Value>;

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_sees_nothing_of_another_tenants_upstreams() {
    let platform = TestPlatform::start_with(&[DEAR]).await;
    let page = platform.client("admin").data(PAGE, json!({ "first": 100 })).await;
    let other = platform.client("other_tenant_engineer").data(PAGE, json!({ "first": 100 })).await;
    let everything = |page: &Value, of: Part| -> BTreeSet<String> {
        let nodes = page["components"]["nodes"].as_array().unwrap();
        nodes.iter().flat_map(of).map(ToString::to_string).collect()
    };
    let parts: [(&str, Part); 2] = [
        ("repositories", |node| node["repository"].get("path").into_iter().collect()),
        ("workspaces", |node| list(&node["workspaces"])),
    ];
    for (what, of) in parts {
        let (ours, theirs) = (everything(&page, of), everything(&other, of));
        assert!(!ours.is_empty() && !theirs.is_empty(), "{what}: {} and {}", ours.len(), theirs.len());
        assert_eq!(ours.intersection(&theirs).count(), 0, "{what} of both tenants");
    }
    platform.stop().await;
}
