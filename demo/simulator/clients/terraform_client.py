"""pytfe: the token, every page of workspaces, projects and runs, each found again with what hangs on it; then terraform itself."""

import itertools
import json
import os
import tempfile

from pytfe import TFEClient, TFEConfig
from pytfe.errors import AuthError, NotFound
from pytfe.models import (
    RunIncludeOpt,
    RunListForOrganizationOptions,
    RunListOptions,
    RunReadOptions,
    RunStatus,
    StateVersionListOptions,
    WorkspaceIncludeOpt,
    WorkspaceListOptions,
    WorkspaceReadOptions,
)

from world import EXPECTED, TOKEN, URL, known, program, refused, same

ORGANIZATION = EXPECTED["organization"]
PAGE_SIZE = 10
RUNS = 25


def client(token):
    # Plain http knows no way to agree on HTTP/2.
    return TFEClient(TFEConfig(address=URL, token=token, http2=False, max_retries=1))


def read_workspace(tfe, listed):
    workspace = tfe.workspaces.read(listed.name, organization=ORGANIZATION)
    assert workspace.id == listed.id
    include = [WorkspaceIncludeOpt.CURRENT_RUN, WorkspaceIncludeOpt.PROJECT, WorkspaceIncludeOpt.OUTPUTS]
    detailed = tfe.workspaces.read_by_id_with_options(listed.id, WorkspaceReadOptions(include=include))
    assert detailed.name == listed.name
    known(str(getattr(detailed.execution_mode, "value", detailed.execution_mode)), {"remote", "agent", "local"}, "execution mode")
    assert tfe.projects.read(detailed.project.id).id == detailed.project.id
    assessment = tfe.workspaces.current_assessment_result(listed.id)
    if assessment is not None:
        assert tfe.assessment_results.read(assessment.id).drifted == assessment.drifted


def read_runs(tfe, workspace):
    # Without `include`: what this version sends for one is not what the API takes.
    options = RunListOptions(page_size=PAGE_SIZE, include=None)
    runs = list(itertools.islice(tfe.runs.list(workspace.id, options), RUNS))
    assert len({run.id for run in runs}) == len(runs), f"{workspace.name}: a run came twice"
    for run in runs:
        known(run.status, set(RunStatus), "status of a run")
    for run in runs[:2]:
        read = tfe.runs.read_with_options(run.id, RunReadOptions(include=[RunIncludeOpt.RUN_PLAN]))
        assert (read.id, read.status) == (run.id, run.status)
        plan = tfe.plans.read_for_run(run.id)
        assert tfe.plans.read(plan.id).status == plan.status
        if run.apply is not None:
            assert tfe.applies.read(run.apply.id).id == run.apply.id
        if run.cost_estimate is not None:
            assert tfe.cost_estimates.read(run.cost_estimate.id).id == run.cost_estimate.id
        if run.configuration_version is not None:
            assert tfe.configuration_versions.read(run.configuration_version.id).id == run.configuration_version.id
    return len(runs)


def read_states(tfe, workspace):
    options = StateVersionListOptions(organization=ORGANIZATION, workspace=workspace.name, page_size=PAGE_SIZE)
    states = list(itertools.islice(tfe.state_versions.list(options), RUNS))
    serials = [state.serial for state in states]
    assert serials == sorted(serials, reverse=True), f"{workspace.name}: the newest state comes first: {serials}"
    if states:
        current = tfe.state_versions.read_current(workspace.id)
        assert tfe.state_versions.read(current.id).serial == current.serial
        for output in tfe.state_versions.list_outputs(current.id):
            assert tfe.state_version_outputs.read(output.id).name == output.name
            assert not output.sensitive or output.value is None, f"{output.name} is sensitive, and shown"
    return len(states)


def terraform():
    """Its own way to the workspaces: no discovery, since that would need https at the host's name."""
    host = "terraform.example.com"
    configuration = f"""
terraform {{
  cloud {{
    hostname     = "{host}"
    organization = "{ORGANIZATION}"
    workspaces {{ name = "{EXPECTED["workspaces"][0]}" }}
  }}
}}
"""
    command_line = f"""
disable_checkpoint = true
host "{host}" {{
  services = {{ "tfe.v2" = "{URL}/api/v2/", "tfe.v2.1" = "{URL}/api/v2/", "tfe.v2.2" = "{URL}/api/v2/", "state.v2" = "{URL}/api/v2/" }}
}}
"""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in [("main.tf", configuration), ("cli.tfrc", command_line)]:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        own = {"TF_CLI_CONFIG_FILE": os.path.join(folder, "cli.tfrc"), "TF_IN_AUTOMATION": "1"}
        own["TF_TOKEN_" + host.replace(".", "_")] = TOKEN
        options = {"cwd": folder, "env": {**os.environ, **own}}
        if program("terraform", ["init", "-input=false", "-no-color"], **options) is None:
            return
        shown = program("terraform", ["workspace", "show"], **options).strip()
        assert shown == EXPECTED["workspaces"][0], shown
        outputs = json.loads(program("terraform", ["output", "-json"], **options))
        print(f"terraform: workspace {shown}, {len(outputs)} outputs")


def main():
    with client(TOKEN) as tfe:
        same([one.name for one in tfe.organizations.list()], [ORGANIZATION], "organizations")
        assert tfe.organizations.read(ORGANIZATION).name == ORGANIZATION
        workspaces = list(tfe.workspaces.list(ORGANIZATION, WorkspaceListOptions(page_size=PAGE_SIZE)))
        same([one.name for one in workspaces], EXPECTED["workspaces"], "workspaces")
        projects = {one.id for one in tfe.projects.list(ORGANIZATION)}
        assert {one.project.id for one in workspaces} <= projects, "every workspace is in a listed project"
        some = workspaces[:10]
        for workspace in some:
            read_workspace(tfe, workspace)
        runs = sum(read_runs(tfe, workspace) for workspace in some)
        states = sum(read_states(tfe, workspace) for workspace in some)
        assert runs, "some workspace has run"
        assert states, "some workspace has a state"
        of_all = tfe.runs.list_for_organization(ORGANIZATION, RunListForOrganizationOptions(page_size=PAGE_SIZE))
        assert len(list(itertools.islice(of_all, RUNS))) == RUNS
        refused(NotFound, lambda: tfe.workspaces.read("no-such", organization=ORGANIZATION))
    with client("no-token") as stranger:
        refused(AuthError, lambda: list(stranger.workspaces.list(ORGANIZATION)))
    print(f"{len(workspaces)} workspaces in {len(projects)} projects, {runs} runs, {states} states")
    terraform()


main()
