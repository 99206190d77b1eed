//! Which things are asked for: drawn from the estate in the database, the same ones each time.

use anyhow::{Context, ensure};
use hyper::HeaderMap;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::{client::Target, operation::graphql, viewer::Viewer};

/// Components asked for one by one.
const REFS: i64 = 1_000;
/// Places from which pages and lists are read.
const PLACES: i64 = 100;
/// So many components come after each place at least.
const AFTER_MIN: i64 = 1_001;

const SQL: &str = "select ref from (
        select e.ref, count(*) over () - row_number() over (order by e.ref) as after
        from entity e
        where e.tenant = $1 and e.kind_key = 'component'
            and (not e.is_team_only or e.guardian_ref = any(visible_guardians($1, $2)))
    ) components
    where after >= $3 order by md5(ref) limit $4";

/// The cursor of one component, whatever list it stands in.
const CURSOR: &str =
    "query Cursor($ref: EntityRef!) { components(filter: { ref: [$ref] }, first: 1) { pageInfo { endCursor } } }";

/// What is asked for.
pub(crate) struct Sample {
    pub(crate) refs: Vec<String>,
    /// References to continue after, with their cursors.
    pub(crate) places: Vec<(String, String)>,
}

impl Sample {
    /// Draws from a database, and has the gateway tell the cursors.
    pub(crate) async fn draw(
        database_url: &str,
        viewer: &Viewer,
        gateway: std::net::SocketAddr,
        headers: &HeaderMap,
    ) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(database_url, NoTls).await?;
        tokio::spawn(connection);
        let draw = async |after: i64, count: i64| -> anyhow::Result<Vec<String>> {
            let rows = client.query(SQL, &[&viewer.tenant, &viewer.own_refs, &after, &count]).await?;
            Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
        };
        let refs = draw(0, REFS).await?;
        let after = draw(AFTER_MIN, PLACES).await?;
        ensure!(!refs.is_empty() && !after.is_empty(), "the estate is too small");
        let shots = after.iter().map(|found| graphql(CURSOR, &json!({ "ref": found }))).collect();
        let answers = Target::new(gateway, headers.clone(), shots)?.answers(after.len()).await?;
        let mut places = Vec::new();
        for (found, answer) in after.into_iter().zip(answers) {
            let answer: Value = serde_json::from_slice(&answer)?;
            let cursor = answer.pointer("/data/components/pageInfo/endCursor").and_then(Value::as_str);
            places.push((found, cursor.context("a page has no cursor")?.to_owned()));
        }
        Ok(Self { refs, places })
    }
}
