use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use simulator::{
    Config, ManualClock, Simulator, Upstream,
    openshift::{Ailment, App, Kind, StaleWatch, World, WorldBuilder},
};

use super::NOW;

const AILMENTS: [Ailment; 10] = [
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
];
const KINDS: [Kind; 4] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::DeploymentConfig];

/// Every list over all namespaces, with where the specification describes it.
const LISTS: [(&str, &str, &str); 17] = [
    ("/api/v1/namespaces", "core", "NamespaceList"),
    ("/api/v1/pods", "core", "PodList"),
    ("/api/v1/events", "core", "EventList"),
    ("/api/v1/services", "core", "ServiceList"),
    ("/api/v1/replicationcontrollers", "core", "ReplicationControllerList"),
    ("/apis/apps/v1/deployments", "apps", "DeploymentList"),
    ("/apis/apps/v1/replicasets", "apps", "ReplicaSetList"),
    ("/apis/apps/v1/statefulsets", "apps", "StatefulSetList"),
    ("/apis/apps/v1/daemonsets", "apps", "DaemonSetList"),
    ("/apis/batch/v1/jobs", "batch", "JobList"),
    ("/apis/batch/v1/cronjobs", "batch", "CronJobList"),
    ("/apis/apps.openshift.io/v1/deploymentconfigs", "openshift", "apps.v1.DeploymentConfigList"),
    ("/apis/build.openshift.io/v1/builds", "openshift", "build.v1.BuildList"),
    ("/apis/build.openshift.io/v1/buildconfigs", "openshift", "build.v1.BuildConfigList"),
    ("/apis/config.openshift.io/v1/clusterversions", "openshift", "config.v1.ClusterVersionList"),
    ("/apis/project.openshift.io/v1/projects", "openshift", "project.v1.ProjectList"),
    ("/apis/route.openshift.io/v1/routes", "openshift", "route.v1.RouteList"),
];

struct Cluster {
    simulator: Simulator,
    clock: ManualClock,
    http: Client,
}

impl Cluster {
    async fn of(world: WorldBuilder) -> Self {
        let clock = ManualClock::new(NOW);
        let config = Config { openshift: world.build(), clock: clock.clock(), ..Config::default() };
        let simulator = Simulator::start(config).await.unwrap();
        let http = Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self { simulator, clock, http }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.simulator.url(Upstream::Openshift)))
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).bearer_auth(self.simulator.openshift().token()).send().await.unwrap()
    }

    /// Expects HTTP 200 with JSON.
    async fn read(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        self.read(path).await["items"].as_array().unwrap().clone()
    }

    /// Expects a refusal with this status and a `Status` object of this reason.
    async fn refused(&self, path: &str, status: u16, reason: &str) -> Value {
        status_of(self.get(path).await, path, status, reason).await
    }

    fn advance_to(&self, at: DateTime<Utc>) {
        self.clock.advance(at - self.now());
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.clock().now()
    }

    /// The events of a watch up to its first bookmark.
    async fn watch(&self, path: &str) -> Vec<Value> {
        let mut response = self.get(path).await;
        assert_eq!((response.status().as_u16(), content_type(&response)), (200, "application/json".to_owned()));
        let (mut text, mut events) = (String::new(), Vec::new());
        while let Some(chunk) = response.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((line, rest)) = text.split_once('\n') {
                let event: Value = serde_json::from_str(line).unwrap();
                let is_last = event["type"] == "BOOKMARK";
                text = rest.to_owned();
                events.push(event);
                if is_last {
                    return events;
                }
            }
        }
        events
    }
}

async fn status_of(response: Response, path: &str, status: u16, reason: &str) -> Value {
    let found = (response.status().as_u16(), content_type(&response));
    assert_eq!(found, (status, "application/json".to_owned()), "{path}");
    let body: Value = response.json().await.unwrap();
    let told = (&body["kind"], &body["apiVersion"], &body["status"], &body["reason"], &body["code"]);
    assert_eq!(told, (&json!("Status"), &json!("v1"), &json!("Failure"), &json!(reason), &json!(status)), "{path}");
    body
}

fn content_type(response: &Response) -> String {
    response.headers()["content-type"].to_str().unwrap().to_owned()
}

/// A world of believable apps in three namespaces.
fn believable() -> WorldBuilder {
    let names = (0..30).map(|number| (["shop", "pay", "ship"][number % 3], format!("app-{number}")));
    World::builder().apps(names)
}

/// One app of each kind with each ailment, and one of each kind with none.
fn ailing() -> WorldBuilder {
    let states = AILMENTS.into_iter().map(Some).chain([None]);
    let apps = states.flat_map(|ailment| KINDS.map(|kind| (kind, ailment)));
    apps.fold(World::builder(), |world, (kind, ailment)| {
        let name = ailment.map_or_else(|| format!("{kind:?}-well"), |ailment| format!("{kind:?}-{ailment:?}"));
        let name = name.to_lowercase();
        let build_from = Some("https://git.example.com/app.git".to_owned());
        let rollout_every = Some(TimeDelta::minutes(15));
        let app =
            App { kind, ailment, build_from, rollout_every, replicas: 3, has_route: true, ..App::new("sick", &name) };
        world.app(app)
    })
}

