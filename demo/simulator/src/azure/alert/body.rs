//! An alert as ARM and Resource Graph write it.

use serde_json::{Value, json};

use super::Alert;
use crate::azure::{ids, time::instant};

pub(super) const SEVERITIES: [&str; 5] = ["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"];

pub(super) fn severity_of(alert: &Alert<'_>) -> &'static str {
    SEVERITIES.get(usize::from(alert.rule.severity)).copied().unwrap_or("Sev4")
}

/// The whole alert, of its essentials only those that `select` names.
pub(super) fn describe(alert: &Alert<'_>, with_context: bool, select: Option<&str>) -> Value {
    let mut essentials = essentials(alert);
    if let (Some(select), Some(fields)) = (select, essentials.as_object_mut()) {
        let wanted: Vec<_> = select.split(',').map(str::trim).collect();
        fields.retain(|name, _| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
    }
    let mut properties = json!({ "essentials": essentials });
    if let (true, Some(fields)) = (with_context, properties.as_object_mut()) {
        fields.insert("context".to_owned(), context(alert));
    }
    json!({ "properties": properties, "id": id(alert), "type": "Microsoft.AlertsManagement/alerts", "name": alert.rule.name })
}

pub(in crate::azure) fn id(alert: &Alert<'_>) -> String {
    format!("{}/providers/Microsoft.AlertsManagement/alerts/{}", alert.target_id, alert.guid)
}

fn context(alert: &Alert<'_>) -> Value {
    json!({ "AlertRuleName": alert.rule.name, "Description": alert.rule.description })
}

pub(in crate::azure) fn essentials(alert: &Alert<'_>) -> Value {
    let rule = alert.rule;
    let mut body = json!({
        "severity": severity_of(alert),
        "signalType": rule.signal_type,
        "alertState": alert.state,
        "monitorCondition": alert.condition(),
        "monitorService": rule.monitor_service,
        "targetResource": alert.target_id,
        "targetResourceName": alert.target_name,
        "targetResourceGroup": alert.group.name.to_lowercase(),
        "targetResourceType": alert.target_type,
        "sourceCreatedId": alert.guid,
        "smartGroupId": ids::guid(&format!("{} {}", alert.target_id, rule.name)),
        "smartGroupingReason": "Occurred frequently with other alerts",
        "alertRule": rule.name,
        "startDateTime": instant(alert.started_at),
        "lastModifiedDateTime": instant(alert.modified_at),
        "lastModifiedUserName": alert.modified_by,
        "actionStatus": { "isSuppressed": false },
        "description": rule.description,
    });
    if let (Some(at), Some(body)) = (alert.resolved_at, body.as_object_mut()) {
        body.insert("monitorConditionResolvedDateTime".to_owned(), json!(instant(at)));
    }
    body
}
