//! The fake Azure over HTTP: its refusals, its pages, its quotas, and that it moves.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use simulator::{
    Config, ManualClock, Simulator, Upstream,
    azure::{AlertRule, CLIENT_ID, Group, Limits, Resource, TENANT_ID, World},
};

use super::NOW;

pub(super) const ONE: &str = "11111111-2222-4333-8444-555555555555";
const TWO: &str = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const RESOURCES: &str = "api-version=2024-03-01";
const ALERTS: &str = "api-version=2019-03-01";

pub(super) struct Azure {
    pub(super) simulator: Simulator,
    pub(super) clock: ManualClock,
    pub(super) http: Client,
    tenant: &'static str,
    pub(super) token: String,
}

impl Azure {
    pub(super) async fn of(world: World) -> Self {
        Self::in_tenant(TENANT_ID, world).await
    }

    async fn in_tenant(tenant: &'static str, world: World) -> Self {
        let clock = ManualClock::new(NOW);
        let config = Config { azure: world, clock: clock.clock(), ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        let http = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        let mut azure = Self { simulator, clock, http, tenant, token: String::new() };
        azure.token = azure.sign_in().await;
        azure
    }

    pub(super) fn url(&self) -> &str {
        self.simulator.url(Upstream::Azure)
    }

    pub(super) async fn token_answer(&self, tenant: &str, fields: &[(&str, &str)]) -> Response {
        let known = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", "simulated-azure-secret"),
            ("scope", "https://management.azure.com/.default"),
        ];
        let is_changed = |name: &str| fields.iter().any(|(key, _)| *key == name);
        let pairs = known.iter().filter(|(name, _)| !is_changed(name)).chain(fields);
        // None of the values needs escapes.
        let form: Vec<_> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.post(format!("{}/{tenant}/oauth2/v2.0/token", self.url())).body(form.join("&"));
        request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap()
    }