fn keyed(items: Vec<Value>) -> BTreeMap<String, Value> {
    items.into_iter().map(|item| (key(&item), item)).collect()
}

fn key(item: &Value) -> String {
    format!("{}/{}", item["metadata"]["namespace"].as_str().unwrap_or(""), item["metadata"]["name"].as_str().unwrap())
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array().unwrap();
    conditions.iter().find(|condition| condition["type"] == kind).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn pages_joined_are_the_list_as_it_was_when_the_first_was_read() {
    let cluster = Cluster::of(believable()).await;
    for path in ["/api/v1/pods", "/api/v1/namespaces/shop/pods", "/apis/apps/v1/deployments"] {
        let whole = cluster.read(path).await;
        let (mut joined, mut token) = (Vec::new(), String::new());
        loop {
            let page = cluster.read(&format!("{path}?limit=4&continue={token}")).await;
            assert_eq!(page["metadata"]["resourceVersion"], whole["metadata"]["resourceVersion"], "one snapshot");
            let items = page["items"].as_array().unwrap();
            joined.extend(items.clone());
            let left = whole["items"].as_array().unwrap().len() - joined.len();
            let Some(next) = page["metadata"]["continue"].as_str() else {
                assert!(left == 0 && page["metadata"].get("remainingItemCount").is_none());
                break;
            };
            assert_eq!((items.len(), &page["metadata"]["remainingItemCount"]), (4, &json!(left)));
            token = next.to_owned();
            // All pages together within the token's life, while pods come and go.
            cluster.clock.advance(TimeDelta::seconds(8));
        }
        assert_eq!(&joined, whole["items"].as_array().unwrap());
    }
}

#[tokio::test]
async fn an_expired_continue_token_is_410_and_brings_one_to_go_on_with() {
    let cluster = Cluster::of(believable()).await;
    let page = cluster.read("/api/v1/services?limit=10").await;
    let token = page["metadata"]["continue"].as_str().unwrap();
    let next = format!("/api/v1/services?limit=10&continue={token}");
    cluster.clock.advance(TimeDelta::seconds(299));
    cluster.read(&next).await;
    cluster.clock.advance(TimeDelta::seconds(1));
    let refused = cluster.refused(&next, 410, "Expired").await;
    let token = refused["metadata"]["continue"].as_str().unwrap();
    let rest = cluster.items(&format!("/api/v1/services?continue={token}")).await;
    let all = cluster.items("/api/v1/services").await;
    assert_eq!(rest, all[10..], "from the same place on, as it is now");
    cluster.refused("/api/v1/services?limit=10&continue=nonsense", 400, "BadRequest").await;
}

#[tokio::test]
async fn label_selectors_select_as_documented() {
    let app = |name: &str, team: Option<&str>| {
        let mut app = App::new("demo", name);
        app.labels.extend(team.map(|team| ("team".to_owned(), team.to_owned())));
        app
    };
    let apps = [app("one", Some("a")), app("two", Some("b")), app("three", Some("c")), app("four", None)];
    let cluster = Cluster::of(apps.into_iter().fold(World::builder(), WorldBuilder::app)).await;
    let cases: [(&str, &[&str]); 12] = [
        ("team=a", &["one"]),
        ("team==b", &["two"]),
        ("team!=a", &["four", "three", "two"]),
        ("team%20in%20(a,%20b)", &["one", "two"]),
        ("team%20notin%20(a,b)", &["four", "three"]),
        ("team", &["one", "three", "two"]),
        ("!team", &["four"]),
        ("team,team!=c", &["one", "two"]),
        ("team%20in%20(a,b),app=two", &["two"]),
        ("backstage.io/kubernetes-id=three", &["three"]),
        ("app.kubernetes.io/name=four", &["four"]),
        ("", &["four", "one", "three", "two"]),
    ];
    for (selector, expected) in cases {
        let items = cluster.items(&format!("/api/v1/services?labelSelector={selector}")).await;
        assert_eq!(names(&items), expected, "{selector}");
    }
    let page = cluster.read("/api/v1/services?labelSelector=team&limit=1").await;
    assert!(page["metadata"]["continue"].is_string() && page["metadata"].get("remainingItemCount").is_none());
    for bad in ["team%20in%20(a", "team%20near%20(a)", "=a", "te%20am"] {
        cluster.refused(&format!("/api/v1/services?labelSelector={bad}"), 400, "BadRequest").await;
    }
}

#[tokio::test]
async fn field_selectors_know_few_fields_and_refuse_the_others() {
    let cluster = Cluster::of(ailing()).await;
    let pods = "/api/v1/pods?fieldSelector=";
    let all = cluster.items("/api/v1/pods").await;
    let pending = cluster.items(&format!("{pods}status.phase=Pending")).await;
    let running = cluster.items(&format!("{pods}status.phase!=Pending")).await;
    assert!(!pending.is_empty() && !running.is_empty() && pending.len() + running.len() == all.len());
    assert!(pending.iter().all(|pod| pod["status"]["phase"] == "Pending"));
    let name = names(&pending)[0];
    assert_eq!(names(&cluster.items(&format!("{pods}metadata.name={name},metadata.namespace=sick")).await), [name]);
    let events = "/api/v1/namespaces/sick/events?fieldSelector=involvedObject.kind=Pod,involvedObject.name=";
    let events = cluster.items(&format!("{events}{name}")).await;
    assert!(!events.is_empty() && events.iter().all(|event| event["involvedObject"]["name"] == name));
    let refused = cluster.refused(&format!("{pods}spec.priority=1"), 400, "BadRequest").await;
    assert_eq!(refused["message"], "field label not supported: spec.priority");
    cluster.refused("/apis/apps/v1/deployments?fieldSelector=status.phase=x", 400, "BadRequest").await;
}

#[tokio::test]
async fn what_is_not_allowed_or_not_there_is_said_in_a_status() {
    let world =
        || World::builder().app(App::new("open", "web")).app(App::new("closed", "web")).hide_namespace("closed");
    let cluster = Cluster::of(world()).await;
    let wrong = cluster.request(Method::GET, "/api/v1/pods").bearer_auth("wrong").send().await.unwrap();
    status_of(wrong, "wrong token", 401, "Unauthorized").await;
    let none = cluster.request(Method::GET, "/api/v1/pods").send().await.unwrap();
    status_of(none, "no token", 403, "Forbidden").await;
    let refused = cluster.refused("/api/v1/namespaces/closed/pods", 403, "Forbidden").await;
    let message = "pods is forbidden: User \"system:serviceaccount:observers:reader\" cannot list resource \"pods\" in API \
                   group \"\" in the namespace \"closed\"";
    assert_eq!((&refused["message"], &refused["details"]), (&json!(message), &json!({ "kind": "pods" })));
    assert_eq!(names(&cluster.items("/apis/project.openshift.io/v1/projects").await), ["default", "open"]);
    let details =
        cluster.refused("/apis/apps/v1/namespaces/open/deployments/none", 404, "NotFound").await["details"].clone();
    assert_eq!(details, json!({ "name": "none", "group": "apps", "kind": "deployments" }));
    assert_eq!(cluster.items("/api/v1/namespaces/absent/pods").await, [] as [Value; 0]);
    let token = cluster.simulator.openshift().token();
    let delete = cluster.request(Method::DELETE, "/api/v1/namespaces/open/pods/x").bearer_auth(token);
    status_of(delete.send().await.unwrap(), "a deletion", 403, "Forbidden").await;

    cluster.simulator.openshift().change(|world| world.forbid_cluster_lists(true));
    for path in ["/api/v1/pods", "/api/v1/namespaces", "/apis/route.openshift.io/v1/routes", "/api/v1/pods?watch=1"] {
        cluster.refused(path, 403, "Forbidden").await;
    }
    assert!(!cluster.items("/api/v1/namespaces/open/pods").await.is_empty());
    assert_eq!(names(&cluster.items("/apis/project.openshift.io/v1/projects").await), ["default", "open"]);
}

#[tokio::test]
async fn a_missing_group_is_a_plain_404_and_aggregated_groups_can_be_down_alone() {
    let cluster = Cluster::of(believable().without_group("apps.openshift.io")).await;
    let groups = cluster.read("/apis").await["groups"].clone();
    let groups: Vec<_> = groups.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert!(groups.contains(&"apps") && !groups.contains(&"apps.openshift.io"), "{groups:?}");
    for path in [
        "/apis/apps.openshift.io",
        "/apis/apps.openshift.io/v1",
        "/apis/apps.openshift.io/v1/deploymentconfigs",
        "/nowhere",
    ] {
        let response = cluster.get(path).await;
        assert_eq!(
            (response.status().as_u16(), content_type(&response)),
            (404, "text/plain; charset=utf-8".to_owned())
        );
        assert_eq!(response.text().await.unwrap(), "404 page not found\n");
    }
    cluster.simulator.openshift().change(|world| world.aggregated_down(true));
    for path in
        ["/apis/route.openshift.io/v1", "/apis/route.openshift.io/v1/routes", "/apis/build.openshift.io/v1/builds"]
    {
        cluster.refused(path, 503, "ServiceUnavailable").await;
    }
    cluster.read("/apis/config.openshift.io/v1/clusterversions/version").await;
    cluster.read("/apis/apps/v1/deployments").await;
}

#[tokio::test]
async fn discovery_leads_to_every_list_and_every_answer_names_its_flow() {
    let cluster = Cluster::of(believable()).await;
    let mut found = BTreeSet::new();
    let groups = cluster.read("/apis").await;
    let versions = groups["groups"].as_array().unwrap().iter();
    let versions =
        versions.map(|group| format!("/apis/{}", group["preferredVersion"]["groupVersion"].as_str().unwrap()));
    for path in versions.chain(["/api/v1".to_owned()]) {
        let resources = cluster.read(&path).await["resources"].clone();
        for resource in resources.as_array().unwrap() {
            if resource["verbs"].as_array().unwrap().contains(&json!("list")) {
                found.insert(format!("{path}/{}", resource["name"].as_str().unwrap()));
            }
        }
    }
    assert_eq!(found, LISTS.iter().map(|(path, ..)| (*path).to_owned()).collect());
    for path in ["/version", "/healthz", "/readyz", "/api", "/api/v1/pods", "/nowhere", "/api/v1/namespaces/x/pods/y"] {
        let response = cluster.get(path).await;
        for header in ["x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"] {
            assert!(response.headers().contains_key(header), "{path}: {header}");
        }
    }
}

#[tokio::test]
async fn a_rollout_walks_through_its_conditions_as_the_clock_moves() {
    let app = App { replicas: 3, rollout_every: Some(TimeDelta::minutes(20)), ..App::new("demo", "web") };
    let cluster = Cluster::of(World::builder().app(app)).await;
    let (mut walks, mut last) = (Vec::<(i64, Vec<String>)>::new(), Value::Null);
    for _ in 0..4_200 {
        let deployment = cluster.read("/apis/apps/v1/namespaces/demo/deployments/web").await;
        let status = &deployment["status"];
        let generation = deployment["metadata"]["generation"].as_i64().unwrap();
        let is_behind = status["observedGeneration"].as_i64().unwrap() < generation;
        let reason = condition(&deployment, "Progressing")["reason"].as_str().unwrap();
        let step = format!("{} {reason} {}", if is_behind { "behind" } else { "seen" }, status["updatedReplicas"]);
        match walks.last_mut().filter(|(known, _)| *known == generation) {
            Some((_, walk)) if walk.last() == Some(&step) => {}
            Some((_, walk)) => walk.push(step),
            None => walks.push((generation, vec![step])),
        }
        assert!(status["availableReplicas"].as_i64().unwrap() >= 3, "a surge takes nothing away: {status}");
        let is_same = last == deployment;
        assert!(
            last.is_null()
                || is_same == (last["metadata"]["resourceVersion"] == deployment["metadata"]["resourceVersion"])
        );
        last = deployment;
        cluster.clock.advance(TimeDelta::seconds(1));
    }
    assert_eq!(walks.len(), 4, "one every twenty minutes");
    let expected = [
        "behind NewReplicaSetAvailable 3",
        "seen ReplicaSetUpdated 1",
        "seen ReplicaSetUpdated 2",
        "seen ReplicaSetUpdated 3",
        "seen NewReplicaSetAvailable 3",
    ];
    for (generation, walk) in &walks[1..3] {
        assert_eq!(walk, &expected, "{generation}");
    }
}

#[tokio::test]
async fn nothing_changes_without_its_resource_version() {
    let cluster = Cluster::of(ailing()).await;
    let mut known: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    for _ in 0..36 {
        for (path, ..) in LISTS {
            let items = keyed(cluster.items(path).await);
            let before = known.entry(path).or_default();
            for (key, item) in &items {
                let Some(old) = before.get(key).filter(|old| *old != item) else { continue };
                let (old, new) = (&old["metadata"]["resourceVersion"], &item["metadata"]["resourceVersion"]);
                let number = |version: &Value| version.as_str().unwrap().parse::<u64>().unwrap();
                assert!(number(old) < number(new), "{path} {key}");
            }
            *before = items;
        }
        cluster.clock.advance(TimeDelta::seconds(25));
    }
}

#[tokio::test]
async fn a_watch_leads_from_one_list_to_the_next() {
    let world = ailing().watch_expired_after(TimeDelta::hours(1)).bookmark_every(TimeDelta::seconds(1));
    let cluster = Cluster::of(world).await;
    let mut before = BTreeMap::new();
    for (path, ..) in LISTS {
        before.insert(path, cluster.read(path).await);
    }
    cluster.clock.advance(TimeDelta::minutes(25));
    let mut kinds = BTreeSet::new();
    for (path, ..) in LISTS.iter().filter(|(path, ..)| !path.ends_with("projects")) {
        let list = &before[path];
        let version = list["metadata"]["resourceVersion"].as_str().unwrap();
        let mut state = keyed(list["items"].as_array().unwrap().clone());
        let events = cluster.watch(&format!("{path}?watch=1&allowWatchBookmarks=true&resourceVersion={version}")).await;
        let now = cluster.read(path).await;
        let (bookmark, events) = events.split_last().unwrap();
        assert_eq!(bookmark["object"]["metadata"], json!({ "resourceVersion": now["metadata"]["resourceVersion"] }));
        let mut last = 0;
        for event in events {
            let mut object = event["object"].clone();
            let number: u64 = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
            assert!(number >= last, "{path}: in order");
            last = number;
            if !path.contains("config.openshift.io") {
                let typed = object.as_object_mut().unwrap();
                assert!(typed.remove("kind").is_some() && typed.remove("apiVersion").is_some());
            }
            let kind = event["type"].as_str().unwrap();
            let key = key(&object);
            assert_eq!(state.contains_key(&key), kind != "ADDED", "{path}: {kind} {key}");
            if kind == "DELETED" {
                state.remove(&key)
            } else {
                state.insert(key, object)
            };
            kinds.insert(kind.to_owned());
        }
        assert_eq!(state, keyed(now["items"].as_array().unwrap().clone()), "{path}");
    }
    assert_eq!(kinds.len(), 3, "all of {kinds:?}");
}

#[tokio::test]
async fn a_watch_without_a_version_begins_with_the_state_and_ends_in_time() {
    let cluster = Cluster::of(World::builder().app(App::new("demo", "web"))).await;
    let pods = cluster.items("/api/v1/pods").await;
    for version in ["", "&resourceVersion=0"] {
        let path = format!("/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=1{version}");
        let events = cluster.watch(&path).await;
        let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["ADDED", "ADDED", "BOOKMARK"], "the last word is a bookmark");
        assert_eq!(names(&[events[0]["object"].clone(), events[1]["object"].clone()]), names(&pods));
    }
    let path = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let end = cluster.watch(path).await.pop().unwrap();
    assert_eq!(end["object"]["metadata"]["annotations"], json!({ "k8s.io/initial-events-end": "true" }));
    assert_eq!((&end["object"]["kind"], &end["object"]["apiVersion"]), (&json!("Pod"), &json!("v1")));
}

