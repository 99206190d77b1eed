//! The cluster's JSON where no library has its type: lists, refusals, and OpenShift's own kinds as far as we read them.
//! Everything may be null or absent.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use k8s_openapi::{
    api::{apps::v1::DeploymentCondition, core::v1::PodTemplateSpec},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use serde::Deserialize;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page<T> {
    kind: Option<String>,
    metadata: Option<PageMeta>,
    items: Option<Vec<T>>,
}

#[derive(Debug, Default, Deserialize)]
struct PageMeta {
    r#continue: Option<String>,
    #[serde(rename = "resourceVersion")]
    resource_version: Option<String>,
}

impl<T> Page<T> {
    /// The items, the token of the next page, and the version of the whole list; none when it is no list at all: an absent `items` means that there are none.
    pub(super) fn into_parts(self) -> Option<(Vec<T>, Option<String>, Option<String>)> {
        self.kind.filter(|kind| kind.ends_with("List"))?;
        let PageMeta { r#continue: token, resource_version } = self.metadata.unwrap_or_default();
        Some((self.items.unwrap_or_default(), token.filter(|token| !token.is_empty()), resource_version))
    }
}

/// Why a call is refused.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) kind: Option<String>,
}

/// What a cluster says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    major: Option<String>,
    minor: Option<String>,
    git_version: Option<String>,
}

impl Version {
    /// The version of its API. Builds from source call themselves `v0.0.0-master`; the two numbers are right even then.
    pub(super) fn into_text(self) -> Option<String> {
        let digits = |text: String| text.trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned();
        let numbers = format!("{}.{}", self.major.map(digits)?, self.minor.map(digits)?);
        let whole = self.git_version.map(|version| version.trim_start_matches('v').to_owned());
        let is_same = |version: &String| version.starts_with(&format!("{numbers}."));
        Some(whole.filter(is_same).unwrap_or(numbers))
    }
}

/// A project: a namespace that the token may see.
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub(super) metadata: Option<ObjectMeta>,
}

/// A DeploymentConfig.
#[derive(Debug, Deserialize)]
pub(super) struct DeploymentConfig {
    pub(super) metadata: Option<ObjectMeta>,
    pub(super) spec: Option<DeploymentConfigSpec>,
    pub(super) status: Option<DeploymentConfigStatus>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct DeploymentConfigSpec {
    pub(super) replicas: Option<i32>,
    pub(super) paused: Option<bool>,
    pub(super) selector: Option<BTreeMap<String, String>>,
    pub(super) template: Option<PodTemplateSpec>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentConfigStatus {
    pub(super) latest_version: Option<i64>,
    pub(super) observed_generation: Option<i64>,
    pub(super) replicas: Option<i32>,
    pub(super) updated_replicas: Option<i32>,
    pub(super) ready_replicas: Option<i32>,
    pub(super) available_replicas: Option<i32>,
    pub(super) conditions: Option<Vec<DeploymentCondition>>,
}

/// A Route.
#[derive(Debug, Deserialize)]
pub(super) struct Route {
    pub(super) metadata: Option<ObjectMeta>,
    pub(super) spec: Option<RouteSpec>,
    pub(super) status: Option<RouteStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteSpec {
    pub(super) host: Option<String>,
    pub(super) path: Option<String>,
    pub(super) to: Option<RouteTarget>,
    pub(super) alternate_backends: Option<Vec<RouteTarget>>,
    pub(super) tls: Option<Tls>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RouteTarget {
    pub(super) name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tls {
    pub(super) termination: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct RouteStatus {
    pub(super) ingress: Option<Vec<Ingress>>,
}

/// A router's word on a route.
#[derive(Debug, Deserialize)]
pub(super) struct Ingress {
    pub(super) host: Option<String>,
    pub(super) conditions: Option<Vec<IngressCondition>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IngressCondition {
    pub(super) r#type: Option<String>,
    pub(super) status: Option<String>,
}

/// A Build.
#[derive(Debug, Deserialize)]
pub(super) struct Build {
    pub(super) metadata: Option<ObjectMeta>,
    pub(super) spec: Option<BuildSpec>,
    pub(super) status: Option<BuildStatus>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct BuildSpec {
    pub(super) revision: Option<Revision>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Revision {
    pub(super) git: Option<GitRevision>,
}

#[derive(Debug, Deserialize)]
pub(super) struct GitRevision {
    pub(super) commit: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BuildStatus {
    pub(super) phase: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) start_timestamp: Option<Time>,
    pub(super) completion_timestamp: Option<Time>,
    /// In nanoseconds; zero or absent before it ended.
    pub(super) duration: Option<i64>,
    pub(super) output_docker_image_reference: Option<String>,
    pub(super) config: Option<RouteTarget>,
}

/// A moment of the cluster as we keep moments.
pub(super) fn moment(time: &Time) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.0.as_second(), u32::try_from(time.0.subsec_nanosecond()).unwrap_or(0))
}
