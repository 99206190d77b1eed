//! `Awx`: what the graph reads.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use schema::{
    AutomationJobRecord, AutomationJobStatus, AutomationTemplateRecord, EntityRecord, SourceKind, Visibility,
};

use super::{
    ABOUT, CONTROLLER_VERSIONS, Config, HostsKey, JobKey, TemplateKey,
    caches::Caches,
    client::Client,
    key::{self, of_one},
    template_id,
};
use crate::{
    About, Clock, Connector, SourceError,
    cache::{Access, Served},
    connector::Surroundings,
    upstream::{Upstream, UpstreamConfig},
};

/// AWX, as the graph reads it. Clones share everything.
#[derive(Clone)]
pub struct Awx {
    config: Arc<Config>,
    client: Client,
    pub(super) caches: Caches,
    /// It says that it is Automation Controller, not AWX.
    is_controller: Arc<AtomicBool>,
    pub(super) clock: Clock,
}

impl Awx {
    /// Prepares the source; none when it is switched off or not configured.
    pub fn new(config: Config, around: Surroundings<'_>) -> Result<Option<Self>, SourceError> {
        let token = around.credential("sources.awx.token");
        let (true, Some(base_url), Some(token)) = (config.enabled, config.base_url.clone(), token) else {
            return Ok(None);
        };
        let calls = UpstreamConfig::new(SourceKind::Awx, &base_url, config.limits());
        let upstream = Upstream::new(calls, around.shared())?;
        let client = Client::new(upstream, &base_url, &config.api_prefix, token)?;
        let caches = Caches::new(&config, &client, around);
        Ok(Some(Self {
            config: Arc::new(config),
            client,
            caches,
            is_controller: Arc::default(),
            clock: around.clock.clone(),
        }))
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// The annotation that names an entity's templates.
    pub fn annotation(&self) -> &str {
        &self.config.annotation
    }

    /// The templates that an entity names, at most 100, in its order; none when the tenant may not read any.
    pub fn template_keys(&self, visibility: &Visibility, entity: &EntityRecord) -> Vec<TemplateKey> {
        let named = entity.annotation(&self.config.annotation).map(template_id::read_list).unwrap_or_default();
        let Some(tenant) = self.tenant(visibility) else { return Vec::new() };
        named.into_iter().map(|number| TemplateKey { tenant: tenant.clone(), number }).collect()
    }

    /// The template with this id; none when it is no id, or when the tenant may not read any.
    pub fn template_key(&self, visibility: &Visibility, id: &str) -> Option<TemplateKey> {
        Some(TemplateKey { tenant: self.tenant(visibility)?, number: template_id::read(id)? })
    }

    /// The run with this number; none when it is no number, or when the tenant may not read any. Whether the caller may see
    /// the run is decided by its template, to be asked for apart.
    pub fn job_key(&self, visibility: &Visibility, number: &str) -> Option<JobKey> {
        Some(JobKey { tenant: self.tenant(visibility)?, number: template_id::read(number)? })
    }

    /// The caller's tenant, if it may read anything.
    fn tenant(&self, visibility: &Visibility) -> Option<String> {
        let tenant = &visibility.tenant;
        (!self.config.tenants.reach(tenant).is_nothing()).then(|| tenant.clone())
    }

    /// The hosts of a playbook run; none while it has not begun.
    pub fn hosts_key(&self, visibility: &Visibility, job: &AutomationJobRecord) -> Option<HostsKey> {
        let is_over = job.status.is_final();
        // A run that was canceled before it began has none.
        let has_begun = job.started_at.is_some() && !job.status.is_waiting();
        let is_playbook = job.kind == schema::AutomationJobKind::Job && job.status != AutomationJobStatus::Unknown;
        let tenant = visibility.tenant.clone();
        (is_playbook && has_begun).then_some(HostsKey { tenant, number: job.number, is_over })
    }

    /// One outcome for each template: a hundred are one call. One that the tenant may not read is as one that is not there.
    pub async fn templates_by_keys(
        &self,
        keys: &[TemplateKey],
        access: &Access,
    ) -> HashMap<TemplateKey, Result<Served<AutomationTemplateRecord>, SourceError>> {
        let cache_keys = keys.iter().map(|key| of_one(&key.tenant, key.number)).collect();
        let mut outcomes = self.caches.templates.get_many(cache_keys, access).await;
        let outcome_of = |key: &TemplateKey| {
            let outcome = outcomes.remove(&of_one(&key.tenant, key.number))?;
            let readable = outcome.map(|served| {
                let value = served.value.filter(|template| self.may_read(&key.tenant, template));
                Served { value, ..served }
            });
            Some((key.clone(), readable))
        };
        keys.iter().filter_map(outcome_of).collect()
    }

    fn may_read(&self, tenant: &str, template: &AutomationTemplateRecord) -> bool {
        let organization = template.organization.as_deref();
        self.config.tenants.reach(tenant).holds(|own| organization == Some(own))
    }

    /// One outcome for each run: a hundred are one call.
    pub async fn jobs_by_keys(
        &self,
        keys: &[JobKey],
        access: &Access,
    ) -> HashMap<JobKey, Result<Served<AutomationJobRecord>, SourceError>> {
        let cache_keys = keys.iter().map(|key| of_one(&key.tenant, key.number)).collect();
        let mut outcomes = self.caches.jobs.get_many(cache_keys, access).await;
        keys.iter().filter_map(|key| Some((key.clone(), outcomes.remove(&of_one(&key.tenant, key.number))?))).collect()
    }

    /// Forgets templates and their runs, on every replica: they changed, or ran.
    pub async fn evict_templates(&self, numbers: &[i32]) {
        let tags: Vec<String> = numbers.iter().map(|number| key::template_tag(*number)).collect();
        self.caches.templates.evict_tags(&tags).await;
    }

    /// Forgets runs and their hosts, on every replica: they went on.
    pub async fn evict_jobs(&self, numbers: &[i32]) {
        let tags: Vec<String> = numbers.iter().map(|number| key::job_tag(*number)).collect();
        self.caches.jobs.evict_tags(&tags).await;
    }
}

#[async_trait]
impl Connector for Awx {
    fn about(&self) -> About {
        let is_controller = self.is_controller.load(Ordering::Relaxed);
        let tested_versions = if is_controller { CONTROLLER_VERSIONS } else { ABOUT.tested_versions };
        About { tested_versions, ..ABOUT }
    }

    fn upstream(&self) -> &Upstream {
        self.client.upstream()
    }

    fn probe_interval(&self) -> Duration {
        self.config.probe_interval
    }

    async fn version(&self) -> Result<Option<String>, SourceError> {
        let product = self.client.product().await?;
        if let Some(name) = product.name {
            self.is_controller.store(!name.eq_ignore_ascii_case("awx"), Ordering::Relaxed);
        }
        Ok(product.version)
    }

    async fn missing_rights(&self) -> Result<Vec<String>, SourceError> {
        if self.client.reads_templates().await? {
            return Ok(Vec::new());
        }
        Ok(vec!["the token's user may read no template; give it the role `Auditor` of each organization".to_owned()])
    }
}
