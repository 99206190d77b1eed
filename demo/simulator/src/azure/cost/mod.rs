//! Cost Management's queries, as far as they are asked for: two views of the costs of a subscription or group by day, in pages, against a
//! quota of query units that all callers of the tenant share.
//!
//! `request` is what may be asked, `answer` the pages, `quota` the units.

mod answer;
mod quota;
mod request;

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use axum::{body::Bytes, http::StatusCode, response::Response};
use chrono::NaiveDate;

use super::{
    Azure,
    call::Call,
    error::{bad_request, refuse},
    params::Params,
};
pub use quota::QpuLimit;
use quota::Units;
use request::Request;

/// Rows of a page, unless a test asks for fewer.
const PAGE_MAX: usize = 1_000;

/// What a resource cost on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostLine {
    /// The day.
    pub day: NaiveDate,
    /// The id of the resource.
    pub resource: String,
    /// The service.
    pub service: String,
    /// The currency.
    pub currency: String,
    /// As invoiced, a decimal; none: this view does not have it.
    pub actual: Option<String>,
    /// Amortized.
    pub amortized: Option<String>,
}

/// All costs.
pub(super) struct Costs {
    /// By subscription in lower case.
    lines: BTreeMap<String, Vec<CostLine>>,
    page_max: usize,
    units: Units,
    /// The name under which the sum comes back.
    column: String,
}

impl Default for Costs {
    fn default() -> Self {
        Self { lines: BTreeMap::new(), page_max: PAGE_MAX, units: Units::default(), column: "Cost".to_owned() }
    }
}

impl Azure {
    /// What a subscription cost from now on; whatever it was before. Others may not be read.
    pub fn set_costs(&self, subscription_id: &str, lines: Vec<CostLine>) {
        self.costs().lines.insert(subscription_id.to_lowercase(), lines);
    }

    /// Pages of answers have so many rows at most.
    pub fn set_cost_page_max(&self, rows: usize) {
        self.costs().page_max = rows.max(1);
    }

    /// The sum comes back under this name, as for older agreements.
    pub fn set_cost_column(&self, name: &str) {
        self.costs().column = name.to_owned();
    }

    /// These limits count in place of the documented ones.
    pub fn set_qpu_limits(&self, limits: Vec<QpuLimit>) {
        self.costs().units = Units::of(limits);
    }

    fn costs(&self) -> MutexGuard<'_, Costs> {
        self.0.costs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `scope` in lower case, as the path has it.
pub(super) fn endpoint(
    azure: &Azure,
    call: &Call,
    scope: &[&str],
    params: &Params,
    body: &Bytes,
) -> Result<Response, Box<Response>> {
    let (subscription, group) = match scope {
        ["subscriptions", subscription] => (*subscription, None),
        ["subscriptions", subscription, "resourcegroups", group] => (*subscription, Some(*group)),
        _ => return Err(Box::new(bad_request("BadRequest", "Only subscriptions and groups are served here."))),
    };
    let request = Request::read(body).map_err(|message| Box::new(bad_request("BadRequest", &message)))?;
    let mut costs = azure.costs();
    let spent = costs.units.take(request.units(), azure.now());
    if let Err(waits) = spent {
        let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "429", "Too many requests. Please retry.");
        quota::mark_refusal(&mut response, waits);
        return Err(Box::new(response));
    }
    if !costs.lines.contains_key(subscription) {
        let message = "The client does not have authorization to perform action 'Microsoft.CostManagement/query/read'.";
        return Err(Box::new(refuse(StatusCode::FORBIDDEN, "AuthorizationFailed", message)));
    }
    let page = answer::page(&costs, call, &request, subscription, group, params)?;
    Ok(costs.units.mark(page, request.units()))
}
