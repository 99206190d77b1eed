//! `CostQueries`: what days of a subscription or group have cost, by Azure's Query API: small reads of what no export tells yet. A call
//! asks for days of one month, which Azure counts as one unit of its quota, and each page anew.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use reqwest::StatusCode;
use schema::SourceKind;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use url::Url;

use super::QueryScope;
use crate::{
    SourceError,
    azure::{client::next_page, token::Tokens},
    upstream::Upstream,
};

/// The version of Cost Management that is asked for.
const VERSION: &str = "2023-11-01";

/// Most pages of one question, about a thousand rows each.
const PAGES_MAX: usize = 200;

/// The names that the sum goes by; which of them comes back depends on the kind of agreement.
const COSTS: [&str; 3] = ["cost", "pretaxcost", "totalcost"];

/// The way to Cost Management. Clones share everything.
#[derive(Clone)]
pub struct CostQueries {
    pub(in crate::azure) upstream: Upstream,
    pub(in crate::azure) tokens: Tokens,
    pub(in crate::azure) arm_url: Url,
}

/// What a resource cost on a day, by service and currency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CostOf {
    /// The day.
    pub day: NaiveDate,
    /// The id of the resource; empty where there is none.
    pub resource: String,
    /// The service.
    pub service: String,
    /// The currency.
    pub currency: String,
}

/// Both views of a cost, as decimals, each as Azure wrote it. What one of them leaves out is nothing there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BothCosts {
    /// As invoiced.
    pub billed: Vec<String>,
    /// With reservations and savings plans spread over those who use them.
    pub effective: Vec<String>,
}

impl CostQueries {
    /// What these days cost, both ends included, in one month.
    pub async fn daily(
        &self,
        scope: &QueryScope,
        (from, to): (NaiveDate, NaiveDate),
    ) -> Result<BTreeMap<CostOf, BothCosts>, SourceError> {
        let mut costs: BTreeMap<CostOf, BothCosts> = BTreeMap::new();
        for (of, cost) in self.view(scope, "ActualCost", from, to).await? {
            costs.entry(of).or_default().billed.push(cost);
        }
        for (of, cost) in self.view(scope, "AmortizedCost", from, to).await? {
            costs.entry(of).or_default().effective.push(cost);
        }
        Ok(costs)
    }

    async fn view(
        &self,
        scope: &QueryScope,
        view: &'static str,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(CostOf, String)>, SourceError> {
        let path = format!("{}/providers/Microsoft.CostManagement/query", scope.path().trim_start_matches('/'));
        let mut base = self.arm_url.clone();
        if !base.path().ends_with('/') {
            // Or `join` would replace the last part.
            base.set_path(&format!("{}/", base.path()));
        }
        let mut url = base.join(&path).map_err(|error| SourceError::unavailable(SourceKind::Azure, error))?;
        url.set_query(Some(&format!("api-version={VERSION}")));
        let dimension = |name: &str| json!({ "type": "Dimension", "name": name });
        let body = json!({
            "type": view,
            "timeframe": "Custom",
            "timePeriod": { "from": format!("{from}T00:00:00Z"), "to": format!("{to}T23:59:59Z") },
            "dataset": {
                "granularity": "Daily",
                "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
                "grouping": [dimension("ResourceId"), dimension("ServiceName")],
            },
        });
        let mut rows = Vec::new();
        for _ in 0..PAGES_MAX {
            let ask = |http: &reqwest::Client| http.post(url.clone()).json(&body);
            // Of one scope: no reason to leave the others alone.
            let absent = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
            let answer = self.tokens.ask(&self.upstream, "cost_query", ask, &absent, None).await?;
            if absent.contains(&answer.status) {
                return Err(protocol("there is no such scope, or the client may not read what it costs"));
            }
            if answer.status == StatusCode::NO_CONTENT {
                return Ok(rows);
            }
            let Page { properties } = answer.json()?;
            let columns = Columns::of(&properties.columns)?;
            for row in &properties.rows {
                let (of, cost) = columns.read(row)?;
                if of.day < from || of.day > to {
                    return Err(protocol("it tells days that were not asked for"));
                }
                rows.push((of, cost));
            }
            let Some(link) = properties.next_link.filter(|link| !link.is_empty()) else { return Ok(rows) };
            url = next_page(&url, &path, &link)?;
        }
        Err(protocol("a question has more pages than are read"))
    }
}

