//! A subgraph of a team: incidents of components, over real HTTP, with ways to misbehave.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use async_graphql::{
    Context, EmptySubscription, Enum, ID, InputValueError, InputValueResult, Object, Scalar, ScalarType, Schema,
    SimpleObject,
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use serde_json::{Value, json};

/// What is published of it.
pub const SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])

scalar EntityRef

"A service that a team runs."
type Component @key(fields: "ref") {
  ref: EntityRef!
  "What went wrong with it."
  incidents(open: Boolean): [Incident!]
  "How bad it is right now."
  health: String!
}

"Something that went wrong."
type Incident @key(fields: "id") {
  id: ID!
  title: String!
  severity: Severity!
  component: Component!
}

enum Severity { LOW HIGH }

type Query {
  incident(id: ID!): Incident
  incidents(first: Int = 10): [Incident!]
}

type Mutation {
  resolveIncident(id: ID!): Incident
}
"#;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Good,
    Html,
    Garbage,
    Huge,
    Hang,
    Broken,
    WrongShape,
    WrongType,
    WrongOrder,
    TooFew,
    Missing,
    NullForRequired,
}

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    pub query: String,
    pub variables: Value,
    pub headers: HeaderMap,
}

/// A running subgraph; it ends with the test.
pub struct Service {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    schema: Schema<Query, Mutation, EmptySubscription>,
    calls: Mutex<Vec<Call>>,
    mode: Mutex<Mode>,
    cache_control: Mutex<Option<&'static str>>,
}

impl Service {
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            schema: Schema::build(Query, Mutation, EmptySubscription)
                .enable_federation()
                .data(Resolved::default())
                .finish(),
            calls: Mutex::default(),
            mode: Mutex::new(Mode::Good),
            cache_control: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/graphql", post(answer))
            .route("/mode", put(told_to_behave))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Where a test in another process says how it behaves: `good` or `broken`, by PUT.
    pub fn mode_url(&self) -> String {
        format!("http://{}/mode", self.address)
    }

    pub fn behave(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap() = mode;
    }

    /// What it says of how long its answers may be kept.
    pub fn keep(&self, cache_control: Option<&'static str>) {
        *self.shared.cache_control.lock().unwrap() = cache_control;
    }

    /// The calls since the last time; probes are not among them.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.shared.calls.lock().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn told_to_behave(State(shared): State<Arc<Shared>>, mode: String) -> StatusCode {
    let mode = match mode.as_str() {
        "good" => Mode::Good,
        "broken" => Mode::Broken,
        _ => return StatusCode::BAD_REQUEST,
    };
    *shared.mode.lock().unwrap() = mode;
    StatusCode::NO_CONTENT
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let (query, variables) = (asked["query"].as_str().unwrap().to_owned(), asked["variables"].clone());
    if query == "{ __typename }" {
        return axum::Json(json!({ "data": { "__typename": "Query" } })).into_response();
    }
    shared.calls.lock().unwrap().push(Call { query: query.clone(), variables: variables.clone(), headers });
    let json = |body: String| ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    let mode = *shared.mode.lock().unwrap();
    // A service that does not answer has done nothing either.
    match mode {
        Mode::Html => return ([(header::CONTENT_TYPE, "text/html")], "<h1>Sign in</h1>").into_response(),
        Mode::Garbage => return json("{\"data\":{".to_owned()),
        Mode::Huge => return json(format!("{{\"data\":{{\"x\":\"{}\"}}}}", "x".repeat(10 * 1024 * 1024))),
        Mode::Hang => std::future::pending::<()>().await,
        Mode::Broken => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mode::WrongShape => return json("[1, 2]".to_owned()),
        _ => {}
    }
    let request = async_graphql::Request::new(query).variables(async_graphql::Variables::from_json(variables));
    let mut good = serde_json::to_value(shared.schema.execute(request).await).unwrap();
    match mode {
        Mode::WrongType => each_entity(&mut good, |entity| entity["incidents"] = json!("none")),
        Mode::WrongOrder => entities(&mut good).for_each(|list| list.rotate_left(1)),
        Mode::TooFew => entities(&mut good).for_each(|list| drop(list.pop())),
        Mode::Missing => each_entity(&mut good, |entity| *entity = Value::Null),
        Mode::NullForRequired => each_entity(&mut good, |entity| entity["health"] = Value::Null),
        _ => {}
    }
    let mut answer = json(good.to_string());
    if let Some(control) = *shared.cache_control.lock().unwrap() {
        answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static(control));
    }
    answer
}

