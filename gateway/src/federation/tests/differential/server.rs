//! The HTTP server of the services. Each question tells over which world it is answered, and how the answer fails.

use std::io;

use apollo_compiler::response::JsonMap;
use axum::{
    Json, Router,
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderName, StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use serde::Deserialize;
use tokio::net::TcpListener;

use super::{services, world::World};

/// The header that tells of the world: its seed, whether it has faults, and the number of the failure.
pub static WORLD: HeaderName = HeaderName::from_static("x-world");

/// How a service does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failing {
    /// 503.
    Status,
    /// 200 with a page.
    Html,
    /// 200 with the first half of the answer, as if it were all.
    CutJson,
    /// 200 with a list.
    WrongShape,
    /// The connection breaks within the answer.
    Break,
}

/// All ways.
pub const FAILINGS: [Failing; 5] =
    [Failing::Status, Failing::Html, Failing::CutJson, Failing::WrongShape, Failing::Break];

impl Failing {
    /// The one of this number.
    pub fn of(number: u64) -> Self {
        FAILINGS[usize::try_from(number % FAILINGS.len() as u64).unwrap()]
    }

    /// The code that clients are told.
    pub fn code(self) -> &'static str {
        match self {
            Self::Status | Self::Break => "UPSTREAM_UNAVAILABLE",
            Self::Html | Self::CutJson | Self::WrongShape => "UPSTREAM_ERROR",
        }
    }
}

/// What [`WORLD`] says.
pub fn header(world: &World, failing: Option<Failing>) -> String {
    let failing = failing.and_then(|failing| FAILINGS.iter().position(|one| *one == failing));
    serde_json::to_string(&(world.seed, world.has_faults, failing)).unwrap()
}

#[derive(Deserialize)]
struct Question {
    query: String,
    variables: JsonMap,
}

/// Begins to serve each service below its name; the address of all.
pub async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/{service}", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn answer(Path(service): Path<String>, headers: HeaderMap, Json(question): Json<Question>) -> Response {
    let (seed, has_faults, failing): (u64, bool, Option<usize>) =
        serde_json::from_slice(headers[&WORLD].as_bytes()).unwrap();
    let body = services::answer(&service, &World { seed, has_faults }, &question.query, &question.variables);
    let json = |body: Vec<u8>| ([(CONTENT_TYPE, "application/json")], body).into_response();
    let half = || body[..body.len() / 2].to_vec();
    match failing.map(|at| FAILINGS[at]) {
        None => json(body),
        Some(Failing::Status) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Failing::Html) => Html("<h1>Sign in</h1>").into_response(),
        Some(Failing::CutJson) => json(half()),
        Some(Failing::WrongShape) => json([b"[", body.as_slice(), b"]"].concat()),
        Some(Failing::Break) => {
            let parts = [Ok(Bytes::from(half())), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
            let body = Body::from_stream(futures::stream::iter(parts));
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
    }
}
