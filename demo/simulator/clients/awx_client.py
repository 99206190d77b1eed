"""awxkit: the token, every page of templates and runs, each one found again, and the second prefix."""

import os

# awxkit reads it when it is imported: `/api/`, or `/api/controller/` behind a platform gateway.
os.environ["AWXKIT_API_BASE_PATH"] = os.environ["SIMULATOR_BASE_PATH"]

from awxkit import exceptions  # noqa: E402
from awxkit.api import ApiV2  # noqa: E402
from awxkit.api.client import Connection  # noqa: E402
from awxkit.api.pages import Api  # noqa: E402

from world import EXPECTED, TOKEN, URL, known, refused, same  # noqa: E402

STATUSES = {"new", "pending", "waiting", "running", "successful", "failed", "error", "canceled"}
LAUNCHES = {"manual", "relaunch", "callback", "scheduled", "dependency", "workflow", "webhook", "sync", "scm"}
PAGE_SIZE = 7


def api(token):
    connection = Connection(URL)
    connection.login(token=token)
    # As awxkit's own command line begins: what leads to v2 is read, then v2.
    root = Api(connection=connection).get()
    version = root.available_versions.v2.get()
    assert isinstance(version, ApiV2)
    return version


def all_pages(rows):
    found, page = [], rows.get(page_size=PAGE_SIZE, order_by="id")
    while True:
        assert len(page.results) <= PAGE_SIZE
        found.extend(page.results)
        if not page.next:
            assert len(found) == page.count, f"{len(found)} rows, and a count of {page.count}"
            return found
        page = page.next.get()


def read_template(template):
    again = template.get()
    assert (again.id, again.name) == (template.id, template.name)
    assert again.related.organization.get().name == again.summary_fields.organization.name
    if again.type == "job_template":
        assert again.related.project.get().id == again.project
        inventory = again.related.inventory.get()
        assert inventory.id == again.inventory
        assert inventory.related.hosts.get().count == inventory.total_hosts


def read_runs(template):
    is_job = template.type == "job_template"
    runs = (template.related.jobs if is_job else template.related.workflow_jobs).get(order_by="-id", page_size=3)
    for run in runs.results:
        known(run.status, STATUSES, "status of a run")
        known(run.launch_type, LAUNCHES, "launch type of a run")
        assert run.get().id == run.id
        assert run.summary_fields.unified_job_template.id == template.id
        assert run.finished is None or run.finished >= run.started
    for run in runs.results[:1]:
        if is_job:
            assert run.related.job_host_summaries.get().count >= 0
        else:
            nodes = run.related.workflow_nodes.get().results
            assert nodes, "a workflow has nodes"
            for node in nodes:
                assert not node.job or node.related.job.get().id == node.job
    return len(runs.results)


def main():
    v2 = api(TOKEN)
    assert v2.ping.get().version == v2.config.get().version
    assert v2.me.get().count == 1
    jobs, workflows = all_pages(v2.job_templates), all_pages(v2.workflow_job_templates)
    templates = jobs + workflows
    same([[one.id, one.name, one.type] for one in templates], EXPECTED["templates"], "templates")
    same([one.id for one in all_pages(v2.unified_job_templates) if "job_template" in one.type],
         [one.id for one in templates], "templates of both kinds together")
    for template in jobs[:10] + workflows[:5]:
        read_template(template)
    runs = sum(read_runs(template) for template in jobs[:10] + workflows[:5])
    assert runs, "some template has run"
    newest = v2.unified_jobs.get(page_size=25, order_by="-finished", finished__isnull=False)
    assert len(newest.results) == 25
    times = [run.finished for run in newest.results]
    assert times == sorted(times, reverse=True)
    name = templates[0].name
    assert [one.name for one in v2.job_templates.get(name=name).results + v2.workflow_job_templates.get(name=name).results] == [name]
    assert v2.schedules.get(page_size=200).count >= 0
    # Nobody's token gets in, what is not there is not found, and the token may only read.
    refused(exceptions.Unauthorized, lambda: api("no-token").job_templates.get())
    refused(exceptions.NotFound, lambda: v2.jobs.get(id="1").walk(f"{jobs[0].endpoint}0000000/"))
    refused(exceptions.Forbidden, lambda: v2.organizations.post({"name": "new"}))
    print(f"{len(jobs)} job templates, {len(workflows)} workflow job templates, {runs} runs")


main()
