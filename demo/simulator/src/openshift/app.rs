//! One app: what the caller says about it, or what its name makes believable.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::version::whole_second;
use crate::seed::{between, draw, pick};

/// 2024-01-01: seeded apps begin within a year after it.
const FIRST_CREATED: DateTime<Utc> = DateTime::from_timestamp(1_704_067_200, 0).expect("a constant in range");

/// A rollout with its build fits into this, so that one has settled before the next begins.
const EVERY_MIN: TimeDelta = TimeDelta::minutes(10);

const AILMENTS: [Ailment; 11] = [
    Ailment::ImagePullBackOff,
    Ailment::CrashLoop,
    Ailment::OutOfMemory,
    Ailment::QuotaExceeded,
    Ailment::Unschedulable,
    Ailment::MissingConfigMap,
    Ailment::MissingSecret,
    Ailment::FailingReadiness,
    Ailment::StalledRollout,
    Ailment::Paused,
    Ailment::CrashLoop,
];

/// What runs an app's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are Kubernetes' own")]
pub enum Kind {
    Deployment,
    StatefulSet,
    /// `replicas` is how many nodes it runs on.
    DaemonSet,
    DeploymentConfig,
}

/// What is wrong with an app, for as long as it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// The new image cannot be pulled; the pods of the first revision go on serving.
    ImagePullBackOff,
    /// Every pod, old and new, ends soon after its start: the app is down.
    CrashLoop,
    /// Every pod is killed for its memory from time to time and comes back.
    OutOfMemory,
    /// New pods are refused by a quota.
    QuotaExceeded,
    /// New pods fit on no node.
    Unschedulable,
    /// New pods name a config map that is not there.
    MissingConfigMap,
    /// New pods mount a secret that is not there.
    MissingSecret,
    /// New pods run and never get ready.
    FailingReadiness,
    /// New pods never get past creating their container, and nothing says why.
    StalledRollout,
    /// The rollout is paused (Deployment and DeploymentConfig; the others know no pause and stay healthy).
    Paused,
}

/// An app of the fake cluster: a workload with its pods, a service, and maybe a route and builds. Start from
/// [`new`](Self::new) or [`believable`](Self::believable) and set what matters.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// The namespace, which exists because of it.
    pub namespace: String,
    /// The name of the workload, the service, the route and the build config.
    pub name: String,
    /// The labels of all its objects; `app: <name>` is always added, because selectors use it.
    pub labels: BTreeMap<String, String>,
    /// The annotations of the workload.
    pub annotations: BTreeMap<String, String>,
    /// What runs its pods.
    pub kind: Kind,
    /// How many pods are wanted.
    pub replicas: u32,
    /// The image without tag; the tag is the commit a rollout brings.
    pub image: String,
    /// The port it listens on.
    pub port: u16,
    /// Whether it has a route.
    pub has_route: bool,
    /// Whether the router has admitted that route; one that it has not is refused as already claimed.
    pub is_route_admitted: bool,
    /// The repository that the cluster builds it from; `None`: built elsewhere.
    pub build_from: Option<String>,
    /// From one build or rollout to the next, at least ten minutes; `None`: only the first one.
    pub rollout_every: Option<TimeDelta>,
    /// What is wrong with it.
    pub ailment: Option<Ailment>,
    /// When it was created; its first rollout comes within `rollout_every` after it.
    pub created_at: DateTime<Utc>,
}

impl App {
    /// A healthy Deployment of two pods with a rollout every hour, without route and builds.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: BTreeMap::from([
                ("app.kubernetes.io/name".to_owned(), name.to_owned()),
                ("app.kubernetes.io/part-of".to_owned(), namespace.to_owned()),
                ("backstage.io/kubernetes-id".to_owned(), name.to_owned()),
            ]),
            annotations: BTreeMap::new(),
            kind: Kind::Deployment,
            replicas: 2,
            image: format!("quay.example.com/{namespace}/{name}"),
            port: 8080,
            has_route: false,
            is_route_admitted: true,
            build_from: None,
            rollout_every: Some(TimeDelta::hours(1)),
            ailment: None,
            created_at: FIRST_CREATED,
        }
    }

    /// An app as its name suggests it: the same one for the same name, always.
    pub fn believable(namespace: &str, name: &str) -> Self {
        let subject = format!("{namespace}/{name}");
        let number = |topic, low, high| i64::try_from(between(&subject, topic, low, high)).unwrap_or(0);
        let kind = match draw(&subject, "kind") % 20 {
            0..=14 => Kind::Deployment,
            15 | 16 => Kind::StatefulSet,
            17 => Kind::DaemonSet,
            _ => Kind::DeploymentConfig,
        };
        let is_ailing = draw(&subject, "ailing") % 100 < 18;
        let has_builds = kind == Kind::DeploymentConfig || draw(&subject, "builds").is_multiple_of(2);
        Self {
            kind,
            replicas: u32::try_from(between(&subject, "replicas", 1, 4)).unwrap_or(1),
            has_route: draw(&subject, "route") % 10 < 6,
            is_route_admitted: !draw(&subject, "admitted").is_multiple_of(20),
            build_from: has_builds.then(|| format!("https://gitlab.example.com/{namespace}/{name}.git")),
            rollout_every: Some(TimeDelta::minutes(number("cadence", 20, 360))),
            ailment: if is_ailing { pick(&subject, "ailment", &AILMENTS).copied() } else { None },
            created_at: FIRST_CREATED + TimeDelta::days(number("created", 0, 364)),
            ..Self::new(namespace, name)
        }
    }

    /// What draws about it are made from.
    pub(super) fn subject(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The labels of all its objects.
    pub(super) fn all_labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.insert("app".to_owned(), self.name.clone());
        labels
    }

    /// The ailment, if its kind can have it.
    pub(super) fn ailment(&self) -> Option<Ailment> {
        let knows_pause = matches!(self.kind, Kind::Deployment | Kind::DeploymentConfig);
        self.ailment.filter(|ailment| *ailment != Ailment::Paused || knows_pause)
    }

    /// Whether new pods never take over.
    pub(super) fn is_blocked(&self) -> bool {
        self.ailment().is_some_and(|ailment| ailment != Ailment::OutOfMemory)
    }

    pub(super) fn every(&self) -> Option<TimeDelta> {
        self.rollout_every.map(|every| TimeDelta::seconds(every.max(EVERY_MIN).num_seconds()))
    }

    /// When its first cycle begins. Offset by the app, or all of them would roll out in the same second.
    pub(super) fn first_cycle_at(&self) -> DateTime<Utc> {
        let seconds = self.every().unwrap_or(EVERY_MIN).num_seconds().unsigned_abs();
        let offset = i64::try_from(draw(&self.subject(), "offset") % seconds).unwrap_or(0);
        whole_second(self.created_at) + TimeDelta::seconds(offset)
    }
}
