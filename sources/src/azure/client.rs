//! The calls to Azure Resource Manager.

use std::collections::BTreeSet;

use reqwest::{RequestBuilder, StatusCode};
use schema::{CloudResourceRecord, SourceKind, TargetedAlertRecord};
use url::Url;

use super::{
    kql::Query,
    token::Tokens,
    wire::{Alert, AlertPage, GraphPage, Row, SubscriptionPage},
};
use crate::{
    SourceError,
    upstream::{Answer, Upstream},
};

/// The version of Resource Graph that is asked for.
pub(super) const GRAPH_VERSION: &str = "2022-10-01";
/// Most pages of one query, 1,000 resources each. A query that needs more fails: its end is not known.
const GRAPH_PAGES_MAX: usize = 100;
/// Most pages of a subscription's alerts, 250 each and the gravest first; what comes after them is left out.
const ALERT_PAGES_MAX: usize = 20;
/// Most pages of subscriptions, about a thousand each.
const SUBSCRIPTION_PAGES_MAX: usize = 20;
/// Says that the client sees more subscriptions than one query covers.
const LIMIT_HIT: &str = "x-ms-tenant-subscription-limit-hit";

/// Azure Resource Manager, and Resource Graph below it.
#[derive(Clone)]
pub(super) struct Client {
    /// Reads, as they are counted.
    arm: Upstream,
    /// The same with queries of Resource Graph, which are counted apart.
    graph: Upstream,
    base_url: Url,
    tokens: Tokens,
}

impl Client {
    pub(super) fn new(arm: Upstream, graph: Upstream, mut base_url: Url, tokens: Tokens) -> Self {
        if !base_url.path().ends_with('/') {
            // Or `join` would replace the last part.
            base_url.set_path(&format!("{}/", base_url.path()));
        }
        Self { arm, graph, base_url, tokens }
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.arm
    }

    /// All resources that the query finds, in no order. What the client may not read is not among them, and nobody says so.
    pub(super) async fn resources(&self, query: &Query) -> Result<Vec<CloudResourceRecord>, SourceError> {
        let url = self.url("providers/Microsoft.ResourceGraph/resources", &format!("api-version={GRAPH_VERSION}"))?;
        let mut records = Vec::new();
        let mut skip_token: Option<String> = None;
        for _ in 0..GRAPH_PAGES_MAX {
            let body = query.body(skip_token.as_deref());
            let ask = |http: &reqwest::Client| http.post(url.clone()).json(&body);
            let answer = self.ask(&self.graph, "resources", ask, &[]).await?;
            if answer.header(LIMIT_HIT).is_some_and(|hit| hit.eq_ignore_ascii_case("true")) {
                return Err(protocol(
                    "it looked in a part of the subscriptions only: list those to read in the configuration",
                ));
            }
            let page: GraphPage = self.decode(&answer)?;
            if page.is_cut() {
                return Err(protocol("it cut its answer short"));
            }
            skip_token = page.next().map(str::to_owned);
            let rows = page.data.ok_or_else(|| protocol("it left out `data`"))?;
            records.extend(rows.into_iter().filter_map(Row::into_record));
            if skip_token.is_none() {
                return Ok(records);
            }
        }
        Err(protocol("a query has more pages than are read"))
    }

    /// The alerts of a subscription that hold; none when there is no such subscription, or the client may not read it.
    pub(super) async fn alerts(&self, subscription: &str) -> Result<Option<Vec<TargetedAlertRecord>>, SourceError> {
        let path = format!("subscriptions/{subscription}/providers/Microsoft.AlertsManagement/alerts");
        // Of the last 30 days, which is all that Azure keeps: it means one day unless told.
        let query =
            "api-version=2019-03-01&monitorCondition=Fired&timeRange=30d&sortBy=severity&sortOrder=asc&pageCount=250";
        let mut url = self.url(&path, query)?;
        let mut records = Vec::new();
        for _ in 0..ALERT_PAGES_MAX {
            let ask = |http: &reqwest::Client| http.get(url.clone());
            let absent = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
            let answer = self.ask(&self.arm, "alerts", ask, &absent).await?;
            if absent.contains(&answer.status) {
                tracing::warn!(subscription, status = %answer.status, "the alerts of a subscription cannot be read");
                return Ok(None);
            }
            let page: AlertPage = self.decode(&answer)?;
            let alerts =
                page.value.ok_or_else(|| SourceError::protocol(SourceKind::Azure, "it left out the alerts"))?;
            records.extend(alerts.into_iter().filter_map(Alert::into_record));
            let Some(link) = page.next_link.filter(|link| !link.is_empty()) else { return Ok(Some(records)) };
            url = next_page(&url, &path, &link)?;
        }
        tracing::warn!(subscription, "a subscription has more alerts than are read: the least grave are left out");
        Ok(Some(records))
    }