#[tokio::test]
async fn a_watch_sees_what_is_put_and_removed_while_it_runs() {
    let cluster =
        Cluster::of(World::builder().app(App::new("demo", "old")).bookmark_every(TimeDelta::seconds(5))).await;
    let list = cluster.read("/api/v1/services").await;
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let mut labelled = App::new("demo", "new");
    labelled.labels.insert("team".to_owned(), "a".to_owned());
    cluster.simulator.openshift().put_app(labelled);
    cluster.simulator.openshift().put_app(App::new("demo", "new"));
    cluster.simulator.openshift().remove_app("demo", "old");
    let changed = cluster.read("/api/v1/services").await;
    assert_ne!(changed["metadata"]["resourceVersion"], version, "though the clock stands still");
    cluster.clock.advance(TimeDelta::seconds(5));
    let told = |events: Vec<Value>| -> Vec<_> {
        let name = |event: &Value| event["object"]["metadata"]["name"].as_str().unwrap_or("-").to_owned();
        events.iter().map(|event| format!("{} {}", event["type"].as_str().unwrap(), name(event))).collect()
    };
    let path = format!("/api/v1/services?watch=1&allowWatchBookmarks=true&resourceVersion={version}");
    assert_eq!(told(cluster.watch(&path).await), ["DELETED old", "ADDED new", "BOOKMARK -"]);
}

