//! Azure's JSON, as far as we read it. Everything may be null, absent or of another kind, and every enumeration is open: rows are
//! read value by value, so that an odd one costs nothing but itself.

use chrono::{DateTime, NaiveDateTime, Utc};
use schema::{
    CloudAlertCondition, CloudAlertRecord, CloudAlertSeverity, CloudResourceRecord, JsonObject, TargetedAlertRecord,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Properties in which types tell when a resource was created; Resource Graph has no column for it.
pub(super) const CREATED: &[&str] = &[
    "creationTime",
    "timeCreated",
    "creationDate",
    "CreationDate",
    "createdDate",
    "createdAt",
    "createdTime",
    "createTime",
    "dateCreated",
];
/// The same of the last change.
pub(super) const CHANGED: &[&str] =
    &["changedTime", "lastModifiedTime", "lastModifiedTimeUtc", "lastModifiedDate", "modifiedDate", "updatedAt"];
/// Longest description that is kept, in characters.
const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// A page of Resource Graph.
#[derive(Debug, Deserialize)]
pub(super) struct GraphPage {
    pub(super) data: Option<Vec<Row>>,
    #[serde(rename = "$skipToken")]
    pub(super) skip_token: Option<String>,
    #[serde(rename = "resultTruncated")]
    result_truncated: Option<Value>,
}

impl GraphPage {
    /// There is more and no way to it. Azure writes the truth as a text.
    pub(super) fn is_cut(&self) -> bool {
        let is_truncated = match &self.result_truncated {
            Some(Value::Bool(is_truncated)) => *is_truncated,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        };
        is_truncated && self.next().is_none()
    }

    /// Where the next page begins.
    pub(super) fn next(&self) -> Option<&str> {
        self.skip_token.as_deref().filter(|token| !token.is_empty())
    }
}

/// A resource.
#[derive(Debug, Deserialize)]
pub(super) struct Row(Map<String, Value>);

impl Row {
    fn text(&self, name: &str) -> Option<&str> {
        text(self.0.get(name))
    }

    fn first_time(&self, names: &[&str]) -> Option<schema::DateTime> {
        names.iter().find_map(|name| time(self.text(&format!("at_{name}"))?))
    }

    /// The record; none of a row that does not say which resource it is.
    pub(super) fn into_record(self) -> Option<CloudResourceRecord> {
        let id = self.text("id").filter(|id| id.starts_with('/'))?;
        let segments: Vec<&str> = id.split('/').collect();
        let after = |word: &str| {
            let at = segments.iter().position(|segment| segment.eq_ignore_ascii_case(word))?;
            segments.get(at + 1).copied()
        };
        Some(CloudResourceRecord {
            resource_id: id.to_owned(),
            resource_type: self.text("type")?.to_lowercase(),
            name: self.text("name").or_else(|| segments.last().copied())?.to_owned(),
            location: self.text("location").map(str::to_owned),
            subscription_id: self.text("subscriptionId").or_else(|| after("subscriptions"))?.to_owned(),
            resource_group: self.text("resourceGroup").or_else(|| after("resourceGroups")).map(str::to_owned),
            tags: self.0.get("tags").and_then(Value::as_object).cloned().map(JsonObject),
            sku: self.0.get("sku").and_then(sku),
            provisioning_state: self.text("provisioningState").map(str::to_owned),
            created_at: self.first_time(CREATED),
            changed_at: self.first_time(CHANGED),
        })
    }
}

/// A page of alerts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlertPage {
    pub(super) value: Option<Vec<Alert>>,
    pub(super) next_link: Option<String>,
}

/// A page of subscriptions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionPage {
    pub(super) value: Option<Vec<Subscription>>,
    pub(super) next_link: Option<String>,
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Subscription(Map<String, Value>);

impl Subscription {
    /// Its id.
    pub(super) fn id(&self) -> Option<&str> {
        text(self.0.get("subscriptionId"))
    }
}

/// An alert.
#[derive(Debug, Deserialize)]
pub(super) struct Alert(Map<String, Value>);

impl Alert {
    /// The record; none of an alert that is not about a resource.
    pub(super) fn into_record(self) -> Option<TargetedAlertRecord> {
        let essentials = self.0.get("properties")?.get("essentials")?;
        let of = |name: &str| text(essentials.get(name));
        let target = of("targetResource").filter(|id| id.starts_with('/'))?.to_lowercase();
        let condition = match of("monitorCondition").unwrap_or_default() {
            word if word.eq_ignore_ascii_case("fired") => CloudAlertCondition::Fired,
            word if word.eq_ignore_ascii_case("resolved") => CloudAlertCondition::Resolved,
            _ => CloudAlertCondition::Unknown,
        };
        let rule = of("alertRule").or_else(|| text(self.0.get("name")))?;
        let description = of("description").map(|text| text.chars().take(DESCRIPTION_CHARS_MAX).collect());
        let resolved_at = of("monitorConditionResolvedDateTime").filter(|_| condition != CloudAlertCondition::Fired);
        let alert = CloudAlertRecord {
            rule: rule_name(rule).to_owned(),
            severity: severity(of("severity").unwrap_or_default()),
            condition,
            description,
            fired_at: of("startDateTime").and_then(time),
            resolved_at: resolved_at.and_then(time),
        };
        Some(TargetedAlertRecord { target, alert })
    }
}

/// A text that says something.
fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}

/// A moment; types that write it without an offset mean UTC.
fn time(text: &str) -> Option<schema::DateTime> {
    let exact = DateTime::parse_from_rfc3339(text).map(|moment| moment.with_timezone(&Utc));
    let moment =
        exact.or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|naive| naive.and_utc()));
    moment.ok().map(Into::into)
}

/// Most types have an object with a name, some only a tier or a size, and a few write a text.
fn sku(sku: &Value) -> Option<String> {
    let words = [Some(sku), sku.get("name"), sku.get("tier"), sku.get("size")];
    words.into_iter().find_map(text).map(str::to_owned)
}

/// By monitor service the name of a rule or its id.
fn rule_name(rule: &str) -> &str {
    if rule.starts_with('/') { rule.rsplit('/').next().unwrap_or(rule) } else { rule }
}

fn severity(word: &str) -> CloudAlertSeverity {
    match word.to_ascii_lowercase().as_str() {
        "sev0" => CloudAlertSeverity::Sev0,
        "sev1" => CloudAlertSeverity::Sev1,
        "sev2" => CloudAlertSeverity::Sev2,
        "sev3" => CloudAlertSeverity::Sev3,
        "sev4" => CloudAlertSeverity::Sev4,
        _ => CloudAlertSeverity::Unknown,
    }
}

/// The answer of Entra's token endpoint, good or not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Grant {
    pub(super) access_token: Option<secrecy::SecretString>,
    expires_in: Option<Value>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Grant {
    /// How long the token is good for; a number, and of older endpoints a text.
    pub(super) fn life_seconds(&self) -> Option<u32> {
        let life = self.expires_in.as_ref()?;
        life.as_u64().and_then(|seconds| seconds.try_into().ok()).or_else(|| life.as_str()?.parse().ok())
    }

    /// Why there is no token, for the operator; it names the client and never its secret.
    pub(super) fn refusal(&self) -> String {
        let words = self.error_description.as_deref().or(self.error.as_deref()).unwrap_or("without a reason");
        words.lines().next().unwrap_or_default().chars().take(300).collect()
    }
}
