//! Pages that people open: the API does not name them.

use schema::WebUrl;
use url::Url;

/// Where the pages are.
#[derive(Clone)]
pub(super) struct Links {
    base: String,
    /// Behind the gateway of Automation Platform another interface is served, with paths of its own.
    is_platform: bool,
}

impl Links {
    /// The pages of the installation whose API lies at `api_prefix` below this address.
    pub(super) fn new(base_url: &Url, api_prefix: &str) -> Self {
        let base = base_url.as_str().trim_end_matches('/').to_owned();
        Self { base, is_platform: api_prefix.contains("/controller/") }
    }

    /// The page of a template of this type, such as `job_template`.
    pub(super) fn template(&self, kind: &str, number: i32) -> Option<WebUrl> {
        let Self { base, is_platform } = self;
        let path = match kind {
            "job_template" if *is_platform => "execution/templates/job-template",
            "workflow_job_template" if *is_platform => "execution/templates/workflow-job-template",
            "job_template" => "#/templates/job_template",
            "workflow_job_template" => "#/templates/workflow_job_template",
            _ => return None,
        };
        let page = if *is_platform { "/details" } else { "" };
        WebUrl::read(&format!("{base}/{path}/{number}{page}"))
    }

    /// The page of a run of this type, such as `workflow_job`.
    pub(super) fn job(&self, kind: &str, number: i32) -> Option<WebUrl> {
        let Self { base, is_platform } = self;
        let path = match kind {
            "job" => "playbook",
            "workflow_job" => "workflow",
            "project_update" => "project",
            "inventory_update" => "inventory",
            "system_job" => "management",
            "ad_hoc_command" => "command",
            _ => return None,
        };
        let url = if *is_platform {
            format!("{base}/execution/jobs/{path}/{number}/output")
        } else {
            format!("{base}/#/jobs/{path}/{number}")
        };
        WebUrl::read(&url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_those_of_the_interface_that_is_there() {
        let page = |base: &str, prefix: &str| {
            let links = Links::new(&base.parse().unwrap(), prefix);
            let text = |url: Option<WebUrl>| url.map(|url| url.0).unwrap_or_default();
            (text(links.job("job", 46)), text(links.template("job_template", 7)), links.job("strange", 1))
        };
        assert_eq!(
            page("https://awx.example.com", "/api/v2/"),
            (
                "https://awx.example.com/#/jobs/playbook/46".to_owned(),
                "https://awx.example.com/#/templates/job_template/7".to_owned(),
                None
            )
        );
        assert_eq!(
            page("https://aap.example.com/", "/api/controller/v2/"),
            (
                "https://aap.example.com/execution/jobs/playbook/46/output".to_owned(),
                "https://aap.example.com/execution/templates/job-template/7/details".to_owned(),
                None
            )
        );
    }
}