#[tokio::test]
async fn a_watch_from_too_long_ago_is_refused_in_either_of_two_ways() {
    let cluster = Cluster::of(believable()).await;
    let list = cluster.read("/api/v1/pods").await;
    let path =
        format!("/api/v1/pods?watch=1&resourceVersion={}", list["metadata"]["resourceVersion"].as_str().unwrap());
    cluster.clock.advance(TimeDelta::seconds(301));
    let events = cluster.watch(&path).await;
    assert_eq!(events.len(), 1, "it ends with the error");
    assert_eq!((&events[0]["type"], &events[0]["object"]["code"]), (&json!("ERROR"), &json!(410)));
    assert_eq!(events[0]["object"]["reason"], "Expired");
    cluster.simulator.openshift().change(|world| world.stale_watch(StaleWatch::Gone));
    cluster.refused(&path, 410, "Expired").await;
    let future = path.replace("resourceVersion=", "resourceVersion=9");
    assert_eq!(cluster.refused(&future, 504, "Timeout").await["details"]["retryAfterSeconds"], 1);
}

#[tokio::test]
async fn every_ailment_shows_where_one_looks_for_it() {
    let cluster = Cluster::of(ailing()).await;
    let expected = [
        ("imagepullbackoff", vec!["ErrImagePull", "ImagePullBackOff"], "Back-off pulling image"),
        ("crashloop", vec!["CrashLoopBackOff", "Error"], "Back-off restarting failed container"),
        ("outofmemory", vec!["CrashLoopBackOff", "OOMKilled"], "Back-off restarting failed container"),
        ("quotaexceeded", vec![], "exceeded quota"),
        ("unschedulable", vec!["Unschedulable"], "Insufficient memory"),
        ("missingconfigmap", vec!["CreateContainerConfigError"], "configmap"),
        ("missingsecret", vec!["ContainerCreating"], "MountVolume.SetUp failed"),
        ("failingreadiness", vec!["ContainersNotReady"], "Readiness probe failed"),
        ("stalledrollout", vec!["ContainerCreating"], "Pulling image"),
    ];
    let (mut pods, mut events, mut deployments) = (String::new(), String::new(), BTreeMap::new());
    let is_refused = |pod: &&Value| key(pod).contains("-imagepullbackoff") && pod["status"]["phase"] == "Pending";
    let refused_at = cluster.items("/api/v1/pods").await.iter().find(is_refused).map(created_at).unwrap();
    cluster.advance_to(refused_at + TimeDelta::seconds(6));
    // From the three seconds before the kubelet backs off through a whole cadence and the deadline within it, in
    // steps shorter than a killed container takes to come back.
    for _ in 0..82 {
        pods += &cluster.get("/api/v1/pods").await.text().await.unwrap();
        events += &cluster.get("/api/v1/events").await.text().await.unwrap();
        for deployment in cluster.items("/apis/apps/v1/deployments").await {
            let seen: &mut BTreeSet<String> =
                deployments.entry(names(std::slice::from_ref(&deployment))[0].to_owned()).or_default();
            for kind in ["Progressing", "Available", "ReplicaFailure"] {
                let condition = condition(&deployment, kind);
                seen.insert(format!("{kind} {} {}", condition["status"], condition["reason"]));
            }
        }
        cluster.clock.advance(TimeDelta::seconds(19));
    }
    for (ailment, reasons, message) in expected {
        for reason in reasons {
            assert!(pods.contains(&format!("\"reason\":\"{reason}\"")), "{ailment}: {reason}");
        }
        assert!(events.contains(message), "{ailment}: {message}");
        let timed_out = "Progressing \"False\" \"ProgressDeadlineExceeded\"";
        let seen = &deployments[&format!("deployment-{ailment}")];
        assert_eq!(seen.contains(timed_out), ailment != "outofmemory", "{ailment}: {seen:?}");
        let is_down = seen.contains("Available \"False\" \"MinimumReplicasUnavailable\"");
        assert_eq!(is_down, matches!(ailment, "crashloop" | "outofmemory"), "{ailment}: {seen:?}");
        assert_eq!(seen.contains("ReplicaFailure \"True\" \"FailedCreate\""), ailment == "quotaexceeded", "{ailment}");
    }
    assert!(deployments["deployment-paused"].contains("Progressing \"Unknown\" \"DeploymentPaused\""));
    assert!(!deployments["deployment-well"].iter().any(|seen| seen.contains("\"False\"")));
    assert!(events.contains("\"lastTimestamp\":null") && events.contains("\"lastObservedTime\""));
}

