//! The types a believable group is made of, with the SKUs and properties that screens show.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{FIRST_CREATED, Resource, Sku};
use crate::seed::{between, draw, pick};

struct Type {
    name: &'static str,
    prefix: &'static str,
    kind: Option<&'static str>,
    /// Name, tier, and whether instances are counted.
    skus: &'static [(&'static str, &'static str, bool)],
}

const fn plain(name: &'static str, prefix: &'static str) -> Type {
    Type { name, prefix, kind: None, skus: &[] }
}

const TYPES: [Type; 14] = [
    plain("Microsoft.Compute/virtualMachines", "vm"),
    Type {
        skus: &[("Premium_LRS", "Premium", false), ("StandardSSD_LRS", "Standard", false)],
        ..plain("Microsoft.Compute/disks", "disk")
    },
    Type {
        kind: Some("StorageV2"),
        skus: &[("Standard_LRS", "Standard", false), ("Standard_ZRS", "Standard", false)],
        ..plain("Microsoft.Storage/storageAccounts", "st")
    },
    plain("Microsoft.KeyVault/vaults", "kv"),
    Type { kind: Some("app,linux"), ..plain("Microsoft.Web/sites", "app") },
    Type {
        kind: Some("linux"),
        skus: &[("P1v3", "PremiumV3", true), ("B1", "Basic", true)],
        ..plain("Microsoft.Web/serverFarms", "asp")
    },
    Type {
        kind: Some("v12.0,user"),
        skus: &[("S0", "Standard", true), ("GP_S_Gen5", "GeneralPurpose", true)],
        ..plain("Microsoft.Sql/servers/databases", "sql")
    },
    Type {
        skus: &[("Standard_D2ds_v5", "GeneralPurpose", false), ("Standard_B1ms", "Burstable", false)],
        ..plain("Microsoft.DBforPostgreSQL/flexibleServers", "psql")
    },
    Type {
        skus: &[("Base", "Standard", false), ("Base", "Free", false)],
        ..plain("Microsoft.ContainerService/managedClusters", "aks")
    },
    Type {
        skus: &[("Premium", "Premium", false), ("Standard", "Standard", false)],
        ..plain("Microsoft.ContainerRegistry/registries", "cr")
    },
    plain("Microsoft.Cache/Redis", "redis"),
    plain("Microsoft.Network/virtualNetworks", "vnet"),
    Type { skus: &[("Standard", "Regional", false)], ..plain("Microsoft.Network/publicIPAddresses", "pip") },
    Type { kind: Some("web"), ..plain("Microsoft.Insights/components", "appi") },
];

/// The resource at `place` (from 1) of the group that `subject` stands for.
pub(in crate::azure) fn believable(
    subject: &str,
    group: &str,
    location: &str,
    group_tags: &BTreeMap<String, String>,
    place: u64,
) -> Resource {
    let subject = format!("{subject}/{place}");
    let chosen = pick(&subject, "type", &TYPES);
    let Some(Type { name: resource_type, prefix, kind, skus }) = chosen else {
        return Resource::new("Microsoft.KeyVault/vaults", group);
    };
    let sku = pick(&subject, "sku", skus).map(|(name, tier, is_counted)| Sku {
        name: (*name).to_owned(),
        tier: Some((*tier).to_owned()),
        capacity: is_counted.then(|| u32::try_from(between(&subject, "capacity", 1, 10)).unwrap_or(1)),
    });
    // Hundreds of nanoseconds: the seven digits Azure writes.
    let created = between(&subject, "created", 0, 364 * 86_400 * 10_000_000);
    let created_at = FIRST_CREATED + TimeDelta::nanoseconds(i64::try_from(created * 100).unwrap_or(0));
    let change_every = TimeDelta::minutes(i64::try_from(between(&subject, "change", 360, 20 * 1440)).unwrap_or(360));
    let is_tagged = !draw(&subject, "tagged").is_multiple_of(5);
    Resource {
        location: location.to_owned(),
        kind: kind.map(str::to_owned),
        sku,
        tags: if is_tagged { group_tags.clone() } else { BTreeMap::new() },
        properties: properties(resource_type, &subject).as_object().cloned().unwrap_or_default(),
        created_at,
        change_every: Some(change_every),
        ..Resource::new(*resource_type, name(resource_type, prefix, group, &subject, place))
    }
}

fn name(resource_type: &str, prefix: &str, group: &str, subject: &str, place: u64) -> String {
    match resource_type {
        // Letters and digits only, and unique in the world.
        "Microsoft.Storage/storageAccounts" | "Microsoft.ContainerRegistry/registries" => {
            format!("{prefix}{:012x}", draw(subject, "name") >> 16)
        }
        "Microsoft.Sql/servers/databases" => format!("sql-{group}/db-{place:02}"),
        _ => format!("{prefix}-{group}-{place:02}"),
    }
}

fn properties(resource_type: &str, subject: &str) -> Value {
    let one_of = |topic, choices: &[&'static str]| pick(subject, topic, choices).copied();
    match resource_type {
        "Microsoft.Compute/virtualMachines" => json!({
            "hardwareProfile": { "vmSize": one_of("size", &["Standard_D2s_v5", "Standard_D4s_v5", "Standard_B2ms"]) },
            "storageProfile": { "osDisk": { "osType": one_of("os", &["Linux", "Linux", "Windows"]) } },
            "extended": { "instanceView": { "powerState": {
                "code": one_of("power", &["PowerState/running", "PowerState/running", "PowerState/deallocated"]),
            } } },
        }),
        "Microsoft.Compute/disks" => json!({ "diskSizeGB": between(subject, "size", 1, 32) * 32 }),
        "Microsoft.Storage/storageAccounts" => json!({ "accessTier": "Hot", "supportsHttpsTrafficOnly": true }),
        "Microsoft.KeyVault/vaults" => json!({ "sku": { "family": "A", "name": "standard" } }),
        "Microsoft.Web/sites" => json!({ "state": one_of("state", &["Running", "Running", "Stopped"]) }),
        "Microsoft.Sql/servers/databases" => json!({ "status": "Online", "zoneRedundant": false }),
        "Microsoft.DBforPostgreSQL/flexibleServers" => {
            json!({ "version": one_of("version", &["15", "16", "17"]), "state": "Ready" })
        }
        "Microsoft.ContainerService/managedClusters" => json!({
            "kubernetesVersion": one_of("version", &["1.32.7", "1.33.3"]),
            "powerState": { "code": "Running" },
        }),
        _ => json!({}),
    }
}
