//! ARM's own lists: subscriptions, groups, resources.

use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    Azure, Group, Resource,
    call::Call,
    error::{not_found, ok},
    filter::Filter,
    page::{Place, page, place},
    params::Params,
    time::instant,
    world::display_name,
};

const SKIP_TOKEN: &str = "$skiptoken";

pub(super) fn subscriptions(azure: &Azure) -> Response {
    let world = azure.world();
    let all: Vec<_> = world.subscriptions().into_iter().map(|id| describe_subscription(id, &world.tenant_id)).collect();
    // The specification requires a link; at the end of a list Azure's own clients take an empty one for none.
    ok(&json!({ "count": { "type": "Total", "value": all.len() }, "value": all, "nextLink": "" }))
}

/// `id` is known to exist.
pub(super) fn subscription(azure: &Azure, id: &str) -> Response {
    let world = azure.world();
    ok(&describe_subscription(world.subscription(id).unwrap_or(id), &world.tenant_id))
}

fn describe_subscription(id: &str, tenant: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{id}"),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": id,
        "tenantId": tenant,
        "displayName": display_name(id),
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

pub(super) fn groups(
    azure: &Azure,
    call: &Call,
    params: &Params,
    subscription: &str,
) -> Result<Response, Box<Response>> {
    let world = azure.world();
    let filter = Filter::of(params)?;
    let found: Vec<_> = world.groups_of(subscription).filter(|group| filter.admits_group(group)).collect();
    let (place, size) = paging(azure, params, world.limits.arm_page_max)?;
    Ok(ok(&page(call, SKIP_TOKEN, &place, size, &found, |group| describe_group(group))))
}

pub(super) fn group(azure: &Azure, subscription: &str, name: &str) -> Result<Response, Box<Response>> {
    let world = azure.world();
    world.group(subscription, name).map(|group| ok(&describe_group(group))).ok_or_else(|| Box::new(no_group(name)))
}

pub(super) fn no_group(name: &str) -> Response {
    not_found("ResourceGroupNotFound", &format!("Resource group '{name}' could not be found."))
}

fn describe_group(group: &Group) -> Value {
    let mut body = json!({
        "id": group.id(),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": { "provisioningState": "Succeeded" },
    });
    // A group that never had tags has no such field.
    if let (false, Some(body)) = (group.tags.is_empty(), body.as_object_mut()) {
        body.insert("tags".to_owned(), json!(group.tags));
    }
    body
}

pub(super) fn resources(
    azure: &Azure,
    call: &Call,
    params: &Params,
    subscription: &str,
    group: Option<&str>,
) -> Result<Response, Box<Response>> {
    let (world, now) = (azure.world(), azure.now());
    if let Some(name) = group.filter(|name| world.group(subscription, name).is_none()) {
        return Err(Box::new(no_group(name)));
    }
    let filter = Filter::of(params)?;
    let expand: Vec<_> = params.get("$expand").unwrap_or_default().split(',').map(str::trim).collect();
    let in_group = |found: &&Group| group.is_none_or(|name| found.name.eq_ignore_ascii_case(name));
    let groups = world.groups_of(subscription).filter(in_group);
    let all = groups.flat_map(|group| group.resources.iter().map(move |resource| (group, resource)));
    let found: Vec<_> = all.filter(|(group, resource)| filter.admits(group, resource)).collect();
    let (place, size) = paging(azure, params, world.limits.arm_page_max)?;
    let describe = |(group, resource): &(&Group, &Resource)| {
        let mut body = describe_resource(group, resource, &expand, now);
        // Documented: who filters by tag does not get the tags.
        if filter.is_by_tag() {
            body.remove("tags");
        }
        Value::Object(body)
    };
    Ok(ok(&page(call, SKIP_TOKEN, &place, size, &found, describe)))
}

/// Without `properties`, which a list does not have, and with the times only when asked for.
fn describe_resource(group: &Group, resource: &Resource, expand: &[&str], now: DateTime<Utc>) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("id", json!(resource.id(&group.id())));
    put("name", json!(resource.name));
    put("type", json!(resource.resource_type));
    put("location", json!(resource.location));
    if let Some(kind) = &resource.kind {
        put("kind", json!(kind));
    }
    if let Some(sku) = &resource.sku {
        put("sku", json!(sku));
    }
    if let Some(id) = &resource.managed_by {
        put("managedBy", json!(id));
    }
    if !resource.tags.is_empty() {
        put("tags", json!(resource.tags));
    }
    let is_wanted = |name: &str| expand.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    if is_wanted("createdTime") {
        put("createdTime", json!(instant(resource.created_at)));
    }
    if is_wanted("changedTime") {
        put("changedTime", json!(instant(resource.changed_at(now))));
    }
    if is_wanted("provisioningState") {
        put("provisioningState", json!(resource.provisioning_state(now)));
    }
    body
}

fn paging(azure: &Azure, params: &Params, max: u32) -> Result<(Place, u32), Box<Response>> {
    let start = Place { offset: 0, as_of: azure.now().timestamp_millis() };
    Ok((place(params, SKIP_TOKEN)?.unwrap_or(start), params.positive("$top")?.unwrap_or(max).min(max)))
}
