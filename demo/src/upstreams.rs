//! The fake upstreams of a platform: what each has, by what the estate's annotations name, and how the gateway is told of it.

use serde_json::{Value, json};
use simulator::{Config, Simulator, Upstream, awx, gitlab, openshift};

use crate::estate::{AutomationTemplate, Estate};

/// A simulator with everything that the estate names.
pub(crate) fn of_estate(estate: &Estate) -> Config {
    Config { world: gitlab_world(estate), awx: awx_world(estate), openshift: cluster(estate), ..Config::default() }
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

/// The section `[sources]` of the gateway's configuration, as an operator would write it.
pub(crate) fn toml(estate: &Estate, simulator: &Simulator) -> String {
    let by_tenant = |of: &dyn Fn(&str) -> Vec<String>| {
        let tenants = estate.tenants().into_iter().map(|tenant| format!("{tenant} = {}", json!(of(tenant))));
        format!("{{ {} }}", tenants.collect::<Vec<_>>().join(", "))
    };
    let groups = by_tenant(&|tenant| estate.project_groups(tenant));
    // Namespaces are named after the groups of projects.
    let namespaces =
        by_tenant(&|tenant| estate.project_groups(tenant).into_iter().map(|group| format!("{group}-*")).collect());
    let organizations = by_tenant(&|tenant| vec![Estate::automation_organization(tenant).to_owned()]);
    format!(
        "[sources.gitlab]\nbase_url = \"{gitlab}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\ntenants = {groups}\n\n\
         [[sources.openshift]]\nname = \"west\"\nbase_url = \"{openshift}\"\ntoken = {{ env = \"OPENSHIFT_TOKEN\" }}\n\
         environments = {{ \"platform-*\" = \"staging\", \"*\" = \"production\" }}\ntenants = {namespaces}\n\n\
         [sources.awx]\nbase_url = \"{awx}\"\ntoken = {{ env = \"AWX_TOKEN\" }}\ntenants = {organizations}\n",
        gitlab = simulator.gitlab_url(),
        openshift = simulator.url(Upstream::Openshift),
        awx = simulator.url(Upstream::Awx),
    )
}

/// The secrets that the configuration refers to, as variables of the environment.
pub(crate) fn secrets(simulator: &Simulator) -> Vec<(String, String)> {
    [
        ("GITLAB_TOKEN", simulator.gitlab_token()),
        ("OPENSHIFT_TOKEN", simulator.openshift().token()),
        ("AWX_TOKEN", simulator.awx().token()),
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
    })
}