    /// The ids of the subscriptions that the client may read, in lower case. Fails unless Resource Manager is there and takes the
    /// token.
    pub(super) async fn subscriptions(&self, call: &'static str) -> Result<BTreeSet<String>, SourceError> {
        let path = "subscriptions";
        let mut url = self.url(path, "api-version=2022-12-01")?;
        let mut ids = BTreeSet::new();
        for _ in 0..SUBSCRIPTION_PAGES_MAX {
            let answer = self.ask(&self.arm, call, |http: &reqwest::Client| http.get(url.clone()), &[]).await?;
            let page: SubscriptionPage = self.decode(&answer)?;
            ids.extend(page.value.iter().flatten().filter_map(|found| Some(found.id()?.to_lowercase())));
            let Some(link) = page.next_link.filter(|link| !link.is_empty()) else { break };
            url = next_page(&url, path, &link)?;
        }
        Ok(ids)
    }

    fn url(&self, path: &str, query: &str) -> Result<Url, SourceError> {
        let mut url = self.base_url.join(path).map_err(|error| SourceError::unavailable(SourceKind::Azure, error))?;
        url.set_query(Some(query));
        Ok(url)
    }

    async fn ask(
        &self,
        upstream: &Upstream,
        call: &'static str,
        make: impl Fn(&reqwest::Client) -> RequestBuilder,
        expected: &[StatusCode],
    ) -> Result<Answer, SourceError> {
        self.tokens.ask(upstream, call, make, expected, None).await
    }

    fn decode<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Result<T, SourceError> {
        let tell = |_: &SourceError| self.arm.health().failed("its answer has a shape we do not know".to_owned());
        answer.json().inspect_err(tell)
    }
}

/// The page that a link leads to. Of the link only its query is taken: where the token goes is ours to say.
pub(super) fn next_page(url: &Url, path: &str, link: &str) -> Result<Url, SourceError> {
    let link = url.join(link).map_err(|error| SourceError::protocol(SourceKind::Azure, error))?;
    let leads_on = link.path().to_lowercase().ends_with(&format!("/{}", path.to_lowercase()));
    if !leads_on || link.query().is_none_or(str::is_empty) {
        return Err(protocol("its next page is another list"));
    }
    let mut next = url.clone();
    next.set_query(link.query());
    Ok(next)
}

fn protocol(message: &'static str) -> SourceError {
    SourceError::protocol(SourceKind::Azure, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_link_leads_nowhere_else() {
        let path = "subscriptions/1/providers/Microsoft.AlertsManagement/alerts";
        let url: Url = format!("https://proxy.example.com/azure/{path}?a=1").parse().unwrap();
        let link = "https://management.azure.com:443/subscriptions/1/providers/microsoft.alertsmanagement/alerts?ctoken=%2bx&a=1";
        assert_eq!(
            next_page(&url, path, link).unwrap().as_str(),
            format!("https://proxy.example.com/azure/{path}?ctoken=%2bx&a=1")
        );
        for link in [
            "https://management.azure.com/subscriptions/2/providers/Microsoft.AlertsManagement/alerts?ctoken=x",
            "https://evil.example.com/?ctoken=x",
            &url.as_str().replace("?a=1", ""),
            "/subscriptions?a=1",
        ] {
            assert!(next_page(&url, path, link).is_err(), "{link} was followed");
        }
    }
}
