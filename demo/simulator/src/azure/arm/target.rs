//! Which of the served paths a path is.

use crate::azure::version::Provider;

/// What a path asks for, its names in lower case: Azure ignores their case.
pub(super) enum Target<'a> {
    Subscriptions,
    Subscription(&'a str),
    Groups(&'a str),
    Group(&'a str, &'a str),
    Resources(&'a str, Option<&'a str>),
    Alerts { scope: &'a [&'a str], id: Option<&'a str> },
    Graph,
    CostQuery { scope: &'a [&'a str] },
}

impl<'a> Target<'a> {
    pub(super) fn of(segments: &'a [&'a str]) -> Option<Self> {
        const ALERTS: &str = "microsoft.alertsmanagement";
        Some(match segments {
            ["subscriptions"] => Self::Subscriptions,
            ["subscriptions", subscription] => Self::Subscription(subscription),
            ["subscriptions", subscription, "resourcegroups"] => Self::Groups(subscription),
            ["subscriptions", subscription, "resourcegroups", group] => Self::Group(subscription, group),
            ["subscriptions", subscription, "resources"] => Self::Resources(subscription, None),
            ["subscriptions", subscription, "resourcegroups", group, "resources"] => {
                Self::Resources(subscription, Some(group))
            }
            ["providers", "microsoft.resourcegraph", "resources"] => Self::Graph,
            [scope @ .., "providers", "microsoft.costmanagement", "query"] => Self::CostQuery { scope },
            [scope @ .., "providers", ALERTS, "alerts"] => Self::Alerts { scope, id: None },
            [scope @ .., "providers", ALERTS, "alerts", id] => Self::Alerts { scope, id: Some(id) },
            _ => return None,
        })
    }

    pub(super) fn provider(&self) -> Provider {
        match self {
            Self::Subscriptions | Self::Subscription(_) => Provider::Subscriptions,
            Self::Groups(_) | Self::Group(..) | Self::Resources(..) => Provider::Resources,
            Self::Alerts { .. } => Provider::Alerts,
            Self::Graph => Provider::Graph,
            Self::CostQuery { .. } => Provider::CostManagement,
        }
    }
}

/// `path` without percent signs; what is no escape stays.
pub(super) fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escape = tail.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match escape.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
