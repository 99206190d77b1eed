//! What the gateway is compared with, in a process of its own: `bare` answers the same bytes and does nothing else,
//! `direct` reads them from the database by hand-written code.

mod direct;
mod json;

use std::{collections::HashMap, path::Path, sync::Arc};

use anyhow::Context;
use axum::{
    Router,
    extract::{self, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
use bytes::Bytes;

use crate::viewer::Viewer;

/// Serves both until the process ends. `answers` holds a file with the bytes of each operation. The address is the first
/// line on standard output.
pub(crate) async fn serve(database_url: &str, answers: &Path, viewer: Viewer) -> anyhow::Result<()> {
    let mut bytes: HashMap<String, Bytes> = HashMap::new();
    for entry in std::fs::read_dir(answers).with_context(|| format!("{} cannot be read", answers.display()))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        bytes.insert(name, std::fs::read(&path)?.into());
    }
    let direct = direct::Direct::connect(database_url, viewer).await?;
    let router = Router::new()
        .route("/direct/entity", get(direct::entity))
        .route("/direct/page50", get(direct::page50))
        .route("/direct/list1000", get(direct::list1000))
        .with_state(direct)
        .merge(Router::new().route("/bare/{operation}", post(bare)).with_state(Arc::new(bytes)));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it a long answer may wait for an acknowledgement; on loopback it hardly fails.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

/// Reads the request, as the gateway must, and answers.
async fn bare(
    State(answers): State<Arc<HashMap<String, Bytes>>>,
    extract::Path(operation): extract::Path<String>,
    _request: Bytes,
) -> Response {
    match answers.get(&operation) {
        Some(answer) => ([(header::CONTENT_TYPE, "application/json")], answer.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