    async fn sign_in(&self) -> String {
        let answer: Value = self.token_answer(self.tenant, &[]).await.json().await.unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// `path` may be a whole address, as a next link is.
    async fn get(&self, path: &str) -> Response {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url()) };
        self.http.get(url).bearer_auth(&self.token).send().await.unwrap()
    }

    async fn read(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Every item of a list, and how many came on each page.
    async fn read_all(&self, path: &str) -> (Vec<Value>, Vec<usize>) {
        let (mut items, mut sizes, mut next) = (Vec::new(), Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let page = self.read(&path).await;
            let value = page["value"].as_array().unwrap();
            sizes.push(value.len());
            items.extend(value.clone());
            next = page["nextLink"].as_str().map(str::to_owned);
        }
        (items, sizes)
    }

    async fn graph(&self, body: &Value) -> Response {
        let url = format!("{}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01", self.url());
        self.http.post(url).bearer_auth(&self.token).json(body).send().await.unwrap()
    }

    async fn query(&self, query: &str) -> Value {
        let response = self.graph(&json!({ "query": query })).await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{query}: {answer}");
        answer
    }

    async fn rows(&self, query: &str) -> Vec<Value> {
        self.query(query).await["data"].as_array().unwrap().clone()
    }

    async fn names(&self, query: &str) -> BTreeSet<String> {
        let rows = self.rows(&format!("resources | where {query} | project name")).await;
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// Quotas out of the way.
fn unlimited() -> Limits {
    Limits::generous()
}

/// Three named resources in one group.
fn small() -> Group {
    let tags = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let vm = Resource {
        tags: tags(&[("env", "Prod"), ("owner", "team-data")]),
        properties: json!({ "hardwareProfile": { "vmSize": "Standard_D2s_v5" } }).as_object().unwrap().clone(),
        ..Resource::new("Microsoft.Compute/virtualMachines", "vm-api-01")
    };
    let store = Resource {
        tags: tags(&[("env", "test")]),
        kind: Some("StorageV2".into()),
        location: "eastus".into(),
        ..Resource::new("Microsoft.Storage/storageAccounts", "stapi01")
    };
    let database = Resource::new("Microsoft.Sql/servers/databases", "sql-api/orders");
    let group = Group { tags: tags(&[("env", "prod")]), ..Group::new(ONE, "RG-Api") };
    Group { resources: vec![vm, store, database], ..group }
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn entra_gives_a_token_for_the_right_secret_only() {
    let azure = Azure::of(World::builder().group(small()).build()).await;
    let answer: Value = azure.token_answer(TENANT_ID, &[]).await.json().await.unwrap();
    assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(3599)));
    let cases = [
        (("client_secret", "wrong"), 401, "invalid_client", 7_000_215),
        (("client_id", "other"), 400, "unauthorized_client", 700_016),
        (("scope", "https://management.azure.com/user"), 400, "invalid_scope", 1_002_012),
        (("grant_type", "password"), 400, "unsupported_grant_type", 70_003),
        (("scope", ""), 400, "invalid_request", 900_144),
    ];
    for (field, status, error, number) in cases {
        let response = azure.token_answer(TENANT_ID, &[field]).await;
        assert_eq!(response.status(), status, "{field:?}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!((&answer["error"], &answer["error_codes"]), (&json!(error), &json!([number])));
        let prose = answer["error_description"].as_str().unwrap();
        assert!(prose.starts_with(&format!("AADSTS{number}: ")) && prose.contains("Timestamp: 2026-03-02 10:00:00Z"));
    }
    let other_tenant: Value = azure.token_answer("contoso.com", &[]).await.json().await.unwrap();
    assert_eq!(other_tenant["error_codes"], json!([90002]));
}

#[tokio::test]
async fn the_documents_of_the_authority_lead_to_the_token_endpoint() {
    let azure = Azure::of(World::builder().group(small()).build()).await;
    let instance: Value = azure.get("/common/discovery/instance?api-version=1.1").await.json().await.unwrap();
    let configuration = azure.read(instance["tenant_discovery_endpoint"].as_str().unwrap()).await;
    assert_eq!(configuration["token_endpoint"], format!("{}/{TENANT_ID}/oauth2/v2.0/token", azure.url()));
    assert!(azure.url().ends_with(instance["metadata"][0]["preferred_network"].as_str().unwrap()));
}

#[tokio::test]
async fn behind_a_proxy_for_tls_links_lead_to_the_proxy() {
    let azure = Azure::of(World::builder().group(small()).build()).await;
    let read = async |path: &str| {
        let request = azure.http.get(format!("{}{path}", azure.url())).bearer_auth(&azure.token);
        request.header("host", "localhost:8443").send().await.unwrap().json::<Value>().await.unwrap()
    };
    let configuration = read(&format!("/{TENANT_ID}/v2.0/.well-known/openid-configuration")).await;
    assert_eq!(configuration["token_endpoint"], format!("https://localhost:8443/{TENANT_ID}/oauth2/v2.0/token"));
    assert_eq!(configuration["issuer"], format!("https://localhost:8443/{TENANT_ID}/v2.0"));
    let page = read(&format!("/subscriptions/{ONE}/resources?{RESOURCES}&$top=1")).await;
    assert!(page["nextLink"].as_str().unwrap().starts_with("https://localhost:8443/subscriptions/"));
}

#[tokio::test]
async fn a_token_that_is_absent_made_up_for_others_or_expired_is_refused_with_a_challenge() {
    let azure = Azure::of(World::builder().group(small()).build()).await;
    let url = format!("{}/subscriptions?api-version=2022-12-01", azure.url());
    let for_graph = azure.token_answer(TENANT_ID, &[("scope", "https://graph.microsoft.com/.default")]).await;
    let for_graph: Value = for_graph.json().await.unwrap();
    let mut forged = azure.token.clone();
    forged.replace_range(forged.len() - 6.., "AAAAAA");
    let token = |token: &str| azure.http.get(&url).bearer_auth(token);
    assert_eq!(token(&azure.token).send().await.unwrap().status(), 200);
    azure.clock.advance(TimeDelta::seconds(3598));
    assert_eq!(token(&azure.token).send().await.unwrap().status(), 200);
    azure.clock.advance(TimeDelta::seconds(1));
    let cases = [
        (azure.http.get(&url), "AuthenticationFailed"),
        (azure.http.get(&url).basic_auth("a", Some("b")), "InvalidAuthenticationToken"),
        (token("made-up"), "InvalidAuthenticationToken"),
        (token(&forged), "InvalidAuthenticationToken"),
        (token(for_graph["access_token"].as_str().unwrap()), "InvalidAuthenticationTokenAudience"),
        (token(&azure.token), "ExpiredAuthenticationToken"),
    ];
    for (request, expected) in cases {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401, "{expected}");
        assert!(header(&response, "www-authenticate").starts_with("Bearer authorization_uri="));
        assert_eq!(code(&response.json().await.unwrap()), expected);
    }
    let fresh = azure.sign_in().await;
    assert_eq!(token(&fresh).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn every_path_needs_a_version_it_knows_and_every_answer_has_its_ids() {
    let azure = Azure::of(World::builder().group(small()).build()).await;
    let alerts = format!("/subscriptions/{ONE}/providers/Microsoft.AlertsManagement/alerts");
    let mut ids = BTreeSet::new();
    for path in ["/subscriptions", "/nowhere", &alerts] {
        let response = azure.get(path).await;
        assert_eq!(response.status(), 400, "{path}");
        assert_eq!(header(&response, "content-type"), "application/json; charset=utf-8");
        assert!(ids.insert(header(&response, "x-ms-request-id").to_owned()));
        assert!(ids.insert(header(&response, "x-ms-correlation-request-id").to_owned()));
        assert_eq!(code(&response.json().await.unwrap()), "MissingApiVersionParameter");
    }
    let old = azure.get("/subscriptions?api-version=2001-01-01").await.json::<Value>().await.unwrap();
    assert_eq!(code(&old), "InvalidApiVersionParameter");
    assert!(old["error"]["message"].as_str().unwrap().contains("2022-12-01"));
    let old = azure.get(&format!("{alerts}?api-version=2001-01-01")).await.json::<Value>().await.unwrap();
    assert!(old["error"]["message"].as_str().unwrap().contains("2019-03-01"));
    let unknown = azure.get(&format!("/nowhere?{RESOURCES}")).await;
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn subscriptions_and_groups_are_found_in_any_case_and_their_absence_is_said() {
    let world = World::builder().group(small()).groups(TWO, ["rg-one", "rg-two"]).limits(unlimited());
    let azure = Azure::of(world.build()).await;
    let (subscriptions, _) = {
        let answer = azure.read("/subscriptions?api-version=2022-12-01").await;
        (answer["value"].clone(), assert_eq!(answer["nextLink"], "", "the specification requires it"))
    };
    assert_eq!(subscriptions.as_array().unwrap().len(), 2);
    let same = azure.read(&format!("/subscriptions/{}?api-version=2022-12-01", TWO.to_uppercase())).await;
    assert!(subscriptions.as_array().unwrap().contains(&same));
    let group = azure.read(&format!("/SUBSCRIPTIONS/{ONE}/resourcegroups/rg-API?{RESOURCES}")).await;
    assert_eq!((&group["name"], &group["tags"]["env"]), (&json!("RG-Api"), &json!("prod")));
    let (resources, _) =
        azure.read_all(&format!("/subscriptions/{ONE}/resourceGroups/rg-api/resources?{RESOURCES}")).await;
    let suffix = "/resourceGroups/RG-Api/providers/Microsoft.Sql/servers/sql-api/databases/orders";
    assert!(resources.iter().any(|resource| resource["id"] == format!("/subscriptions/{ONE}{suffix}")));
    let absent = "99999999-0000-4000-8000-000000000000";
    let cases = [
        (format!("/subscriptions/{absent}/resourcegroups?{RESOURCES}"), 404, "SubscriptionNotFound"),
        (format!("/subscriptions/no-guid/resources?{RESOURCES}"), 400, "InvalidSubscriptionId"),
        (format!("/subscriptions/{ONE}/resourceGroups/none/resources?{RESOURCES}"), 404, "ResourceGroupNotFound"),
    ];
    for (path, status, expected) in cases {
        let response = azure.get(&path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(code(&response.json().await.unwrap()), expected);
    }
}

#[tokio::test]
async fn arm_lists_page_by_absolute_links_to_the_end() {
    let names: Vec<_> = (0..7).map(|number| format!("rg-{number}")).collect();
    let azure = Azure::of(World::builder().groups(ONE, &names).limits(unlimited()).build()).await;
    let (groups, sizes) = azure.read_all(&format!("/subscriptions/{ONE}/resourcegroups?{RESOURCES}&$top=3")).await;
    assert_eq!(sizes, [3, 3, 1]);
    assert_eq!(groups.iter().map(|group| group["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    let path = format!("/subscriptions/{ONE}/resources?{RESOURCES}");
    let (whole, sizes) = azure.read_all(&path).await;
    assert_eq!(sizes, [whole.len()]);
    let (joined, _) = azure.read_all(&format!("{path}&$top=4")).await;
    assert_eq!(joined, whole);
    for query in ["$top=0", "$top=x", "$skiptoken=made-up"] {
        assert_eq!(azure.get(&format!("{path}&{query}")).await.status(), 400, "{query}");
    }
}

#[tokio::test]
async fn resources_are_filtered_and_times_come_on_request_only() {
    let azure = Azure::of(World::builder().group(small()).limits(unlimited()).build()).await;
    let list =
        async |query: &str| azure.read_all(&format!("/subscriptions/{ONE}/resources?{RESOURCES}&{query}")).await.0;
    let plain = list("").await;
    assert_eq!(plain.len(), 3);
    assert!(plain.iter().all(|resource| resource.get("createdTime").is_none() && resource.get("properties").is_none()));
    let expanded = list("$expand=createdTime,changedTime,provisioningState").await;
    assert!(expanded.iter().all(|resource| resource["createdTime"] == "2024-01-01T00:00:00.0000000Z"));
    assert!(expanded.iter().all(|resource| resource["provisioningState"] == "Succeeded"));
    let virtual_machines = list("$filter=resourceType eq 'microsoft.compute/virtualmachines'").await;
    assert_eq!(virtual_machines.len(), 1);
    assert!(virtual_machines[0]["tags"].is_object());
    let tagged = list("$filter=tagName eq 'env' and tagValue eq 'test'").await;
    assert_eq!((tagged.len(), &tagged[0]["name"]), (1, &json!("stapi01")));
    assert!(tagged[0].get("tags").is_none(), "who filters by tag does not get the tags");
    assert_eq!(list("$filter=substringof('api', name) or location eq 'nowhere'").await.len(), 3);
    let bad = azure.get(&format!("/subscriptions/{ONE}/resources?{RESOURCES}&$filter=color eq 'red'")).await;
    assert_eq!(code(&bad.json().await.unwrap()), "InvalidFilterInQueryString");
}

#[tokio::test]
async fn a_query_tests_text_with_and_without_case() {
    let azure = Azure::of(World::builder().group(small()).limits(unlimited()).build()).await;
    let (vm, store, orders) = ("vm-api-01", "stapi01", "orders");
    let cases = [
        ("name == 'VM-api-01'", set(&[])),
        ("name =~ 'VM-api-01'", set(&[vm])),
        ("name != 'orders'", set(&[vm, store])),
        ("type in ('Microsoft.Compute/virtualMachines')", set(&[])),
        ("type in~ ('Microsoft.Compute/virtualMachines', 'x')", set(&[vm])),
        ("type !in~ ('Microsoft.Compute/virtualMachines')", set(&[store, orders])),
        ("name contains 'API'", set(&[vm, store])),
        ("name has 'API'", set(&[vm])),
        ("name startswith 'ST'", set(&[store])),
        ("tags['env'] =~ 'prod'", set(&[vm])),
        ("tags.env == 'Prod' or tags[\"env\"] == 'test'", set(&[vm, store])),
        ("tags['env'] != 'test'", set(&[vm, orders])),
        ("isnotempty(tags['env']) and not(name has 'vm')", set(&[store])),
        ("isempty(tags.env) or (location == 'eastus' and kind == 'StorageV2')", set(&[store, orders])),
        ("properties.hardwareProfile.vmSize startswith 'standard_d2'", set(&[vm])),
        (
            "resourceGroup =~ 'rg-api' and subscriptionId == '11111111-2222-4333-8444-555555555555'",
            set(&[vm, store, orders]),
        ),
        ("name == 'orders' or name == 'stapi01' and location == 'x' // or binds less", set(&[orders])),
    ];
    for (condition, expected) in cases {
        assert_eq!(azure.names(condition).await, expected, "{condition}");
    }
}

#[tokio::test]
async fn a_query_shapes_its_rows() {
    let azure = Azure::of(World::builder().group(small()).limits(unlimited()).build()).await;
    let rows = azure.rows("Resources | order by name asc | project name, size = tostring(properties.hardwareProfile.vmSize), tags.env | take 2").await;
    assert_eq!(
        rows,
        [
            json!({ "name": "orders", "size": "", "tags_env": null }),
            json!({ "name": "stapi01", "size": "", "tags_env": "test" }),
        ]
    );
    assert_eq!(azure.rows("resources | count").await, [json!({ "Count": 3 })]);
    let by_env =
        azure.rows("resources | summarize count() by env = tolower(tostring(tags.env)) | order by env desc").await;
    let counts = json!([{ "env": "test", "count_": 1 }, { "env": "prod", "count_": 1 }, { "env": "", "count_": 1 }]);
    assert_eq!(json!(by_env), counts);
    let types = azure.rows("resources | summarize by location | order by location asc").await;
    assert_eq!(types, [json!({ "location": "eastus" }), json!({ "location": "westeurope" })]);
    let all = azure.rows("where name == 'orders' | extend upper = toupper(name) | project-away properties, tags").await;
    assert_eq!((all.len(), &all[0]["upper"], all[0].get("tags")), (1, &json!("ORDERS"), None));
    assert_eq!(all[0]["type"], "microsoft.sql/servers/databases", "types are in lower case here");
    let containers = azure.rows("resourcecontainers | project name, type, tags | order by type desc").await;
    assert_eq!(
        containers[0],
        json!({
            "name": "RG-Api", "type": "microsoft.resources/subscriptions/resourcegroups", "tags": { "env": "prod" },
        })
    );
    assert_eq!(containers[1]["type"], "microsoft.resources/subscriptions");
    let body = json!({ "query": "resources | summarize n = count() by type | top 1 by type asc", "options": { "resultFormat": "table" } });
    let table: Value = azure.graph(&body).await.json().await.unwrap();
    assert_eq!(
        table["data"],
        json!({
            "columns": [{ "name": "type", "type": "string" }, { "name": "n", "type": "integer" }],
            "rows": [["microsoft.compute/virtualmachines", 1]],
        })
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_a_bad_request_with_details() {
    let azure = Azure::of(World::builder().group(small()).limits(unlimited()).build()).await;
    let cases = [
        ("resources | where name =~ 'x", "ParserFailure"),
        ("resources | where name =~", "ParserFailure"),
        ("resources | take x", "ParserFailure"),
        ("resources where name", "ParserFailure"),
        ("resources | mv-expand tags", "InvalidQueryLanguage"),
        ("resources | join kind=inner (resourcecontainers) on subscriptionId", "InvalidQueryLanguage"),
        ("secrets | take 1", "DisallowedLogicalTableName"),
        ("resources | where nonExisting == 'x'", "InvalidColumnNames"),
        ("resources | project name | where type == 'x'", "InvalidColumnNames"),
        ("resources | summarize dcount(name)", "DisallowedFunction"),
        ("resources | summarize count() by properties.state", "UnsupportedDynamicKey"),
    ];
    for (query, expected) in cases {
        let response = azure.graph(&json!({ "query": query })).await;
        assert_eq!(response.status(), 400, "{query}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(code(&answer), "BadRequest");
        assert!(answer["error"]["message"].as_str().unwrap().contains("correlationId = "));
        let codes: Vec<_> =
            answer["error"]["details"].as_array().unwrap().iter().map(|detail| &detail["code"]).collect();
        assert_eq!(codes, ["InvalidQuery", expected], "{query}");
    }
    let second_line = azure.graph(&json!({ "query": "resources\n| where name ~ 'x'" })).await;
    let detail = second_line.json::<Value>().await.unwrap()["error"]["details"][1].clone();
    assert_eq!(
        (&detail["line"], &detail["characterPositionInLine"], &detail["token"]),
        (&json!(2), &json!(13), &json!("~"))
    );
    for body in [json!({}), json!({ "query": "" }), json!({ "query": "resources", "options": { "$top": 1001 } })] {
        assert_eq!(azure.graph(&body).await.status(), 400, "{body}");
    }
}

#[tokio::test]
async fn a_result_pages_by_skip_token_and_only_with_the_id() {
    let world = World::builder().groups(ONE, ["rg-one", "rg-two", "rg-three"]).limits(unlimited());
    let azure = Azure::of(world.build()).await;
    let query = "resources | project id, name";
    let whole = azure.query(query).await;
    assert_eq!((&whole["resultTruncated"], whole.get("$skipToken")), (&json!("false"), None));
    let (mut joined, mut token) = (Vec::new(), None::<String>);
    loop {
        let mut options = json!({ "$top": 4 });
        if let Some(token) = &token {
            options = json!({ "$skipToken": token });
        }
        let page: Value = azure.graph(&json!({ "query": query, "options": options })).await.json().await.unwrap();
        let rows = page["data"].as_array().unwrap();
        assert_eq!((&page["count"], &page["totalRecords"]), (&json!(rows.len()), &whole["totalRecords"]));
        assert!(rows.len() == 4 || page.get("$skipToken").is_none(), "the page size goes with the token");
        assert_eq!(page["resultTruncated"], "false", "there is a way on, or nothing left");
        joined.extend(rows.clone());
        token = page["$skipToken"].as_str().map(str::to_owned);
        let Some(token) = &token else { break };
        let other = json!({ "query": "resources | project id", "options": { "$skipToken": token } });
        assert_eq!(azure.graph(&other).await.status(), 400, "a token belongs to its query");
    }
    assert_eq!(json!(joined), whole["data"]);
    let skipped: Value =
        azure.graph(&json!({ "query": query, "options": { "$skip": 2, "$top": 1 } })).await.json().await.unwrap();
    assert_eq!(skipped["data"][0], joined[2]);
    let nameless = json!({ "query": "resources | project name", "options": { "$top": 4 } });
    let cut: Value = azure.graph(&nameless).await.json().await.unwrap();
    assert_eq!((&cut["resultTruncated"], cut.get("$skipToken")), (&json!("true"), None));
}

#[tokio::test]
async fn a_scope_that_is_not_there_has_no_rows_and_no_error() {
    let azure = Azure::of(World::builder().group(small()).groups(TWO, ["rg"]).limits(unlimited()).build()).await;
    let count = async |scope: Value| {
        let mut body = json!({ "query": "resourcecontainers | where type endswith '/resourcegroups' | project id" });
        body.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        azure.graph(&body).await.json::<Value>().await.unwrap()["totalRecords"].as_u64().unwrap()
    };
    assert_eq!(count(json!({})).await, 2);
    assert_eq!(count(json!({ "subscriptions": [ONE.to_uppercase()] })).await, 1);
    assert_eq!(count(json!({ "subscriptions": [TWO, "99999999-0000-4000-8000-000000000000"] })).await, 1);
    assert_eq!(count(json!({ "subscriptions": [] })).await, 0);
    assert_eq!(count(json!({ "managementGroups": [TENANT_ID] })).await, 2);
    assert_eq!(count(json!({ "managementGroups": ["other"] })).await, 0);
}

#[tokio::test]
async fn the_sixteenth_query_in_five_seconds_is_refused_and_then_the_quota_is_whole_again() {
    let azure = Azure::of(World::builder().group(small()).build()).await;
    let body = json!({ "query": "resources | count" });
    let quota = |response: &Response| {
        let text = |name| header(response, name).to_owned();
        (response.status().as_u16(), text("x-ms-user-quota-remaining"), text("x-ms-user-quota-resets-after"))
    };
    for number in 1..=15 {
        let expected = (200, (15 - number).to_string(), "00:00:05".to_owned());
        assert_eq!(quota(&azure.graph(&body).await), expected);
    }
    azure.clock.advance(TimeDelta::milliseconds(1500));
    let refused = azure.graph(&body).await;
    assert_eq!(quota(&refused), (429, "0".to_owned(), "00:00:04".to_owned()));
    assert_eq!(code(&refused.json().await.unwrap()), "RateLimiting");
    azure.clock.advance(TimeDelta::seconds(4));
    assert_eq!(quota(&azure.graph(&body).await), (200, "14".to_owned(), "00:00:05".to_owned()));
    let bad = azure.graph(&json!({ "query": "nonsense |" })).await;
    assert_eq!(quota(&bad), (400, "13".to_owned(), "00:00:05".to_owned()), "a bad query is paid for too");
}

#[tokio::test]
async fn reads_are_a_bucket_for_each_subscription_that_fills_with_time() {
    let limits = Limits { reads_burst: 3, reads_per_second: 2, ..Limits::default() };
    let azure = Azure::of(World::builder().group(small()).groups(TWO, ["rg"]).limits(limits).build()).await;
    let read = async |id: &str| azure.get(&format!("/subscriptions/{id}/resourcegroups?{RESOURCES}")).await;
    let left = |response: &Response| {
        let remaining = header(response, "x-ms-ratelimit-remaining-subscription-reads").to_owned();
        (response.status().as_u16(), remaining.parse::<u32>().unwrap())
    };
    for remaining in [2, 1, 0] {
        assert_eq!(left(&read(ONE).await), (200, remaining));
    }
    let refused = read(&ONE.to_uppercase()).await;
    assert_eq!(left(&refused), (429, 0));
    assert_eq!(header(&refused, "retry-after"), "1");
    assert_eq!(code(&refused.json().await.unwrap()), "SubscriptionRequestsThrottled");
    assert_eq!(left(&read(TWO).await), (200, 2), "another subscription has a bucket of its own");
    let tenant = azure.get("/subscriptions?api-version=2022-12-01").await;
    assert_eq!(header(&tenant, "x-ms-ratelimit-remaining-tenant-reads"), "2");
    azure.clock.advance(TimeDelta::seconds(1));
    assert_eq!(left(&read(ONE).await), (200, 1));
    azure.clock.advance(TimeDelta::minutes(30));
    assert_eq!(left(&read(ONE).await), (200, 2), "no more than the burst");
}

fn firing(every: TimeDelta, fired_for: TimeDelta) -> Group {
    let rule = AlertRule {
        severity: 1,
        first_fired_at: Some(NOW - TimeDelta::days(40)),
        every,
        fired_for: Some(fired_for),
        ..AlertRule::new("High CPU", "VM-api-01")
    };
    Group { alerts: vec![rule], ..small() }
}

#[tokio::test]
async fn an_alert_fires_resolves_and_is_forgotten_as_the_clock_moves() {
    let group = firing(TimeDelta::days(60), TimeDelta::hours(2));
    let azure = Azure::of(World::builder().group(group).limits(unlimited()).build()).await;
    // The next one comes 20 days from now.
    let path = format!("/subscriptions/{ONE}/providers/Microsoft.AlertsManagement/alerts?{ALERTS}");
    assert_eq!(azure.read(&path).await["value"], json!([]));
    let move_to = async |by: TimeDelta| {
        azure.clock.advance(by);
        // The token has long expired.
        azure.sign_in().await
    };
    let mut moved = Azure { token: move_to(TimeDelta::days(20)).await, ..azure };
    let alert = moved.read(&path).await["value"][0].clone();
    let essentials = &alert["properties"]["essentials"];
    assert_eq!((&essentials["monitorCondition"], &essentials["severity"]), (&json!("Fired"), &json!("Sev1")));
    let target =
        format!("/subscriptions/{ONE}/resourcegroups/rg-api/providers/microsoft.compute/virtualmachines/vm-api-01");
    assert_eq!(essentials["targetResource"], target, "in lower case, unlike the id of the resource");
    assert!(essentials.get("monitorConditionResolvedDateTime").is_none());
    let by_graph = "alertsmanagementresources | where properties.essentials.monitorCondition == 'Fired' \
                    | where todatetime(properties.essentials.startDateTime) > ago(1h) | project id, name";
    assert_eq!(moved.rows(by_graph).await, [json!({ "id": alert["id"], "name": "High CPU" })]);
    moved.clock.advance(TimeDelta::hours(2));
    moved.token = moved.sign_in().await;
    let resolved = moved.read(&path).await["value"][0].clone();
    assert_eq!(resolved["id"], alert["id"]);
    let essentials = &resolved["properties"]["essentials"];
    assert_eq!(essentials["monitorCondition"], "Resolved");
    let time = |field: &str| essentials[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(time("monitorConditionResolvedDateTime") - time("startDateTime"), TimeDelta::hours(2));
    assert_eq!(moved.rows(by_graph).await, [] as [Value; 0]);
    let one = moved.read(&format!("{}?{ALERTS}", alert["id"].as_str().unwrap())).await;
    assert_eq!(one["id"], alert["id"]);
    moved.clock.advance(TimeDelta::days(1));
    moved.token = moved.sign_in().await;
    assert_eq!(moved.read(&path).await["value"], json!([]), "a day is the default range");
    assert_eq!(moved.read(&format!("{path}&timeRange=7d")).await["value"].as_array().unwrap().len(), 1);
    moved.clock.advance(TimeDelta::days(30));
    moved.token = moved.sign_in().await;
    assert_eq!(moved.read(&format!("{path}&timeRange=30d")).await["value"], json!([]));
}

#[tokio::test]
async fn alerts_are_filtered_and_their_pages_are_of_one_instant() {
    let group = firing(TimeDelta::minutes(4), TimeDelta::hours(1));
    let azure = Azure::of(World::builder().group(group).groups(ONE, ["other"]).limits(unlimited()).build()).await;
    let scope = format!("/subscriptions/{ONE}/resourceGroups/RG-API/providers/microsoft.alertsmanagement/alerts");
    let count = async |query: &str| azure.read_all(&format!("{scope}?{ALERTS}&{query}")).await.0.len();
    assert_eq!(count("").await, 24 * 15);
    assert_eq!(count("monitorCondition=Fired").await, 15);
    assert_eq!(count("monitorCondition=resolved").await, 24 * 15 - 15);
    assert_eq!(count("timeRange=1h").await, 15);
    assert_eq!(count("timeRange=1h&targetResourceGroup=rg-api").await, 15);
    assert_eq!(count("timeRange=1h&targetResourceGroup=none").await, 0);
    assert_eq!(count("customTimeRange=2026-03-02T09:00:00Z/2026-03-02T09:30:00Z").await, 8);
    for bad in ["timeRange=2d", "monitorCondition=On", "pageCount=251", "customTimeRange=x"] {
        assert_eq!(azure.get(&format!("{scope}?{ALERTS}&{bad}")).await.status(), 400, "{bad}");
    }
    let first = azure.read(&format!("{scope}?{ALERTS}")).await;
    let mut seen = first["value"].as_array().unwrap().clone();
    assert_eq!(seen.len(), 250);
    azure.clock.advance(TimeDelta::minutes(30));
    let (rest, sizes) = azure.read_all(first["nextLink"].as_str().unwrap()).await;
    seen.extend(rest);
    assert_eq!(sizes, [110]);
    let ids: BTreeSet<_> = seen.iter().map(|alert| alert["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 360, "nothing twice, nothing left out");
}

#[tokio::test]
async fn a_believable_group_is_always_the_same_and_does_change() {
    let group = Group::believable(ONE, "rg-payments-prod");
    assert_eq!(group, Group::believable(ONE, "rg-payments-prod"));
    let all: Vec<_> = (0..200).map(|number| Group::believable(ONE, &format!("rg-{number}"))).collect();
    assert!(all.iter().all(|group| (2..=12).contains(&group.resources.len()) && group.alerts.len() <= 3));
    let types: BTreeSet<_> = all.iter().flat_map(|group| &group.resources).map(|one| &one.resource_type).collect();
    assert!(types.len() > 10, "mixed types, not {types:?}");
    let names: Vec<_> = (0..40).map(|number| format!("rg-{number}")).collect();
    let azure = Azure::of(World::builder().groups(ONE, &names).limits(unlimited()).build()).await;
    let path = format!("/subscriptions/{ONE}/resources?{RESOURCES}&$expand=createdTime,changedTime,provisioningState");
    let mut azure = azure;
    let before = azure.read(&path).await;
    let states: BTreeSet<_> =
        before["value"].as_array().unwrap().iter().map(|one| one["provisioningState"].clone().to_string()).collect();
    assert!(states.contains("\"Succeeded\"") && states.contains("\"Failed\""), "{states:?}");
    let fired =
        azure.rows("alertsmanagementresources | where properties.essentials.monitorCondition == 'Fired' | count").await;
    assert!(fired[0]["Count"].as_u64().unwrap() > 10, "{fired:?}");
    azure.clock.advance(TimeDelta::days(1));
    azure.token = azure.sign_in().await;
    let after = azure.read(&path).await;
    let changed = before["value"].as_array().unwrap().iter().zip(after["value"].as_array().unwrap());
    let changed = changed.filter(|(before, after)| before["changedTime"] != after["changedTime"]).count();
    assert!(changed > 3, "{changed} changed within a day");
    azure.simulator.azure().remove_group(ONE, "RG-0");
    assert_eq!(azure.rows("resources | where resourceGroup =~ 'rg-0'").await, [] as [Value; 0]);
    azure.simulator.azure().put_group(Group::new(TWO, "rg-new"));
    assert_eq!(azure.get(&format!("/subscriptions/{TWO}?api-version=2022-12-01")).await.status(), 200);
}

pub(super) fn contracts() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = ["../../../shared", "../../../../shared"]
        .iter()
        .map(|up| here.join(up).join("contracts/azure/specification"))
        .find(|path| path.is_dir());
    if found.is_none() {
        println!("skipped: no contracts/azure/specification");
    }
    found
}

pub(super) fn document(root: &Path, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(root.join(file)).unwrap()).unwrap()
}

/// Takes out what leads to other documents: examples, and parameters, which are no part of an answer.
fn without_outside(value: &mut Value) {
    match value {
        Value::Object(fields) => match fields.get("$ref").and_then(Value::as_str) {
            Some(target) if !target.starts_with('#') => fields.clear(),
            _ => fields.values_mut().for_each(without_outside),
        },
        Value::Array(items) => items.iter_mut().for_each(without_outside),
        _ => {}
    }
}

/// A validator for one definition of a specification. `type: object` for Resource Graph's `data` and cells is left out:
/// the specification's own examples have arrays and texts there.
pub(super) fn validator(root: &Path, file: &str, definition: &str) -> jsonschema::Validator {
    let mut schema = document(root, file);
    without_outside(&mut schema);
    if let Some(data) = schema.pointer_mut("/definitions/QueryResponse/properties/data") {
        data.as_object_mut().unwrap().remove("type");
        schema["definitions"]["Row"]["items"] = json!({});
        schema["definitions"]["ErrorDetails"]["additionalProperties"] = json!({});
    }
    let definition = json!([{ "$ref": format!("#/definitions/{definition}") }]);
    jsonschema::draft4::new(&json!({ "allOf": definition, "definitions": schema["definitions"] })).unwrap()
}

const GRAPH_FILES: &str = "resourcegraph/resource-manager/Microsoft.ResourceGraph/stable/2022-10-01";
const ALERT_FILES: &str = "alertsmanagement/resource-manager/Microsoft.AlertsManagement/stable/2019-03-01";
const ARM_FILES: &str = "resources/resource-manager/Microsoft.Resources/stable";

#[tokio::test]
async fn answers_are_as_the_specifications_say() {
    let Some(root) = contracts() else { return };
    let group = firing(TimeDelta::hours(1), TimeDelta::minutes(90));
    let world = World::builder().group(group).groups(TWO, ["rg-a", "rg-b", "rg-c"]).limits(unlimited());
    let azure = Azure::of(world.build()).await;
    let (subscriptions, resources) = (
        format!("{ARM_FILES}/2022-12-01/subscriptions.subset.json"),
        format!("{ARM_FILES}/2024-03-01/resources.subset.json"),
    );
    let alerts = format!("{ALERT_FILES}/AlertsManagement.json");
    let expand = "$expand=createdTime,changedTime,provisioningState";
    let alert_path = format!("providers/Microsoft.AlertsManagement/alerts?{ALERTS}");
    let alert = azure.read(&format!("/subscriptions/{ONE}/{alert_path}")).await["value"][0]["id"].clone();
    let cases = [
        (&subscriptions, "SubscriptionListResult", "/subscriptions?api-version=2022-12-01".to_owned()),
        (&subscriptions, "Subscription", format!("/subscriptions/{ONE}?api-version=2022-12-01")),
        (&resources, "ResourceGroupListResult", format!("/subscriptions/{TWO}/resourcegroups?{RESOURCES}&$top=2")),
        (&resources, "ResourceGroup", format!("/subscriptions/{ONE}/resourcegroups/rg-api?{RESOURCES}")),
        (&resources, "ResourceListResult", format!("/subscriptions/{TWO}/resources?{RESOURCES}&{expand}&$top=5")),
        (&resources, "ResourceListResult", format!("/subscriptions/{ONE}/resourceGroups/rg-api/resources?{RESOURCES}")),
        (&alerts, "alertsList", format!("/subscriptions/{ONE}/{alert_path}&includeContext=true&pageCount=5")),
        (&alerts, "alertsList", format!("/subscriptions/{TWO}/{alert_path}&timeRange=30d")),
        (&alerts, "alert", format!("{}?{ALERTS}", alert.as_str().unwrap())),
        (&alerts, "AlertsManagementErrorResponse", format!("/subscriptions/{ONE}/{alert_path}&pageCount=999")),
    ];
    let check = |file: &str, definition: &str, answer: &Value| {
        let problems: Vec<_> =
            validator(&root, file, definition).iter_errors(answer).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{definition}: {problems:?}\n{answer}");
    };
    for (file, definition, path) in cases {
        check(file, definition, &azure.get(&path).await.json().await.unwrap());
    }
    let graph = format!("{GRAPH_FILES}/resourcegraph.json");
    for table in ["resources", "resourcecontainers", "alertsmanagementresources"] {
        for format in ["objectArray", "table"] {
            let body = json!({ "query": table, "options": { "resultFormat": format, "$top": 3 } });
            let answer: Value = azure.graph(&body).await.json().await.unwrap();
            check(&graph, "QueryResponse", &answer);
            if format == "table" {
                check(&graph, "Table", &answer["data"]);
            }
        }
    }
    check(&graph, "ErrorResponse", &azure.graph(&json!({ "query": "resources |" })).await.json().await.unwrap());
    // The specifications leave the inner error to a common document, which names it as a whole.
    let error: Value = azure.get(&format!("/subscriptions/x/resources?{RESOURCES}")).await.json().await.unwrap();
    check("common-types/resource-management/v1/types.json", "ErrorResponse", &error["error"]);
    check("common-types/resource-management/v2/types.json", "ErrorResponse", &error);
}

#[tokio::test]
async fn recorded_requests_are_answered_in_the_recorded_shape() {
    let Some(root) = contracts() else { return };
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let subscription = "cfbbd179-59d2-4052-aa06-9270a38aa9d6";
    let machines = (0..40).map(|number| Resource {
        properties: json!({ "storageProfile": { "osDisk": { "osType": "Linux" } } }).as_object().unwrap().clone(),
        ..Resource::new("Microsoft.Compute/virtualMachines", format!("vm-test-{number}"))
    });
    let group = Group { resources: machines.collect(), ..Group::new(subscription, "rg-test") };
    let alerting = "3b540246-808d-4331-99aa-917b808a9166";
    let alerts = Group { subscription_id: alerting.into(), ..firing(TimeDelta::hours(1), TimeDelta::minutes(10)) };
    let known = Group::new("291bba3f-e0a5-47bc-a099-3bdcb2a50a05", "rg");
    // The recorded management group stands for the tenant's root.
    let world = World::builder().group(group).group(alerts).group(known).tenant("ProductionMG").limits(unlimited());
    let azure = Azure::in_tenant("ProductionMG", world.build()).await;
    let mut token = Value::Null;
    // Facets are not served, and the example of properties names its count otherwise than the service does.
    for name in [
        "Basic",
        "TenantBasic",
        "MgBasic",
        "Filter",
        "Summarize",
        "Complex",
        "Properties",
        "FirstPage",
        "NextPage",
        "RandomPage",
    ] {
        let example = document(&root, &format!("{GRAPH_FILES}/examples/Resources{name}Query.json"));
        let mut request = example["parameters"]["query"].clone();
        if let Some(sent) = request.pointer_mut("/options/$skipToken") {
            *sent = token.clone();
        }
        let response = azure.graph(&request).await;
        assert_eq!(response.status(), 200, "{name}");
        assert!(header(&response, "content-type").starts_with("application/json"));
        let (answer, recorded): (Value, _) = (response.json().await.unwrap(), &example["responses"]["200"]["body"]);
        assert_eq!(keys(&answer), keys(recorded), "{name}");
        assert_eq!(answer["resultTruncated"], recorded["resultTruncated"]);
        if name != "Properties" {
            assert_eq!(keys(&answer["data"][0]), keys(&recorded["data"][0]), "{name}");
        }
        token = answer["$skipToken"].clone();
    }
    let recorded = document(&root, &format!("{ALERT_FILES}/examples/Alerts_List.json"));
    let path = format!(
        "/subscriptions/{alerting}/providers/Microsoft.AlertsManagement/alerts?{ALERTS}&includeContext=true&pageCount=20"
    );
    let (answer, recorded) = (azure.read(&path).await, &recorded["responses"]["200"]["body"]);
    assert_eq!(keys(&answer), keys(recorded));
    assert_eq!(keys(&answer["value"][1]), keys(&recorded["value"][0]));
    let essentials = |body: &Value, at: usize| keys(&body["value"][at]["properties"]["essentials"]);
    assert_eq!(essentials(&answer, 1), essentials(recorded, 0));
    for (name, path) in [("GetSubscriptions", ""), ("GetSubscription", "/291bba3f-e0a5-47bc-a099-3bdcb2a50a05")] {
        let example = document(&root, &format!("{ARM_FILES}/2022-12-01/examples/{name}.json"));
        let body = &example["responses"]["200"]["body"];
        let answer = azure.read(&format!("/subscriptions{path}?api-version=2022-12-01")).await;
        let (answer, recorded) = match name {
            "GetSubscription" => (keys(&answer), keys(body)),
            _ => (keys(&answer["value"][0]), keys(&body["value"][0])),
        };
        // Subscriptions have no tags here.
        let missing: Vec<_> = recorded.difference(&answer).collect();
        assert_eq!(missing, ["tags"]);
    }
}
