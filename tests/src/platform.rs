//! A platform for one test, and clients that speak to it as the demo's roles do.

use std::{net::SocketAddr, path::Path, time::Duration};

use demo::{
    estate::{Estate, Role, roles},
    platform::{Platform, PlatformConfig},
};
use gateway::Serving;
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use simulator::Simulator;
use sources::{Clock, postgres::Database};

use crate::{database::TestDatabase, program::Program};

/// What is off unless a test switches it on: the rest count statements and calls, and ask much.
const UNDISTURBED: [(&str, &str); 12] = [
    ("WEFT_OVERLOAD__SHARED_MIN", "5000"),
    ("WEFT_OVERLOAD__RUNNING_MAX", "5000"),
    ("WEFT_OVERLOAD__RUNNING_MIN", "5000"),
    ("WEFT_SERVER__RESPONSE_CACHE", "0"),
    ("WEFT_SYNC__ENABLED", "false"),
    ("WEFT_WATCH__ENABLED", "false"),
    ("WEFT_LIVE__MAINTAIN_EVERY", "12h"),
    ("WEFT_LIVE__SOURCES_EVERY", "12h"),
    ("WEFT_LIMITS__RATE__POINTS", "1000000000"),
    ("WEFT_LIMITS__RATE__CLIENT_POINTS", "1000000000"),
    ("WEFT_LIMITS__RATE__TENANT_POINTS", "1000000000"),
    ("WEFT_LIMITS__RATE__ADDRESS_REQUESTS", "1000000"),
];

/// A gateway with its upstreams and a database of its own.
pub struct TestPlatform {
    platform: Platform,
    database: TestDatabase,
    http: reqwest::Client,
}

/// Somebody with a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl TestPlatform {
    /// A platform over the demo's estate.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A platform over the demo's estate, with more configuration: variables such as `WEFT_SERVER__REQUEST_TIMEOUT`.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::build(settings, true, Clock::system(), &[]).await
    }

    /// A platform over an empty catalog.
    pub async fn start_empty(settings: &[(&str, &str)]) -> Self {
        Self::build(settings, false, Clock::system(), &[]).await
    }

    /// A platform whose gateway has this clock.
    pub async fn start_at(settings: &[(&str, &str)], clock: Clock) -> Self {
        Self::build(settings, true, clock, &[]).await
    }

    /// A platform over the demo's estate, with these statements run before anything else looks at the database.
    pub async fn start_after(statements: &[&str], settings: &[(&str, &str)]) -> Self {
        Self::build(settings, true, Clock::system(), statements).await
    }

    async fn build(settings: &[(&str, &str)], with_estate: bool, clock: Clock, statements: &[&str]) -> Self {
        let database = TestDatabase::create(with_estate).await.expect("a database for the test");
        Self::build_on(database, settings, clock, statements).await
    }

    /// A platform over the demo's estate on a Postgres of its own, for [`TestPlatform::crash_postgres`].
    pub async fn start_apart(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create_apart(true).await.expect("a server for the test");
        Self::build_on(database, settings, Clock::system(), &[]).await
    }

    async fn build_on(database: TestDatabase, settings: &[(&str, &str)], clock: Clock, statements: &[&str]) -> Self {
        database.run(statements).await.expect("the statements run");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let platform = Platform::start(PlatformConfig {
            database_url: database.url(),
            listen: any,
            admin_listen: any,
            estate: Estate::standard(),
            keys_folder: None,
            settings: UNDISTURBED
                .iter()
                .chain(settings)
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            clock,
            collects_metrics: false,
        })
        .await
        .expect("a platform for the test");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(600)).build().expect("an HTTP client");
        Self { platform, database, http }
    }

    /// Another gateway over the same database, upstreams and Redis.
    pub async fn replica(&self) -> Replica {
        let serving = self.platform.replica().await.expect("a second gateway");
        Replica { serving, http: self.http.clone(), token: self.platform.token(&Self::role("engineer")) }
    }

    /// Another build of the gateway, as a process of its own over the same database and upstreams.
    pub async fn program(&self, program: &Path) -> Program {
        self.program_with(program, &[]).await
    }

    /// The same with more variables of the environment.
    pub async fn program_with(&self, program: &Path, more: &[(&str, &str)]) -> Program {
        let (toml, variables) = self.platform.configuration();
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables: Vec<(String, String)> = variables.iter().cloned().chain(more).collect();
        Program::start(program, toml, &variables).await.expect("the program serves")
    }

    /// What its gateway was configured with: a file and variables of the environment.
    pub fn configuration(&self) -> (&str, &[(String, String)]) {
        self.platform.configuration()
    }

    /// What the admin listener says about each dependency.
    pub async fn readiness(&self) -> Answer {
        Answer::of(self.http.get(format!("{}/readyz?verbose", self.admin_url()))).await
    }

    /// The address of the gateway.
    pub fn url(&self) -> String {
        self.platform.url()
    }

    /// The address of the admin listener.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.platform.serving.admin_address())
    }

    /// The address of the database.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// Ends its Postgres in the middle of whatever it does, and starts it again.
    pub async fn crash_postgres(&self) {
        self.database.crash().await.expect("the server starts again");
    }

    /// The gateway's own way to the database.
    pub fn database(&self) -> &Database {
        self.platform.serving.app().sources.database()
    }

    /// The gateway's parts.
    pub fn app(&self) -> &gateway::App {
        self.platform.serving.app()
    }

    /// The fake upstreams and the issuer.
    pub fn simulator(&self) -> &Simulator {
        &self.platform.simulator
    }

    /// The demo's role with this name: `engineer`, `finops`, `admin` or `other_tenant_engineer`.
    pub fn role(name: &str) -> Role {
        roles().into_iter().find(|role| role.name == name).expect("a role of the demo")
    }

    /// A client with a role's token.
    pub fn client(&self, role: &str) -> Client {
        self.client_with(Some(self.token(role)))
    }

    /// A client with this token, or with none.
    pub fn client_with(&self, token: Option<String>) -> Client {
        self.client_at(self.url(), token)
    }

    /// The same of a gateway at this address.
    pub(crate) fn client_at(&self, url: String, token: Option<String>) -> Client {
        Client { http: self.http.clone(), url, token }
    }

    /// A token of this role.
    pub fn token(&self, role: &str) -> String {
        self.platform.token(&Self::role(role))
    }

    /// Ends everything and drops the database.
    pub async fn stop(self) {
        self.platform.stop().await;
        self.database.drop_it().await.expect("the test's database goes");
    }
}