#[tokio::test]
async fn owners_lead_from_every_pod_to_its_app() {
    let cluster = Cluster::of(ailing()).await;
    let mut by_uid = BTreeMap::new();
    for (path, ..) in LISTS {
        for item in cluster.items(path).await {
            by_uid.insert(item["metadata"]["uid"].as_str().unwrap().to_owned(), item);
        }
    }
    for pod in cluster.items("/api/v1/pods").await {
        let mut object = &pod;
        let mut steps = Vec::new();
        while let Some(owner) = object["metadata"]["ownerReferences"].get(0) {
            assert_eq!(owner["controller"], true);
            object = by_uid.get(owner["uid"].as_str().unwrap()).unwrap_or_else(|| panic!("no owner: {owner}"));
            assert_eq!(object["metadata"]["name"], owner["name"]);
            steps.push(owner["kind"].as_str().unwrap());
        }
        let ways = [
            vec!["ReplicaSet", "Deployment"],
            vec!["ReplicationController", "DeploymentConfig"],
            vec!["StatefulSet"],
            vec!["DaemonSet"],
        ];
        assert!(ways.contains(&steps), "{steps:?}");
        assert_eq!(pod["metadata"]["labels"]["backstage.io/kubernetes-id"], object["metadata"]["name"]);
        let selector = object["spec"]["selector"].get("matchLabels").unwrap_or(&object["spec"]["selector"]);
        assert_eq!(pod["metadata"]["labels"]["app"], selector["app"]);
    }
    for set in cluster.items("/apis/apps/v1/replicasets").await {
        let uid = &set["metadata"]["uid"];
        let pods = cluster.items("/api/v1/pods").await;
        let owned = pods.iter().filter(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == *uid);
        let standing = owned.filter(|pod| pod["metadata"].get("deletionTimestamp").is_none()).count();
        assert_eq!(set["status"]["replicas"], standing, "{}", key(&set));
    }
}

