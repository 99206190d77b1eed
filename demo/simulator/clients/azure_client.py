"""azure-identity and the management clients: a token, every page of groups, resources and alerts, and Resource Graph."""

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.alertsmanagement import AlertsManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from world import CA_FILE, EXPECTED, TOKEN, URL, known, refused, same

SUBSCRIPTION = EXPECTED["subscription"]
PAGE_SIZE = 7
SEVERITIES = {"Sev0", "Sev1", "Sev2", "Sev3", "Sev4"}
STATES = {"New", "Acknowledged", "Closed"}
PROVISIONING = {"Succeeded", "Failed", "Canceled", "Creating", "Updating", "Deleting", "Accepted", "Running"}


def credential(secret):
    # Discovery of the instance is asked of the public cloud, whatever the authority.
    return ClientSecretCredential(
        EXPECTED["tenant"], EXPECTED["client"], secret,
        authority=URL, disable_instance_discovery=True, connection_verify=CA_FILE)


def read_graph(graph, query):
    rows, token, pages = [], None, 0
    while True:
        options = QueryRequestOptions(top=PAGE_SIZE, skip_token=token, result_format="objectArray")
        page = graph.resources(QueryRequest(query=query, subscriptions=[SUBSCRIPTION], options=options))
        assert page.count == len(page.data) <= PAGE_SIZE
        rows.extend(page.data)
        token, pages = page.skip_token, pages + 1
        if not token:
            assert len(rows) == page.total_records, f"{len(rows)} rows of {page.total_records}"
            return rows, pages


def read_groups(resources):
    groups = list(resources.resource_groups.list(top=PAGE_SIZE))
    same([group.name for group in groups], EXPECTED["groups"], "resource groups")
    for group in groups:
        known(group.properties.provisioning_state, PROVISIONING, "provisioning state of a group")
        assert resources.resource_groups.get(group.name).id == group.id
    return groups


def read_alerts(alerts):
    found = list(alerts.alerts.get_all(time_range="7d", page_count=PAGE_SIZE))
    ids = [alert.id for alert in found]
    assert len(set(ids)) == len(ids), "an alert came twice"
    for alert in found:
        essentials = alert.properties.essentials
        known(essentials.severity, SEVERITIES, "severity of an alert")
        known(essentials.alert_state, STATES, "state of an alert")
        known(essentials.monitor_condition, {"Fired", "Resolved"}, "condition of an alert")
    for alert in found[:5]:
        read = alerts.alerts.get_by_id(alert.id.rsplit("/", 1)[-1])
        assert (read.id, read.name) == (alert.id, alert.name)
    return found


def main():
    options = {"base_url": URL, "credential_scopes": ["https://management.azure.com/.default"], "connection_verify": CA_FILE}
    login = credential(TOKEN)
    with ResourceManagementClient(login, SUBSCRIPTION, **options) as resources:
        groups = read_groups(resources)
        listed = list(resources.resources.list(top=PAGE_SIZE))
        in_groups = [one.id for group in groups for one in resources.resources.list_by_resource_group(group.name)]
        same([one.id for one in listed], in_groups, "resources of the subscription and of its groups")
        refused(ResourceNotFoundError, lambda: resources.resource_groups.get("no-such"),
                lambda error: error.error.code == "ResourceGroupNotFound")
    with ResourceGraphClient(login, **options) as graph:
        rows, pages = read_graph(graph, "resources | project id, name, type, resourceGroup | order by id asc")
        same([row["id"].lower() for row in rows], [one.id.lower() for one in listed], "resources of Resource Graph")
        assert pages > 1, "a page has no more rows than were asked for"
        containers, _ = read_graph(graph, "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups'")
        same([row["name"] for row in containers], EXPECTED["groups"], "groups of Resource Graph")
        refused(HttpResponseError, lambda: read_graph(graph, "no_such_table"), lambda error: error.status_code == 400)
    with AlertsManagementClient(login, SUBSCRIPTION, **options) as alerts:
        found = read_alerts(alerts)
        assert found, "some rule has fired within a week"
    refused(ClientAuthenticationError, lambda: credential("no-secret").get_token("https://management.azure.com/.default"))
    print(f"{len(groups)} groups, {len(listed)} resources, {len(rows)} rows on {pages} pages, {len(found)} alerts")


main()