/// The lists of entities in an answer; there are several where several sets of them were asked for at once.
fn entities(answer: &mut Value) -> impl Iterator<Item = &mut Vec<Value>> {
    let fields = answer["data"].as_object_mut();
    let lists = fields.into_iter().flatten().filter(|(name, _)| name.starts_with("_e"));
    lists.filter_map(|(_, list)| list.as_array_mut())
}

fn each_entity(answer: &mut Value, change: impl Fn(&mut Value)) {
    entities(answer).flatten().for_each(change);
}

#[derive(Clone)]
struct EntityRef(String);

#[Scalar]
impl ScalarType for EntityRef {
    fn parse(value: async_graphql::Value) -> InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.0.clone())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Severity {
    Low,
    High,
}

#[derive(Clone, SimpleObject)]
struct Incident {
    id: ID,
    title: String,
    severity: Severity,
    component: Component,
}

#[derive(Clone)]
struct Component(EntityRef);

/// Those that were resolved: nothing about them is severe any more.
#[derive(Default)]
struct Resolved(Mutex<HashSet<ID>>);

/// As many incidents as its name has letters, modulo three; the first is severe until it is resolved.
fn incidents_of(context: &Context<'_>, entity_ref: &str) -> Vec<Incident> {
    let resolved = context.data_unchecked::<Resolved>().0.lock().unwrap();
    let count = entity_ref.len() % 3;
    (0..count)
        .map(|number| {
            let id = ID(format!("{entity_ref}#{number}"));
            Incident {
                title: format!("incident {number} of {entity_ref}"),
                severity: if number == 0 && !resolved.contains(&id) { Severity::High } else { Severity::Low },
                component: Component(EntityRef(entity_ref.to_owned())),
                id,
            }
        })
        .collect()
}

#[Object]
impl Component {
    async fn r#ref(&self) -> &EntityRef {
        &self.0
    }

    async fn incidents(&self, context: &Context<'_>, open: Option<bool>) -> Vec<Incident> {
        let mut incidents = incidents_of(context, &self.0.0);
        incidents.retain(|incident| open.is_none_or(|open| (incident.severity == Severity::High) == open));
        incidents
    }

    async fn health(&self, context: &Context<'_>) -> &'static str {
        if incidents_of(context, &self.0.0).is_empty() { "good" } else { "bad" }
    }
}

struct Query;

#[Object]
impl Query {
    #[graphql(entity)]
    async fn component(&self, r#ref: EntityRef) -> Component {
        Component(r#ref)
    }

    #[graphql(entity)]
    async fn incident_by_id(&self, context: &Context<'_>, id: ID) -> Option<Incident> {
        find(context, &id)
    }

    async fn incident(&self, context: &Context<'_>, id: ID) -> async_graphql::Result<Option<Incident>> {
        match id.as_str() {
            "broken" => Err(async_graphql::Error::new("the incident is broken")),
            _ => Ok(find(context, &id)),
        }
    }

    async fn incidents(&self, context: &Context<'_>, #[graphql(default = 10)] first: usize) -> Vec<Incident> {
        incidents_of(context, "component:default/payouts-api").into_iter().take(first).collect()
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn resolve_incident(&self, context: &Context<'_>, id: ID) -> Option<Incident> {
        context.data_unchecked::<Resolved>().0.lock().unwrap().insert(id.clone());
        find(context, &id)
    }
}

fn find(context: &Context<'_>, id: &ID) -> Option<Incident> {
    let (entity_ref, _) = id.split_once('#')?;
    incidents_of(context, entity_ref).into_iter().find(|incident| incident.id == *id)
}
