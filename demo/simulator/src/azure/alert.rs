//! Alerts as a pure function of rule and time.
//!
//! Nothing is stored and nothing ticks: a rule fires every `every`, and the age of each alert decides whether it has
//! resolved and what somebody has done about it since. Alerts are kept 30 days.

pub(super) mod body;
pub(super) mod list;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Group, Resource, ids};
use crate::seed::{between, draw, pick};

/// How long Azure keeps an alert.
pub(super) const KEPT: TimeDelta = TimeDelta::days(30);

const EVERY_MIN: TimeDelta = TimeDelta::minutes(2);

/// Something that fires on a resource of a [`Group`], again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// The rule's name, and that of each alert.
    pub name: String,
    /// The name of the resource it watches, as in [`Group::resources`]; a rule of an absent resource never fires.
    pub resource: String,
    /// 0 (critical) to 4 (verbose).
    pub severity: u8,
    /// The words of the rule's author.
    pub description: String,
    /// Azure's word for what watches, such as `Platform`.
    pub monitor_service: String,
    /// `Metric`, `Log` or `Unknown`.
    pub signal_type: String,
    /// When it fired first; `None`: a draw after the resource was created.
    pub first_fired_at: Option<DateTime<Utc>>,
    /// From one alert to the next, at least two minutes.
    pub every: TimeDelta,
    /// How long each stays fired; `None`: a draw between a fifth and four fifths of `every`. Beyond `every` several are
    /// fired at once.
    pub fired_for: Option<TimeDelta>,
}

impl AlertRule {
    /// A metric rule of severity 3 that fires every six hours.
    pub fn new(name: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            resource: resource.into(),
            severity: 3,
            description: String::new(),
            monitor_service: "Platform".to_owned(),
            signal_type: "Metric".to_owned(),
            first_fired_at: None,
            every: TimeDelta::hours(6),
            fired_for: None,
        }
    }

    pub(super) fn believable(subject: &str, resource: &Resource) -> Self {
        let name = &resource.name;
        let (rule, description, service, signal) = match draw(subject, "rule") % 4 {
            0 => ("High CPU", "CPU above 90 % for 5 minutes", "Platform", "Metric"),
            1 => ("Failed requests", "More than 10 failed requests in 5 minutes", "Application Insights", "Log"),
            2 => ("Error logs", "Errors in the last 15 minutes", "Log Analytics", "Log"),
            _ => ("Unavailable", "The resource is not available", "Resource Health", "Unknown"),
        };
        let severity = pick(subject, "severity", &[1, 2, 2, 3, 3, 3, 4]).copied().unwrap_or(3);
        Self {
            severity,
            description: description.to_owned(),
            monitor_service: service.to_owned(),
            signal_type: signal.to_owned(),
            every: TimeDelta::minutes(i64::try_from(between(subject, "every", 120, 2160)).unwrap_or(360)),
            ..Self::new(format!("{rule} on {}", name.replace('/', "-")), name)
        }
    }
}

/// One alert as it stands.
pub(super) struct Alert<'a> {
    pub(super) guid: String,
    pub(super) rule: &'a AlertRule,
    pub(super) group: &'a Group,
    /// In lower case, as Azure answers it here, unlike the id of the resource itself.
    pub(super) target_id: String,
    pub(super) target_name: &'a str,
    pub(super) target_type: String,
    pub(super) state: &'static str,
    pub(super) started_at: DateTime<Utc>,
    pub(super) resolved_at: Option<DateTime<Utc>>,
    pub(super) modified_at: DateTime<Utc>,
    pub(super) modified_by: &'static str,
}

impl Alert<'_> {
    pub(super) fn condition(&self) -> &'static str {
        if self.resolved_at.is_some() { "Resolved" } else { "Fired" }
    }
}

/// The alerts of a group that began after `since`, each rule's newest first.
pub(super) fn alerts(group: &Group, since: DateTime<Utc>, now: DateTime<Utc>) -> impl Iterator<Item = Alert<'_>> {
    let since = since.max(now - KEPT);
    group.alerts.iter().flat_map(move |rule| {
        let target = group.resources.iter().find(|resource| resource.name.eq_ignore_ascii_case(&rule.resource));
        target.into_iter().flat_map(move |target| fired(group, rule, target, since, now))
    })
}

fn fired<'a>(
    group: &'a Group,
    rule: &'a AlertRule,
    target: &'a Resource,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> impl Iterator<Item = Alert<'a>> {
    let seconds = rule.every.max(EVERY_MIN).num_seconds();
    let target_id = target.id(&group.id()).to_lowercase();
    let subject = format!("{target_id}!{}", rule.name);
    let offset = i64::try_from(draw(&subject, "offset") % seconds.unsigned_abs()).unwrap_or(0);
    let first = rule.first_fired_at.unwrap_or(target.created_at + TimeDelta::seconds(offset));
    let newest = (now - first).num_seconds().div_euclid(seconds);
    let starts = (0..=newest).rev().map(move |number| (number, first + TimeDelta::seconds(number * seconds)));
    starts.take_while(move |(_, started_at)| *started_at > since).map(move |(number, started_at)| {
        let subject = format!("{subject}!{number}");
        let drawn =
            || TimeDelta::seconds(seconds * i64::try_from(between(&subject, "fired", 20, 80)).unwrap_or(50) / 100);
        let resolves_at = started_at + rule.fired_for.unwrap_or_else(drawn);
        let seen_at = started_at + TimeDelta::seconds(seconds / 10);
        let closed_at = resolves_at + TimeDelta::minutes(10);
        // Half of all alerts is never touched, as anyone who has been on call knows.
        let (state, touched_at) = match draw(&subject, "hand") % 10 {
            0..=2 if now >= closed_at => ("Closed", Some(closed_at)),
            0..=4 if now >= seen_at => ("Acknowledged", Some(seen_at)),
            _ => ("New", None),
        };
        let resolved_at = (now >= resolves_at).then_some(resolves_at);
        let by_system = resolved_at.unwrap_or(started_at);
        let by_hand = touched_at.filter(|at| *at >= by_system);
        Alert {
            guid: ids::guid(&subject),
            rule,
            group,
            target_id: target_id.clone(),
            target_name: target.name.rsplit('/').next().unwrap_or(&target.name),
            target_type: target.resource_type.to_lowercase(),
            state,
            started_at,
            resolved_at,
            modified_at: by_hand.unwrap_or(by_system),
            modified_by: if by_hand.is_some() { "on-call@example.com" } else { "System" },
        }
    })
}
