//! How hosts fared in a run.

use serde::Deserialize;

use super::text;

/// The address of one run, as far as it says what its list does not.
#[derive(Debug, Deserialize)]
pub(in crate::awx) struct JobDetail {
    /// Every event of it is in, so nothing of it changes any more.
    pub(in crate::awx) event_processing_finished: Option<bool>,
}

/// How one host fared: numbers of tasks.
#[derive(Debug, Deserialize)]
pub(in crate::awx) struct HostSummary {
    host_name: Option<String>,
    ok: Option<i64>,
    changed: Option<i64>,
    failures: Option<i64>,
    /// Tasks for which the host could not be reached.
    dark: Option<i64>,
    skipped: Option<i64>,
}

impl HostSummary {
    pub(in crate::awx) fn is_ok(&self) -> bool {
        some(self.ok)
    }

    pub(in crate::awx) fn is_changed(&self) -> bool {
        some(self.changed)
    }

    pub(in crate::awx) fn is_failed(&self) -> bool {
        some(self.failures)
    }

    pub(in crate::awx) fn is_unreachable(&self) -> bool {
        some(self.dark)
    }

    pub(in crate::awx) fn is_skipped(&self) -> bool {
        some(self.skipped)
    }

    /// Its name, which stays when the host is gone.
    pub(in crate::awx) fn into_name(self) -> Option<String> {
        text(self.host_name)
    }
}

fn some(tasks: Option<i64>) -> bool {
    tasks.is_some_and(|tasks| tasks > 0)
}
