//! Services and routes.

use serde_json::json;

use super::super::{
    App, Kind,
    draft::{Draft, Meta, time},
};
use crate::seed::draw;

pub(super) fn service(app: &App) -> Draft<'_> {
    let created_at = app.first_cycle_at();
    let mut meta = Meta::of(app, "Service", app.name.clone(), created_at);
    if app.kind == Kind::StatefulSet {
        meta.annotations
            .insert("service.alpha.openshift.io/serving-cert-secret-name".to_owned(), format!("{}-tls", app.name));
    }
    Draft::new(meta, created_at, move || {
        let subject = app.subject();
        let address = if app.kind == Kind::StatefulSet {
            "None".to_owned()
        } else {
            format!("172.30.{}.{}", draw(&subject, "third") % 256, draw(&subject, "fourth") % 254 + 1)
        };
        json!({
            "spec": {
                "ports": [{ "name": "http", "protocol": "TCP", "port": app.port, "targetPort": "http" }],
                "selector": { "app": app.name },
                "clusterIP": address,
                "clusterIPs": [address],
                "type": "ClusterIP",
                "sessionAffinity": "None",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "internalTrafficPolicy": "Cluster",
            },
            "status": { "loadBalancer": {} },
        })
    })
}

pub(super) fn route(app: &App) -> Option<Draft<'_>> {
    app.has_route.then(|| {
        let created_at = app.first_cycle_at();
        let mut meta = Meta::of(app, "Route", app.name.clone(), created_at);
        meta.generation = Some(1);
        meta.annotations.insert("openshift.io/host.generated".to_owned(), "true".to_owned());
        Draft::new(meta, created_at, move || {
            let host = format!("{}-{}.apps.cluster.example.com", app.name, app.namespace);
            let condition = if app.is_route_admitted {
                json!({ "type": "Admitted", "status": "True", "lastTransitionTime": time(created_at) })
            } else {
                json!({
                    "type": "Admitted",
                    "status": "False",
                    "reason": "HostAlreadyClaimed",
                    "message": format!("route {} already exposes {host} and is older", app.name),
                    "lastTransitionTime": time(created_at),
                })
            };
            json!({
                "spec": {
                    "host": host,
                    "to": { "kind": "Service", "name": app.name, "weight": 100 },
                    "port": { "targetPort": "http" },
                    "tls": { "termination": "edge", "insecureEdgeTerminationPolicy": "Redirect" },
                    "wildcardPolicy": "None",
                },
                "status": {
                    "ingress": [{
                        "host": host,
                        "routerName": "default",
                        "conditions": [condition],
                        "wildcardPolicy": "None",
                        "routerCanonicalHostname": "router-default.apps.cluster.example.com",
                    }],
                },
            })
        })
    })
}