fn created_at(object: &Value) -> DateTime<Utc> {
    object["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap()
}

/// Writes down the phase of each build, and checks what must hold in any of them.
fn observe(builds: &[Value], walks: &mut BTreeMap<String, Vec<String>>) {
    for build in builds {
        let phase = build["status"]["phase"].as_str().unwrap();
        let walk = walks.entry(build["metadata"]["name"].as_str().unwrap().to_owned()).or_default();
        if walk.last().is_none_or(|last| last != phase) {
            walk.push(phase.to_owned());
        }
        assert_eq!(build["spec"]["revision"]["git"]["commit"].as_str().unwrap().len(), 40);
        let time = |field: &str| build["status"][field].as_str().map(|at| at.parse::<DateTime<Utc>>().unwrap());
        let duration = build["status"]["duration"].as_i64().map(TimeDelta::nanoseconds);
        let ended = time("startTimestamp").zip(time("completionTimestamp")).map(|(start, end)| end - start);
        assert_eq!(duration, ended);
    }
}

#[tokio::test]
async fn builds_walk_to_their_end_and_name_their_commit() {
    let build_from = Some("https://git.example.com/app.git".to_owned());
    let app = App { build_from, rollout_every: Some(TimeDelta::minutes(10)), ..App::new("demo", "web") };
    let cluster = Cluster::of(World::builder().app(app)).await;
    let mut walks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..11 {
        // Through one build in steps shorter than any of its phases, then on to the next.
        let mut begins_at = NOW;
        for _ in 0..90 {
            let builds = cluster.items("/apis/build.openshift.io/v1/namespaces/demo/builds").await;
            begins_at = builds.iter().map(created_at).max().unwrap();
            observe(&builds, &mut walks);
            cluster.clock.advance(TimeDelta::seconds(2));
        }
        cluster.advance_to(begins_at + TimeDelta::minutes(10));
    }
    let whole: Vec<_> = walks.values().filter(|walk| walk[0] == "New").collect();
    assert!(whole.len() >= 9, "one every ten minutes");
    for end in ["Complete", "Failed"] {
        assert!(whole.iter().any(|walk| **walk == ["New", "Pending", "Running", end]), "{end}: {whole:?}");
    }
}

/// The contract data beside the workspace, when it is there.
fn contract(file: &str) -> Option<String> {
    let crate_dir = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let roots = ["../../../shared", "../../../../shared"];
    let found = roots.iter().map(|root| crate_dir.join(root).join("contracts/openshift").join(file));
    let Some(path) = found.into_iter().find(|path| path.exists()) else {
        println!("skipped: contracts/openshift/{file} is not there");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

/// Forbids what a schema does not name, so that a misspelt field is found.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && fields.get("type").is_none_or(Value::is_string) {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Go's API server writes null for these three where the specification knows only times.
fn without_null_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let times = ["firstTimestamp", "lastTimestamp", "eventTime", "lastProbeTime"];
            fields.retain(|key, value| !(value.is_null() && times.contains(&key.as_str())));
            // As is this one, for a selector that is not there.
            fields.retain(|key, value| !(value.is_null() && key == "nodeSelector"));
            fields.values_mut().for_each(without_null_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null_times),
        _ => {}
    }
}

#[tokio::test]
async fn answers_hold_to_the_specification() {
    let files = [
        ("core", "kubernetes/core-v1.openapi-v3.subset.json", "#/components/schemas/io.k8s.api.core.v1."),
        ("apps", "kubernetes/apps-v1.openapi-v3.subset.json", "#/components/schemas/io.k8s.api.apps.v1."),
        ("batch", "kubernetes/batch-v1.openapi-v3.subset.json", "#/components/schemas/io.k8s.api.batch.v1."),
        ("openshift", "openshift-api.definitions.subset.json", "#/definitions/com.github.openshift.api."),
    ];
    let cluster = Cluster::of(ailing()).await;
    let mut checked = 0;
    for (group, file, prefix) in files {
        let Some(text) = contract(file) else { return };
        let mut document: Value = serde_json::from_str(&text).unwrap();
        close(&mut document);
        for (path, _, list) in LISTS.iter().filter(|(_, of, _)| *of == group) {
            document["$ref"] = json!(format!("{prefix}{list}"));
            let validator = jsonschema::validator_for(&document).unwrap();
            for _ in 0..12 {
                let mut answer = cluster.read(path).await;
                checked += answer["items"].as_array().unwrap().len();
                without_null_times(&mut answer);
                let errors: Vec<_> = validator
                    .iter_errors(&answer)
                    .take(3)
                    .map(|error| format!("{} {error}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{path}: {errors:#?}");
                cluster.clock.advance(TimeDelta::seconds(41));
            }
        }
        document["$ref"] = json!(format!("{prefix}Nothing"));
        assert!(jsonschema::validator_for(&document).is_err(), "a name that is not there would be noticed");
    }
    assert!(checked > 1_000, "{checked}");
}

#[tokio::test]
async fn recorded_requests_get_answers_of_the_recorded_shape() {
    let build_from = Some("https://git.example.invalid/web.git".to_owned());
    let web = App { build_from, has_route: true, ..App::new("demo", "web") };
    let legacy = App { kind: Kind::DeploymentConfig, ..App::new("demo", "legacy") };
    let names = (0..128).map(|number| ("k8s-check".to_owned(), format!("cm-{number:05}")));
    let services = names.fold(World::builder(), |world, (namespace, name)| world.app(App::new(&namespace, &name)));
    let cluster = Cluster::of(services.app(web).app(legacy)).await;
    let first = cluster.read("/api/v1/namespaces/k8s-check/services?limit=2").await;
    let mut replayed = 0;
    for file in ["recorded/kubernetes.jsonl", "recorded/openshift.jsonl"] {
        let Some(lines) = contract(file) else { return };
        for line in lines.lines() {
            let recorded: Value = serde_json::from_str(&line.replace("ConfigMapList", "ServiceList")).unwrap();
            let request = &recorded["request"];
            let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
            // Config maps are not for this token; services stand in. Writes are refused here, and were not there.
            if method == "PATCH" || path.ends_with("projectrequests") {
                continue;
            }
            let mut path =
                path.replace("configmaps", "services").replace("app%3Da1", "app.kubernetes.io%2Fpart-of%3Dk8s-check");
            if let Some((head, _)) = path.split_once("&continue=") {
                path = format!("{head}&continue={}", first["metadata"]["continue"].as_str().unwrap());
            }
            let body_was = &recorded["body"];
            let is_stale_watch = body_was["type"] == "ERROR";
            if path.contains("watch=1") && !is_stale_watch {
                path = path.replace("&resourceVersion=815", "");
            }
            let mut call =
                cluster.request(method.parse().unwrap(), &path).header("accept", request["accept"].as_str().unwrap());
            if request["token"] == true {
                call = call.bearer_auth(cluster.simulator.openshift().token());
            }
            if let Some(body) = request.get("body") {
                call = call.json(body);
            }
            let response = call.send().await.unwrap();
            assert_eq!(response.status().as_u16(), recorded["status"].as_u64().unwrap() as u16, "{path}");
            for (name, value) in recorded["headers"].as_object().unwrap() {
                assert_eq!(response.headers()[name], value.as_str().unwrap(), "{path}");
            }
            let text = response.text().await.unwrap();
            let body: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
            compare(&path, body_was, &body);
            replayed += 1;
        }
    }
    assert!(replayed >= 18, "{replayed}");
}

/// What must be alike: the kind of answer, paging fields, the words of refusals, and the fields of items.
fn compare(path: &str, was: &Value, is: &Value) {
    assert_eq!(
        (&was["kind"], &was["apiVersion"], &was["type"]),
        (&is["kind"], &is["apiVersion"], &is["type"]),
        "{path}"
    );
    let (was, is) = (was.get("object").unwrap_or(was), is.get("object").unwrap_or(is));
    let fields =
        |value: &Value| value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>();
    if was["kind"] == "Status" {
        assert_eq!(
            (&was["reason"], &was["code"], &was["details"]),
            (&is["reason"], &is["code"], &is["details"]),
            "{path}"
        );
        assert_eq!(fields(was), fields(is), "{path}");
        if was["reason"] != "Expired" {
            let words = was["message"].as_str().unwrap().replace("configmaps", "services");
            assert_eq!(words, is["message"], "{path}");
        }
        return;
    }
    assert_eq!(fields(was), fields(is), "{path}");
    let mut head = fields(&was["metadata"]);
    head.remove("managedFields");
    assert!(head.is_subset(&fields(&is["metadata"])), "{path}: {}", is["metadata"]);
    if let (Some(was), Some(is)) = (was["items"].get(0), is["items"].get(0)) {
        let mut was = was.clone();
        // What a client applied by hand, which nobody did here.
        was["metadata"].as_object_mut().unwrap().remove("managedFields");
        if !path.contains("services") {
            assert!(fields(&was).is_subset(&fields(is)), "{path}: {:?}", fields(is));
        }
        let missing: Vec<_> = fields(&was["metadata"]).difference(&fields(&is["metadata"])).cloned().collect();
        assert!(missing.iter().all(|field| field == "annotations"), "{path}: {missing:?}");
    }
}

#[tokio::test]
async fn watches_break_in_the_middle_of_a_line_when_they_are_cut_and_a_kind_may_be_listed_but_not_watched() {
    let cluster = Cluster::of(World::builder().app(App::new("demo", "web"))).await;
    let mut response = cluster.get("/api/v1/services?watch=1&allowWatchBookmarks=true").await;
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.ends_with(b"\n"));
    cluster.simulator.openshift().cut_watches();
    let mut rest = Vec::new();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(piece)) => rest.extend_from_slice(&piece),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken && !rest.is_empty() && !rest.ends_with(b"\n"), "{:?}", String::from_utf8_lossy(&rest));
    cluster.simulator.openshift().change(|world| world.forbid_watch("services"));
    cluster.refused("/api/v1/services?watch=1", 403, "Forbidden").await;
    assert_eq!(cluster.items("/api/v1/services").await.len(), 1);
    cluster.simulator.openshift().change(|world| world.allow_watch("services"));
    assert_eq!(cluster.get("/api/v1/services?watch=1&timeoutSeconds=1").await.status(), 200);
}
