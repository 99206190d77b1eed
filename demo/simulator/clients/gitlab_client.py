"""python-gitlab: the token, every page of projects by GraphQL, each project's details by REST."""

import gitlab
from gql.transport.exceptions import TransportQueryError

from world import EXPECTED, TOKEN, URL, known, refused, same

STATUSES = {
    "CREATED", "WAITING_FOR_RESOURCE", "PREPARING", "WAITING_FOR_CALLBACK", "PENDING", "RUNNING", "FAILED", "SUCCESS",
    "CANCELING", "CANCELED", "SKIPPED", "MANUAL", "SCHEDULED",
}
PAGE = """
query Page($after: String) {
  projects(first: 25, after: $after) {
    count
    nodes { id fullPath webUrl visibility archived repository { rootRef empty } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
PIPELINES = """
query Pipelines($path: ID!, $after: String) {
  project(fullPath: $path) {
    pipelines(first: 20, after: $after) {
      nodes { id iid status ref sha createdAt finishedAt duration }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
# More than a hundred pipelines of one project show nothing that a hundred do not.
PIPELINES_MAX = 100


def pages(graphql, document, connection, enough=10_000, **variables):
    nodes, after = [], None
    while len(nodes) < enough:
        page = connection(graphql.execute(document, variable_values={**variables, "after": after}))
        nodes.extend(page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        assert page["nodes"], "a page that is not the last has nodes"
    return nodes


def read_rest(rest, node):
    path = node["fullPath"]
    project = rest.projects.get(path)
    assert node["id"] == f"gid://gitlab/Project/{project.id}", f"{node['id']} is {project.id}"
    assert rest.projects.get(project.id).path_with_namespace == path
    assert project.web_url == node["webUrl"]
    assert project.visibility == node["visibility"]
    known(project.visibility, {"private", "internal", "public"}, "visibility")
    branch = None if node["repository"]["empty"] else node["repository"]["rootRef"]
    assert project.default_branch == branch, f"{path}: {project.default_branch} is {branch}"
    shares = project.languages()
    assert not shares or abs(sum(shares.values()) - 100) < 0.1, f"{path}: languages are shares of a hundred: {shares}"
    return project


def read_pipelines(graphql, path):
    pipelines = pages(graphql, PIPELINES, lambda data: data["project"]["pipelines"], PIPELINES_MAX, path=path)
    for pipeline in pipelines:
        known(pipeline["status"], STATUSES, f"{path}: pipeline status")
        assert len(pipeline["sha"]) == 40
    ids = [pipeline["id"] for pipeline in pipelines]
    assert len(set(ids)) == len(ids), f"{path}: a pipeline came twice"
    return len(ids)


def main():
    rest = gitlab.Gitlab(URL, private_token=TOKEN)
    version, _ = rest.version()
    assert version[0].isdigit(), f"python-gitlab answers 'unknown' where it is refused: {version}"
    assert rest.personal_access_tokens.get("self").active
    known(rest.http_get("/metadata")["enterprise"], {True, False}, "metadata")
    with gitlab.GraphQL(URL, token=TOKEN) as graphql:
        nodes = pages(graphql, PAGE, lambda data: data["projects"])
        same([node["fullPath"] for node in nodes], EXPECTED["paths"], "projects")
        projects = [read_rest(rest, node) for node in nodes[:20]]
        pipelines = sum(read_pipelines(graphql, project.path_with_namespace) for project in projects[:5])
        assert pipelines, "some project has pipelines"
    refused(gitlab.GitlabGetError, lambda: rest.projects.get("no/such"), lambda error: error.response_code == 404)
    stranger = gitlab.Gitlab(URL, private_token="no-token")
    refused(gitlab.GitlabAuthenticationError, lambda: stranger.projects.get(EXPECTED["paths"][0]))
    with gitlab.GraphQL(URL, token="no-token") as graphql:
        # The client looks for GraphQL's errors before the status, and GitLab sends both.
        refused(TransportQueryError, lambda: graphql.execute(PAGE), lambda error: "Invalid token" in str(error))
    print(f"{len(nodes)} projects, {len(projects)} in detail, {pipelines} pipelines")


main()
