//! Routes and services: which addresses lead to which pods.

use k8s_openapi::api::core::v1 as core;
use schema::{RouteRecord, WebUrl};
use serde::{Deserialize, Serialize};

use super::{list::Placed, selector::Selector, wire, workload::Workload};

/// A service as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Service {
    namespace: String,
    name: String,
    selector: Selector,
}

/// A route as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Route {
    namespace: String,
    /// Names of the services that it leads to.
    services: Vec<String>,
    pub(super) record: RouteRecord,
}

impl Placed for Service {
    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

impl Placed for Route {
    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.record.name)
    }
}

impl Service {
    pub(super) fn of_object(object: core::Service) -> Option<Self> {
        let selector = object.spec.and_then(|spec| spec.selector).unwrap_or_default();
        let meta = object.metadata;
        Some(Self { namespace: meta.namespace?, name: meta.name?, selector: Selector::of_labels(selector) })
    }

    /// Whether it leads to the pods of a workload of its namespace.
    pub(super) fn leads_to(&self, workload: &Workload) -> bool {
        self.selector.matches(&workload.pod_labels)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Route {
    pub(super) fn of_object(object: wire::Route) -> Option<Self> {
        let (meta, spec) = (object.metadata?, object.spec.unwrap_or_default());
        let ingress = object.status.unwrap_or_default().ingress.unwrap_or_default();
        let is_admitted = |ingress: &wire::Ingress| {
            let mut conditions = ingress.conditions.iter().flatten();
            conditions.any(|condition| {
                condition.r#type.as_deref() == Some("Admitted") && condition.status.as_deref() == Some("True")
            })
        };
        let given = |host: &Option<String>| host.clone().filter(|host| !host.is_empty());
        let admitted = ingress.iter().find(|ingress| is_admitted(ingress));
        let host = admitted
            .and_then(|ingress| given(&ingress.host))
            .or_else(|| given(&spec.host))
            .or_else(|| ingress.iter().find_map(|ingress| given(&ingress.host)));
        let tls_termination = spec.tls.map(|tls| tls.termination.unwrap_or_else(|| "edge".to_owned()));
        let scheme = if tls_termination.is_some() { "https" } else { "http" };
        let path = spec.path.unwrap_or_default();
        let url = admitted.and(host.as_ref()).and_then(|host| WebUrl::read(&format!("{scheme}://{host}{path}")));
        let targets = spec.to.into_iter().chain(spec.alternate_backends.unwrap_or_default());
        Some(Self {
            namespace: meta.namespace?,
            services: targets.filter_map(|target| target.name).collect(),
            record: RouteRecord {
                name: meta.name?,
                url,
                host,
                tls_termination,
                // No router has looked at it yet: neither admitted nor refused.
                is_admitted: (!ingress.is_empty()).then_some(admitted.is_some()),
            },
        })
    }

    /// Whether it leads to this service of its namespace.
    pub(super) fn leads_to(&self, service: &str) -> bool {
        self.services.iter().any(|name| name == service)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn route(spec: Value, status: Value) -> RouteRecord {
        let object = json!({ "metadata": { "name": "web", "namespace": "shop" }, "spec": spec, "status": status });
        Route::of_object(serde_json::from_value(object).unwrap()).unwrap().record
    }

    #[test]
    fn a_route_has_an_address_once_a_router_has_admitted_it() {
        let spec = json!({ "host": "web.example.com", "path": "/v1", "tls": { "termination": "reencrypt" } });
        let ingress = |status| json!({ "ingress": [{ "host": "web.example.com", "conditions": [{ "type": "Admitted", "status": status }] }] });
        let good = route(spec.clone(), ingress("True"));
        assert_eq!(good.url, Some(WebUrl("https://web.example.com/v1".to_owned())));
        assert_eq!((good.is_admitted, good.tls_termination.as_deref()), (Some(true), Some("reencrypt")));
        let refused = route(spec.clone(), ingress("False"));
        assert_eq!((refused.url, refused.is_admitted), (None, Some(false)));
        let new = route(spec, Value::Null);
        assert_eq!((new.url, new.is_admitted, new.host.as_deref()), (None, None, Some("web.example.com")));
        let bare = route(json!({}), json!({}));
        assert_eq!((bare.host, bare.url, bare.tls_termination), (None, None, None));
    }
}
