//! A subgraph whose events a test brings about, over `graphql-transport-ws`.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::HeaderMap,
    response::Response,
    routing::get,
};
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// What is published of it.
pub const SDL: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])

scalar EntityRef

type Component @key(fields: "ref") {
  ref: EntityRef!
}

"Something that is going wrong."
type Alarm @key(fields: "id") {
  id: ID!
  text: String!
  component: Component
}

type Query {
  alarms: [Alarm!]
}

type Subscription {
  "Tells of each alarm as it is raised."
  alarmRaised(loud: Boolean = true): Alarm!
}
"#;

/// What a subscriber came with.
#[derive(Debug, Clone)]
pub struct Begun {
    pub headers: HeaderMap,
    pub init: Value,
    pub asked: Value,
}

/// A running subgraph; it ends with the test.
pub struct Raising {
    url: String,
    says: broadcast::Sender<Option<Value>>,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    begun: Mutex<Vec<Begun>>,
    says: broadcast::Sender<Option<Value>>,
}

impl Raising {
    pub async fn start() -> Self {
        let (says, _) = broadcast::channel(64);
        let shared = Arc::new(Shared { begun: Mutex::default(), says: says.clone() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/graphql", listener.local_addr().unwrap());
        let probed = async || axum::Json(json!({ "data": { "__typename": "Query" } }));
        let router = Router::new().route("/graphql", get(opened).post(probed)).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, says, shared, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says something to all subscribers; nothing: their connections are cut.
    pub fn say(&self, message: Option<Value>) {
        self.says.send(message).unwrap();
    }

    /// An event with this alarm.
    pub fn raise(&self, alarm: Value) {
        self.say(Some(json!({ "type": "next", "id": "1", "payload": { "data": { "alarmRaised": alarm } } })));
    }

    /// Who is subscribed.
    pub fn listeners(&self) -> usize {
        self.says.receiver_count()
    }

    pub fn begun(&self) -> Vec<Begun> {
        self.shared.begun.lock().unwrap().clone()
    }
}

impl Drop for Raising {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn opened(State(shared): State<Arc<Shared>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]);
    upgrade.on_upgrade(async move |socket| {
        converse(&shared, headers, socket).await;
    })
}

/// None: the other side is gone.
async fn converse(shared: &Shared, headers: HeaderMap, mut socket: WebSocket) -> Option<()> {
    let init = heard(&mut socket).await?;
    say(&mut socket, &json!({ "type": "connection_ack" })).await?;
    // As servers do that want to know whether anybody is there.
    say(&mut socket, &json!({ "type": "ping" })).await?;
    let asked = loop {
        let message = heard(&mut socket).await?;
        if message["type"] == "subscribe" {
            break message["payload"].clone();
        }
    };
    let mut says = shared.says.subscribe();
    shared.begun.lock().unwrap().push(Begun { headers, init, asked });
    loop {
        tokio::select! {
            message = says.recv() => say(&mut socket, &message.ok()??).await?,
            heard = socket.recv() => drop(heard?.ok()?),
        }
    }
}

async fn heard(socket: &mut WebSocket) -> Option<Value> {
    match socket.recv().await?.ok()? {
        Message::Text(text) => serde_json::from_str(text.as_str()).ok(),
        _ => None,
    }
}

async fn say(socket: &mut WebSocket, message: &Value) -> Option<()> {
    socket.send(Message::Text(message.to_string().into())).await.ok()
}
