//! The ceiling `direct`: what a careful programmer would write by hand for three operations. Prepared statements, binary
//! rows, bytes written straight from them; the predicate of visibility as the gateway has it; no authentication, no GraphQL.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio_postgres::{Client, NoTls, Row, Statement};

use super::json::{push_object, push_text};
use crate::viewer::Viewer;

/// Connections for lists: as many at once as there is anything to gain from. Single entities share one more: Postgres works
/// off what arrives there together without a pause, which is faster than spreading such short statements.
const LIST_CONNECTIONS: usize = 4;
const SCALARS: [&str; 10] =
    ["ref", "name", "title", "description", "type", "lifecycle", "ownerRef", "systemRef", "createdAt", "updatedAt"];

/// A connection with a statement of each sort.
struct Session {
    client: Client,
    entity: Statement,
    page50: Statement,
    list1000: Statement,
}

/// The small pool.
pub(super) struct Direct {
    for_entities: Session,
    for_lists: Vec<Session>,
    next: AtomicUsize,
    viewer: Viewer,
}

impl Session {
    async fn open(database_url: &str) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self {
            entity: client.prepare(include_str!("../../queries/entity.sql")).await?,
            page50: client.prepare(include_str!("../../queries/page50.sql")).await?,
            list1000: client.prepare(include_str!("../../queries/list1000.sql")).await?,
            client,
        })
    }
}

impl Direct {
    pub(super) async fn connect(database_url: &str, viewer: Viewer) -> anyhow::Result<Arc<Self>> {
        let for_entities = Session::open(database_url).await?;
        let mut for_lists = Vec::new();
        for _ in 0..LIST_CONNECTIONS {
            for_lists.push(Session::open(database_url).await?);
        }
        Ok(Arc::new(Self { for_entities, for_lists, next: AtomicUsize::new(0), viewer }))
    }

    /// The next session for a list, each in turn.
    fn for_list(&self) -> &Session {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % LIST_CONNECTIONS;
        self.for_lists.get(place).unwrap_or(&self.for_entities)
    }

    async fn rows(
        &self,
        session: &Session,
        statement: &Statement,
        argument: Option<String>,
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let argument = argument.unwrap_or_default();
        session.client.query(statement, &[&self.viewer.tenant, &self.viewer.own_refs, &argument]).await
    }
}

/// The query is the reference.
pub(super) async fn entity(State(direct): State<Arc<Direct>>, RawQuery(query): RawQuery) -> Response {
    let session = &direct.for_entities;
    answer(direct.rows(session, &session.entity, query).await, |out, rows| {
        out.extend_from_slice(b"{\"data\":{\"component\":");
        match rows.first() {
            Some(row) => push_object(out, row, 0, &SCALARS)?,
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b"}}");
        Ok(())
    })
}

/// The query is the reference after which the page begins.
pub(super) async fn page50(State(direct): State<Arc<Direct>>, RawQuery(query): RawQuery) -> Response {
    let session = direct.for_list();
    answer(direct.rows(session, &session.page50, query).await, |out, rows| {
        push_nodes(out, rows, |out, row| {
            out.extend_from_slice(b"{\"ref\":");
            push_text(out, row.try_get(0)?);
            out.extend_from_slice(b",\"title\":");
            push_text(out, row.try_get(1)?);
            for (name, first) in [(",\"owner\":", 2), (",\"system\":", 4)] {
                out.extend_from_slice(name.as_bytes());
                match row.try_get::<_, Option<&str>>(first)? {
                    Some(_) => push_object(out, row, first, &["name", "title"])?,
                    None => out.extend_from_slice(b"null"),
                }
            }
            out.push(b'}');
            Ok(())
        })
    })
}

/// The query is the reference after which the list begins.
pub(super) async fn list1000(State(direct): State<Arc<Direct>>, RawQuery(query): RawQuery) -> Response {
    let session = direct.for_list();
    answer(direct.rows(session, &session.list1000, query).await, |out, rows| {
        push_nodes(out, rows, |out, row| push_object(out, row, 0, &SCALARS))
    })
}

fn push_nodes(
    out: &mut Vec<u8>,
    rows: &[Row],
    push: impl Fn(&mut Vec<u8>, &Row) -> Result<(), tokio_postgres::Error>,
) -> Result<(), tokio_postgres::Error> {
    out.extend_from_slice(b"{\"data\":{\"components\":{\"nodes\":[");
    for (place, row) in rows.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        push(out, row)?;
    }
    out.extend_from_slice(b"]}}}");
    Ok(())
}

fn answer(
    rows: Result<Vec<Row>, tokio_postgres::Error>,
    write: impl FnOnce(&mut Vec<u8>, &[Row]) -> Result<(), tokio_postgres::Error>,
) -> Response {
    let written = rows.and_then(|rows| {
        let mut out = Vec::with_capacity(512 + rows.len() * 400);
        write(&mut out, &rows).map(|()| out)
    });
    match written {
        Ok(out) => ([(header::CONTENT_TYPE, "application/json")], out).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
