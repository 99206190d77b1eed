//! The fake upstreams of a platform: what each has, by what the estate's annotations name, and how the gateway is told of it.

use serde_json::{Value, json};
use simulator::{Config, Simulator, Upstream, awx, azure, gitlab, openshift, terraform};

use crate::estate::{AutomationTemplate, Estate};

/// The annotations as `default.toml` has them.
const WORKSPACE: &str = "terraform.io/workspace";
const RESOURCE_GROUP: &str = "azure.com/resource-group";

/// A simulator with everything that the estate names.
pub fn of_estate(estate: &Estate) -> Config {
    Config {
        world: gitlab_world(estate),
        openshift: cluster(estate),
        awx: awx_world(estate),
        terraform: terraform_world(estate),
        azure: azure_world(estate),
        ..Config::default()
    }
}

fn gitlab_world(estate: &Estate) -> gitlab::World {
    let paths = estate.tenants().into_iter().flat_map(|tenant| estate.project_paths(tenant));
    gitlab::World::builder().paths(paths).build()
}

/// Templates, each in the organization of its tenant.
fn awx_world(estate: &Estate) -> awx::World {
    let tenants = estate.tenants().into_iter();
    let of_tenant = |tenant| estate.automation_templates(tenant).into_iter().map(move |template| (tenant, template));
    let add = |world: awx::WorldBuilder, (tenant, template): (&str, AutomationTemplate)| {
        let kind = if template.is_workflow { awx::Kind::Workflow } else { awx::Kind::Job };
        let organization = Estate::automation_organization(tenant).to_owned();
        let believable = awx::Template::believable(template.id.into(), &template.name);
        world.template(awx::Template { kind, organization, ..believable })
    };
    tenants.flat_map(of_tenant).fold(awx::World::builder(), add).build()
}

fn cluster(estate: &Estate) -> openshift::World {
    openshift::World::builder().apps(estate.tenants().into_iter().flat_map(|tenant| estate.app_names(tenant))).build()
}

/// Workspaces by organization and name, which the estate calls after groups and systems.
fn terraform_world(estate: &Estate) -> terraform::World {
    pairs(estate, None, WORKSPACE)
        .iter()
        .fold(terraform::World::builder(), |world, (organization, name)| world.workspaces(organization, [name]))
        .build()
}

/// Resource groups by subscription. The demo is asked too often for the quota that Azure has.
fn azure_world(estate: &Estate) -> azure::World {
    let groups = pairs(estate, None, RESOURCE_GROUP);
    let world = azure::World::builder().limits(azure::Limits::generous());
    groups.iter().fold(world, |world, (subscription, name)| world.groups(subscription, [name])).build()
}

/// What an annotation of the form `one/other` names, of one tenant or of all.
fn pairs(estate: &Estate, tenant: Option<&str>, annotation: &str) -> Vec<(String, String)> {
    let tenants = tenant.map_or_else(|| estate.tenants(), |tenant| vec![tenant]);
    let values = tenants.into_iter().flat_map(|tenant| estate.annotation_values(tenant, annotation));
    values.filter_map(|value| value.split_once('/').map(|(one, other)| (one.to_owned(), other.to_owned()))).collect()
}

/// The first parts of them, each once: organizations, subscriptions.
fn firsts(estate: &Estate, tenant: &str, annotation: &str) -> Vec<String> {
    let mut firsts: Vec<String> = pairs(estate, Some(tenant), annotation).into_iter().map(|(first, _)| first).collect();
    firsts.sort();
    firsts.dedup();
    firsts
}

/// The section `[sources]` of the gateway's configuration, as an operator would write it.
pub fn toml(estate: &Estate, simulator: &Simulator) -> String {
    let by_tenant = |of: &dyn Fn(&str) -> Vec<String>| {
        let tenants = estate.tenants().into_iter().map(|tenant| format!("{tenant} = {}", json!(of(tenant))));
        format!("{{ {} }}", tenants.collect::<Vec<_>>().join(", "))
    };
    let groups = by_tenant(&|tenant| estate.project_groups(tenant));
    // Namespaces are named after the groups of projects.
    let namespaces =
        by_tenant(&|tenant| estate.project_groups(tenant).into_iter().map(|group| format!("{group}-*")).collect());
    let workspaces = by_tenant(&|tenant| firsts(estate, tenant, WORKSPACE));
    let subscriptions = by_tenant(&|tenant| firsts(estate, tenant, RESOURCE_GROUP));
    let organizations = by_tenant(&|tenant| vec![Estate::automation_organization(tenant).to_owned()]);
    format!(
        "[sources.gitlab]\nbase_url = \"{gitlab}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\ntenants = {groups}\n\n\
         [[sources.openshift]]\nname = \"west\"\nbase_url = \"{openshift}\"\ntoken = {{ env = \"OPENSHIFT_TOKEN\" }}\n\
         environments = {{ \"platform-*\" = \"staging\", \"*\" = \"production\" }}\ntenants = {namespaces}\n\n\
         [sources.awx]\nbase_url = \"{awx}\"\ntoken = {{ env = \"AWX_TOKEN\" }}\ntenants = {organizations}\n\n\
         [sources.terraform]\nbase_url = \"{terraform}\"\ntoken = {{ env = \"TERRAFORM_TOKEN\" }}\ntenants = {workspaces}\n\n\
         [sources.azure]\narm_url = \"{azure}\"\nauthority = \"{azure}\"\ntenant_id = \"{azure_tenant}\"\n\
         client_id = \"{azure_client}\"\nclient_secret = {{ env = \"AZURE_CLIENT_SECRET\" }}\ntenants = {subscriptions}\n",
        gitlab = simulator.gitlab_url(),
        openshift = simulator.url(Upstream::Openshift),
        awx = simulator.url(Upstream::Awx),
        terraform = simulator.url(Upstream::Terraform),
        azure = simulator.url(Upstream::Azure),
        azure_tenant = azure::TENANT_ID,
        azure_client = azure::CLIENT_ID,
    )
}

/// The secrets that the configuration refers to, as variables of the environment.
pub fn secrets(simulator: &Simulator) -> Vec<(String, String)> {
    [
        ("GITLAB_TOKEN", simulator.gitlab_token()),
        ("OPENSHIFT_TOKEN", simulator.openshift().token()),
        ("AWX_TOKEN", simulator.awx().token()),
        ("TERRAFORM_TOKEN", simulator.terraform().token()),
        ("AZURE_CLIENT_SECRET", simulator.azure().client_secret()),
    ]
    .map(|(name, secret)| (name.to_owned(), secret.to_owned()))
    .into()
}

/// Where each upstream is and what it takes, for scripts.
pub(crate) fn json(simulator: &Simulator) -> Value {
    let of = |upstream, token: &str| json!({ "base_url": simulator.url(upstream), "token": token, "ca_file": null });
    json!({
        "gitlab": of(Upstream::Gitlab, simulator.gitlab_token()),
        "openshift": of(Upstream::Openshift, simulator.openshift().token()),
        "awx": of(Upstream::Awx, simulator.awx().token()),
        "terraform": of(Upstream::Terraform, simulator.terraform().token()),
        "azure": {
            "base_url": simulator.url(Upstream::Azure),
            "tenant_id": azure::TENANT_ID,
            "client_id": azure::CLIENT_ID,
            "client_secret": simulator.azure().client_secret(),
            "ca_file": null,
        },
    })
}
