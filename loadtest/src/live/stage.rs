//! What each part has before it: a database with components, an issuer in this process, gateways in their own, and a publisher.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use demo::{database, postgres::Cluster};
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use simulator::{Config, Simulator};
use tokio::process::Command;

use super::{
    client::Asking,
    publish::{Publisher, write_catalog},
};
use crate::{
    child::Process,
    client::{Shot, Target},
    gateway::{Gateway, headers},
    place::Place,
    platform::ISSUER_PORT,
    viewer::{Viewer, engineer_claims},
};

const DATABASE: &str = "live";
/// Longest wait for subscriptions to have begun after they were asked for.
const BEGUN_MAX: Duration = Duration::from_secs(120);

/// What all ask. Few fields: with many, more would be measured of their execution, which is once for all.
pub(super) const WATCH: &str = "subscription Watch($filter: EntityFilter, $after: String) {
    entityChanged(filter: $filter, after: $after) {
        __typename
        ... on EntityChange { cursor kind changedFields ref entity { title ownerRef } }
        ... on Gap { fromCursor toCursor reason }
    }
}";

/// Limits that stand in the way of so many subscribers of one principal; and those that a part may look at, as they are by default.
const SETTINGS: [(&str, &str); 6] = [
    ("WEFT_LIVE__SUBSCRIPTIONS_MAX", "20000"),
    ("WEFT_LIVE__SUBSCRIPTIONS_PER_PRINCIPAL_MAX", "20000"),
    ("WEFT_LIVE__BUFFER", "256"),
    ("WEFT_LIVE__PING_INTERVAL", "20s"),
    ("WEFT_SERVER__CONNECTIONS_MAX", "20000"),
    ("WEFT_SERVER__CONNECTIONS_PER_ADDRESS_MAX", "1000"),
];

pub(super) struct Stage {
    issuer: Simulator,
    pub(super) gateways: Vec<Gateway>,
    pub(super) publisher: Publisher,
    pub(super) token: Arc<str>,
    /// With which the gateways were started.
    pub(super) variables: Vec<(String, String)>,
}

impl Stage {
    /// Starts so many gateways, with these variables of the environment besides.
    pub(super) async fn start(
        place: &Place,
        cluster: &Cluster,
        replicas: usize,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let tenant = Viewer::engineer()?.tenant;
        let database_url = import(place, cluster, &tenant).await?;
        let issuer = Simulator::start(Config { issuer_port: ISSUER_PORT, ..Config::default() }).await?;
        let token = issuer.issuer().token(&engineer_claims()?);
        let mut variables = vec![("DATABASE_URL".to_owned(), database_url.clone())];
        let settings = SETTINGS.iter().chain(settings);
        variables.extend(settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut gateways = Vec::new();
        for number in 0..replicas {
            gateways.push(Gateway::start_with(place, &place.config(), &variables, &format!("live-{number}")).await?);
        }
        let publisher = Publisher::connect(&database_url, &tenant).await?;
        Ok(Self { issuer, gateways, publisher, token: token.into(), variables })
    }

    pub(super) fn gateway(&self) -> anyhow::Result<&Gateway> {
        self.gateways.first().context("a gateway")
    }

    /// What a client asks of the first gateway, and of the others in turn where one leaves it: everything after this moment, so that
    /// whatever is published once all have asked comes to each.
    pub(super) async fn asking(&self) -> anyhow::Result<Asking> {
        Ok(Asking {
            addresses: self.gateways.iter().map(|gateway| gateway.address).collect(),
            from: Ipv4Addr::LOCALHOST,
            token: Arc::clone(&self.token),
            query: WATCH,
            variables: json!({ "after": self.cursor().await? }),
            receive_bytes: None,
            keeps: false,
        })
    }

    /// The cursor of now.
    async fn cursor(&self) -> anyhow::Result<String> {
        let mut headers = headers(&self.token, false)?;
        headers.insert(HeaderName::from_static("x-query-cursor"), HeaderValue::from_static("true"));
        let shot = Shot { uri: "/graphql".parse()?, body: json!({ "query": "{ __typename }" }).to_string().into() };
        let answers = Target::new(self.gateway()?.address, headers, vec![shot])?.answers(1).await?;
        let answer: Value = serde_json::from_slice(answers.first().context("no answer")?)?;
        let cursor = answer.pointer("/extensions/cursor").and_then(Value::as_str);
        Ok(cursor.context("the gateway tells no cursor")?.to_owned())
    }

    /// Waits until the first gateway serves so many subscriptions.
    pub(super) async fn begun(&self, count: usize) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        loop {
            let begun = self.gateway()?.gauge("weft_live_up_to_date").await?;
            if begun as usize == count {
                return Ok(());
            }
            ensure!(started.elapsed() < BEGUN_MAX, "{begun} of {count} subscriptions are there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends everything.
    pub(super) async fn stop(self) {
        for gateway in self.gateways {
            gateway.stop().await;
        }
        self.issuer.stop().await;
    }
}

async fn import(place: &Place, cluster: &Cluster, tenant: &str) -> anyhow::Result<String> {
    let admin_url = cluster.url("postgres");
    database::drop(&admin_url, DATABASE).await?;
    database::create(&admin_url, DATABASE).await?;
    let url = cluster.url(DATABASE);
    let file = place.load.join("live.yaml");
    write_catalog(&file)?;
    let weft = |arguments: &[&str]| {
        let mut command = Command::new(place.weft()?);
        command.args(arguments).env("DATABASE_URL", &url);
        Process::start(&mut command, &place.load.join("weft-command.log"))
    };
    weft(&["migrate"])?.finished().await.context("the schema cannot be made")?;
    let path = file.display().to_string();
    let import = weft(&["import", "catalog", "--tenant", tenant, &path])?;
    import.finished().await.context("the components cannot be imported")?;
    Ok(url)
}
