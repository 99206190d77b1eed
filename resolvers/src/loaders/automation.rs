//! What AWX has.

use schema::{AutomationHostSummary, AutomationJobRecord, AutomationTemplateRecord, SourceKind};
use sources::{
    Sources,
    awx::{HostsKey, JobKey, Jobs, JobsKey, TemplateKey},
    cache::Access,
};

use super::{LiveKey, LiveOutcomes};

impl LiveKey for TemplateKey {
    type Record = AutomationTemplateRecord;
    const SOURCE: SourceKind = SourceKind::Awx;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.awx() {
            Some(awx) => awx.templates_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for JobsKey {
    type Record = Jobs;
    const SOURCE: SourceKind = SourceKind::Awx;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.awx() {
            Some(awx) => awx.jobs_by_templates(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for JobKey {
    type Record = AutomationJobRecord;
    const SOURCE: SourceKind = SourceKind::Awx;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.awx() {
            Some(awx) => awx.jobs_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}

impl LiveKey for HostsKey {
    type Record = AutomationHostSummary;
    const SOURCE: SourceKind = SourceKind::Awx;

    async fn read(sources: &Sources, keys: &[Self], access: &Access) -> LiveOutcomes<Self> {
        match sources.awx() {
            Some(awx) => awx.hosts_by_keys(keys, access).await,
            None => LiveOutcomes::<Self>::new(),
        }
    }
}
