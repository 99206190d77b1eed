"""kubernetes: the token, every page of each kind, each object found again, a watch; then kubectl itself."""

import json
import tempfile

from kubernetes import client, dynamic, watch

from world import CA_FILE, EXPECTED, TOKEN, URL, known, program, refused, same

PAGE_SIZE = 7
PHASES = {"Pending", "Running", "Succeeded", "Failed", "Unknown"}
# Those that the client has classes for, and those that it learns from discovery.
KINDS = {
    "Deployment": ("list_deployment_for_all_namespaces", "read_namespaced_deployment"),
    "StatefulSet": ("list_stateful_set_for_all_namespaces", "read_namespaced_stateful_set"),
    "DaemonSet": ("list_daemon_set_for_all_namespaces", "read_namespaced_daemon_set"),
}
OPENSHIFT = [
    ("apps.openshift.io/v1", "DeploymentConfig"),
    ("build.openshift.io/v1", "Build"),
    ("build.openshift.io/v1", "BuildConfig"),
    ("config.openshift.io/v1", "ClusterVersion"),
    ("project.openshift.io/v1", "Project"),
    ("route.openshift.io/v1", "Route"),
]


def api(token):
    configuration = client.Configuration(host=URL)
    configuration.ssl_ca_cert = CA_FILE
    configuration.api_key = {"authorization": f"Bearer {token}"}
    return client.ApiClient(configuration)


def all_pages(method, **options):
    found, token = [], None
    while True:
        page = method(limit=PAGE_SIZE, _continue=token, **options)
        assert len(page.items) <= PAGE_SIZE
        found.extend(page.items)
        # `_continue` of the client's own classes, `continue` of those it has learned.
        metadata = page.metadata.to_dict()
        token = metadata.get("_continue") or metadata.get("continue")
        if not token:
            return found


def names(objects):
    return [[one.metadata.namespace or "", one.metadata.name] for one in objects]


def expected(kind):
    return [[app["namespace"], app["name"]] for app in EXPECTED["apps"] if app["kind"] == kind]


def read_workloads(apps):
    count = 0
    for kind, (listing, reading) in KINDS.items():
        workloads = all_pages(getattr(apps, listing))
        same(names(workloads), expected(kind), kind)
        for workload in workloads[:10]:
            again = getattr(apps, reading)(workload.metadata.name, workload.metadata.namespace)
            assert again.metadata.uid == workload.metadata.uid
            assert again.spec.selector.match_labels.items() <= again.spec.template.metadata.labels.items()
        count += len(workloads)
    return count


def read_pods(core):
    pods = all_pages(core.list_pod_for_all_namespaces)
    assert len({pod.metadata.uid for pod in pods}) == len(pods), "a pod came twice"
    for pod in pods:
        known(pod.status.phase, PHASES, "phase of a pod")
    for pod in pods[:10]:
        assert core.read_namespaced_pod(pod.metadata.name, pod.metadata.namespace).metadata.uid == pod.metadata.uid
    app = EXPECTED["apps"][0]
    selected = all_pages(core.list_namespaced_pod, namespace=app["namespace"], label_selector=f"app={app['name']}")
    same(names(selected),
         [[pod.metadata.namespace, pod.metadata.name] for pod in pods
          if pod.metadata.namespace == app["namespace"] and (pod.metadata.labels or {}).get("app") == app["name"]],
         "pods of one app")
    return len(pods)


def read_openshift(connection):
    learned = dynamic.DynamicClient(connection)
    counts = {}
    for version, kind in OPENSHIFT:
        resource = learned.resources.get(api_version=version, kind=kind)
        items = all_pages(lambda limit, _continue: resource.get(limit=limit, _continue=_continue))
        for item in items[:3]:
            options = {"namespace": item.metadata.namespace} if resource.namespaced else {}
            assert resource.get(name=item.metadata.name, **options).metadata.uid == item.metadata.uid
        counts[kind] = len(items)
        if kind == "DeploymentConfig":
            same(names(items), expected(kind), kind)
    return counts


def main():
    connection = api(TOKEN)
    core, apps = client.CoreV1Api(connection), client.AppsV1Api(connection)
    assert client.VersionApi(connection).get_code().major == "1"
    review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(
        resource_attributes=client.V1ResourceAttributes(verb="list", resource="pods")))
    assert client.AuthorizationV1Api(connection).create_self_subject_access_review(review).status.allowed
    namespaces = [one.metadata.name for one in all_pages(core.list_namespace)]
    same(namespaces, {"default", *(app["namespace"] for app in EXPECTED["apps"])}, "namespaces")
    workloads, pods, learned = read_workloads(apps), read_pods(core), read_openshift(connection)
    services = all_pages(core.list_service_for_all_namespaces)
    same(names(services), [[app["namespace"], app["name"]] for app in EXPECTED["apps"]], "services")
    for event in all_pages(core.list_event_for_all_namespaces):
        known(event.type, {"Normal", "Warning"}, "type of an event")
    # From nothing, a watch first tells everything there is; what changes in that second comes besides.
    seen = [event["object"].metadata.name for event in
            watch.Watch().stream(apps.list_deployment_for_all_namespaces, timeout_seconds=1) if event["type"] == "ADDED"]
    same(seen, [name for _, name in expected("Deployment")], "deployments of a watch")
    refused(client.ApiException, lambda: core.read_namespace("no-such"), lambda error: error.status == 404)
    refused(client.ApiException, lambda: client.CoreV1Api(api("no-token")).list_namespace(), lambda error: error.status == 401)
    print(f"{workloads} workloads, {pods} pods, {len(services)} services, {learned}")
    with tempfile.TemporaryDirectory() as cache:
        kubectl(cache)


def kubectl(cache):
    # An empty file, or it would look for one that speaks of another cluster.
    flags = ["--kubeconfig=/dev/null", f"--cache-dir={cache}", f"--server={URL}", f"--certificate-authority={CA_FILE}", f"--token={TOKEN}"]
    pods = program("kubectl", [*flags, "get", "pods", "-A", "--no-headers"])
    if pods is None:
        return
    deployments = json.loads(program("kubectl", [*flags, "get", "deployments", "-A", "-o", "json"]))["items"]
    same([[one["metadata"]["namespace"], one["metadata"]["name"]] for one in deployments], expected("Deployment"), "kubectl's deployments")
    resources = program("kubectl", [*flags, "api-resources", "--no-headers", "-o", "name"]).split()
    for resource in ["pods", "deployments.apps", "routes.route.openshift.io"]:
        known(resource, resources, "kubectl's resources")
    app = EXPECTED["apps"][0]
    described = program("kubectl", [*flags, "describe", app["kind"].lower(), app["name"], "-n", app["namespace"]])
    assert app["name"] in described
    print(f"kubectl: {len(pods.splitlines())} pods, {len(deployments)} deployments, {len(resources)} resources")


main()
