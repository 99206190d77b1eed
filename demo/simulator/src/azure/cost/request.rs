//! What a query asks. What the real one refuses is refused; what it cuts without a word is cut.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use serde::Deserialize;

/// Days that a daily answer has at most: the rest is left out.
const DAYS_MAX: u64 = 31;

/// A query that can be answered.
pub(super) struct Request {
    pub(super) is_amortized: bool,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    /// The dimensions that it groups by.
    pub(super) grouping: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    r#type: String,
    timeframe: String,
    time_period: Option<Period>,
    dataset: Dataset,
}

#[derive(Deserialize)]
struct Period {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dataset {
    granularity: String,
    aggregation: std::collections::BTreeMap<String, Aggregation>,
    #[serde(default)]
    grouping: Vec<Grouping>,
}

#[derive(Deserialize)]
struct Aggregation {
    name: String,
    function: String,
}

#[derive(Deserialize)]
struct Grouping {
    r#type: String,
    name: String,
}

impl Request {
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let body: Body = serde_json::from_slice(body).map_err(|error| format!("Invalid query definition: {error}"))?;
        let is_amortized = match body.r#type.as_str() {
            "ActualCost" => false,
            "AmortizedCost" => true,
            other => return Err(format!("Invalid query definition: type '{other}' is not served here.")),
        };
        let period = body.time_period.filter(|_| body.timeframe == "Custom");
        let period = period.ok_or("Invalid query definition: timePeriod is needed for a custom timeframe.")?;
        if body.dataset.granularity != "Daily" {
            return Err("Invalid query definition: only the granularity Daily is served here.".to_owned());
        }
        let sums = &body.dataset.aggregation;
        let is_sum = |sum: &Aggregation| sum.function == "Sum" && ["Cost", "PreTaxCost"].contains(&sum.name.as_str());
        if sums.len() != 1 || !sums.values().all(is_sum) {
            return Err("Invalid query definition: aggregation must be one Sum of Cost or PreTaxCost.".to_owned());
        }
        let grouping = body.dataset.grouping;
        if grouping.len() > 2 {
            return Err("Invalid query definition: at most 2 grouping clauses are allowed.".to_owned());
        }
        if let Some(odd) = grouping.iter().find(|group| {
            group.r#type != "Dimension" || !["ResourceId", "ServiceName", "ResourceGroupName"].contains(&&*group.name)
        }) {
            return Err(format!("Invalid query definition: grouping by '{}' is not served here.", odd.name));
        }
        let (from, to) = (period.from.date_naive(), period.to.date_naive());
        if to < from {
            return Err("Invalid query definition: the time period ends before it begins.".to_owned());
        }
        let to = from.checked_add_days(Days::new(DAYS_MAX - 1)).map_or(to, |last| last.min(to));
        Ok(Self { is_amortized, from, to, grouping: grouping.into_iter().map(|group| group.name).collect() })
    }

    /// What it costs: one for each month.
    pub(super) fn units(&self) -> u32 {
        let month = |day: NaiveDate| day.year() * 12 + i32::try_from(day.month0()).unwrap_or(0);
        u32::try_from(month(self.to) - month(self.from) + 1).unwrap_or(1)
    }
}