#[derive(Deserialize)]
struct Page {
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    next_link: Option<String>,
    columns: Vec<Column>,
    /// As they are written: an amount is a decimal, and no floating number on its way.
    rows: Vec<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

/// Where what stands: the order depends on the question.
struct Columns {
    cost: usize,
    day: usize,
    resource: usize,
    service: usize,
    currency: usize,
}

impl Columns {
    fn of(columns: &[Column]) -> Result<Self, SourceError> {
        let at = |wanted: &str| columns.iter().position(|column| column.name.eq_ignore_ascii_case(wanted));
        let must = |wanted: &'static str| {
            at(wanted)
                .ok_or_else(|| SourceError::protocol(SourceKind::Azure, format!("it left out the column `{wanted}`")))
        };
        let cost =
            COSTS.iter().find_map(|name| at(name)).ok_or_else(|| protocol("it left out the column of the cost"))?;
        let (resource, service) = (must("ResourceId")?, must("ServiceName")?);
        Ok(Self { cost, day: must("UsageDate")?, resource, service, currency: must("Currency")? })
    }

    fn read(&self, row: &[Box<RawValue>]) -> Result<(CostOf, String), SourceError> {
        let cell = |at: usize| row.get(at).map(|cell| cell.get()).ok_or_else(|| protocol("a row is too short"));
        let text = |at: usize| {
            let text: Option<String> = serde_json::from_str(cell(at)?).map_err(|_| protocol("a name is no text"))?;
            Ok::<_, SourceError>(text.unwrap_or_default())
        };
        let cost = cell(self.cost)?;
        if !cost.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Err(protocol("a cost is no number"));
        }
        let day = day(cell(self.day)?).ok_or_else(|| protocol("a day is no date"))?;
        let (resource, service, currency) = (text(self.resource)?, text(self.service)?, text(self.currency)?);
        Ok((CostOf { day, resource, service, currency }, cost.to_owned()))
    }
}

/// The number `20240131`, or a text that begins with a date.
fn day(cell: &str) -> Option<NaiveDate> {
    let text = cell.trim_matches('"');
    NaiveDate::parse_from_str(text, "%Y%m%d").ok().or_else(|| text.get(..10)?.parse().ok())
}

fn protocol(message: &'static str) -> SourceError {
    SourceError::protocol(SourceKind::Azure, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(CostOf, String)>, SourceError> {
        let page: Page = serde_json::from_str(text).unwrap();
        let columns = Columns::of(&page.properties.columns)?;
        page.properties.rows.iter().map(|row| columns.read(row)).collect()
    }

    #[test]
    fn columns_are_found_by_name_and_amounts_are_not_touched() {
        let rows = read(
            r#"{ "properties": { "nextLink": null, "rows": [["EUR", "/subscriptions/1", 20260301, 0.10000000000000000001, null]],
            "columns": [{ "name": "Currency", "type": "String" }, { "name": "ResourceId" }, { "name": "UsageDate" },
            { "name": "PreTaxCost", "type": "Number" }, { "name": "ServiceName" }] } }"#,
        )
        .unwrap();
        assert_eq!(rows[0].1, "0.10000000000000000001");
        let of = &rows[0].0;
        assert_eq!((of.day.to_string().as_str(), of.currency.as_str(), of.service.as_str()), ("2026-03-01", "EUR", ""));
    }

    #[test]
    fn what_is_left_out_or_odd_is_told() {
        let columns = r#"[{ "name": "Cost" }, { "name": "UsageDate" }, { "name": "ResourceId" }, { "name": "ServiceName" }, { "name": "Currency" }]"#;
        let with = |row: &str| read(&format!(r#"{{ "properties": {{ "columns": {columns}, "rows": [{row}] }} }}"#));
        assert!(with(r#"[1E-05, "2026-03-01T00:00:00", "", "x", "EUR"]"#).is_ok());
        for row in [
            r#"["1", 20260301, "", "x", "EUR"]"#,
            r#"[1, 20261301, "", "x", "EUR"]"#,
            r#"[1, 20260301, 7, "x", "EUR"]"#,
            r#"[1, 20260301, "", "x"]"#,
        ] {
            assert!(with(row).is_err(), "{row} was read");
        }
        assert!(read(r#"{ "properties": { "columns": [{ "name": "Cost" }], "rows": [] } }"#).is_err());
    }
}