/// Another gateway of a platform.
pub struct Replica {
    serving: Serving,
    http: reqwest::Client,
    token: String,
}

impl Replica {
    /// A client with the engineer's token.
    pub fn engineer(&self) -> Client {
        let url = format!("http://{}", self.serving.address());
        Client { http: self.http.clone(), url, token: Some(self.token.clone()) }
    }

    /// Its parts.
    pub fn app(&self) -> &gateway::App {
        self.serving.app()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.serving.stop().await;
    }
}

impl Client {
    /// The address of its gateway.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks, and expects an answer of GraphQL.
    pub async fn query(&self, query: &str, variables: Value) -> Value {
        self.send(query, variables).await.json()
    }

    /// Asks, and answers `data`; fails when there are errors.
    pub async fn data(&self, query: &str, variables: Value) -> Value {
        let mut answer = self.query(query, variables).await;
        assert!(answer.get("errors").is_none(), "the answer has errors: {answer:#}");
        answer.get_mut("data").map(Value::take).expect("an answer with data")
    }

    /// Asks, and answers everything that came.
    pub async fn send(&self, query: &str, variables: Value) -> Answer {
        Answer::of(self.post().json(&json!({ "query": query, "variables": variables }))).await
    }

    /// A POST to `/graphql` with the token, to be filled.
    pub fn post(&self) -> RequestBuilder {
        self.authorized(self.http.post(format!("{}/graphql", self.url)))
    }

    /// A GET with the token of this path and query.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.authorized(self.http.get(format!("{}{path}", self.url)))
    }

    /// A request with the token, to be filled.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.authorized(self.http.request(method, format!("{}{path}", self.url)))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl Answer {
    /// Sends a request and takes everything that comes.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the gateway answers");
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a whole body") }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The code of the first error.
    pub fn code(&self) -> String {
        self.json().pointer("/errors/0/extensions/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}
