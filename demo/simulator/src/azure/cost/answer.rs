//! Pages of rows. The order of the columns follows the question; a date is a number; the currency is there without being asked for.

use std::collections::BTreeMap;

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    super::{call::Call, error, ids::guid, page::place, params::Params},
    CostLine, Costs, Request,
};

pub(super) fn page(
    costs: &Costs,
    call: &Call,
    request: &Request,
    subscription: &str,
    group: Option<&str>,
    params: &Params,
) -> Result<Response, Box<Response>> {
    let place = place(params, "$skiptoken")?.map_or(0, |place| place.offset);
    let lines = costs.lines.get(subscription).map(Vec::as_slice).unwrap_or_default();
    // Amounts are not added up here: a test that has two lines of one kind means two rows.
    let mut rows: BTreeMap<(NaiveDate, Vec<String>, String, usize), String> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let is_within = group.is_none_or(|group| group_of(line).eq_ignore_ascii_case(group));
        let cost = if request.is_amortized { &line.amortized } else { &line.actual };
        let (true, true, Some(cost)) = (is_within, (request.from..=request.to).contains(&line.day), cost) else {
            continue;
        };
        let groups = request.grouping.iter().map(|name| dimension(line, name)).collect();
        rows.insert((line.day, groups, line.currency.clone(), at), cost.clone());
    }
    if rows.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let all: Vec<Value> = rows
        .into_iter()
        .map(|((day, groups, currency, _), cost)| {
            let cost: Value = serde_json::from_str(&cost).unwrap_or(Value::Null);
            let number: u64 = day.format("%Y%m%d").to_string().parse().unwrap_or_default();
            let groups = groups.into_iter().map(Value::from);
            [cost, json!(number)].into_iter().chain(groups).chain([json!(currency)]).collect()
        })
        .collect();
    let rest = all.get(place..).unwrap_or_default();
    let has_more = rest.len() > costs.page_max;
    let column = |name: &str, kind: &str| json!({ "name": name, "type": kind });
    let groups = request.grouping.iter().map(|name| column(name, "String"));
    let columns: Vec<Value> = [column(&costs.column, "Number"), column("UsageDate", "Number")]
        .into_iter()
        .chain(groups)
        .chain([column("Currency", "String")])
        .collect();
    let name = guid(&format!("{subscription} query"));
    let mut properties = json!({ "columns": columns, "rows": rest.iter().take(costs.page_max).collect::<Vec<_>>() });
    if let (true, Some(properties)) = (has_more, properties.as_object_mut()) {
        let link = super::super::page::next_link(call, "$skiptoken", place + costs.page_max);
        properties.insert("nextLink".to_owned(), json!(link));
    }
    Ok(error::ok(&json!({
        "id": format!("subscriptions/{subscription}/providers/Microsoft.CostManagement/query/{name}"),
        "name": name,
        "type": "Microsoft.CostManagement/query",
        "properties": properties,
    })))
}

fn dimension(line: &CostLine, name: &str) -> String {
    match name {
        "ResourceId" => line.resource.to_lowercase(),
        "ServiceName" => line.service.clone(),
        _ => group_of(line),
    }
}

/// The name of the group that the resource lies in.
fn group_of(line: &CostLine) -> String {
    let lower = line.resource.to_lowercase();
    let group = lower.split_once("/resourcegroups/").and_then(|(_, rest)| rest.split('/').next());
    group.unwrap_or_default().to_owned()
}
