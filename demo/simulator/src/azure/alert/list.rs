//! The alerts of a scope, filtered, sorted and paged as `Microsoft.AlertsManagement` does it.

use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::{
    Alert, KEPT, alerts,
    body::{SEVERITIES, describe, essentials, severity_of},
};
use crate::azure::{
    Azure, Limits, World,
    call::Call,
    error::{bad_request, not_found, ok},
    page::{Place, page, place},
    params::Params,
    rest::no_group,
    time::instant,
};

const PAGE_TOKEN: &str = "ctoken";
const SORTS: [&str; 10] = [
    "name",
    "severity",
    "alertState",
    "monitorCondition",
    "targetResource",
    "targetResourceName",
    "targetResourceGroup",
    "targetResourceType",
    "startDateTime",
    "lastModifiedDateTime",
];

pub(in crate::azure) fn list(
    azure: &Azure,
    call: &Call,
    params: &Params,
    scope: &[&str],
) -> Result<Response, Box<Response>> {
    let (world, sent) = (azure.world(), place(params, PAGE_TOKEN)?);
    // Later pages are of the list as it stood when the first one was read: alerts come and go in between.
    let start = Place { offset: 0, as_of: azure.now().timestamp_millis() };
    let place = sent.unwrap_or(start);
    // A token names an instant within what is kept, unless somebody made it up.
    let is_kept = |at: &DateTime<Utc>| (azure.now() - KEPT..=azure.now()).contains(at);
    let now = DateTime::from_timestamp_millis(place.as_of).filter(is_kept).unwrap_or_else(|| azure.now());
    let (since, until) = range(params, now)?;
    let with_context = params.get("includeContext") == Some("true");
    let size = size(params, &world.limits, with_context)?;
    let condition = params.one_of("monitorCondition", &["Fired", "Resolved"])?;
    let state = params.one_of("alertState", &["New", "Acknowledged", "Closed"])?;
    let severity = params.one_of("severity", &SEVERITIES)?;
    let sort = params.one_of("sortBy", &SORTS)?.unwrap_or("lastModifiedDateTime");
    let by_default = if sort.ends_with("DateTime") { "desc" } else { "asc" };
    let is_falling = params.one_of("sortOrder", &["asc", "desc"])?.unwrap_or(by_default) == "desc";
    let same = |name: &str, actual: &str| params.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(actual));
    let is_wanted = |alert: &Alert<'_>| {
        alert.started_at <= until
            && condition.is_none_or(|wanted| wanted == alert.condition())
            && state.is_none_or(|wanted| wanted == alert.state)
            && severity.is_none_or(|wanted| wanted == severity_of(alert))
            && same("targetResource", &alert.target_id)
            && same("targetResourceType", &alert.target_type)
            && same("targetResourceGroup", &alert.group.name)
            && same("monitorService", &alert.rule.monitor_service)
            && same("alertRule", &alert.rule.name)
    };
    let mut found: Vec<_> = in_scope(&world, scope, since, now)?.into_iter().filter(is_wanted).collect();
    found.sort_by_cached_key(|alert| (sort_key(alert, sort), alert.guid.clone()));
    if is_falling {
        found.reverse();
    }
    let select = params.get("select");
    Ok(ok(&page(call, PAGE_TOKEN, &place, size, &found, |alert| describe(alert, with_context, select))))
}

pub(in crate::azure) fn one(azure: &Azure, scope: &[&str], id: &str) -> Result<Response, Box<Response>> {
    let (world, now) = (azure.world(), azure.now());
    let all = in_scope(&world, scope, now - KEPT, now)?;
    let found = all.iter().find(|alert| alert.guid == id).map(|alert| ok(&describe(alert, true, None)));
    found.ok_or_else(|| Box::new(not_found("NotFound", &format!("The alert '{id}' could not be found."))))
}

/// The alerts on what lies in `scope`, which is a subscription, a group, or a resource.
fn in_scope<'a>(
    world: &'a World,
    scope: &[&str],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Alert<'a>>, Box<Response>> {
    let prefix = format!("/{}/", scope.join("/"));
    match scope {
        ["subscriptions", subscription, "resourcegroups", name, ..] if world.group(subscription, name).is_none() => {
            Err(Box::new(no_group(name)))
        }
        ["subscriptions", subscription, ..] => {
            let all = world.groups_of(subscription).flat_map(|group| alerts(group, since, now));
            Ok(all.filter(|alert| format!("{}/", alert.target_id).starts_with(&prefix)).collect())
        }
        _ => {
            let message = format!("The scope '{prefix}' is not supported.");
            Err(Box::new(bad_request("BadRequest", &message)))
        }
    }
}

fn range(params: &Params, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Box<Response>> {
    let named = params.one_of("timeRange", &["1h", "1d", "7d", "30d"])?;
    let Some(custom) = params.get("customTimeRange") else {
        let span = match named {
            Some("1h") => TimeDelta::hours(1),
            Some("7d") => TimeDelta::days(7),
            Some("30d") => TimeDelta::days(30),
            _ => TimeDelta::days(1),
        };
        return Ok((now - span, now));
    };
    let refused = |why: &str| Box::new(bad_request("BadRequest", &format!("customTimeRange '{custom}' {why}")));
    if named.is_some() {
        return Err(refused("cannot be used together with timeRange."));
    }
    let (from, to) = custom.split_once('/').ok_or_else(|| refused("is not <start-time>/<end-time>."))?;
    let instant = |text: &str| text.trim().parse::<DateTime<Utc>>().map_err(|_| refused("has no ISO 8601 times."));
    let (from, to) = (instant(from)?, instant(to)?);
    if from > to || from < now - KEPT {
        return Err(refused("must lie within 30 days."));
    }
    // Both ends belong to it, and what is asked of the rules is what came after an instant.
    Ok((from - TimeDelta::nanoseconds(1), to))
}

fn size(params: &Params, limits: &Limits, with_context: bool) -> Result<u32, Box<Response>> {
    // Contexts are large; ten times fewer fit.
    let max = if with_context { limits.alerts_page_max.min(25) } else { limits.alerts_page_max };
    match params.positive("pageCount")? {
        Some(size) if size > max => {
            Err(Box::new(bad_request("BadRequest", &format!("pageCount must be between 1 and {max}."))))
        }
        sent => Ok(sent.unwrap_or(limits.alerts_page_default).min(max)),
    }
}

fn sort_key(alert: &Alert<'_>, sort: &str) -> String {
    match sort {
        "name" => alert.rule.name.clone(),
        "startDateTime" => instant(alert.started_at),
        "lastModifiedDateTime" => instant(alert.modified_at),
        field => essentials(alert).get(field).and_then(Value::as_str).unwrap_or_default().to_owned(),
    }
}
